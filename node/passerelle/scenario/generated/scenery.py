"""What stands before anybody is nominated: sheets, host organisations, programmes, agreements, offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.draws import Draws, words
from passerelle.scenario.generated.network import Agency, Network, ref
from passerelle.scenario.generated.plan import (
    FIRST_YEAR,
    LAST_YEAR,
    SUSPENDED_FROM,
    Pact,
    Way,
    annex,
)

_LAWS: Final = {
    "TG": "tg-2019-014", "ML": "ml-2013-015", "FR": "eu-2016-679", "IE": "eu-2016-679", "SN": "sn-2008-12",
    "MA": "ma-09-08", "BF": "bf-001-2021", "CI": "ci-2013-450", "BJ": "bj-2017-20", "NE": "ne-2022-59",
    "PE": "pe-29733", "EC": "ec-lopdp",
}  # fmt: skip
LEFT_ECOWAS: Final = "2025-01-29"


class Scenery:
    """Publishes it.

    Args:
        draws: Where chance comes from.
        network: Where it is published.
    """

    def __init__(self, draws: Draws, network: Network) -> None:
        self._draws = draws
        self._network = network
        self.hosts: dict[str, list[Record]] = {}
        """Host organisations by SCID of the agency that vetted them."""
        self._programmes: list[Record] = []

    def sheets(self) -> None:
        """Each agency says who it is."""
        for agency in self._network.agencies:
            law = _LAWS.get(agency.country)
            jurisdiction: JsonObject = {"country": agency.country}
            if law is not None:
                jurisdiction["dpLaw"] = law
            body: JsonObject = {
                "code": agency.code,
                "names": {agency.lang: f"Agence de démonstration {agency.code} (fictive)"},
                "kind": "platform" if agency.is_north else "national-agency",
                "maturity": "agency",
                "jurisdiction": jurisdiction,
                "contacts": [
                    {"function": "exchange-desk", "mailbox": f"echanges@{agency.code.lower()}.example.org"}
                ],
                "roles": ["sending", "host"],
            }
            if agency.country in {"ML", "BF", "NE"}:
                body["regionalCommunities"] = [
                    {"code": "ecowas", "to": LEFT_ECOWAS},
                    {"code": "aes", "from": "2023-09-16"},
                ]
            sheet = self._network.publish(agency, "agency", None, body)
            if "regionalCommunities" in body:
                self._network.note("country that left a community", sheet)

    def organisations(self, count: int) -> None:
        """Hosts, dealt to the agencies in turn."""
        names = words()["organisations"]
        before = ""
        for number in range(count):
            agency = self._network.agencies[number % len(self._network.agencies)]
            name = f"{names[number % len(names)]} {number // len(names) + 1} (fictif)"
            is_homonym = bool(before) and self._draws.noise("homonymHost")
            until = "2020-12-31" if self._draws.noise("expiredAccreditation") else "2030-12-31"
            body: JsonObject = {
                "names": {agency.lang: before if is_homonym else name},
                "category": self._draws.weighted(words()["weights"]["category"]),
                "country": agency.country,
                "places": [{"country": agency.country, "city": agency.city}],
                "roles": ["host"],
                "accreditations": [{"scheme": "scv", "number": f"FICTIF-{number:05d}", "to": until}],
                "sectors": [self._draws.weighted(words()["weights"]["sector"])],
                "vettedBy": agency.scid,
                "vettedOn": "2019-01",
                "status": "active",
            }
            record = self._network.publish(agency, "organisation", None, body)
            if is_homonym:
                self._network.note("two hosts of one name", record)
            self.hosts.setdefault(agency.scid, []).append(record)
            before = name

    def programmes(self, count: int) -> None:
        """Programmes, every third with two editions after it."""
        for number in range(count):
            agency = self._network.agencies[number % len(self._network.agencies)]
            body: JsonObject = {
                "names": {agency.lang: f"Programme fictif {number // 3 + 1}"},
                "kind": "exchange",
                "coordinator": {"agency": agency.scid},
                "countries": [{"country": agency.country}],
                "period": f"{FIRST_YEAR}/..",
                "status": "open",
                "targets": [
                    {
                        "indicator": "volunteers",
                        "quantity": {"value": 100, "qualifier": "about"},
                        "status": "planned",
                    }
                ],
            }
            if number % 3:
                parent = self._programmes[number - number % 3]
                body |= {"kind": "edition", "partOf": {"id": parent.id}, "editionNo": number % 3}
            self._programmes.append(self._network.publish(agency, "programme", None, body))

    def pact(self, pact: Pact) -> None:
        """An agreement of two: proposed, and accepted by the other."""
        first, second = pact.ways[0].sender, pact.ways[0].host
        pact.record = self._agreement(
            first, [second], [way.agreed() for way in pact.ways], pact.ways[0].schemes
        )
        self._accept(second, [first], pact.record)

    def trio(self, agencies: Sequence[Agency]) -> None:
        """An agreement of three, every one with every other."""
        first, *others = agencies
        rows: list[Json] = [
            {
                "from": sender.party,
                "to": host.party,
                "quota": {"persons": 2, "perPeriod": "year"},
                "status": "open",
            }
            for sender in agencies
            for host in agencies
            if sender is not host
        ]
        self._accept_all(agencies, self._agreement(first, others, rows, ("vir",)))

    def charter(self, agencies: Sequence[Agency]) -> None:
        """Members of a network; it opens no direction."""
        first, *others = agencies
        self._accept_all(agencies, self._agreement(first, others, [], ("vir",), kind="multilateral-charter"))

    def _accept_all(self, agencies: Sequence[Agency], record: Record) -> None:
        """Each tells the others that it accepts, and every other hands that on (S-7), so that all pairs know."""
        accepted = [
            (by, self._accept(by, [each for each in agencies if each is not by], record))
            for by in agencies[1:]
        ]
        for author, said in accepted:
            for by in agencies:
                if by is not author:
                    others = [each for each in agencies if each is not by]
                    self._accept(by, others, said, outcome="endorse")

    def _agreement(
        self,
        proposer: Agency,
        others: Sequence[Agency],
        rows: Sequence[Json],
        schemes: Sequence[str],
        *,
        kind: str = "exchange-protocol",
    ) -> Record:
        body: JsonObject = {
            "kind": kind,
            "names": {proposer.lang: f"Accord fictif {proposer.code}"},
            "parties": [agency.party for agency in (proposer, *others)],
            "signedOn": "2019-01-15",
            "period": f"{FIRST_YEAR}/..",
            "schemes": [*schemes],
            "directions": [*rows],
            "dataAnnex": annex(),
        }
        return self._network.publish(proposer, "agreement", others, body)

    def _accept(self, by: Agency, to: Sequence[Agency], about: Record, outcome: str = "accept") -> Record:
        body: JsonObject = {
            "about": ref(about),
            "aboutType": about.type,
            "outcome": outcome,
            "effective": "2019-01-20",
            "actingFunction": "director-general",
        }
        return self._network.publish(by, "decision", to, body)

    def offers(self, pacts: Sequence[Pact], count: int) -> None:
        """Offers for every way that somebody is nominated on, in turn."""
        ways = [way for pact in pacts for way in pact.ways if way.nominations]
        for number in range(max(count, len(ways))):
            self._offer(ways[number % len(ways)], number)

    def _offer(self, way: Way, number: int) -> None:
        draws = self._draws
        scheme = draws.one_of(way.schemes)
        if scheme == "vsi-reciprocity-fr" and way.host.country != "FR":
            scheme = "vsi"
        months = int(draws.by_scheme("months", scheme))
        start = self._start(way)
        language = self._language(way)
        text = draws.one_of([offer for offer in words()["offers"] if offer["lang"] == language])
        host = draws.one_of(self.hosts[way.host.scid])
        title: JsonObject = {text["lang"]: text["title"]}
        if draws.noise("bilingual"):
            other = draws.one_of(words()["offers"])
            title.setdefault(other["lang"], other["title"])
        body: JsonObject = {
            "title": title,
            "description": {text["lang"]: text["text"]},
            "scheme": scheme,
            "hostOrganisation": {"id": host.id},
            "needExpressedOn": f"{start.year - 1}",
            "host": way.host.party,
            "origins": [way.sender.party],
            "place": {"country": way.host.country, "city": way.host.city},
            "sectors": [text["sector"]],
            "nonSubstitution": True,
            "places": max(way.placements, 1),
            "period": f"{start.year}-{start.month:02d}/..",
            "durationMonths": str(months),
            "weeklyHours": str(draws.number(24, 35)),
            "tutor": {"assigned": True, "language": way.host.lang},
            "contact": "missions@example.org",
        }
        if self._programmes:
            body["programme"] = {"id": self._programmes[number % len(self._programmes)].id}
        if draws.happens(20):
            body["group"] = self._group(number)
        offered = self._network.publish(way.host, "offer", None, body)
        way.offers.append((offered, start, months, scheme))
        if len(title) > 1:
            self._network.note("offer in two languages", offered)
        if "group" in body:
            self._network.note("group that may stay half a pair", offered)

    def _group(self, number: int) -> JsonObject:
        """Of a crossed pair; a half one is that of a group of its own."""
        at = number if self._draws.noise("halfPair") else number // 2
        return {"kind": "crossed-pair", "id": f"urn:uuid:00000000-0000-4000-8000-{at:012d}", "role": "member"}

    def _language(self, way: Way) -> str:
        drawn = self._draws.weighted(words()["weights"]["language"])
        return way.host.lang if self._draws.happens(50) else drawn

    def _start(self, way: Way) -> date:
        """The first day: not before there was time to nominate, nor where visas are no longer given."""
        while True:
            month = self._draws.weighted(words()["weights"]["month"])
            start = self._draws.day_in(self._draws.number(FIRST_YEAR, LAST_YEAR), month)
            if start >= date(FIRST_YEAR, 8, 1) and not (way.is_suspended and start >= SUSPENDED_FROM):
                return start

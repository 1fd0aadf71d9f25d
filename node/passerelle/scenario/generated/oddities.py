"""What happens rarely and must be borne all the same: each at least once in every set, noted by its name."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.draws import Draws
from passerelle.scenario.generated.network import Network
from passerelle.scenario.generated.plan import SUSPENDED_FROM, Pact, Way
from passerelle.scenario.generated.scenery import Scenery
from passerelle.scenario.generated.stories import Chronicle


class Oddities:
    """Publishes them, after everything else.

    Args:
        draws: Where chance comes from.
        network: Where they are published.
        chronicle: What happens to volunteers.
        scenery: What stands there.
    """

    def __init__(self, draws: Draws, network: Network, chronicle: Chronicle, scenery: Scenery) -> None:
        self._draws = draws
        self._network = network
        self._chronicle = chronicle
        self._scenery = scenery

    def all(self, pacts: list[Pact], placed: list[tuple[Pact, Way, Record]]) -> None:
        """Every one of them."""
        pact, way, placement = placed[0]
        self._of_a_placement(way, placement)
        self._of_a_card(way)
        self._of_an_agreement(pact)
        self._of_public_records(way)
        self._of_statistics(way)
        self._suspensions(pacts)
        self._past_the_quota(pacts)

    def _of_a_placement(self, way: Way, placement: Record) -> None:
        network, event = self._network, self._chronicle.event
        network.note("leap day", event(way.host, way.sender, placement, "monitoring", "2024-02-29"))
        moved = {**placement.body, "postings": self._two_postings(way, placement)}
        network.note(
            "two hosts one after the other",
            network.publish(way.host, "placement", [way.sender], moved, previous=placement),
        )
        network.note(
            "old record that comes late", event(way.sender, way.host, placement, "training", "2019-12-01")
        )
        late: JsonObject = {
            "kind": "monitoring",
            "about": [{"id": placement.id, "type": "placement"}],
            "status": "planned",
            "planned": "2026-01",
        }
        network.note(
            "clock that is behind", network.publish(way.host, "event", [way.sender], late, hours_late=30)
        )
        network.note(
            "death",
            event(
                way.host, way.sender, placement, "incident", "2024-05",
                confidential={"category": "death", "severity": 4, "measures": {"fr": "Exemple fictif - la famille a été accompagnée par les deux agences."}},
            ),
        )  # fmt: skip
        both: JsonObject = {
            "kind": "volunteer-end",
            "about": [{"id": placement.id, "type": "placement"}],
            "lessons": [
                {"fr": "Exemple fictif - partir à deux.", "en": "Fictitious example - leave in twos."}
            ],
        }
        network.note(
            "evaluation in two languages", network.publish(way.host, "evaluation", [way.sender], both)
        )

    def _two_postings(self, way: Way, placement: Record) -> list[Json]:
        postings = placement.body["postings"]
        hosts = self._scenery.hosts[way.host.scid]
        first: list[Json] = [*postings] if isinstance(postings, list) else []
        closed = hosts[-1]
        network = self._network
        body = {**closed.body, "status": "closed"}
        network.note(
            "host closed while somebody is there",
            network.publish(way.host, "organisation", None, body, previous=closed),
        )
        return [*first, {"organisation": {"id": hosts[0].id}, "from": "2024-03", "order": 2}]

    def _of_a_card(self, way: Way) -> None:
        chronicle, network = self._chronicle, self._network
        on = date(2025, 1, 15)
        both: list[Json] = [way.sender.country, way.host.country]
        network.note(
            "national of the host's country too", chronicle.card(way, "vir", on, nationality=both)[0]
        )
        first, _ = chronicle.card(way, "vir", on)
        twin: Json = first.body["pseudonym"]
        network.note("one dossier twice", chronicle.card(way, "vir", on, pseudonym=twin)[0])
        body: JsonObject = {
            "part": "extract",
            "pseudonym": f"{way.sender.country}-CHANGE",
            "sendingAgency": way.sender.scid,
            "motivation": {"fr": "Exemple fictif - une première mission avec une autre agence d'envoi."},
            "certificates": [sha256(b"another agency").hexdigest()],
            "consent": first.body["consent"],
        }
        network.note(
            "volunteer who changed the sending agency",
            network.publish(way.sender, "dossier", [way.host], body),
        )
        for _ in range(2):
            couple, _ = chronicle.card(way, "vir", on, availability="2025-06/2026-06")
            network.note("couple that volunteers together", couple)

    def _of_an_agreement(self, pact: Pact) -> None:
        body = {**pact.agreement.body, "period": "2019/2030"}
        proposer, other = pact.ways[0].sender, pact.ways[0].host
        amended = self._network.publish(proposer, "agreement", [other], body, previous=pact.agreement)
        self._network.note("amendment that one party signed", amended)

    def _of_public_records(self, way: Way) -> None:
        network, host = self._network, way.host
        organisation: JsonObject = {
            "names": {"fr": "Association fictive des pionnières et des pionniers du changement pour le développement, la culture, l'environnement et l'amitié entre les quartiers de la ville et les villages de la région"},
            "category": "association",
            "country": host.country,
            "roles": ["host"],
            "vettedBy": host.scid,
            "vettedOn": "2019-01",
        }  # fmt: skip
        network.note("very long name", network.publish(host, "organisation", None, organisation))
        for currency, amount in (("TND", "504.980"), ("XOF", "150000")):
            body: JsonObject = {
                "title": {"fr": "Exemple fictif - Ateliers environnement", "ar": "مثال خيالي - ورشات بيئية"},
                "description": {
                    "fr": "La personne volontaire anime des ateliers avec les jeunes du quartier."
                },
                "scheme": "vir",
                "hostOrganisation": {"id": self._scenery.hosts[host.scid][0].id},
                "needExpressedOn": "2025-06",
                "host": host.party,
                "place": {"country": host.country, "city": host.city},
                "places": 1,
                "period": "2026-09/..",
                "conditions": {"allowance": {"amount": amount, "currency": currency, "unit": "month"}},
                "tutor": {"assigned": True, "language": host.lang},
            }
            offered = network.publish(host, "offer", None, body)
            network.note(f"allowance in {currency}", offered)
            network.note("Arabic beside French", offered)
        programme: JsonObject = {
            "names": {"fr": "Programme fictif sans fin connue"},
            "kind": "exchange",
            "period": "2024/",
            "status": "open",
        }
        network.note("period with unknown end", network.publish(host, "programme", None, programme))
        revoked: JsonObject = {"items": [{"digest": sha256(b"revoked").hexdigest(), "status": "revoked"}]}
        network.note("certificate revoked", network.publish(host, "certificate-status", None, revoked))

    def _of_statistics(self, way: Way) -> None:
        for agency, number in ((way.host, 123), (way.sender, 120)):
            body: JsonObject = {
                "period": "2018",
                "perimeter": {"from": {"country": way.sender.country}, "to": {"country": way.host.country}},
                "values": [{"indicator": "placements", "quantity": {"value": number, "qualifier": "about"}}],
                "method": "declared",
            }
            said = self._network.publish(agency, "statistic", None, body)
            self._network.note("declared total without records", said)
            if agency is way.sender:
                self._network.note("another total of the other agency", said)

    def _suspensions(self, pacts: list[Pact]) -> None:
        """Directions closed to new nominations, a scheme frozen: whoever is there stays."""
        ways = [(pact, way) for pact in pacts for way in pact.ways]
        pact, way = next(((pact, way) for pact, way in ways if way.is_suspended), ways[0])
        day = SUSPENDED_FROM.isoformat() if way.is_suspended else "2026-06-01"
        scoped = self._chronicle.decide(
            way.host, [way.sender], pact.agreement, "suspend", day,
            reason="direction-suspended", scope={"direction": way.ends},
        )  # fmt: skip
        self._network.note("direction suspended while volunteers are there", scoped)
        pact, way = ways[-1]
        frozen = self._chronicle.decide(
            way.host, [way.sender], pact.agreement, "suspend", "2026-01-01",
            reason="scheme-frozen", scope={"scheme": way.schemes[0]},
        )  # fmt: skip
        self._network.note("scheme frozen while a visa is granted", frozen)

    def _past_the_quota(self, pacts: list[Pact]) -> None:
        """Somebody more where every place is taken: once, and now and then."""
        full = [(pact, way) for pact in pacts for way in pact.ways if way.is_full]
        for number, (pact, way) in enumerate(full):
            for _ in range(way.nominations):
                if number == 0 or self._draws.noise("overQuota"):
                    self._chronicle.nomination(pact, way, 0, is_too_many=True)
                    break

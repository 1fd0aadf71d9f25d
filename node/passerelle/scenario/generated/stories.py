"""A volunteer's way through the records: card, nomination, decisions, placement, events, evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.draws import Draws, later, months_later, words
from passerelle.scenario.generated.network import Agency, Network, ref
from passerelle.scenario.generated.plan import Pact, Way

_COURSE: Final = (
    ("contract-signed", -60), ("visa-applied", -75), ("visa-granted", -40), ("insurance-start", -5),
    ("preparation", -20), ("departure", -1), ("arrival", 0), ("welcome", 6), ("induction", 12),
)  # fmt: skip
"""What happens until a volunteer has settled in, and how many days after the first day."""
_NEEDED: Final = frozenset({"arrival", "end-of-mission", "return"})
_OF_SENDER: Final = frozenset({"visa-applied", "preparation", "departure", "return", "relecture"})


Happening: TypeAlias = tuple[str, date, str | None]
"""Kind of an event, its day, and why."""


@dataclass(slots=True)
class Budget:
    """How many records of a kind have come, held against how many there are to be.

    Args:
        whole: For all volunteers together.
        of: How many volunteers.
    """

    whole: int
    of: int
    spent: int = 0
    met: int = 0

    def share(self, at_most: int | None = None) -> int:
        """How many the next volunteer has; what one may not have goes to those after."""
        self.met += 1
        share = max(self.whole * self.met // max(self.of, 1) - self.spent, 0)
        if at_most is not None:
            share = min(share, at_most)
        self.spent += share
        return share


@dataclass(slots=True)
class Chronicle:
    """Publishes what happens to volunteers.

    Args:
        draws: Where chance comes from.
        network: Where it is published.
        events: Their budget, over all placements.
        evaluations: Likewise.
        certificates: Likewise.
        shortlists: How many nominations are shortlisted before they are accepted or refused.
        volunteers: Made so far.
    """

    draws: Draws
    network: Network
    events: Budget
    evaluations: Budget
    certificates: Budget
    shortlists: int
    volunteers: int = 0

    def card(self, way: Way, scheme: str, on: date, **more: Json) -> tuple[Record, str]:
        """A volunteer's card, and the pseudonym and age band in it."""
        self.volunteers += 1
        pseudonym = f"{way.sender.country}-{self.volunteers:06d}"
        band = self.draws.by_scheme("ageBand", scheme)
        women = words()["weights"]["women"]
        body: JsonObject = {
            "part": "card",
            "pseudonym": pseudonym,
            "sendingAgency": way.sender.scid,
            "nationality": [way.sender.country],
            "residenceCountry": way.sender.country,
            "ageBand": band,
            "languages": [
                {"bcp47": tag, "cefr": self.draws.one_of(("B1", "B2", "C1", "native")), "evidence": "self"}
                for tag in way.sender.languages
            ],
            "education": {"isced": int(self.draws.by_scheme("isced", scheme))},
            "schemesEligible": [scheme],
            "genderStat": "f" if self.draws.happens(women.get(scheme, women["other"])) else "m",
            "consent": self._consent(way, on),
        }
        return self.network.publish(way.sender, "dossier", [way.host], {**body, **more}), band

    def _consent(self, way: Way, on: date) -> JsonObject:
        return {
            "noticeVersion": "1",
            "purposes": ["matching", "nomination", "placement-management"],
            "recipients": [way.host.scid],
            "tiersAllowed": ["T1", "T2", "T3"],
            "givenOn": later(on, -30),
            "medium": self.draws.one_of(("paper", "screen", "oral-witnessed")),
            "language": way.sender.lang,
            "expires": "2035-12-31",
        }

    def nomination(
        self, pact: Pact, way: Way, number: int, *, is_too_many: bool = False
    ) -> tuple[Record, Record, date, str]:
        """Somebody nominated for the next offer; the card, the offer's first day and the age band."""
        offer, start, _, scheme = way.offers[number % len(way.offers)]
        on = start - timedelta(days=120)
        card, band = self.card(way, scheme, on)
        body: JsonObject = {
            "dossier": ref(card),
            "offer": ref(offer),
            "agreement": ref(pact.agreement),
            "direction": way.ends,
            "nominatedOn": on.isoformat(),
            "rank": number % 10 + 1,
        }
        nominated = self.network.publish(way.sender, "nomination", [way.host], body)
        if is_too_many:
            self.network.note("nomination past the quota", nominated)
        elif self.shortlists > 0:
            self.shortlists -= 1
            self.decide(way.host, [way.sender], nominated, "shortlist", later(on, 7))
        return nominated, card, start, band

    def refused(self, pact: Pact, way: Way, number: int) -> None:
        """Nominated, and not taken."""
        nominated, _, start, _ = self.nomination(pact, way, number)
        outcome = self.draws.one_of(("reject", "waitlist", "decline"))
        by, to = (way.sender, way.host) if outcome == "decline" else (way.host, way.sender)
        self.decide(by, [to], nominated, outcome, later(start, -100))

    def placed(self, pact: Pact, way: Way, number: int) -> Record:
        """Nominated, accepted, confirmed, placed, and all that follows."""
        nominated, card, start, band = self.nomination(pact, way, number)
        offer, _, months, scheme = way.offers[number % len(way.offers)]
        end = months_later(start, months)
        self.decide(way.host, [way.sender], nominated, "accept", later(start, -105))
        self.decide(way.sender, [way.host], nominated, "confirm", later(start, -98))
        self._identity(way, card, band, start, end)
        placement = self.network.publish(
            way.host,
            "placement",
            [way.sender],
            self._placement(pact, way, nominated, offer, card, start, end, scheme),
        )
        self.decide(way.sender, [way.host], placement, "accept", later(start, -85))
        if not way.is_full and self.draws.weighted(words()["weights"]["visa"]) == "visa-refused":
            self._stays_home(way, placement, start)
            return placement
        self._course(way, placement, start, end)
        self._assess(way, placement, start, end)
        for _ in range(self.certificates.share()):
            self._certificate(way, end)
        return placement

    def decide(
        self,
        by: Agency,
        to: Sequence[Agency],
        about: Record,
        outcome: str,
        effective: str,
        **more: Json,
    ) -> Record:
        """A decision."""
        body: JsonObject = {
            "about": ref(about),
            "aboutType": about.type,
            "outcome": outcome,
            "effective": effective,
            "actingFunction": "exchange-desk",
        }
        return self.network.publish(by, "decision", to, {**body, **more})

    def event(
        self, by: Agency, to: Agency, placement: Record, kind: str, actual: str, **more: Json
    ) -> Record:
        """Something that happened in the course of a placement."""
        body: JsonObject = {
            "kind": kind,
            "about": [{"id": placement.id, "type": "placement"}],
            "actual": actual,
            "status": "done",
        }
        return self.network.publish(by, "event", [to], {**body, **more})

    def _identity(self, way: Way, card: Record, band: str, start: date, end: date) -> None:
        draws, country = self.draws, way.sender.country
        valid = 60 if draws.noise("shortPassport") else 900
        body: JsonObject = {
            "part": "identity",
            "pseudonym": card.body["pseudonym"],
            "sendingAgency": way.sender.scid,
            "names": {"given": draws.given_name(country), "family": draws.family_name()},
            "birth": {"date": draws.birth(band, start).isoformat()},
            "passport": {
                "country": "UTO",
                "number": draws.passport(),
                "issued": later(start, -400),
                "expires": later(end, valid),
            },
            "email": f"volontaire{self.volunteers}@example.org",
            "address": "1, rue de l'Exemple",
            "consent": card.body["consent"],
        }
        self.network.publish(way.sender, "dossier", [way.host], body)

    def _placement(
        self,
        pact: Pact,
        way: Way,
        nominated: Record,
        offer: Record,
        card: Record,
        start: date,
        end: date,
        scheme: str,
    ) -> JsonObject:
        body: JsonObject = {
            "nomination": ref(nominated),
            "offer": ref(offer),
            "agreement": ref(pact.agreement),
            "direction": way.ends,
            "scheme": scheme,
            "volunteer": card.body["pseudonym"],
            "tutors": [
                {"side": "origin", "language": way.sender.lang},
                {"side": "host", "language": way.host.lang},
            ],
            "postings": [
                {"organisation": offer.body["hostOrganisation"], "from": start.isoformat(), "order": 1}
            ],
            "planned": f"{start.isoformat()}/{end.isoformat()}",
        }
        if "programme" in offer.body:
            body["programme"] = offer.body["programme"]
        if "group" in offer.body:
            body["group"] = offer.body["group"]
        return body

    def _stays_home(self, way: Way, placement: Record, start: date) -> None:
        """No visa: the placement does not take place, and its place is free again."""
        self.evaluations.share(0)
        self.certificates.share(0)
        for _ in range(self.events.share(1)):
            self.event(way.sender, way.host, placement, "visa-refused", later(start, -30))
        day = later(start, -25)
        self.decide(way.host, [way.sender], placement, "withdraw", day, reason="visa-refused")

    def _course(self, way: Way, placement: Record, start: date, end: date) -> None:
        """As many events as there are for this one; arrival and end always."""
        room = self.events.share()
        left = self._left_early(start, end)
        last = end if left is None else left[0]
        after: list[Happening] = [("end-of-mission", last, None), ("return", last + timedelta(days=3), None)]
        if left is not None:
            after[0] = ("early-return", last, left[1])
        course: list[Happening] = [(kind, start + timedelta(days=days), None) for kind, days in _COURSE]
        kept = [item for item in course if item[0] in _NEEDED] + after
        more = [item for item in course if item[0] not in _NEEDED]
        more += self._followed(start, last)
        chosen = kept + more[: max(room - len(kept), 0)]
        for kind, day, reason in sorted(chosen, key=lambda item: item[1]):
            by, to = (way.sender, way.host) if kind in _OF_SENDER else (way.host, way.sender)
            extra: dict[str, Json] = {} if reason is None else {"reason": reason}
            if kind == "incident":
                severity = int(self.draws.weighted(words()["weights"]["severity"]))
                extra = {"confidential": {"category": "conflict-host", "severity": severity}}
            self.event(by, to, placement, kind, day.isoformat(), **extra)

    def _followed(self, start: date, last: date) -> list[Happening]:
        """What happens on the way, the rarer first: incidents, the middle, tutors, monitoring."""
        span = max((last - start).days, 1)
        found: list[Happening] = []
        if self.draws.noise("incident"):
            found.append(("incident", start + timedelta(days=span // 3), None))
        middle = span * 3 // 4 if self.draws.noise("lateMidTerm") else span // 2
        found.append(("mid-term", start + timedelta(days=middle), None))
        if not self.draws.noise("noTutorContact"):
            found.append(("tutor-meeting", start + timedelta(days=min(30, span // 4)), None))
        found.append(("relecture", last + timedelta(days=40), None))
        found += [("monitoring", start + timedelta(days=span * part // 20), None) for part in range(2, 20)]
        return found

    def _left_early(self, start: date, end: date) -> tuple[date, str] | None:
        if not self.draws.noise("earlyEnd"):
            return None
        day = start + timedelta(days=max((end - start).days // 2, 1))
        return day, self.draws.weighted(words()["weights"]["earlyEnd"])

    def _assess(self, way: Way, placement: Record, start: date, end: date) -> None:
        for number in range(self.evaluations.share()):
            body: JsonObject = {
                "kind": "host-end" if number % 2 else "volunteer-end",
                "about": [{"id": placement.id, "type": "placement"}],
                "period": f"{start.isoformat()}/{end.isoformat()}",
                "axes": [
                    {"code": code, "rating": str(self.draws.number(1, 4))}
                    for code in ("designing-delivering-projects", "managing-volunteers")
                ],
                "recommendations": [
                    {
                        "id": "R1",
                        "text": {"fr": "Exemple fictif - prévoir un point mensuel."},
                        "due": later(end, 90),
                        "status": "open",
                    }
                ],
            }
            self.network.publish(way.host, "evaluation", [way.sender], body)

    def _certificate(self, way: Way, end: date) -> None:
        digest = sha256(f"{self.volunteers} {end.isoformat()}".encode()).hexdigest()
        body: JsonObject = {"items": [{"digest": digest, "status": "confirmed"}]}
        self.network.publish(way.host, "certificate-status", None, body)

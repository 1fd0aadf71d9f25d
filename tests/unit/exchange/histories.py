"""Arbitrary histories of two or three agencies, honest and not, from a list of small integers.

Each step is a handful of integers that pick who does what to which record, so hypothesis can
shrink a failing history to the few steps that matter. Nothing is checked before publishing:
over-quota nominations, decisions by strangers, decisions on what ended, lies in ``seen``,
forgotten amendments and addressees left out are all in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from uuid import UUID

from hypothesis import strategies as st

from passerelle.protocol.profile import JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, ML, TG, World, direction

Step: TypeAlias = tuple[int, int, int, int, int]

DAYS: Final = ("2017-03-01", "2017-04-01", "2017-05", "2017-06-01", "2018-02-01")
PROGRAMMES: Final = tuple(f"urn:uuid:{UUID(int=7 + number, version=4)}" for number in range(2))
OUTCOMES: Final = (
    *("accept", "reject", "shortlist", "waitlist", "confirm", "decline", "withdraw"),
    *("suspend", "resume", "terminate", "endorse", "dispute", "accept", "confirm", "accept"),
)


class History:
    """Plays steps in a world."""

    def __init__(self, agencies: Sequence[str], *, may_lie: bool = True) -> None:
        self.world = World()
        self.agencies = agencies
        self.may_lie = may_lie
        self.records: list[Record] = []
        self._open()

    def _open(self) -> None:
        """An agreement in force, an offer and a dossier each way, so that most steps find something."""
        one, other = self.agencies[:2]
        rows = [self.world.row(one, other, 2), self.world.row(other, one, 1, "year", candidatesPerPlace=2)]
        agreement = self.world.agreement(one, self.agencies[1:], rows)
        self._keep(agreement)
        self.world.sync(*self.agencies)
        for party in self.agencies[1:]:
            self._keep(self.world.decide(party, self._others(party), agreement, "accept", "2017-02-01"))
        self.world.sync(*self.agencies)
        for said in self.records[1:]:
            if len(self.agencies) > 2:
                self._keep(self.world.endorse(one, self.agencies[1:], said))
        self.world.sync(*self.agencies)
        for agency, partner in ((one, other), (other, one)):
            self._keep(self.world.offer(agency))
            self._keep(self.world.dossier(agency, partner))

    def play(self, steps: Sequence[Step]) -> World:
        acts: Sequence[Callable[[int, int, int, int], Record | None]] = (
            *(self._sync, self._sync, self._nominate, self._nominate, self._nominate),
            *(self._decide, self._decide, self._decide, self._answer, self._answer, self._answer),
            *(self._place, self._place, self._arrive, self._amend, self._next_version),
            *(self._offer_or_dossier, self._lie, self._suspend, self._public_word, self._misplaced),
            *(self._under_an_id, self._under_an_id, self._endorse, self._endorse),
        )
        for kind, *numbers in steps:
            record = acts[kind % len(acts)](*numbers)
            if record is not None:
                self._keep(record)
        return self.world

    def _keep(self, record: Record) -> None:
        self.records.append(record)

    def _agency(self, number: int) -> str:
        return self.agencies[number % len(self.agencies)]

    def _others(self, agency: str) -> list[str]:
        return [other for other in self.agencies if other != agency]

    def _other(self, agency: str, number: int) -> str:
        others = self._others(agency)
        return others[number % len(others)]

    def _pick(self, number: int, *types: str) -> Record:
        found = [record for record in self.records if not types or record.type in types]
        return found[-1 - number % len(found)]

    def _addressed(self, *types: str) -> list[Record]:
        return [record for record in self.records if record.type in types and record.addressees]

    def _sync(self, a: int, b: int, c: int, d: int) -> None:
        """One agency cosigns some of what another has published for it."""
        reader = self._agency(a)
        author = self._other(reader, b)
        whole, before = self.world.position(author, reader), self.world.cosigned.get((reader, author))
        partly = type(whole)(whole.feed, max(0, whole.size - c % 3))
        self.world.cosigned[reader, author] = max(partly, before) if before else partly

    def _nominate(self, a: int, b: int, c: int, d: int) -> Record | None:
        sender = self._agency(a)
        host = self._other(sender, b)
        dossiers = [r for r in self.records if r.type == "dossier" and r.issuer_scid == sender]
        if not dossiers:
            return None
        to = [host] if c % 5 else self._others(sender)
        agreement = self._pick(d // 5, "agreement") if b % 5 == 0 else self.records[0]
        offer = self._pick(b, "offer")
        return self.world.nominate(
            sender, host, agreement, offer, dossiers[-1 - c % len(dossiers)], DAYS[d % 5], to=to
        )

    def _answer(self, a: int, b: int, c: int, d: int) -> Record | None:
        """A fitting decision on a recent nomination or placement, by one who may."""
        found = self._addressed("nomination", "placement")
        if not found:
            return None
        about = found[-1 - a % len(found)]
        issuer, partner = about.issuer_scid, about.addressees[0]
        author, outcome = [
            (partner, "accept"), (issuer, "confirm"), (partner, "reject"), (issuer, "withdraw"),
            (partner, "waitlist"), (issuer, "decline"), (partner, "accept"), (issuer, "confirm"),
        ][b % 8]  # fmt: skip
        if c % 2:
            self.world.sync(issuer, partner)
        return self.world.decide(author, self._others(author), about, outcome, DAYS[d % 5])

    def _decide(self, a: int, b: int, c: int, d: int) -> Record:
        author = self._agency(a)
        about = self._pick(b)
        outcome = OUTCOMES[c % len(OUTCOMES)]
        to = self._others(author) if d % 3 else [self._other(author, d)]
        return self.world.decide(author, to, about, outcome, DAYS[d % 5])

    def _place(self, a: int, b: int, c: int, d: int) -> Record | None:
        nominations = self._addressed("nomination")
        if not nominations:
            return None
        nomination = nominations[-1 - a % len(nominations)]
        host, sender = nomination.addressees[b % len(nomination.addressees)], nomination.issuer_scid
        if c % 2:  # all that it takes, in good order
            self.world.sync(host, sender)
            self._keep(self.world.decide(host, self._others(host), nomination, "accept", DAYS[d % 5]))
            self.world.sync(host, sender)
            self._keep(self.world.decide(sender, self._others(sender), nomination, "confirm", DAYS[d % 5]))
            self.world.sync(host, sender)
        return self.world.place(
            host, sender, nomination, self._pick(c // 2, "agreement"), f"{DAYS[d % 5]}/.."
        )

    def _arrive(self, a: int, b: int, c: int, d: int) -> Record | None:
        placements = self._addressed("placement")
        if not placements:
            return None
        placement = placements[-1 - a % len(placements)]
        author = placement.issuer_scid if b % 4 else placement.addressees[0]
        if b % 2:
            self.world.sync(author, *self._others(author))
            sender = placement.addressees[0]
            self._keep(self.world.decide(sender, self._others(sender), placement, "accept", DAYS[d % 5]))
        kind = ("arrival", "arrival", "early-return", "return")[c % 4]
        to = "public" if c % 5 == 0 else self._others(author)
        return self.world.event(author, to, placement, kind, DAYS[d % 5], "done" if c % 7 else "cancelled")

    def _amend(self, a: int, b: int, c: int, d: int) -> Record:
        """A next version, or another agreement; accepted by some."""
        before = self._pick(a, "agreement")
        author = before.issuer_scid
        others = self._others(author) if b % 3 else [self._other(author, b)]
        rows = [self.world.row(author, others[0], c % 3, **({"status": "suspended"} if d % 7 == 0 else {}))]
        rows.append(self.world.row(others[0], author, d % 3))
        after = before if b % 2 else None
        period = ("2017/..", "2017-04/2017-12", "2018/2019")[c % 3]
        agreement = self.world.agreement(author, others, rows, period=period, after=after)
        self._keep(agreement)
        if d % 2:
            self.world.sync(*self.agencies)
            for party in others:
                self._keep(self.world.decide(party, self._others(party), agreement, "accept", DAYS[c % 5]))
        return agreement

    def _next_version(self, a: int, b: int, c: int, d: int) -> Record:
        """Of anything, by its issuer or by another, now and then with a number that is taken."""
        before = self._pick(a)
        author = before.issuer_scid if b % 4 else self._agency(b)
        to = "public" if before.audience == "public" else self._others(author)
        body: JsonObject = dict(before.body)
        if "nominatedOn" in body:
            body["nominatedOn"] = DAYS[d % 5]
        version = before.version if c % 5 == 0 else None
        return self.world.publish(author, to, before.type, body, after=before, version=version)

    def _offer_or_dossier(self, a: int, b: int, c: int, d: int) -> Record:
        author = self._agency(a)
        if b % 2:
            more: JsonObject = {"programme": {"id": PROGRAMMES[c % 2]}} if d % 3 == 0 else {}
            return self.world.offer(author, places=1 + c % 2, scheme=("vir", "vsi")[d % 2], **more)
        return self.world.dossier(author, self._others(author) if c % 2 else [self._other(author, d)])

    def _suspend(self, a: int, b: int, c: int, d: int) -> Record:
        author = self._agency(a)
        about = self._pick(b, "agreement", "placement") if b % 2 else self._pick(b, "agreement")
        scopes: Sequence[JsonObject | None] = (
            None, {"scheme": "vir"}, {"direction": direction(*self.agencies[:2])}, {"scheme": "vsi"}
        )  # fmt: skip
        outcome = ("suspend", "resume", "terminate")[c % 3]
        return self.world.decide(
            author, self._others(author), about, outcome, DAYS[d % 5], scope=scopes[d // 5 % 4]
        )

    def _lie(self, a: int, b: int, c: int, d: int) -> Record | None:
        """A decision whose ``seen`` goes back or beyond, or a next feed."""
        if not self.may_lie:
            return None
        author = self._agency(a)
        partner = self._other(author, b)
        if d % 8 == 0:
            origin = self.world.origin(author, partner)
            self.world.numbers[author, partner] = origin.number + 1
            return None
        last = self.world.cosigned[author, partner]
        seen = {partner: (last.feed, max(0, last.size + c % 5 - 2))}
        return self.world.decide(author, [partner], self._pick(c), OUTCOMES[d % len(OUTCOMES)], seen=seen)

    def _public_word(self, a: int, b: int, c: int, d: int) -> Record:
        author = self._agency(a)
        about = self._pick(b, "offer") if c % 2 else self._pick(b)
        return self.world.decide(author, "public", about, OUTCOMES[c % len(OUTCOMES)], DAYS[d % 5])

    def _misplaced(self, a: int, b: int, c: int, d: int) -> Record:
        """What its schema would refuse: a private type in public, a public type in private."""
        before = self._pick(a)
        author = self._agency(b)
        to = self._others(author) if before.audience == "public" else "public"
        return self.world.publish(author, to, before.type, before.body)

    def _endorse(self, a: int, b: int, c: int, d: int) -> Record | None:
        """Hands on what somebody decided on an agreement."""
        said = [r for r in self.records if r.type == "decision" and r.body["aboutType"] == "agreement"]
        if not said:
            return None
        author = self._agency(b)
        return self.world.endorse(author, self._others(author), said[-1 - a % len(said)])

    def _under_an_id(self, a: int, b: int, c: int, d: int) -> Record:
        """Anything again under an id of few, as any version, so that ids change type, issuer and order.

        The host accepts what is nominated so, if it has seen it.
        """
        before = self._pick(a, "nomination", "placement", "agreement", "dossier")
        author = before.issuer_scid
        body: JsonObject = dict(before.body)
        if b % 3 == 0:  # what the rules block
            body = {
                **body,
                **({"parties": []} if before.type == "agreement" else {"direction": direction(BF, BF)}),
            }
        record = self.world.publish(
            author, self._others(author), before.type, body,
            record_id=f"urn:uuid:{UUID(int=10**9 + c % 3, version=4)}", version=1 + d % 3,
        )  # fmt: skip
        if record.type == "nomination" and c % 4:
            self.world.sync(*self.agencies)
            host = record.addressees[0]
            self._keep(self.world.decide(host, self._others(host), record, "accept", DAYS[d % 5]))
        return record


_numbers = st.integers(0, 39)
steps = st.lists(st.tuples(_numbers, _numbers, _numbers, _numbers, _numbers), min_size=1, max_size=40)
casts = st.sampled_from([(TG, ML), (TG, ML, BF)])

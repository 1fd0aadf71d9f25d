"""What the rules of the field say of a draft with the records that it names, before it is signed.

What they say of a record by itself is asked where it is signed (:mod:`passerelle.sync.pen`); this adds what has to
be looked up: the dossier of a nomination, the places of an offer, the papers of who departs, what an agreement
changes of a pack, and what was waived.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from passerelle.desk import looking
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError, PasserelleError
from passerelle.exchange import edtf
from passerelle.exchange.book import FOR_EVER
from passerelle.exchange.rules import together
from passerelle.exchange.rules.holdings import Holdings, Journey
from passerelle.exchange.rules.record import Asked, judge_record, rests_on_others
from passerelle.exchange.rules.references import Body, ref_digest, ref_id, refs, terms_of
from passerelle.exchange.rules.table import Finding
from passerelle.exchange.rules.waivers import Waivers
from passerelle.exchange.state import AgreementState, NominationState, State
from passerelle.protocol.records import Record
from passerelle.sync.pen import Draft


def is_judged(item: Draft) -> bool:
    """Whether a rule asks what a draft names; most that is published in great numbers rests on nothing."""
    is_plain = item.type == "offer" and not rests_on_others(item.type, item.body)
    return item.type in _JUDGES and not item.unchecked and not is_plain


def takes_places(item: Draft) -> bool:
    """Whether a draft accepts or confirms a nomination: what it takes, the next of its kind has to see."""
    body = item.body
    outcome = body.get("outcome")
    return (
        item.type == "decision"
        and not item.unchecked
        and body.get("aboutType") == "nomination"
        and isinstance(outcome, str)
        and outcome in {"accept", "confirm"}
    )


async def ruled(context: Context, ledger: Ledger, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts of one call, with what holds for each by the records that it names.

    Raises:
        InputError: ``rule.*``: a rule refuses one of them, and nobody has waived it.
    """
    desk = _Desk(context, ledger)
    return [await desk.rule(item) for item in drafts]


@dataclass(slots=True)
class _Desk:
    """One call; acceptances of it count for those behind them.

    Args:
        accepted: Nominations that the call accepts, by offer.
        dossiers: The same by dossier.
        journeys: Read once for the call and a day, where one of its records asks for it.
        waivers: The same of what was waived.
    """

    context: Context
    ledger: Ledger
    accepted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    dossiers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    journeys: dict[date, Mapping[str, Sequence[Journey]]] = field(default_factory=dict)
    waivers: Waivers | None = None

    async def rule(self, item: Draft) -> Draft:
        """One draft."""
        return await _JUDGES[item.type](self, item) if is_judged(item) else item

    async def offer(self, item: Draft) -> Draft:
        """V03, and what its agreement changes."""
        host = ref_id(item.body, "hostOrganisation")
        if host is not None:
            found = await self._newest("organisation", host)
            if found is None:
                raise InputError("rule.host-unknown", rule="V03", path="/hostOrganisation/id", id=host)
            self._refuse(together.judge_host(found.body), item)
        agreement = await self._agreed(ref_id(item.body, "agreement"))
        return replace(item, terms=terms_of(agreement, str(item.body.get("scheme"))))

    async def nomination(self, item: Draft) -> Draft:
        """V05, V06, V07, V15, by the versions that it names; the law asks that the agreement's is in force (S-33)."""
        bodies = await self._bodies(item.body, "dossier", "offer", "agreement")
        host = item.audience[0] if isinstance(item.audience, tuple) and len(item.audience) == 1 else None
        given = together.Presented(
            item.body, bodies["dossier"], bodies["offer"], bodies["agreement"], str(host or _host(item.body))
        )
        if given.card and _is_dated(item.body.get("nominatedOn")):
            findings = list(together.judge_nomination(self.context.rules, given))
            await self._refuse_unless_waived(
                findings, item, _versions(item.body, "offer", "agreement", "dossier")
            )
        return item

    async def placement(self, item: Draft) -> Draft:
        """What its agreement changes, in the version that it names, and what was waived for what it rests on."""
        agreement = (await self._bodies(item.body, "agreement"))["agreement"]
        changed = replace(item, terms=terms_of(agreement, str(item.body.get("scheme"))))
        rests_on = _versions(item.body, "nomination", "offer", "agreement")
        findings = _by_itself(self.context, changed)
        return replace(changed, waived=item.waived | await self._waived(findings, rests_on, _addressed(item)))

    async def event(self, item: Draft) -> Draft:
        """V09 and V10, of a departure that took place."""
        body = item.body
        if body.get("kind") == "departure" and body.get("status") == "done":
            actual = body.get("actual")
            day = edtf.parse(actual).earliest if isinstance(actual, str) and _is_dated(actual) else None
            about, today = set(refs(body, "about", "placement")), self.context.clock().date()
            journeys = await self._journeys_on(max(day or today, today))
            told = {self.context.own, *_addressed(item)}
            for journey in (one for name in sorted(about) for one in journeys.get(name, ())):
                if {journey.state.sender, journey.state.host} <= told:
                    self._refuse(together.judge_departure(journey, day or today), item)
        return item

    async def _journeys_on(self, day: date) -> Mapping[str, Sequence[Journey]]:
        """By placement id, what is held as of a day: of a departure that is told ahead, also what is checked by then."""
        if day not in self.journeys:
            held = await looking.holdings(self.context, self.ledger, day)
            self.journeys[day] = await asyncio.to_thread(_by_placement, held)
        return self.journeys[day]

    async def decision(self, item: Draft) -> Draft:
        """V17 and V23 of an acceptance, and that nothing is decided before what it is about."""
        about = ref_id(item.body, "about")
        if item.body.get("aboutType") != "nomination" or about is None:
            return item
        digest = ref_digest(item.body, "about") or ""
        named = (await self.ledger.records_of([digest])).get(digest)
        state = await self.ledger.state(FOR_EVER)  # what is decided for later takes its place too
        nomination = None if named is None else state.nomination(named.issuer_scid, about)
        if nomination is None:
            return item
        if _is_dated(item.body.get("effective")):
            self._refuse(together.decided_before(item.body, nomination.nominated_on), item)
        if takes_places(item):
            outcome = str(item.body.get("outcome"))
            findings = [found async for found in self._accepted(state, nomination, outcome)]
            rests_on = await self._judged(state, nomination) if findings else []
            await self._refuse_unless_waived(findings, item, rests_on)
            self.accepted[nomination.offer].add(about)
            self.dossiers[nomination.dossier].add(about)
        return item

    async def _accepted(
        self, state: State, nomination: NominationState, outcome: str
    ) -> AsyncIterator[Finding]:
        same = [
            other
            for other in state.nominations.values()
            if other.dossier == nomination.dossier
            and other.sender == nomination.sender
            and (other.is_accepted or other.id in self.dossiers[nomination.dossier])
        ]
        spans = await self._spans(state, [nomination, *same])
        offer = state.offer(nomination.host, nomination.offer)
        for found in together.judge_acceptance(
            nomination.id,
            places=offer.places if offer is not None and outcome == "accept" else None,
            others=[
                *(
                    other.id
                    for other in state.nominations.values()
                    if other.offer == nomination.offer and other.host == nomination.host and other.is_accepted
                ),
                *self.accepted[nomination.offer],
            ],
            dossier=nomination.dossier,
            span=spans[nomination.id],
            same_dossier={other.id: spans[other.id] for other in same},
        ):
            yield found

    async def _spans(
        self, state: State, nominations: Sequence[NominationState]
    ) -> Mapping[str, edtf.Span | None]:
        """When each would serve: as its placement is planned, else as its offer says."""
        planned = {
            (placement.sender, placement.nomination): placement.planned
            for placement in state.placements.values()
            if placement.nomination is not None and placement.state not in {"blocked", "waiting"}
        }
        offers = {
            item.id: offer.digest
            for item in nominations
            if (offer := state.offer(item.host, item.offer)) is not None
        }
        found = await self.ledger.records_of(offers.values())
        spans: dict[str, edtf.Span | None] = {}
        for item in nominations:
            named = found.get(offers.get(item.id, ""))
            period = planned.get((item.sender, item.id)) or (
                None if named is None else named.body.get("period")
            )
            spans[item.id] = edtf.parse(period) if isinstance(period, str) else None
        return spans

    async def _judged(self, state: State, nomination: NominationState) -> list[str]:
        """Digests of the versions by which an acceptance is judged: of the nomination, its offer, its dossier."""
        offer = state.offer(nomination.host, nomination.offer)
        record = (await self.ledger.records_of([nomination.digest])).get(nomination.digest)
        return [
            nomination.digest,
            *([] if offer is None else [offer.digest]),
            *([] if record is None else _versions(record.body, "dossier")),
        ]

    # --- refusing ------------------------------------------------------------------------

    def _refuse(self, findings: Iterator[Finding] | Sequence[Finding], item: Draft) -> None:
        for found in findings:
            if found.severity == "error" and found.rule not in item.waived:
                raise InputError(found.code, rule=found.rule, path=found.path, **found.params)

    async def _refuse_unless_waived(
        self, findings: Sequence[Finding], item: Draft, rests_on: Sequence[str]
    ) -> None:
        waived = item.waived | await self._waived(findings, rests_on, _addressed(item))
        self._refuse(findings, replace(item, waived=waived))

    async def _waived(
        self, findings: Sequence[Finding], rests_on: Sequence[str], others: Iterable[str]
    ) -> frozenset[str]:
        """Rules that were waived for one of the versions, by digest, that a record rests on, by us or those addressed.

        They are looked for only where one of the findings would refuse it.
        """
        rules = self.context.rules.rules
        wanted = {
            found.rule for found in findings if found.severity == "error" and rules[found.rule].is_waivable
        }
        if not wanted:
            return frozenset()
        if self.waivers is None:
            self.waivers = await looking.waivers(self.context, self.ledger)
        waivers, parties = self.waivers, {self.context.own, *others}
        return frozenset(
            rule
            for rule in wanted
            if any((rule, digest, by) in waivers for digest in rests_on for by in parties)
        )

    # --- looking up ----------------------------------------------------------------------

    async def _bodies(self, body: Body, *members: str) -> dict[str, Body]:
        """Bodies of the versions that a body names, by member; empty where one is not held."""
        named = {member: ref_digest(body, member) for member in members}
        found = await self.ledger.records_of(digest for digest in named.values() if digest)
        return {member: found[digest].body if digest in found else {} for member, digest in named.items()}

    async def _agreed(self, agreement: str | None) -> Body:
        """The version of an agreement that governs, or will once its period begins; empty where none does.

        Who proposes a version has changed nothing by it: only what all parties accepted counts.
        """
        if agreement is not None:
            for day in (self.context.clock().date(), FOR_EVER):
                states = (await self.ledger.state(day)).agreements.values()
                agreed = (item for item in states if item.id == agreement and item.since is not None)
                found = next((item for item in agreed if self.context.own in _parties(item)), None)
                if found is not None:
                    record = (await self.ledger.records_of([found.digest])).get(found.digest)
                    return {} if record is None else record.body
        return {}

    async def _newest(self, record_type: str, record_id: str | None) -> Record | None:
        """The newest version held of a record of one type: ours, or else of whoever issued it first."""
        if record_id is None:
            return None
        held = [
            item.record
            for item in await self.ledger.held_of([record_id])
            if isinstance(item.record, Record) and item.record.type == record_type
        ]
        issuers = [
            record.issuer_scid for record in sorted(held, key=lambda record: (record.issued, record.digest))
        ]
        issuer = self.context.own if self.context.own in issuers else next(iter(issuers), None)
        same = (record for record in held if record.issuer_scid == issuer)
        return max(same, key=lambda record: record.version, default=None)


def _parties(item: AgreementState) -> set[str]:
    return {party.agency for party in item.parties}


def _by_placement(held: Holdings) -> Mapping[str, Sequence[Journey]]:
    """The journeys by the ids of their placements; several agencies may have written down one."""
    found: defaultdict[str, list[Journey]] = defaultdict(list)
    for journey in held.journeys():
        found[journey.state.id].append(journey)
    return found


def _by_itself(context: Context, item: Draft) -> list[Finding]:
    audience = _addressed(item)
    try:
        return judge_record(
            context.rules,
            Asked(
                item.type, item.body, item.audience == "public", context.clock().date(), audience, item.terms
            ),
        )
    except (ValueError, PasserelleError):  # not of its form: its schema will say how
        return []


def _addressed(item: Draft) -> tuple[str, ...]:
    return () if isinstance(item.audience, str) else tuple(item.audience)


def _is_dated(written: object) -> bool:
    """Whether a date can be read; the schema of the record will say what is wrong with it otherwise."""
    try:
        edtf.parse(str(written))
    except PasserelleError:
        return False
    return isinstance(written, str)


def _versions(body: Body, *members: str) -> list[str]:
    """Digests of the versions that a body names."""
    return [found for member in members if (found := ref_digest(body, member)) is not None]


def _host(body: Body) -> object:
    direction = body.get("direction")
    to = direction.get("to") if isinstance(direction, dict) else None
    return to.get("agency") if isinstance(to, dict) else None


_JUDGES: Mapping[str, Callable[[_Desk, Draft], Awaitable[Draft]]] = {
    "decision": _Desk.decision,
    "event": _Desk.event,
    "nomination": _Desk.nomination,
    "offer": _Desk.offer,
    "placement": _Desk.placement,
}

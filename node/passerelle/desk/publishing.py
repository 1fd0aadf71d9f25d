"""Publishing what a person or a national system gives: any record, a nomination, a decision."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from passerelle.desk import acts, naming, ruling
from passerelle.desk.context import Context
from passerelle.desk.drafting import digest_of, refuse_twice, refuse_waiver
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows
from passerelle.storage import vault
from passerelle.sync.pen import Draft

Answer = dict[str, object]


async def publish(
    context: Context,
    ledger: Ledger,
    items: Sequence[Mapping[str, object]],
    key: str | None = None,
    *,
    unchecked: bool = False,
) -> list[Answer]:
    """Publish records, all of them or none.

    Args:
        context: The node.
        ledger: What the rules say of the records.
        items: Each ``{"type":…,"to":"public" or [codes or SCIDs],"body":{…},"id"?,"key"?,"waive"?}``; ``id``
            names a record of ours of which this is the next version. In bodies an agency may be
            named by its code. ``to`` may be left out where the type is always public. Under one
            ``key``, at most 200 characters, a record is published once, in whichever call; the
            answer for one that was published before holds ``already``.
            ``waive`` lists rules that a function waives, each ``{"rule":"V06","function":…,"reason"?,"text"?}``
            with one of the two; a decision published with the record says so.
        key: Idempotency key: the same call again returns the first answer, whatever the rules say by then.
        unchecked: Skip our own rules, never the schema; in a fictitious home only.

    Raises:
        InputError: ``publish.*``, or the code of the rule that refuses.
        ProtocolError: ``schema.*``.
    """
    return await _publish(context, ledger, items, key, unchecked=unchecked)


async def _publish(
    context: Context,
    ledger: Ledger,
    items: Sequence[Mapping[str, object]],
    key: str | None,
    *,
    asked: str | None = None,
    unchecked: bool = False,
) -> list[Answer]:
    """As `publish`; ``asked`` is the digest of the call that the items were made of, where that is another one."""
    if unchecked and not context.config.agency.fictitious:
        raise InputError("publish.unchecked-not-fictitious")
    if not items:
        raise InputError("publish.nothing")
    if key is not None and asked is None:
        asked = digest_of(items)
    known = await _answered(context, key, asked)
    if known is not None:
        return known[: len(items)]
    drafts = context.drafting.drafts(items, key, unchecked=unchecked)
    call = _Call(context, ledger, items, drafts, key, asked or "")
    if any(ruling.takes_places(item) for item in drafts):
        return await _in_turn(ledger.deciding, call.publish)
    return await call.publish()


async def _answered(context: Context, key: str | None, asked: str | None) -> list[Answer] | None:
    """What was answered under a key, whatever the rules say today (W-11); None where nothing was."""
    if key is None:
        return None
    context.publisher.refuse_closed()
    async with context.database.reading() as connection:
        if await record_rows.get_answer(connection, key) is None:
            return None
    # Told by the one who writes, in its turn: the rows may be ahead of the heads at this moment.
    return await context.publisher.publish([], key=key, request=asked or "")


async def _in_turn(turn: asyncio.Lock, work: Callable[[], Awaitable[list[Answer]]]) -> list[Answer]:
    """Work whose end the next waits for, also where nobody waits for its answer any more: it is on its way all the same."""
    async with turn:
        task = asyncio.ensure_future(work())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():  # at a shutdown whoever has left may be told so once more
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # nobody is left to be told
            raise


@dataclass(frozen=True, slots=True)
class _Call:
    """One call to publish, that was not answered before."""

    context: Context
    ledger: Ledger
    items: Sequence[Mapping[str, object]]
    drafts: Sequence[Draft]
    key: str | None
    asked: str

    async def publish(self) -> list[Answer]:
        """Judge it and publish it, with what it waives."""
        known, drafting = await self._known(), self.context.drafting
        given = [
            (item, draft)
            for item, draft in zip(self.items, self.drafts, strict=True)
            if draft.key not in known
        ]
        for item, draft in given:
            if draft.type == "statistic":
                # What it gives away takes long to find out: others are answered meanwhile.
                await asyncio.to_thread(drafting.refuse, item, draft)
            else:
                drafting.refuse(item, draft)
        ruled = await ruling.ruled(self.context, self.ledger, [draft for _, draft in given])
        new = iter(ruled)
        drafts = [draft if draft.key in known else next(new) for draft in self.drafts]
        waivers = [
            waiver
            for (item, _), draft in zip(given, ruled, strict=True)
            for waiver in drafting.waivers(item, draft)
        ]
        drafts += waivers
        refuse_twice(self.key, drafts)
        answers = await self.context.publisher.publish(drafts, key=self.key, request=self.asked)
        return answers[: len(self.items)]

    async def _known(self) -> frozenset[str | None]:
        """Keys of records that are published already; the rules have nothing to say of these any more.

        Looked up only for what may be refused here: the publisher looks up all of them.

        Raises:
            InputError: ``publish.key-reused``: with another body.
        """
        asked = {
            draft.key: draft.request
            for draft in self.drafts
            if draft.key is not None and _may_be_refused_here(draft)
        }
        if not asked:
            return frozenset()
        async with self.context.database.reading() as connection:
            answered = await record_rows.get_answers(connection, list(asked))
        for key, (request, _) in answered.items():
            if request != asked[str(key)]:
                raise InputError("publish.key-reused", key=key)
        return frozenset(answered)


def _may_be_refused_here(draft: Draft) -> bool:
    return bool(draft.waived) or draft.type == "statistic" or ruling.is_judged(draft)


async def newest(context: Context, ledger: Ledger, name: str, record_type: str | None = None) -> Record:
    """The newest version held of a record that the rules do not block, by id, or the exact one by digest.

    Raises:
        InputError: ``record.unknown``, ``record.ambiguous``, ``record.erased``, ``record.another-type``.
    """
    chosen, _ = await naming.find(context, ledger, name)
    async with context.database.reading() as connection:
        data = await vault.get_record(connection, chosen.digest)
    if data is None:
        raise InputError("record.erased", name=name)
    record = Record.parse(data)
    if record_type is not None and record.type != record_type:
        raise InputError("record.another-type", name=name, expected=record_type, found=record.type)
    return record


async def nominate(
    context: Context,
    ledger: Ledger,
    offer: str,
    dossier: str,
    agreement: str,
    *,
    nominated_on: str | None = None,
    rank: int | None = None,
    motivation: Mapping[str, object] | None = None,
    key: str | None = None,
    unchecked: bool = False,
) -> Answer:
    """Nominate a volunteer for an offer, under an agreement.

    Args:
        context: The node.
        ledger: What the rules say of the records.
        offer: Id or digest of the host's offer.
        dossier: Id or digest of our dossier's card.
        agreement: Id (the version that governs on the day) or digest of the agreement.
        nominated_on: Day, ``YYYY-MM-DD``; today where left out.
        rank: Our order of preference, from 1.
        motivation: A few words by language.
        key: Idempotency key.
        unchecked: See `publish`.

    Raises:
        InputError: ``nominate.no-direction`` where the agreement has none from us to the host,
            or the code of the rule that refuses, such as the quota.
    """
    asked = _asked(
        key,
        nominate=offer,
        dossier=dossier,
        agreement=agreement,
        on=nominated_on,
        rank=rank,
        motivation=motivation,
    )
    known = await _answered(context, key, asked)
    if known is not None:
        return known[0]
    offered = await newest(context, ledger, offer, "offer")
    presented = await newest(context, ledger, dossier, "dossier")
    day = context.clock().date().isoformat() if nominated_on is None else nominated_on
    agreed = await _governing(context, ledger, agreement, day)
    item = acts.nomination(
        context.own, offered, presented, agreed, nominated_on=day, rank=rank, motivation=motivation
    )
    return (await _publish(context, ledger, [item], key, asked=asked, unchecked=unchecked))[0]


async def _governing(context: Context, ledger: Ledger, name: str, on: str) -> Record:
    """An agreement in the version that governs on a day, where it is named by its id.

    A version that is only proposed is newer, whoever proposes it; a nomination that named it would be blocked.
    """
    found = await newest(context, ledger, name, "agreement")
    try:
        day = date.fromisoformat(on)
    except ValueError:  # less precise, or wrong, which its schema will say
        day = context.clock().date()
    state = (await ledger.state(day)).agreement(found.issuer_scid, found.id)
    if name == found.digest or state is None or state.since is None:
        return found
    return await newest(context, ledger, state.digest, "agreement")


def _asked(key: str | None, **given: object) -> str | None:
    """Digest of a call under a key by what was given: what it is made into depends on the day and on what is held."""
    if key is None:
        return None
    return digest_of(
        [{name: dict(value) if isinstance(value, Mapping) else value for name, value in given.items()}]
    )


async def decide(
    context: Context,
    ledger: Ledger,
    about: str,
    outcome: str,
    *,
    effective: str | None = None,
    reason: str | None = None,
    function: str = "exchange-desk",
    scope: Mapping[str, object] | None = None,
    text: Mapping[str, object] | None = None,
    rule: str | None = None,
    key: str | None = None,
    unchecked: bool = False,
) -> Answer:
    """Decide on a record: ours or a partner's, the version that is held.

    Args:
        context: The node.
        ledger: What the rules say of the records.
        about: Id (newest version held) or digest (that version) of the record.
        outcome: A code of the list ``outcome``.
        effective: EDTF date; today where left out.
        reason: A code of the list of reasons.
        function: The function that acted, never a name.
        scope: For suspend and resume: one direction, scheme or programme.
        text: A few words by language.
        rule: To waive: the rule of the field, ``V06``.
        key: Idempotency key.
        unchecked: See `publish`.

    Raises:
        InputError: ``publish.not-waivable``, ``publish.waiver-without-reason``, or the code of the rule that refuses.
    """
    asked = _asked(
        key,
        decide=about,
        outcome=outcome,
        effective=effective,
        reason=reason,
        function=function,
        scope=scope,
        text=text,
        rule=rule,
    )
    known = await _answered(context, key, asked)
    if known is not None:
        return known[0]
    subject = await newest(context, ledger, about)
    if rule is not None and outcome == "waive":
        refuse_waiver(rule, reason or text)
    day = context.clock().date().isoformat() if effective is None else effective
    item = acts.decision(
        context.own,
        subject,
        outcome,
        effective=day,
        reason=reason,
        function=function,
        scope=scope,
        text=text,
        rule=rule,
    )
    return (await _publish(context, ledger, [item], key, asked=asked, unchecked=unchecked))[0]

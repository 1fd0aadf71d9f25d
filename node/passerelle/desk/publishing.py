"""Publishing what a person or a national system gives: any record, a nomination, a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from passerelle.desk import acts, naming, ruling
from passerelle.desk.context import Context
from passerelle.desk.drafting import refuse_waiver
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.protocol.records import Record
from passerelle.storage import vault

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
            with one of the two; a decision beside the record says so.
        key: Idempotency key: the same call again returns the first answer.
        unchecked: Skip our own rules, never the schema; in a fictitious home only.

    Raises:
        InputError: ``publish.*``, or the code of the rule that refuses.
        ProtocolError: ``schema.*``.
    """
    if unchecked and not context.config.agency.fictitious:
        raise InputError("publish.unchecked-not-fictitious")
    if not items:
        raise InputError("publish.nothing")
    make = partial(context.drafting.drafts, items, key, unchecked=unchecked)
    # What a statistic gives away takes long to find out, and others are answered meanwhile.
    has_statistic = any(item.get("type") == "statistic" for item in items)
    drafts, asked = await asyncio.to_thread(make) if has_statistic else make()
    ruled = await ruling.ruled(context, ledger, drafts)
    answers = await context.publisher.publish(ruled, key=key, request=asked)
    for item, answer in zip(items, answers, strict=True):
        await _say_waived(context, ledger, item, answer)
    return answers


async def _say_waived(context: Context, ledger: Ledger, item: Mapping[str, object], answer: Answer) -> None:
    """Publish the decisions by which rules were waived for a record, each once, however often it is asked.

    They name its digest, so they come after it; were the node to fall in between, the record stands as a finding
    until the call is repeated, or somebody decides so.
    """
    given = item.get("waive")
    for waiver in given if isinstance(given, list | tuple) else ():
        ledger.changed()
        issued = (await newest(context, ledger, str(answer["digest"]))).issued
        text = waiver.get("text")
        await decide(
            context,
            ledger,
            str(answer["digest"]),
            "waive",
            effective=issued.date().isoformat(),
            rule=str(waiver["rule"]),
            function=str(waiver["function"]),
            reason=waiver.get("reason"),
            text=text if isinstance(text, Mapping) else None,
            key=f"waive-{answer['digest']}-{waiver['rule']}",
        )


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
        agreement: Id or digest of the agreement.
        nominated_on: Day, ``YYYY-MM-DD``; today where left out.
        rank: Our order of preference, from 1.
        motivation: A few words by language.
        key: Idempotency key.
        unchecked: See `publish`.

    Raises:
        InputError: ``nominate.no-direction`` where the agreement has none from us to the host,
            or the code of the rule that refuses, such as the quota.
    """
    offered = await newest(context, ledger, offer, "offer")
    presented = await newest(context, ledger, dossier, "dossier")
    agreed = await newest(context, ledger, agreement, "agreement")
    day = context.clock().date().isoformat() if nominated_on is None else nominated_on
    item = acts.nomination(
        context.own, offered, presented, agreed, nominated_on=day, rank=rank, motivation=motivation
    )
    return (await publish(context, ledger, [item], key, unchecked=unchecked))[0]


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
    return (await publish(context, ledger, [item], key, unchecked=unchecked))[0]

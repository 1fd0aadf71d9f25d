"""Publishing what a person or a national system gives: any record, a nomination, a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passerelle.desk import acts, naming
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.protocol.records import Record
from passerelle.storage import vault

Answer = dict[str, object]


async def publish(
    context: Context,
    items: Sequence[Mapping[str, object]],
    key: str | None = None,
    *,
    unchecked: bool = False,
) -> list[Answer]:
    """Publish records, all of them or none.

    Args:
        context: The node.
        items: Each ``{"type":…,"to":"public" or [codes or SCIDs],"body":{…},"id"?,"key"?}``; ``id``
            names a record of ours of which this is the next version. In bodies an agency may be
            named by its code. ``to`` may be left out where the type is always public. Under one
            ``key``, at most 200 characters, a record is published once, in whichever call; the
            answer for one that was published before holds ``already``.
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
    drafts, asked = context.drafting.drafts(items, key, unchecked=unchecked)
    return await context.publisher.publish(drafts, key=key, request=asked)


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
    return (await publish(context, [item], key, unchecked=unchecked))[0]


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
        key: Idempotency key.
        unchecked: See `publish`.
    """
    subject = await newest(context, ledger, about)
    day = context.clock().date().isoformat() if effective is None else effective
    item = acts.decision(
        context.own, subject, outcome, effective=day, reason=reason, function=function, scope=scope, text=text
    )
    return (await publish(context, [item], key, unchecked=unchecked))[0]

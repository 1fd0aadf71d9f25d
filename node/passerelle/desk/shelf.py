"""Public records that no state is made of, such as programmes and statistics: the newest version of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from passerelle.desk.context import Context
from passerelle.desk.ledger import READ_AT_ONCE, Ledger
from passerelle.errors import InputError
from passerelle.exchange.rules.references import Key, key_of
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows

MOST: Final = 1_000_000
"""Rows of one type and issuer; nothing is left out."""

MOST_SHARED: Final = 500
"""Ids of programmes that several agencies wrote down, of which it is asked whose came first."""

READ_OF_EACH: Final = 200
"""Newest records of one type that are looked at of another agency; ours are all looked at.

Of each agency by itself: one that writes without end makes no other's disappear.
"""


async def newest(context: Context, ledger: Ledger, record_type: str) -> list[Record]:
    """The newest version of each public record of a type, by id and issuer: all of ours, some of each other's."""
    async with context.database.reading() as connection:
        rows = await record_rows.newest_of_each(
            connection, record_type, each=READ_OF_EACH, own=context.own, public=True
        )
    return _in_order(await ledger.records_of(row.digest for row in rows))


async def programmes(context: Context, ledger: Ledger) -> list[Record]:
    """The newest version of each programme, one of each id, by id.

    Others name a programme by its id alone. It is ours where we have one, else of the agency whose record came first.
    """
    found = await newest(context, ledger, "programme")
    counted = Counter(record.id for record in found)
    shared = sorted(record_id for record_id, number in counted.items() if number > 1)[:MOST_SHARED]
    if not shared:
        return found
    async with context.database.reading() as connection:
        owners = await record_rows.first_issuers(connection, "programme", shared)
    ours = {record.id for record in found if record.issuer_scid == context.own}
    return [
        record
        for record in found
        if counted[record.id] == 1
        or record.issuer_scid == (context.own if record.id in ours else owners.get(record.id))
    ]


async def every(context: Context, ledger: Ledger, record_type: str) -> list[Record]:
    """The newest version of each record of a type that was addressed to somebody, by id and issuer."""
    async with context.database.reading() as connection:
        rows = await record_rows.newest_of_each(connection, record_type, each=MOST, public=False)
    return _in_order(await ledger.records_of(row.digest for row in rows))


async def last_of(
    context: Context, ledger: Ledger, record_type: str, issuers: Collection[str]
) -> Mapping[str, Record]:
    """By issuer, the record of a type that each of some agencies issued last."""
    async with context.database.reading() as connection:
        rows = await record_rows.newest_of_each(connection, record_type, each=1, issuers=issuers, public=True)
    found = await ledger.records_of(row.digest for row in rows)
    return {record.issuer_scid: record for record in found.values()}


async def named(
    context: Context, ledger: Ledger, record_type: str, keys: Collection[Key]
) -> Mapping[Key, Record]:
    """The newest version of some records, by issuer and id."""
    ids, wanted = sorted({record_id for _, record_id in keys}), set(keys)
    issuers = {issuer for issuer, _ in keys}
    digests: list[str] = []
    async with context.database.reading() as connection:
        for start in range(0, len(ids), READ_AT_ONCE):
            part = ids[start : start + READ_AT_ONCE]
            rows = await record_rows.newest_by_id(connection, record_type, part, issuers)
            digests += [row.digest for row in rows if (row.issuer, row.id) in wanted]
    return {key_of(record): record for record in (await ledger.records_of(digests)).values()}


def _in_order(found: Mapping[str, Record]) -> list[Record]:
    return sorted(found.values(), key=lambda record: (record.id, record.issuer_scid))


def find_programme(programmes: Sequence[Record], name: str) -> str:
    """Id of the programme that a person means by an id, an acronym or a name.

    Raises:
        InputError: ``figures.unknown-programme``, ``figures.ambiguous-programme``.
    """
    wanted = name.casefold()
    found = {record.id for record in programmes if wanted in set(_called(record))}
    if not found:
        raise InputError("figures.unknown-programme", name=name[:200])
    if len(found) > 1:
        raise InputError("figures.ambiguous-programme", name=name[:200], count=len(found))
    return found.pop()


def parts_of(programmes: Iterable[Record], programme: str) -> list[str]:
    """A programme and all that are part of it, at any depth; a circle ends where it began."""
    children: dict[str, set[str]] = {}
    for record in programmes:
        above = record.body.get("partOf")
        if isinstance(above, Mapping):
            children.setdefault(str(above.get("id")), set()).add(record.id)
    found, to_do = {programme}, [programme]
    while to_do:
        below = children.get(to_do.pop(), set()) - found
        found |= below
        to_do += below
    return sorted(found)


def _called(record: Record) -> Iterable[str]:
    """What a programme can be asked for by, without regard to case."""
    names: Json = record.body.get("names")
    texts = list(names.values()) if isinstance(names, dict) else []
    return (str(text).casefold() for text in (record.id, record.body.get("acronym"), *texts) if text)

"""Public records that no state is made of, such as programmes and statistics: the newest version of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows

READ_AT_MOST: Final = 1_000
"""Newest records of one type that are looked at; the network may hold many more."""


async def newest(context: Context, ledger: Ledger, record_type: str) -> list[Record]:
    """The newest version of each record of a type, by issuer and id; erased ones are left out."""
    async with context.database.reading() as connection:
        rows = await record_rows.find(connection, type=record_type, newest_only=True, limit=READ_AT_MOST)
    found = await ledger.records_of(row.digest for row in rows if row.readable)
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

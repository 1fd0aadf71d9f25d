"""What bodies name, and by what records are told apart.

An id belongs to its issuer, for anybody can write down one that another gave: a record is looked up by both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record

Body: TypeAlias = Mapping[str, Json]

Key: TypeAlias = tuple[str, str]
"""Issuer's SCID and record id."""


def key_of(record: Record) -> Key:
    """Whose record it is, and which."""
    return record.issuer_scid, record.id


def hosts_in(records: Iterable[Record]) -> set[Key]:
    """The organisations that offers and placements name by their record: each agency speaks of its own hosts."""
    return {
        (record.issuer_scid, name)
        for record in records
        if record.type in {"offer", "placement"}
        for name in hosts_named(record.body)
    }


def hosts_named(body: Body) -> set[str]:
    """Ids of the organisations that the body of an offer or placement names."""
    postings = body.get("postings")
    listed = postings if isinstance(postings, list) else []
    parts = [body, *(item for item in listed if isinstance(item, dict))]
    names = (ref_id(part, member) for part in parts for member in ("hostOrganisation", "organisation"))
    return {name for name in names if name is not None}


def ref_id(body: Body, member: str) -> str | None:
    """The id that a reference of a body names."""
    named = body.get(member)
    found = named.get("id") if isinstance(named, dict) else None
    return found if isinstance(found, str) else None


def ref_digest(body: Body, member: str) -> str | None:
    """The digest that a reference of a body names: one exact version."""
    named = body.get(member)
    found = named.get("digest") if isinstance(named, dict) else None
    return found if isinstance(found, str) else None


def refs(body: Body, member: str, record_type: str) -> Iterator[str]:
    """Ids of one type in a list of typed references."""
    listed = body.get(member)
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict) and item.get("type") == record_type:
            yield str(item.get("id"))


def terms_of(agreement: Body, scheme: str) -> Mapping[str, int]:
    """What an agreement changes for a scheme."""
    terms = agreement.get("terms")
    values = terms.get(scheme) if isinstance(terms, dict) else None
    return (
        {name: value for name, value in values.items() if isinstance(value, int)}
        if isinstance(values, dict)
        else {}
    )


def deadlines_of(agreement: Body, sender: str, host: str) -> Mapping[str, int]:
    """Days by step that an agreement sets for a direction."""
    listed = agreement.get("directions")
    for row in listed if isinstance(listed, list) else []:
        if not isinstance(row, dict):
            continue
        ends = [
            party.get("agency") if isinstance(party, dict) else None
            for party in (row.get("from"), row.get("to"))
        ]
        days = row.get("deadlines")
        if ends == [sender, host] and isinstance(days, dict):
            return {name: value for name, value in days.items() if isinstance(value, int)}
    return {}

"""What goes into the fold: a record or its stub, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Audience, FeedPosition, Record, Stub

READABLE_MAJOR: Final = "1"
"""The major version of the schemas whose members the views read."""

Place: TypeAlias = tuple[int, int]
"""Number of the feed, index of the leaf: the order of one author's records to one reader."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record at one place. A record at several places is given once for each.

    Args:
        record: The record, or the stub that its erasure left.
        origin: The feed. For a record carried into a later feed: its first place.
        index: Index of its leaf there.
    """

    record: Record | Stub
    origin: Origin
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A record or a stub at its first place, in the form that the rules read.

    Args:
        body: The body, or what the stub keeps of it.
        is_readable: Whether the schema's major version is one that the views know.
        place: Feed number and index.
    """

    digest: str
    id: str
    type: str
    version: int
    previous: str | None
    issuer: str
    audience: Audience
    seen: Mapping[str, FeedPosition]
    body: Mapping[str, Json]
    is_readable: bool
    place: Place

    @classmethod
    def of(cls, held: Held) -> Entry:
        """Reads a record or a stub alike."""
        record = held.record
        major = record.schema.rpartition(":")[2].partition(".")[0]
        return cls(
            digest=record.digest,
            id=record.id,
            type=record.type,
            version=record.version,
            previous=record.previous,
            issuer=record.issuer_scid,
            audience=record.audience,
            seen=record.seen,
            body=record.residue if isinstance(record, Stub) else record.body,
            is_readable=major == READABLE_MAJOR,
            place=(held.origin.number, held.index),
        )

    @property
    def reaches(self) -> frozenset[str]:
        """The issuer and those addressed."""
        return frozenset((self.issuer,) if isinstance(self.audience, str) else (self.issuer, *self.audience))

    @property
    def is_public(self) -> bool:
        """Whether everybody is addressed."""
        return isinstance(self.audience, str)


def in_order(held: Iterable[Held]) -> list[Entry]:
    """One author's records to one reader: each once, at its first place, in the order of places."""
    ordered = sorted(held, key=lambda item: (item.origin.number, item.index))
    first: dict[str, Held] = {}
    for item in ordered:
        first.setdefault(item.record.digest, item)
    return [Entry.of(item) for item in first.values()]

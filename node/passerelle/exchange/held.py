"""What goes into the fold: a record or its stub, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from passerelle.exchange.reading import View, read
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Audience, FeedPosition, Record, Stub

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
        view: What was read of the body, or of what the stub keeps of it; the verdict of one that
            cannot be read; None for a type of which nothing is read. The body itself is not kept.
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
    view: View | Verdict | None
    place: Place

    @classmethod
    def of(cls, held: Held) -> Entry:
        """Reads a record or a stub alike."""
        record = held.record
        body = record.residue if isinstance(record, Stub) else record.body
        return cls(
            digest=record.digest,
            id=record.id,
            type=record.type,
            version=record.version,
            previous=record.previous,
            issuer=record.issuer_scid,
            audience=record.audience,
            seen=record.seen,
            view=read(record.type, record.schema, body),
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

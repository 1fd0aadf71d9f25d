"""What each author had seen: from ``seen`` to views, and to an order in which to judge.

A pair has two **lines**, each the records of one author to the other in the order of their
places. ``seen`` of a record says how much of the other line its author knew, so the view of
a record is a pair of prefixes, its **cut**: what stands before it in its own line, and what
it and the records before it had seen of the other. Cuts of one line only grow.

The header alone decides here, never a body: claims are examined first, all of them, and so
the judging that follows has no cycles to fear.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias

from passerelle.exchange.held import Entry, Held, in_order
from passerelle.exchange.verdicts import Verdict, blocked, waiting
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition

Sizes: TypeAlias = Mapping[Origin, int]
"""How many leaves of each feed are held."""

Cut: TypeAlias = tuple[int, int, int]
"""How many records of each side are in view; the third side is what is in every view."""

At: TypeAlias = tuple[int, int]
"""Side and position of a record: what cuts are compared with."""

BESIDE: Final = 2
"""The third side: records of no line, in every view."""

ALWAYS: Final[At] = (BESIDE, 0)
"""Where a record stands that is in every view."""

_NOTHING_SEEN: Final = FeedPosition(1, 0)


def cut_of(own_side: int, position: int, seen: int) -> Cut:
    """The view of the record at ``position`` of a side that has ``seen`` so many of the other."""
    return (position, seen, 1) if own_side == 0 else (seen, position, 1)


def is_within(at: At, cut: Cut) -> bool:
    """Whether the view holds the record."""
    return at[1] < cut[at[0]]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the header of a record makes of it.

    Args:
        fault: Why the record does not count, None where its claim stands.
        seen: How many records of the other line are in its view.
    """

    fault: Verdict | None
    seen: int


@dataclass(frozen=True, slots=True)
class Line:
    """One author's records to the other of a pair.

    Args:
        author: SCID.
        reader: SCID.
        entries: In the order of their places.
        sizes: Leaves held of this line's feeds, by number.
    """

    author: str
    reader: str
    entries: Sequence[Entry]
    sizes: Mapping[int, int]

    @classmethod
    def of(cls, author: str, reader: str, held: Iterable[Held], sizes: Sizes) -> Line:
        """Collects the line; a leaf that is given is held, whatever ``sizes`` says."""
        items = list(held)
        leaves = {
            origin.number: size
            for origin, size in sizes.items()
            if origin.author == author and origin.partner == reader
        }
        for item in items:
            leaves[item.origin.number] = max(leaves.get(item.origin.number, 0), item.index + 1)
        return cls(author, reader, in_order(items), leaves)

    def holds(self, position: FeedPosition) -> bool:
        """Whether so many leaves of that feed are held, and, after the first feed, any leaf of it or a later one.

        A position in a feed takes in all feeds before it whole. So one in a feed that has not
        begun would take in what its author's partner has yet to write.
        """
        return position.feed <= self._begun and position.size <= self.sizes.get(position.feed, 0)

    def is_short_of(self, position: FeedPosition) -> bool:
        """Whether a leaf that this line has yet to get may lie below the position."""
        begun = self._begun
        return position > FeedPosition(begun, self.sizes.get(begun, 0))

    def said_of(self, partner: str) -> FeedPosition:
        """The furthest that the records of the newest feed say to have seen of the partner's line."""
        start = self.count_below(FeedPosition(self._begun, 0))
        return max(
            (_seen(entry, partner) for entry in islice(self.entries, start, None)), default=_NOTHING_SEEN
        )

    @property
    def _begun(self) -> int:
        """Number of the newest feed with any leaf."""
        return max((number for number, leaves in self.sizes.items() if leaves), default=1)

    def count_below(self, position: FeedPosition) -> int:
        """How many records stand below a position; feeds with a smaller number count whole."""
        below = (position.feed, position.size)
        return bisect_left(self.entries, below, key=lambda entry: entry.place)


@dataclass(slots=True)
class Examined:
    """The claims of one line as far as it was examined.

    Args:
        claims: One for each record.
        furthest: For each number of records of the other line, how many of this one they claim
            to have seen.
        last: By feed, the furthest that was said.
        view: How much of the other line is in view after the last record.
        is_open: Whether any record named what was not held, so that what comes may change its claim.
    """

    claims: list[Claim] = field(default_factory=list)
    furthest: list[int] = field(default_factory=lambda: [0])
    last: dict[int, FeedPosition] = field(default_factory=dict)
    view: int = 0
    is_open: bool = False


def examine(own: Line, other: Line, found: Examined) -> Examined:
    """Examines what a line has beyond what was examined, and what the other has.

    In this order, the first that applies: going back within one feed of the author
    (``seen.backwards``, blocked); claiming to have seen a record that claims to have seen it
    (``seen.beyond-feed``, blocked, and so is that other record); naming leaves that are not
    held (``seen.not-held``, waiting). What fails counts for no later view.
    """
    for entry in islice(other.entries, len(found.furthest) - 1, None):
        reached = own.count_below(_seen(entry, own.author))
        found.furthest.append(max(found.furthest[-1], reached))
    for entry in islice(own.entries, len(found.claims), None):
        said = _seen(entry, other.author)
        before = found.last.get(entry.place[0], _NOTHING_SEEN)
        found.last[entry.place[0]] = max(before, said)
        count = other.count_below(said)
        is_mutual = found.furthest[count] > len(found.claims)
        fault = _fault(other, said, before, is_mutual=is_mutual)
        if fault is None:
            found.view = max(found.view, count)
        found.is_open = found.is_open or not other.holds(said)
        found.claims.append(Claim(fault, found.view))
    return found


def _seen(entry: Entry, partner: str) -> FeedPosition:
    return entry.seen.get(partner, _NOTHING_SEEN)


def _fault(other: Line, said: FeedPosition, before: FeedPosition, *, is_mutual: bool) -> Verdict | None:
    claim = {"partner": other.author, "feed": said.feed, "size": said.size}
    if said < before:
        return blocked("seen.backwards", **claim, beforeFeed=before.feed, beforeSize=before.size)
    if is_mutual:
        return blocked("seen.beyond-feed", **claim)
    if not other.holds(said):
        return waiting("seen.not-held", **claim)
    return None


def causal_order(
    first: Sequence[Claim], second: Sequence[Claim], start: tuple[int, int] = (0, 0)
) -> Iterator[At]:
    """Both lines, from a start in each, merged so that every record comes after what is in its view.

    Records with a fault have no view and come as they stand. Among the others no two claim to
    have seen each other, and cuts only grow, so there is always one to take.
    """
    a, b = start
    while a < len(first) or b < len(second):
        if a < len(first) and (first[a].fault is not None or first[a].seen <= b):
            yield (0, a)
            a += 1
        elif b < len(second) and (second[b].fault is not None or second[b].seen <= a):
            yield (1, b)
            b += 1
        else:  # pragma: no cover
            raise RuntimeError("two records claim to have seen each other")


def safe_seen(
    held: Iterable[Held], *, author: str, partner: str, cosigned: FeedPosition, sizes: Sizes
) -> FeedPosition:
    """What an author should write into ``seen``: what it cosigned, short of a record that lies.

    A partner that claims to have seen more than our feed to it holds would make each record
    of ours that acknowledges the claim part of a cycle, and block it. So our ``seen`` stops
    before the first such record, until our feed has grown to what it claims, or is followed
    by the next, of which it claims nothing.

    Args:
        held: Everything held; of it the partner's records to the author are read.
        author: Our SCID.
        partner: The addressee's SCID.
        cosigned: The last size of the partner's feed to us that we cosigned.
        sizes: Leaves held, our own feeds included.
    """
    items = list(held)
    ours = [item for item in items if (item.origin.author, item.origin.partner) == (author, partner)]
    theirs = [item for item in items if (item.origin.author, item.origin.partner) == (partner, author)]
    own = Line.of(author, partner, ours, sizes)
    return short_of_lies(own, Line.of(partner, author, theirs, sizes), cosigned)


def short_of_lies(own: Line, theirs: Line, cosigned: FeedPosition) -> FeedPosition:
    """The place of the first record below what was cosigned that claims more of our line than is held, or that.

    Never behind what our newest feed says already: what was quarantined and passed by may wait for
    a key after an upgrade, and going back would block us until our next feed (S-13).
    """
    said = own.said_of(theirs.author)
    for entry in theirs.entries:
        place = FeedPosition(*entry.place)
        if place >= cosigned:
            break
        if own.is_short_of(_seen(entry, own.author)):
            return max(place, said)
    return max(cosigned, said)

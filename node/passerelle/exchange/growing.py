"""The fold, kept while records come: what it says is what folding all of them anew would say.

A node folds after each pull and each publication, and most of what it holds has not moved. So
each pair keeps its book and takes up what joins the ends of its lines. Where something else
came, the pair alone is folded anew:

* a record that stands before what was judged already, or first stands there now;
* a third party's agreement, or its decision on one, addressed to both;
* something that a record of the pair had looked for and not found, or found with another verdict;
* leaves that a record claimed to have seen before they were held.

Nothing here knows of files, clocks or threads. Only views are kept of records, never bodies.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from passerelle.exchange.book import Book
from passerelle.exchange.causality import Line, Sizes, short_of_lies
from passerelle.exchange.held import Entry, Held, Place
from passerelle.exchange.pairs import Pair, PairFold
from passerelle.exchange.publics import fold_public
from passerelle.exchange.settled import Settled, settled
from passerelle.exchange.verdicts import Verdict
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition, Record

PairOf: TypeAlias = tuple[str, str]
"""SCIDs of two agencies, sorted."""

_FeedOf: TypeAlias = tuple[str, str | None]
"""Author and reader; everybody where None."""

_OF_THIRD_PARTIES: Final = frozenset({"agreement", "decision"})


@dataclass(slots=True)
class Judged:
    """Every record with its verdict, before a day is named.

    Args:
        public: The public records.
        pairs: By the two SCIDs. They grow with the fold that made them: whoever derives
            from them does so before it grows on.
        verdicts: By digest. They grow too.
    """

    public: Book
    pairs: dict[PairOf, Pair]
    verdicts: Mapping[str, Verdict]


@dataclass(slots=True)
class _Feed:
    """One author's records to one reader, over all its feeds.

    Args:
        entries: Each once, in the order of first places.
        places: First place by digest.
        leaves: Leaves held, by number of the feed.
    """

    entries: list[Entry] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    leaves: dict[int, int] = field(default_factory=dict)

    def add(self, held: Held) -> Entry | None:
        """Takes up a record unless it has an earlier place already; None where nothing has changed."""
        place = (held.origin.number, held.index)
        known = self.places.get(held.record.digest)
        if known is not None and known <= place:
            return None
        entry = Entry.of(held)
        if known is not None:
            self.entries = [other for other in self.entries if other.digest != entry.digest]
        insort(self.entries, entry, key=lambda other: other.place)
        self.places[entry.digest] = place
        return entry

    def drop(self, digest: str, leaves: Mapping[int, int]) -> None:
        """Takes out what was only proposed."""
        del self.places[digest]
        self.entries = [entry for entry in self.entries if entry.digest != digest]
        self.leaves = dict(leaves)


class Growing:
    """The fold of everything that is held, which may come in any order and any steps."""

    def __init__(self) -> None:
        self._feeds: defaultdict[_FeedOf, _Feed] = defaultdict(_Feed)
        self._readers: defaultdict[str, set[str]] = defaultdict(set)
        """By reader, the authors that write to it."""
        self._folds: dict[PairOf, PairFold] = {}
        self._public = Book()
        self._settled = Settled()
        self._stale: dict[PairOf, bool] = {}
        """Pairs to bring up to date; True where they must be folded anew."""
        self._public_is_stale = False
        self._proposed: dict[str, list[tuple[_FeedOf, Place]]] = {}
        self._leaves_before: dict[_FeedOf, dict[int, int]] = {}
        """Of the feeds with proposals, what is held without them."""

    @property
    def proposed(self) -> tuple[str, ...]:
        """Digests of what was proposed and has not come yet, in order."""
        return tuple(self._proposed)

    @property
    def entries(self) -> Iterable[Entry]:
        """All records, each once for each author and reader."""
        return (entry for feed in self._feeds.values() for entry in feed.entries)

    def line(self, author: str, reader: str | None) -> Line:
        """One author's records to one reader, or its public ones."""
        feed = self._feeds.get((author, reader), _Feed())
        return Line(author, reader or "", feed.entries, feed.leaves)

    def public_entries(self) -> dict[str, list[Entry]]:
        """Public records by author, in the order of their places."""
        return {author: feed.entries for (author, to), feed in self._feeds.items() if to is None}

    def grow(self, held: Iterable[Held], sizes: Sizes) -> None:
        """Takes up records and stubs, each at each of its places, known ones as often as one likes.

        Args:
            held: Every accepted record and stub that came since.
            sizes: How many leaves of each feed are held. An origin without records makes
                its pair known.
        """
        before = {key: dict(feed.leaves) for key, feed in self._feeds.items()}
        for item in sorted(held, key=lambda item: (item.origin.number, item.index)):
            key = (item.origin.author, item.origin.partner)
            places = self._proposed.get(item.record.digest, [])
            if (key, (item.origin.number, item.index)) in places:
                self._confirm(item.record.digest, key, item)
                continue
            self._hold(key, item.origin.number, item.index + 1)
            entry = self._feeds[key].add(item)
            if entry is not None:
                self._mark(key, entry, before.get(key, {}))
        for origin, size in sizes.items():
            key = (origin.author, origin.partner)
            self._note_pair(key)
            self._hold(key, origin.number, size)

    def judged(self) -> Judged:
        """Everything judged, with what has come since the last time."""
        self._catch_up()
        pairs = self._pairs()
        return Judged(self._public, pairs, self._settled.settle(self._public, pairs))

    def _pairs(self) -> dict[PairOf, Pair]:
        return {key: fold.pair for key, fold in sorted(self._folds.items())}

    def safe_seen(self, author: str, partner: str, cosigned: FeedPosition) -> FeedPosition:
        """What an author should write into ``seen``: what it cosigned, short of a record that lies."""
        return short_of_lies(self.line(author, partner), self.line(partner, author), cosigned)

    # --- what is not published yet -------------------------------------------------------

    def propose(self, record: Record) -> Verdict:
        """The verdict that a record would get, were it published now, at the end of our feeds.

        It stays in the fold as if it had been, until :meth:`grow` is given it at these places
        or :meth:`retract` takes it out.
        """
        for partner in record.addressees or (None,):
            key = (record.issuer_scid, partner)
            self._note_pair(key)
            feed = self._feeds[key]
            self._leaves_before.setdefault(key, dict(feed.leaves))
            number, size = max(feed.leaves.items(), default=(1, 0))
            before = dict(feed.leaves)
            entry = feed.add(Held(record, Origin(*key, number), size))
            feed.leaves[number] = size + 1
            if entry is not None:
                self._proposed.setdefault(record.digest, []).append((key, entry.place))
                self._mark(key, entry, before)
        self._catch_up()
        verdict = settled(record.digest, self._public, self._pairs())
        if verdict is None:
            raise RuntimeError("what was proposed was not judged")
        return verdict

    def retract(self) -> None:
        """Takes out all that was proposed and has not come."""
        for digest, places in self._proposed.items():
            for key, _ in places:
                self._feeds[key].drop(digest, self._leaves_before[key])
                self._mark_anew(key)
        self._proposed.clear()
        self._leaves_before.clear()

    def _confirm(self, digest: str, key: _FeedOf, item: Held) -> None:
        """What was proposed has come, at its place."""
        self._proposed[digest].remove((key, (item.origin.number, item.index)))
        if not self._proposed[digest]:
            del self._proposed[digest]
        self._hold(key, item.origin.number, item.index + 1)
        if not self._proposed:
            self._leaves_before.clear()

    def _hold(self, key: _FeedOf, number: int, leaves: int) -> None:
        """Notes how many leaves are held, whether or not more was proposed."""
        for known in (self._feeds[key].leaves, self._leaves_before.get(key)):
            if known is not None:
                known[number] = max(known.get(number, 0), leaves)

    # --- what has to be folded -----------------------------------------------------------

    def _note_pair(self, key: _FeedOf) -> PairOf | None:
        author, reader = key
        if reader is None:
            return None
        pair = (min(author, reader), max(author, reader))
        self._readers[reader].add(author)
        self._stale.setdefault(pair, False)
        return pair

    def _mark(self, key: _FeedOf, entry: Entry, before: Mapping[int, int]) -> None:
        """Says which pairs an entry concerns, and how."""
        pair = self._note_pair(key)
        if pair is None:
            self._public_is_stale = True
            return
        entries, number = self._feeds[key].entries, entry.place[0]
        is_last = entries[-1] is entry and number >= max(before, default=1)
        if not is_last or entry.place[1] < before.get(number, 0):
            self._stale[pair] = True
        self._mark_beside(key, entry)

    def _mark_beside(self, key: _FeedOf, entry: Entry) -> None:
        """A third party's word concerns every other pair of two whom it reaches."""
        author, reader = key
        if reader is None or entry.type not in _OF_THIRD_PARTIES or len(entry.reaches) < 3:
            return
        for other in entry.reaches - {author, reader}:
            self._stale[min(reader, other), max(reader, other)] = True

    def _mark_anew(self, key: _FeedOf) -> None:
        pair = self._note_pair(key)
        if pair is None:
            self._public_is_stale = True
            return
        self._stale[pair] = True
        author, reader = key
        for other in self._folds:
            if reader in other and author not in other:
                self._stale[other] = True

    def _catch_up(self) -> None:
        if self._public_is_stale:
            self._public = fold_public(self.public_entries())
            for key, fold in self._folds.items():
                fold.pair.book.base = self._public
                if not fold.pair.book.would_find_the_same(()):
                    self._stale[key] = True
            self._public_is_stale = False
        for key, anew in self._stale.items():
            if not self._is_known(key):
                continue
            lines = (self.line(*key), self.line(*reversed(key)))
            if anew or key not in self._folds or not self._folds[key].grow(lines):
                self._folds[key] = PairFold(lines, self._beside(key), self._public)
        self._stale.clear()

    def _is_known(self, key: PairOf) -> bool:
        """Whether a feed between the two is held; a third party's word alone makes no pair."""
        return key in self._feeds or (key[1], key[0]) in self._feeds

    def _beside(self, key: PairOf) -> Iterable[Entry]:
        """What third parties addressed to both. It stands in a feed to each; a party holds one of them."""
        found: dict[str, Entry] = {}
        for reader in key:
            for author in sorted(self._readers[reader] - set(key)):
                found.update(
                    (entry.digest, entry)
                    for entry in self._feeds[author, reader].entries
                    if entry.type in _OF_THIRD_PARTIES and entry.reaches >= set(key)
                )
        return found.values()

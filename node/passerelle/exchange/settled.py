"""The one verdict on each record, of what the public records and every pair say of it.

A record that is addressed to several stands in as many pairs. Where one of them is its home, that pair's verdict
counts; else the worst (chapter 11). The table is kept while the pairs grow: one record more costs its own line
of it, not all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from passerelle.exchange.book import Book
from passerelle.exchange.pairs import Pair
from passerelle.exchange.verdicts import Verdict, worst

FEW: Final = 64
"""Changes that are looked up one by one, each in every pair; where there are more, all lines are written anew."""

Pairs = Mapping[tuple[str, str], Pair]
"""By the two SCIDs, sorted."""


class Settled:
    """Verdicts by digest, up to date with the last :meth:`settle`."""

    def __init__(self) -> None:
        self._verdicts: dict[str, Verdict] = {}
        self._public = Book()
        self._taken: dict[tuple[str, str], tuple[Pair, int]] = {}
        """Each pair as it was read, and how many verdicts it had."""

    def settle(self, public: Book, pairs: Pairs) -> Mapping[str, Verdict]:
        """Take in what has changed; the mapping goes on changing with the next call.

        Args:
            public: The public records, judged. Another book where any of them was judged anew.
            pairs: Those that grew, or others in their place where they were folded anew.
        """
        changed = list(islice(self._changes(public, pairs), FEW + 1))
        if len(changed) > FEW:
            self._verdicts = _all(public, pairs)
        else:
            for digest in changed:
                verdict = settled(digest, public, pairs)
                if verdict is None:
                    self._verdicts.pop(digest, None)
                else:
                    self._verdicts[digest] = verdict
        self._public = public
        self._taken = {key: (pair, len(pair.verdicts)) for key, pair in pairs.items()}
        return self._verdicts

    def _changes(self, public: Book, pairs: Pairs) -> Iterator[str]:
        """Digests of which something else may be said than before."""
        if public is not self._public:
            before = self._public.by_digest
            yield from before.keys() - public.by_digest.keys()
            for digest, known in public.by_digest.items():
                if digest not in before or before[digest].verdict != known.verdict:
                    yield digest
        for key, pair in pairs.items():
            taken, count = self._taken.get(key, (None, 0))
            if taken is pair:
                yield from islice(reversed(pair.verdicts), len(pair.verdicts) - count)
                continue
            yield from pair.verdicts
            yield from () if taken is None else taken.verdicts.keys() - pair.verdicts.keys()


def settled(digest: str, public: Book, pairs: Pairs) -> Verdict | None:
    """The verdict on one record; None where nobody holds it."""
    found: list[Verdict] = []
    for pair in pairs.values():
        verdict = pair.verdicts.get(digest)
        if verdict is not None and digest in pair.home:
            return verdict
        found += () if verdict is None else (verdict,)
    if found:
        return worst(found)
    known = public.by_digest.get(digest)
    return None if known is None else known.verdict


def _all(public: Book, pairs: Pairs) -> dict[str, Verdict]:
    """The whole table."""
    verdicts = {digest: known.verdict for digest, known in public.by_digest.items()}
    given: defaultdict[str, list[Verdict]] = defaultdict(list)
    at_home: dict[str, Verdict] = {}
    for pair in pairs.values():
        for digest, verdict in pair.verdicts.items():
            given[digest].append(verdict)
            if digest in pair.home:
                at_home[digest] = verdict
    verdicts.update((digest, at_home.get(digest) or worst(found)) for digest, found in given.items())
    return verdicts

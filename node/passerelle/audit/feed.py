"""The audit of one feed in one folder: checkpoints, tree, leaves, receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from passerelle.audit.claims import Claims
from passerelle.audit.gathering import Beside, Looked
from passerelle.audit.leafcheck import LeafCheck
from passerelle.audit.report import FeedReport, Finding, Findings
from passerelle.audit.tree import FeedFiles, TreeCheck
from passerelle.protocol.tiles import Tile, bundles_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from passerelle.audit.claims import FeedFolder
    from passerelle.audit.gathering import Gathering
    from passerelle.audit.shelf import Shelf
    from passerelle.protocol.checkpoints import Checkpoint
    from passerelle.protocol.identity import Identity

_PARTED: Final = "audit.identity-forked"
_MAX_MISSING: Final = 16
"""Bundles in a row, neither leaves nor hashes there, that end the search: a checkpoint can state any size."""


class FeedAudit:
    """One audit of one feed.

    Args:
        feed: Where it lies.
        others: The same feed in other folders below the one audited, for their checkpoints.
        shelf: Identity logs.
        now: The auditor's clock.
        gathering: Takes what is looked for besides.
    """

    def __init__(
        self,
        feed: FeedFolder,
        others: list[FeedFolder],
        shelf: Shelf,
        now: datetime,
        gathering: Gathering | None = None,
    ) -> None:
        self._feed: Final = feed
        self._shelf: Final = shelf
        self._now: Final = now
        self._gathering: Final = gathering
        self._findings: Final = Findings()
        self._files: Final = FeedFiles(feed.path, feed.shown, self._findings)
        self._claims: Final = Claims(feed, others, shelf, self._findings)

    def run(self, progress: Callable[[str, int, int], None]) -> FeedReport:
        """Audits; every fault is in the report, none is raised."""
        identity, faults = self._shelf.identity(self._feed.origin.author, self._feed.path)
        for fault in faults:
            self._findings.add(fault)
        head = self._claims.take_newest(identity) if identity else None
        if identity is None or head is None:
            if identity is not None:
                self._claims.judge_alone(identity)
            return self._report(None, None)
        self._claims.take_further(identity, head.tree_size)
        return self._report(head, self._read_through(head, identity, progress))

    def _read_through(
        self, head: Checkpoint, identity: Identity, progress: Callable[[str, int, int], None]
    ) -> LeafCheck:
        has_tiles = not self._feed.is_partners_copy
        tree = TreeCheck(self._files, self._claims.compared, self._findings, has_tiles=has_tiles)
        leaves = LeafCheck(self._feed.origin, identity, self._now, self._findings, self._beside())
        missing = end = read = 0
        for bundle in bundles_of("entries", 0, head.tree_size):
            entries = self._files.entries(bundle)
            tree.grow(bundle, entries)
            if entries is not None:
                leaves.check(bundle, entries, self._objects(bundle))
                read += len(entries)
            missing, end = 0 if self._has_any(bundle) else missing + 1, bundle.end
            if missing == _MAX_MISSING:
                break
            progress(head.origin, bundle.end, head.tree_size)
        whole = tree.finish(head.tree_size)
        self._claims.judge(tree)
        if not whole:
            self._findings.add(Finding("audit.tree-incomplete", {"size": head.tree_size}))
        suspects = leaves.finish()
        if suspects:
            leaves.check_repeats(suspects, self._all_leaves(end))
        if read == head.tree_size == tree.met and not leaves.statuses_missing:
            self._say_looked(head)
        return leaves

    def _beside(self) -> Beside | None:
        if self._gathering is None:
            return None
        return Beside(
            self._gathering,
            self._feed.shown,
            lambda scid: self._shelf.identity(scid, self._feed.path)[0],
        )

    def _say_looked(self, head: Checkpoint) -> None:
        """Every leaf was read and the signed root met: nothing was revoked here but what was found, unless there is another history."""
        if self._gathering is None or not self._feed.origin.is_public:
            return
        if not any(item.code.startswith("fork.") or item.code == _PARTED for item in self._findings.kept):
            self._gathering.looked.append(Looked(self._feed.origin, head.tree_size))

    def _has_any(self, bundle: Tile) -> bool:
        """Whether there is a file of these leaves, or of their hashes."""
        hashes = Tile("hashes", 0, bundle.index, bundle.width)
        return self._files.has(bundle) or (not self._feed.is_partners_copy and self._files.has(hashes))

    def _objects(self, bundle: Tile) -> tuple[bytes | None, ...] | None:
        """Public objects; nobody but the partner could look into sealed ones."""
        if not self._feed.origin.is_public or self._feed.is_partners_copy:
            return None
        return self._files.objects(Tile("objects", 0, bundle.index, bundle.width))

    def _all_leaves(self, end: int) -> Iterator[tuple[int, bytes]]:
        quiet = FeedFiles(self._feed.path, self._feed.shown, Findings())  # faults were found at first reading
        for bundle in bundles_of("entries", 0, end):
            yield from enumerate(quiet.entries(bundle) or (), start=bundle.first)

    def _report(self, head: Checkpoint | None, leaves: LeafCheck | None) -> FeedReport:
        found = self._findings
        return FeedReport(
            origin=self._feed.origin.encode(),
            folder=self._feed.shown,
            size=head.tree_size if head else 0,
            root=head.root_hash.hex() if head else None,
            checkpoints=self._claims.count,
            records=leaves.records if leaves else 0,
            unreadable=leaves.unreadable if leaves else 0,
            sealed=leaves.sealed if leaves else 0,
            erased=leaves.erased if leaves else 0,
            passed_over=leaves.passed_over if leaves else 0,
            receipts=tuple(
                sorted(self._claims.receipts, key=lambda item: (item.size, item.witness, item.time or ""))
            ),
            findings=tuple(found.kept),
            findings_left_out=found.left_out,
        )

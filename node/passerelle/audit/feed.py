"""The audit of one feed in one folder: checkpoints, tree, leaves, receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from passerelle.audit.leafcheck import LeafCheck
from passerelle.audit.report import FeedReport, Finding, Findings, Receipt
from passerelle.audit.shelf import FileFault, read
from passerelle.audit.tree import Claim, FeedFiles, TreeCheck
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, verify_checkpoint, verify_cosignature
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import is_scid, witness_name
from passerelle.protocol.profile import format_time
from passerelle.protocol.tiles import Tile, bundles_of, parse_checkpoint_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from passerelle.audit.shelf import Shelf
    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin

_MAX_MISSING: Final = 16
"""Bundles missing in a row after which the rest is not looked for: a checkpoint can state any size."""

_LAST_TIME: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that can be written


@dataclass(frozen=True, slots=True)
class FeedFolder:
    """A folder with a checkpoint in it.

    Args:
        path: The folder.
        shown: The same, as reports show it.
        origin: What the checkpoint says it is of; not verified yet.
        note: The checkpoint, as it lies there.
    """

    path: Path
    shown: str
    origin: Origin
    note: bytes

    @property
    def is_partners_copy(self) -> bool:
        """Whether a partner keeps it for its author: checkpoint, receipt and entries alone."""
        return self.path.as_posix().endswith(f"/{self.origin.received_path()}")


@dataclass(frozen=True, slots=True)
class _NoteFile:
    """A further signed checkpoint of the feed.

    Args:
        path: Its file.
        shown: The same, as reports show it.
        size: Tree size that its path states, None where it states none.
        is_own: Whether it lies in the feed's own folder.
    """

    path: Path
    shown: str
    size: int | None
    is_own: bool


class FeedAudit:
    """One audit of one feed.

    Args:
        feed: Where it lies.
        others: The same feed in other folders below the one audited, for their checkpoints.
        shelf: Identity logs.
        now: The auditor's clock.
    """

    def __init__(self, feed: FeedFolder, others: list[FeedFolder], shelf: Shelf, now: datetime) -> None:
        self._feed: Final = feed
        self._others: Final = others
        self._shelf: Final = shelf
        self._now: Final = now
        self._findings: Final = Findings()
        self._files: Final = FeedFiles(feed.path, feed.shown, self._findings)
        self._receipts: Final[set[Receipt]] = set()

    def run(self, progress: Callable[[str, int, int], None]) -> FeedReport:
        """Audits; every fault is in the report, none is raised."""
        identity, fault = self._shelf.identity(self._feed.origin.author, self._feed.path)
        if fault is not None:
            self._findings.add(fault)
        if identity is None:
            return self._report(None, None, 0)
        shown = self._files.shown("checkpoint")
        head = self._verified(self._feed.note, shown, identity.newest.log_keys, self._findings)
        if head is None:
            return self._report(None, None, 0)
        claims = self._claims(identity, head.tree_size)
        main = Claim(head.tree_size, head.root_hash, shown)
        leaves = self._read_through(head, [*claims, main], identity, progress)
        return self._report(head, leaves, len(claims))

    def _read_through(
        self,
        head: Checkpoint,
        claims: list[Claim],
        identity: Identity,
        progress: Callable[[str, int, int], None],
    ) -> LeafCheck:
        has_tiles = not self._feed.is_partners_copy
        tree = TreeCheck(self._files, claims, self._findings, has_tiles=has_tiles)
        leaves = LeafCheck(self._feed.origin, identity, self._now, self._findings)
        missing = 0
        for bundle in bundles_of("entries", 0, head.tree_size):
            entries = self._files.entries(bundle)
            tree.grow(bundle, entries)
            if entries is not None:
                leaves.check(bundle, entries, self._objects(bundle))
            missing = 0 if self._files.has(bundle) else missing + 1
            if missing == _MAX_MISSING:
                break
            progress(head.origin, bundle.end, head.tree_size)
        self._judge_claims(tree, head)
        suspects = leaves.finish()
        if suspects:
            leaves.check_repeats(suspects, self._all_leaves(head.tree_size))
        return leaves

    def _objects(self, bundle: Tile) -> tuple[bytes | None, ...] | None:
        """Public objects; nobody but the partner could look into sealed ones."""
        if not self._feed.origin.is_public or self._feed.is_partners_copy:
            return None
        return self._files.objects(Tile("objects", 0, bundle.index, bundle.width))

    def _all_leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        quiet = FeedFiles(self._feed.path, self._feed.shown, Findings())  # faults were found at first reading
        for bundle in bundles_of("entries", 0, size):
            yield from enumerate(quiet.entries(bundle) or (), start=bundle.first)

    def _judge_claims(self, tree: TreeCheck, head: Checkpoint) -> None:
        """A root that differs is a fork only if the files do lead to a root that the author signed."""
        whole = tree.finish(head.tree_size)
        misses_head = any(
            claim.root == head.root_hash and claim.size == head.tree_size for claim in tree.contradicted
        )
        for claim in tree.contradicted:
            code = "fork.two-roots" if claim.size == head.tree_size else "fork.inconsistent"
            code = code if whole and not misses_head else "audit.root-mismatch"
            self._findings.add(Finding(code, {"size": claim.size}, claim.path))
        if not whole:
            self._findings.add(Finding("audit.tree-incomplete", {"size": head.tree_size}))

    def _claims(self, identity: Identity, size: int) -> list[Claim]:
        """The other signed checkpoints of this feed, verified; those beyond its size are findings."""
        # A checkpoint kept for years may be under a key that has gone from the document since.
        claims: list[Claim] = []
        for file in self._note_files():
            found = self._findings if file.is_own else Findings()  # of another folder: named there
            try:
                note = read(file.path, MAX_NOTE_BYTES)
            except FileFault as fault:
                found.add(Finding(fault.code, {}, file.shown))
                continue
            checkpoint = self._verified(note, file.shown, identity.log_keys_ever, found)
            if checkpoint is None:
                continue
            params: dict[str, object] = {"size": size, "signed": checkpoint.tree_size}
            if file.size not in {None, checkpoint.tree_size}:
                self._findings.add(Finding("audit.checkpoint-misfiled", params, file.shown))
            elif checkpoint.tree_size <= size:
                claims.append(Claim(checkpoint.tree_size, checkpoint.root_hash, file.shown))
            elif file.is_own:
                self._findings.add(Finding("audit.checkpoint-behind", params, file.shown))
        return claims

    def _note_files(self) -> Iterator[_NoteFile]:
        folder = self._feed.path
        if (folder / "receipt").is_file():
            yield _NoteFile(folder / "receipt", self._files.shown("receipt"), None, is_own=True)
        for path in sorted((folder / "checkpoints").rglob("*")):
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                try:
                    yield _NoteFile(path, self._files.shown(name), parse_checkpoint_path(name), is_own=True)
                except ProtocolError as error:
                    self._findings.add(Finding(error.code, error.params, self._files.shown(name)))
        for other in self._others:
            yield _NoteFile(other.path / "checkpoint", f"{other.shown}/checkpoint", None, is_own=False)

    def _verified(
        self, note: bytes, shown: str, log_keys: Iterable[bytes], findings: Findings
    ) -> Checkpoint | None:
        """The checkpoint in a note, whose receipts are kept; None with a finding."""
        try:
            checkpoint = verify_checkpoint(note, self._feed.origin.encode(), log_keys)
            receipts = [*self._receipts_of(SignedNote.parse(note), checkpoint.tree_size)]
        except ProtocolError as error:
            findings.add(Finding(error.code, error.params, shown))
            return None
        self._receipts.update(receipts)
        return checkpoint

    def _receipts_of(self, note: SignedNote, size: int) -> Iterator[Receipt]:
        for name in dict.fromkeys(line.name for line in note.signatures):
            scid = name.removeprefix("passerelle/").removesuffix("/witness")
            if is_scid(scid) and name == witness_name(scid):
                identity, _ = self._shelf.identity(scid, self._feed.path)
                yield Receipt(scid, size, _cosigned_at(note, name, identity))

    def _report(self, head: Checkpoint | None, leaves: LeafCheck | None, checkpoints: int) -> FeedReport:
        found = self._findings
        return FeedReport(
            origin=self._feed.origin.encode(),
            folder=self._feed.shown,
            size=head.tree_size if head else 0,
            root=head.root_hash.hex() if head else None,
            checkpoints=checkpoints,
            records=leaves.records if leaves else 0,
            unreadable=leaves.unreadable if leaves else 0,
            sealed=leaves.sealed if leaves else 0,
            erased=leaves.erased if leaves else 0,
            passed_over=leaves.passed_over if leaves else 0,
            receipts=tuple(
                sorted(self._receipts, key=lambda item: (item.size, item.witness, item.time or ""))
            ),
            findings=tuple(found.kept),
            findings_left_out=found.left_out,
        )


def _cosigned_at(note: SignedNote, name: str, identity: Identity | None) -> str | None:
    """When the witness cosigned, None where its keys are not at hand.

    Raises:
        ProtocolError: ``cosignature.invalid`` where they are, and the line does not verify.
    """
    if identity is None:
        return None
    try:
        time = verify_cosignature(note, name, identity.witness_keys_ever)
    except ProtocolError as error:
        if error.code == "cosignature.missing":  # a key newer than the log at hand
            return None
        raise
    return format_time(datetime.fromtimestamp(time, UTC)) if time <= _LAST_TIME else None

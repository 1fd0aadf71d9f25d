"""What the author of a feed signed of it: its checkpoints, wherever they lie, and who cosigned them.

Two rightly signed checkpoints of one size with two roots are a fork by themselves. So every one that
the author signed is kept for that comparison, also one that lies under a wrong name or bears a false
receipt, one that goes beyond the newest, and those that another folder holds of the same feed: no lost
or spoilt file can hide it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from passerelle.audit.report import Finding, Findings, Receipt
from passerelle.audit.shelf import FileFault, read
from passerelle.audit.tree import Claim
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import verify_checkpoint, verify_cosignature
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import is_scid, witness_name
from passerelle.protocol.profile import format_time
from passerelle.protocol.tiles import parse_checkpoint_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from passerelle.audit.shelf import Shelf
    from passerelle.audit.tree import TreeCheck
    from passerelle.protocol.checkpoints import Checkpoint
    from passerelle.protocol.identity import Identity
    from passerelle.protocol.origins import Origin

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

    def name(self, path: Path) -> str:
        """A file of it as reports show it."""
        name = path.relative_to(self.path).as_posix()
        return name if self.shown == "." else f"{self.shown}/{name}"

    def further_notes(self) -> Iterator[Path]:
        """The files in which further checkpoints may lie: the receipt, and those that are kept."""
        if (self.path / "receipt").is_file():
            yield self.path / "receipt"
        yield from (path for path in sorted((self.path / "checkpoints").rglob("*")) if path.is_file())


class Claims:
    """The signed checkpoints of one feed.

    Args:
        feed: Where it lies.
        others: The same feed in other folders below the one audited.
        shelf: Identity logs; all are looked for from ``feed``.
        findings: Takes the faults.

    Attributes:
        count: How many further checkpoints are rightly filed and no larger than the newest.
        compared: Those that the tree must have, the newest among them.
        receipts: Cosignatures under the checkpoints of this folder, and of others as far as the newest goes.
    """

    def __init__(self, feed: FeedFolder, others: list[FeedFolder], shelf: Shelf, findings: Findings) -> None:
        self._feed: Final = feed
        self._others: Final = others
        self._shelf: Final = shelf
        self._findings: Final = findings
        self._newest: Final = feed.name(feed.path / "checkpoint")
        self._further: Final[list[Claim]] = []
        self._proofs: Final[dict[bytes, tuple[Checkpoint | None, list[Receipt] | None]]] = {}
        """By digest of the note."""
        self.count = 0
        self.compared: Final[list[Claim]] = []
        self.receipts: Final[set[Receipt]] = set()

    def take_newest(self, identity: Identity) -> Checkpoint | None:
        """The feed's own checkpoint, under the newest log keys; None with a finding."""
        note, keys = self._feed.note, identity.newest.log_keys
        head = self._signed(note, self._newest, keys, self._findings)
        receipts = None if head is None else self._cosigned(note, head, self._newest, self._findings)
        if head is None or receipts is None:
            return None
        self.receipts.update(receipts)
        self.compared.append(Claim(head.tree_size, head.root_hash, self._newest))
        return head

    def judge_alone(self, identity: Identity) -> None:
        """What the notes prove by themselves, where the newest is refused: nothing else can be asked of the feed."""
        notes = [(self._feed.path / "checkpoint", self._newest)]
        notes += [
            (path, self._feed.name(path))
            for path in self._feed.further_notes()
            if _is_named(self._feed, path)
        ]
        for path, shown in [*notes, *self._notes_of_others()]:
            note = self._read(path, shown, Findings())
            if note is not None:
                self._add(self._proven(note, identity)[0], shown)
        self._find_split()

    def take_further(self, identity: Identity, size: int) -> None:
        """All other checkpoints of the feed, under any log key that ever was; ``size`` is of the newest."""
        # A checkpoint kept for years may be under a key that has gone from the document since.
        for path in self._feed.further_notes():
            shown = self._feed.name(path)
            try:
                stated = _stated_size(self._feed, path)
            except ProtocolError as error:
                self._findings.add(Finding(error.code, error.params, shown))
                continue
            self._take_own(path, shown, stated, identity, size)
        for path, shown in self._notes_of_others():
            self._take_of_another(path, shown, identity, size)

    def judge(self, tree: TreeCheck) -> None:
        """What contradicts what: two signed roots of one size; the tree, and what it should have."""
        split = self._find_split()
        for claim in tree.contradicted:
            if claim.path == self._newest or claim.size not in split:
                # Leaves that lead to a larger signed root are the author's own: the smaller root is of others.
                code = "fork.inconsistent" if claim.size < tree.met else "audit.root-mismatch"
                self._findings.add(Finding(code, {"size": claim.size}, claim.path))

    def _find_split(self) -> set[int]:
        """The sizes of which two roots are signed; each further checkpoint of such a size is a finding."""
        roots: dict[int, set[bytes]] = defaultdict(set)
        for claim in [*self.compared, *self._further]:
            roots[claim.size].add(claim.root)
        split = {size for size, found in roots.items() if len(found) > 1}
        for claim in self._further:
            if claim.size in split:
                self._findings.add(Finding("fork.two-roots", {"size": claim.size}, claim.path))
        return split

    def _notes_of_others(self) -> Iterator[tuple[Path, str]]:
        for other in self._others:
            for path in (other.path / "checkpoint", *other.further_notes()):
                if path.name == "checkpoint" or _is_named(other, path):
                    yield path, other.name(path)

    def _take_own(self, path: Path, shown: str, stated: int | None, identity: Identity, size: int) -> None:
        note = self._read(path, shown, self._findings)
        if note is None:
            return
        checkpoint = self._signed(note, shown, identity.log_keys_ever, self._findings)
        if checkpoint is None:
            return
        self._keep(checkpoint, shown, size)
        receipts = self._cosigned(note, checkpoint, shown, self._findings)
        if receipts is None:
            return
        self.receipts.update(receipts)
        params: dict[str, object] = {"size": size, "signed": checkpoint.tree_size}
        if stated not in {None, checkpoint.tree_size}:
            self._findings.add(Finding("audit.checkpoint-misfiled", params, shown))
        elif checkpoint.tree_size > size:
            self._findings.add(Finding("audit.checkpoint-behind", params, shown))
        else:
            self.count += 1

    def _take_of_another(self, path: Path, shown: str, identity: Identity, size: int) -> None:
        note = self._read(path, shown, Findings())  # its faults are named in its own folder
        if note is None:
            return
        checkpoint, receipts = self._proven(note, identity)
        if checkpoint is None:
            return
        self._keep(checkpoint, shown, size)
        if receipts is not None and checkpoint.tree_size <= size:
            self.receipts.update(receipts)
            self.count += 1

    def _proven(self, note: bytes, identity: Identity) -> tuple[Checkpoint | None, list[Receipt] | None]:
        """What a note says and who cosigned it, as far as either verifies. Copies hold the same notes: each is verified once."""
        name = sha256(note).digest()
        if name not in self._proofs:
            quiet = Findings()
            checkpoint = self._signed(note, "", identity.log_keys_ever, quiet)
            receipts = None if checkpoint is None else self._cosigned(note, checkpoint, "", quiet)
            self._proofs[name] = checkpoint, receipts
        return self._proofs[name]

    def _add(self, checkpoint: Checkpoint | None, shown: str) -> None:
        if checkpoint is not None:
            self._further.append(Claim(checkpoint.tree_size, checkpoint.root_hash, shown))

    def _keep(self, checkpoint: Checkpoint, shown: str, size: int) -> None:
        self._add(checkpoint, shown)
        if checkpoint.tree_size <= size:
            self.compared.append(self._further[-1])

    def _read(self, path: Path, shown: str, findings: Findings) -> bytes | None:
        try:
            return read(path, MAX_NOTE_BYTES)
        except FileFault as fault:
            findings.add(Finding(fault.code, {}, shown))
            return None

    def _signed(
        self, note: bytes, shown: str, log_keys: Iterable[bytes], findings: Findings
    ) -> Checkpoint | None:
        """The checkpoint in a note that the author signed; None with a finding."""
        try:
            return verify_checkpoint(note, self._feed.origin.encode(), log_keys)
        except ProtocolError as error:
            findings.add(Finding(error.code, error.params, shown))
            return None

    def _cosigned(
        self, note: bytes, checkpoint: Checkpoint, shown: str, findings: Findings
    ) -> list[Receipt] | None:
        """The receipts under a checkpoint; None with a finding where one fails."""
        try:
            return [*self._receipts_of(SignedNote.parse(note), checkpoint.tree_size)]
        except ProtocolError as error:
            findings.add(Finding(error.code, error.params, shown))
            return None

    def _receipts_of(self, note: SignedNote, size: int) -> Iterator[Receipt]:
        """One for each line of a witness: of two lines each has its own time."""
        for line in note.signatures:
            scid = line.name.removeprefix("passerelle/").removesuffix("/witness")
            if is_scid(scid) and line.name == witness_name(scid):
                identity, _ = self._shelf.identity(scid, self._feed.path)
                alone = replace(note, signatures=(line,))
                yield Receipt(scid, size, _cosigned_at(alone, line.name, identity))


def _stated_size(feed: FeedFolder, path: Path) -> int | None:
    """The size that the path of a kept checkpoint says, None of the receipt. Raises ``tile.path``."""
    name = path.relative_to(feed.path).as_posix()
    return None if name == "receipt" else parse_checkpoint_path(name)


def _is_named(feed: FeedFolder, path: Path) -> bool:
    try:
        _stated_size(feed, path)
    except ProtocolError:
        return False
    return True


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

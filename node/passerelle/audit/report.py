"""What an audit found: frozen, JSON-able, with codes and places and no sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FINDINGS: Final = 1000
"""Kept for one feed; of the rest only the number, so that memory stays flat."""

_FORK: Final = "fork."
"""Begins the codes of what the author signed against itself: no number of other faults may hide it."""

ReportJson: TypeAlias = "bool | int | str | list[ReportJson] | dict[str, ReportJson] | None"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be.

    Args:
        code: Stable identifier.
        params: Values for its sentence.
        path: File at fault, relative to the folder audited.
        index: Index of the leaf at fault.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    path: str | None = None
    index: int | None = None

    def to_json(self) -> dict[str, ReportJson]:
        """The finding as JSON."""
        params: dict[str, ReportJson] = {name: _jsonable(value) for name, value in self.params.items()}
        return {"code": self.code, "params": params, "path": self.path, "index": self.index}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A cosignature that stands under a checkpoint of the feed.

    Args:
        witness: SCID of the agency that cosigned.
        size: Tree size that it cosigned.
        time: When, by the witness's clock, as ``YYYY-MM-DDThh:mm:ssZ``; None where the witness's
            identity log does not lie beside the feed, so that the line could not be checked.
    """

    witness: str
    size: int
    time: str | None

    def to_json(self) -> dict[str, ReportJson]:
        """The receipt as JSON."""
        return {"witness": self.witness, "size": self.size, "time": self.time}


@dataclass(frozen=True, slots=True)
class FeedReport:
    """One feed, in one folder.

    Args:
        origin: The feed's name, None where its checkpoint does not say.
        folder: Where it lies, relative to the folder audited.
        size: Tree size of its checkpoint.
        root: Root hash of its checkpoint as hex.
        checkpoints: How many further signed checkpoints were compared with the tree.
        records: Public records that passed all checks.
        unreadable: Those among them whose schema this version does not know.
        sealed: Sealed leaves, whose records only the partner can check.
        erased: Records that an ``erased`` leaf names.
        passed_over: Leaves of other kinds.
        receipts: Cosignatures found.
        findings: Faults, at most MAX_FINDINGS.
        findings_left_out: Number of faults beyond those.
    """

    origin: str | None
    folder: str
    size: int = 0
    root: str | None = None
    checkpoints: int = 0
    records: int = 0
    unreadable: int = 0
    sealed: int = 0
    erased: int = 0
    passed_over: int = 0
    receipts: tuple[Receipt, ...] = ()
    findings: tuple[Finding, ...] = ()
    findings_left_out: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything is as it must be."""
        return not self.findings

    def to_json(self) -> dict[str, ReportJson]:
        """The report as JSON."""
        return {
            "origin": self.origin,
            "folder": self.folder,
            "ok": self.ok,
            "size": self.size,
            "root": self.root,
            "checkpoints": self.checkpoints,
            "records": self.records,
            "unreadable": self.unreadable,
            "sealed": self.sealed,
            "erased": self.erased,
            "passed_over": self.passed_over,
            "receipts": [receipt.to_json() for receipt in self.receipts],
            "findings": [finding.to_json() for finding in self.findings],
            "findings_left_out": self.findings_left_out,
        }


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything found below one folder.

    Args:
        folder: The folder audited, as given.
        feeds: In the order of their folders.
        findings: Faults that belong to no feed.
    """

    folder: str
    feeds: tuple[FeedReport, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there was a feed, and everything is as it must be."""
        return not self.findings and all(feed.ok for feed in self.feeds)

    def to_json(self) -> dict[str, ReportJson]:
        """The report as JSON."""
        return {
            "folder": self.folder,
            "ok": self.ok,
            "feeds": [feed.to_json() for feed in self.feeds],
            "findings": [finding.to_json() for finding in self.findings],
        }


class Findings:
    """Collects the faults of one feed, and counts those beyond the limit."""

    def __init__(self) -> None:
        self.kept: Final[list[Finding]] = []
        self.left_out = 0
        self._others_end = MAX_FINDINGS
        """From here on all that is kept are forks, once the limit is reached: looked through once, however many come."""

    def add(self, finding: Finding) -> None:
        """Takes one more; beyond the limit a fork takes the place of the last that is none."""
        if len(self.kept) < MAX_FINDINGS:
            self.kept.append(finding)
            return
        self.left_out += 1
        if _is_fork(finding):
            while self._others_end and _is_fork(self.kept[self._others_end - 1]):
                self._others_end -= 1
            if self._others_end:
                self.kept[self._others_end - 1] = finding


def _is_fork(finding: Finding) -> bool:
    return finding.code.startswith(_FORK)


def _jsonable(value: object) -> ReportJson:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    return str(value)

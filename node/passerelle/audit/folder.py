"""Finding the feeds below a folder, and auditing each.

A feed is any folder that holds a file ``checkpoint`` with a Passerelle origin in its
first line: it may be a node's own (``feeds/...``), a mirrored one (``mirrors/<SCID>/...``),
what a partner holds of another (``received/<SCID>/...``), or a folder copied by itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from passerelle.audit.claims import FeedFolder
from passerelle.audit.feed import FeedAudit
from passerelle.audit.report import AuditReport, FeedReport, Finding
from passerelle.audit.shelf import FileFault, Shelf, read
from passerelle.errors import InputError, ProtocolError
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.notes import MAX_NOTE_BYTES, SignedNote
from passerelle.protocol.origins import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from passerelle.audit.gathering import Gathering


def audit_folder(
    path: Path,
    now: datetime,
    progress: Callable[[str, int, int], None] = lambda *_: None,
    gathering: Gathering | None = None,
) -> AuditReport:
    """Checks every feed below a folder against the signatures of its author, from the entries up.

    Args:
        path: The folder.
        now: The auditor's clock.
        progress: Called after each bundle with the origin, the leaves read and the tree size.
        gathering: Takes what is looked for besides the report.

    Raises:
        InputError: ``audit.no-folder`` where ``path`` is no folder. Everything else is a finding.
    """
    if not path.is_dir():
        raise InputError("audit.no-folder", path=str(path))
    top = path.resolve()
    shelf = Shelf(top, now)
    feeds: list[FeedFolder] = []
    broken: list[FeedReport] = []
    findings: list[Finding] = []
    for folder in _folders_with_checkpoint(top, shelf, findings):
        found = _open(folder, shelf)
        if isinstance(found, FeedFolder):
            feeds.append(found)
        else:
            broken.append(found)
    reports = [*broken]
    for feed in feeds:
        others = [other for other in feeds if other.origin == feed.origin and other is not feed]
        reports.append(FeedAudit(feed, others, shelf, now, gathering).run(progress))
    if not reports:
        findings.append(Finding("audit.no-feed"))
    return AuditReport(str(path), tuple(sorted(reports, key=lambda report: report.folder)), tuple(findings))


def _folders_with_checkpoint(top: Path, shelf: Shelf, findings: list[Finding]) -> Iterator[Path]:
    """Each feed's folder; one that the system refuses to list may hide feeds, so it is a finding."""

    def refused(error: OSError) -> None:
        findings.append(Finding("audit.file-unreadable", path=shelf.shown(Path(error.filename))))

    for folder, names, files in os.walk(top, onerror=refused):
        names.sort()
        if "checkpoint" in files:
            names[:] = [name for name in names if name not in {"tile", "objects", "checkpoints"}]
            yield Path(folder)


def _open(folder: Path, shelf: Shelf) -> FeedFolder | FeedReport:
    """The feed in a folder, or the report that its checkpoint cannot even be read."""
    shown = shelf.shown(folder)
    try:
        note = read(folder / "checkpoint", MAX_NOTE_BYTES)
        checkpoint = Checkpoint.parse(SignedNote.parse(note).text)
        return FeedFolder(folder, shown, Origin.parse(checkpoint.origin), note)
    except ProtocolError as error:
        finding = Finding(error.code, error.params, shelf.shown(folder / "checkpoint"))
    except FileFault as fault:
        finding = Finding(fault.code, {}, shelf.shown(folder / "checkpoint"))
    return FeedReport(None, shown, findings=(finding,))

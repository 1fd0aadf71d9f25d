"""Reading files that others wrote: bounded, and with the identity logs that lie beside a feed."""

from __future__ import annotations

from stat import S_ISREG
from typing import TYPE_CHECKING, Final

from passerelle.audit.report import Finding
from passerelle.errors import ProtocolError
from passerelle.protocol.identity import MAX_LOG_BYTES, Identity, compare_logs, parse_identity

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_LEVELS_ABOVE: Final = 4
"""From ``feeds/to/<SCID>/<n>`` to the folder that holds ``.well-known`` and ``mirrors``."""


class FileFault(Exception):
    """A file cannot be read. Never leaves this package: it becomes a finding.

    Args:
        code: ``audit.file-missing``, ``audit.file-too-large`` or ``audit.file-unreadable``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code: Final = code


def read(path: Path, max_bytes: int) -> bytes:
    """All bytes of a file.

    Raises:
        FileFault: There is none, it is larger than ``max_bytes``, the system refuses it, or it is
            something else: whoever opens a pipe waits for a writer that never comes.
    """
    try:
        if not S_ISREG(path.stat().st_mode):
            raise FileFault("audit.file-unreadable")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise FileFault("audit.file-missing") from exc
    except OSError as exc:
        raise FileFault("audit.file-unreadable") from exc
    if len(data) > max_bytes:
        raise FileFault("audit.file-too-large")
    return data


class Shelf:
    """The identity logs that lie in the folders above the feeds, each parsed once.

    Args:
        top: The folder audited; places are shown relative to it.
        now: The auditor's clock.
    """

    def __init__(self, top: Path, now: datetime) -> None:
        self._top: Final = top
        self._now: Final = now
        self._parsed: Final[dict[Path, Identity | Finding | None]] = {}
        self.findings: Final[list[Finding]] = []

    def shown(self, path: Path) -> str:
        """A path as reports show it."""
        return path.relative_to(self._top).as_posix() if path.is_relative_to(self._top) else path.as_posix()

    def identity(self, scid: str, feed_folder: Path) -> tuple[Identity | None, list[Finding]]:
        """The log of an agency beside a feed, and what is wrong with the logs there.

        A log lies at ``.well-known/did.jsonl`` or ``mirrors/<SCID>/did.jsonl`` in the feed's
        folder or one of the four above it. Each is compared with the one in use so far: a longer
        one takes its place, one that parts from it is a fault. A broken one is a fault only where
        no other helps.
        """
        best: Identity | None = None
        fault: Finding | None = None
        forks: list[Finding] = []
        for path in self._places(scid, feed_folder):
            found = self._parse(path)
            if isinstance(found, Finding):
                fault = fault or found
            elif found is not None and found.scid == scid:
                relation = "newer" if best is None else compare_logs(best.log, found.log)
                if relation == "forked":
                    forks.append(Finding("audit.identity-forked", {"scid": scid}, self.shown(path)))
                best = found if relation == "newer" else best
        if best is None:
            return None, [fault or Finding("audit.identity-missing", {"scid": scid})]
        return best, forks

    @staticmethod
    def _places(scid: str, feed_folder: Path) -> list[Path]:
        above = [feed_folder, *feed_folder.parents][: _LEVELS_ABOVE + 1]
        names = (".well-known/did.jsonl", f"mirrors/{scid}/did.jsonl")
        return [folder / name for folder in above for name in names]

    def _parse(self, path: Path) -> Identity | Finding | None:
        if path not in self._parsed:
            self._parsed[path] = self._read_and_parse(path)
        return self._parsed[path]

    def _read_and_parse(self, path: Path) -> Identity | Finding | None:
        try:
            return parse_identity(read(path, MAX_LOG_BYTES), now=self._now)
        except FileFault as fault:
            missing = fault.code == "audit.file-missing"
            return None if missing else Finding(fault.code, {}, self.shown(path))
        except ProtocolError as error:
            return Finding(error.code, error.params, self.shown(path))

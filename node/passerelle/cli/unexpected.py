"""The edge of the command line: what nobody foresaw becomes a sentence, and its trace a file.

The trace is for whoever mends Passerelle, never for the screen of a person at a desk. It
holds the places in the code and the message of the exception, no values of variables.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from passerelle.errors import PasserelleError


def unexpected(error: Exception, arguments: list[str]) -> PasserelleError:
    """Write the trace of an exception down, and name it.

    Args:
        error: What nobody foresaw.
        arguments: The command line without its values: the names of commands and options alone.

    Returns:
        ``command.unexpected`` with the kind of exception, and the file where it could be written.
    """
    text = "".join(
        [
            f"passerelle {' '.join(arguments)}\nPython {sys.version.split()[0]}\n\n",
            *traceback.format_exception(error),
        ]
    )
    kept = next((path for folder in _folders(os.environ) if (path := _write(folder, text)) is not None), None)
    return PasserelleError(
        "command.unexpected", kind=type(error).__name__, path=None if kept is None else str(kept)
    )


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where the account keeps the state of its programs (XDG), else where every account may write."""
    named = Path(environment.get("XDG_STATE_HOME", ""))
    base = named if named.is_absolute() else Path("~/.local/state").expanduser()
    yield base / "passerelle" / "faults"
    yield Path(tempfile.gettempdir())


def _write(folder: Path, text: str) -> Path | None:
    """A new file that its owner alone can read, or None where that cannot be."""
    began = datetime.now(UTC).strftime("passerelle-%Y%m%dT%H%M%SZ-")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=began, suffix=".log", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as out:
            out.write(text)
    except OSError:
        return None
    return Path(name)

"""Keys in plain hex, one file each, as homes had them before keys were sealed: read, and taken away."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from passerelle.errors import ConfigError
from passerelle.protocol.profile import format_time
from passerelle.storage.home import Keys
from passerelle.storage.private import refuse_open_file, sync_folder

_SUFFIX = ".seed"


def are_there(folder: Path) -> bool:
    """Whether a folder holds plain keys."""
    return any(folder.glob(f"*{_SUFFIX}"))


def seeds(folder: Path) -> dict[str, bytes]:
    """What is there, by name: all of a set, or what a crash left of one.

    Raises:
        ConfigError: ``keys.damaged``, ``keys.readable-by-others``, ``keys.another-owner``.
    """
    found: dict[str, bytes] = {}
    for path in folder.glob(f"*{_SUFFIX}"):
        refuse_open_file(path)
        try:
            found[path.stem] = bytes.fromhex(path.read_text("ascii").strip())
        except (OSError, ValueError):
            raise ConfigError("keys.damaged") from None  # what could not be read may hold a seed
    return found


def read(folder: Path) -> Keys:
    """A whole set.

    Raises:
        ConfigError: As :func:`seeds`.
    """
    try:
        return Keys.from_seeds(seeds(folder))
    except (KeyError, ValueError):
        raise ConfigError("keys.damaged") from None


def since(folder: Path) -> dict[str, str]:
    """When each was made, as far as its file tells."""
    return {
        path.stem: format_time(datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0))
        for path in folder.glob(f"*{_SUFFIX}")
    }


def remove(folder: Path) -> None:
    """Delete them; the names are gone on return, what the disk keeps of the bytes is not in our hands."""
    for path in folder.glob(f"*{_SUFFIX}"):
        path.unlink(missing_ok=True)
    sync_folder(folder)

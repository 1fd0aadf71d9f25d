"""Reads an agency's own scheme rule packs from a folder of its home."""

from __future__ import annotations

from pathlib import Path

from passerelle.errors import ConfigError, ProtocolError, reason_of
from passerelle.exchange.rules.book import Rulebook, read_pack
from passerelle.protocol.profile import Json, parse

MAX_PACK_BYTES = 2**20


def load_rules(folder: Path) -> Rulebook:
    """The rules of a node: the packaged ones, and its own packs, ``*.json`` in a folder that need not be there.

    Raises:
        ConfigError: ``pack.*``, with the file and the place in it.
    """
    packaged = Rulebook.packaged()
    try:
        files = sorted(folder.glob("*.json")) if folder.exists() else []
    except OSError as exc:
        raise ConfigError("pack.unreadable", file=str(folder), reason=reason_of(exc)) from exc
    return packaged.with_own(_pack(file) for file in files)


def _pack(file: Path) -> Json:
    """A pack as it was read, once it is known to be one."""
    document = _document(file)
    try:
        read_pack(document)
    except ConfigError as exc:
        raise ConfigError(exc.code, **{"file": str(file), **exc.params}) from exc
    return document


def _document(file: Path) -> Json:
    try:
        if file.stat().st_size > MAX_PACK_BYTES:
            raise ConfigError("pack.unreadable", file=str(file), reason="efbig")
        return parse(file.read_bytes())
    except OSError as exc:
        raise ConfigError("pack.unreadable", file=str(file), reason=reason_of(exc)) from exc
    except ProtocolError as exc:
        raise ConfigError("pack.unreadable", file=str(file), reason=exc.code) from exc

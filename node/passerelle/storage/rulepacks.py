"""Reads an agency's own scheme rule packs from a folder of its home."""

from __future__ import annotations

from collections.abc import Sequence
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
    return packaged.with_own(_own(files))


def _own(files: Sequence[Path]) -> list[Json]:
    """The packs of the files, of which no two have one name: one of the two would be passed over in silence."""
    documents, named = [], dict[str, Path]()
    for file in files:
        document, name = _pack(file)
        if name in named:
            raise ConfigError("pack.name-twice", pack=name, files=[named[name].name, file.name])
        named[name] = file
        documents.append(document)
    return documents


def _pack(file: Path) -> tuple[Json, str]:
    """A pack as it was read, once it is known to be one, and its name."""
    document = _document(file)
    try:
        return document, read_pack(document).name
    except ConfigError as exc:
        raise ConfigError(exc.code, **{"file": str(file), **exc.params}) from exc


def _document(file: Path) -> Json:
    try:
        if file.stat().st_size > MAX_PACK_BYTES:
            raise ConfigError("pack.unreadable", file=str(file), reason="efbig")
        return parse(file.read_bytes())
    except OSError as exc:
        raise ConfigError("pack.unreadable", file=str(file), reason=reason_of(exc)) from exc
    except ProtocolError as exc:
        raise ConfigError("pack.unreadable", file=str(file), reason=exc.code) from exc

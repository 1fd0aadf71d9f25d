"""The files of ``certificate …``: what is read is bounded, and what is written is never written over another."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from passerelle.cli.persons import Holder
from passerelle.errors import InputError, ProtocolError, reason_of
from passerelle.protocol import certificates
from passerelle.protocol.certificateletters import on_one_line
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.profile import JsonObject, encode
from passerelle.storage import private

MAX_FILE_BYTES: Final = 16 * 2**20
"""Of a file given to be read: a printed copy holds fonts."""


def _data(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError("certify.file-unreadable", path=str(path), reason="efbig")
    return data


def given(path: Path) -> bytes:
    """A file that somebody named.

    Raises:
        InputError: ``certify.file-unreadable``.
    """
    try:
        return _data(path)
    except OSError as exc:
        raise InputError("certify.file-unreadable", path=str(path), reason=reason_of(exc)) from exc


def files_in(path: Path) -> list[tuple[str, bytes]]:
    """A file, or those that lie in a PDF.

    Raises:
        InputError: ``certify.file-unreadable``, ``certify.pdf-unreadable``, ``certify.pdf-empty``.
    """
    data = given(path)
    if not data.startswith(b"%PDF-"):
        return [(str(path), data)]
    from passerelle.paper import attachments_of  # noqa: PLC0415  (loads a PDF library)

    # A stranger named them: on one line, so that none looks like a line of ours.
    return [(f"{path} · {on_one_line(name)[:100]}", held) for name, held in attachments_of(data, str(path))]


def text_of(path: Path) -> str:
    """A file that is text, or that the desk will refuse with a reason. Raises as :func:`given`."""
    return given(path).decode("utf-8", "replace")


def keep_holder(path: Path, holder: Holder) -> bool:
    """Write the volunteer's own file; False where it is there already, as when a command is repeated.

    Raises:
        InputError: ``certify.file-exists`` where another one is; ``certify.file-unwritable``.
    """
    return _write_once(path, holder.encode())


def write_document(path: Path, told: JsonObject) -> Path:
    """The canonical bytes of what was signed (D-26)."""
    _write_once(path, encode(told["document"]))
    return path


def refuse_other(path: Path, is_same: Callable[[Certificate | Endorsement], bool]) -> None:
    """Refuse, before anything is signed, to write over another file than one that this command wrote before.

    Raises:
        InputError: ``certify.file-exists``; ``certify.file-unreadable``.
    """
    if not path.exists():
        return
    with contextlib.suppress(ProtocolError):
        if is_same(certificates.parse(given(path))):
            return
    raise InputError("certify.file-exists", path=str(path))


def digest_of(document: str) -> str | None:
    """Of a certificate's file; None for what is none, which the desk refuses with its reason."""
    with contextlib.suppress(ProtocolError):
        return certificates.parse(document.encode()).digest
    return None


def _write_once(path: Path, data: bytes) -> bool:
    """Whether it was written; the same file may be there already, another one is never written over."""
    if path.exists():
        if given(path) == data:
            return False
        raise InputError("certify.file-exists", path=str(path))
    _write(path, data)
    return True


def write_new(path: Path, data: bytes) -> None:
    """A file that is never written over another one."""
    if path.exists():
        raise InputError("certify.file-exists", path=str(path))
    _write(path, data)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        private.write_new(path, data)
    except OSError as exc:
        raise InputError("certify.file-unwritable", path=str(path), reason=reason_of(exc)) from exc

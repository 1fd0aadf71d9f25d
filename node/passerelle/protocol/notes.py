"""Signed notes and verifier keys (C2SP signed-note 1.0).

    <text: UTF-8, ends with a newline, no control character but newlines>
    <blank line>
    \N{EM DASH} <key name> <base64 of: 4 bytes of key id || signature>        once or more

A note is kept and compared as the exact bytes received. Its text starts at its first
byte and ends before its **last** blank line. The key id is an identifier, not a check:
a verifier always holds the whole key.

What this module does not do: it knows the signature type 0x01 (Ed25519 over the text)
only; cosignatures, type 0x04, are in ``checkpoints``.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol.keys import PUBLIC_BYTES, verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passerelle.protocol.keys import SigningKey

ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04

MAX_NOTE_BYTES: Final = 131_072
"""Room for more than 16 signatures of nearly 5 kB, the least that the standard asks for."""
MAX_SIGNATURES: Final = 64
KEY_ID_BYTES: Final = 4

_DASH: Final = "\N{EM DASH} "
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_NOT_IN_NAMES: Final = re.compile("[\x00-\x1f\ud800-\udfff]")  # a half pair has no bytes to be hashed
_VKEY: Final = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Args:
        name: Key name: not empty, no Unicode space, no ``+``.
        key_id: 4 bytes.
        blob: What the signature type puts after the key id, 1 byte or more.
    """

    name: str
    key_id: bytes
    blob: bytes

    def __post_init__(self) -> None:
        """Raises ValueError on what no line can say."""
        if not is_key_name(self.name) or len(self.key_id) != KEY_ID_BYTES or not self.blob:
            raise ValueError("not a signature line")

    def encode(self) -> str:
        """The line, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text and the signatures under it.

    Args:
        text: Ends with a newline, which is part of what is signed; the blank line is not.
        signatures: In the order of the lines, one or more.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> SignedNote:
        """Inverse of ``encode``.

        Raises:
            ProtocolError: ``note.too-large``, or ``note.malformed`` unless ``data`` is exactly
                what ``encode`` writes.
        """
        if len(data) > MAX_NOTE_BYTES:
            raise ProtocolError("note.too-large", max_bytes=MAX_NOTE_BYTES)
        try:
            text, blank, lines = data.decode("utf-8").rpartition("\n\n")
        except UnicodeDecodeError as exc:
            raise ProtocolError("note.malformed", part="text") from exc
        if not blank or not lines.endswith("\n") or _CONTROL.search(text):
            raise ProtocolError("note.malformed", part="text")
        if lines.count("\n") > MAX_SIGNATURES:
            raise ProtocolError("note.too-large", max_signatures=MAX_SIGNATURES)
        signatures = tuple(_parse_line(line) for line in lines.removesuffix("\n").split("\n"))
        return cls(text + "\n", signatures)

    def encode(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(line.encode() for line in self.signatures)).encode()

    def with_signatures(self, *added: NoteSignature) -> SignedNote:
        """The same text with more lines under it."""
        return replace(self, signatures=self.signatures + added)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under the name that it signs with.

    Args:
        name: Key name.
        public: 32 bytes, an Ed25519 public key.
        type: Signature type, ``ED25519`` or ``COSIGNATURE_V1``.
    """

    name: str
    public: bytes
    type: int = ED25519

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which lines name the key."""
        return key_id(self.name, self.type, self.public)

    def made(self, line: NoteSignature) -> bool:
        """Whether the line claims to be of this key."""
        return line.name == self.name and line.key_id == self.key_id


def is_key_name(name: str) -> bool:
    """Whether ``name`` can name a key: not empty, no Unicode space, nothing below U+0020, no ``+``, no surrogate."""
    return (
        bool(name)
        and "+" not in name
        and not any(char.isspace() for char in name)
        and not _NOT_IN_NAMES.search(name)
    )


def key_id(name: str, signature_type: int, public: bytes) -> bytes:
    """First 4 bytes of ``SHA-256(name || 0x0A || type || public key)``."""
    return sha256(name.encode() + b"\n" + bytes([signature_type]) + public).digest()[:KEY_ID_BYTES]


def encode_vkey(verifier: Verifier) -> str:
    """The verifier key ``<name>+<key id>+<base64 of type || public key>``."""
    key = base64.b64encode(bytes([verifier.type]) + verifier.public).decode("ascii")
    return f"{verifier.name}+{verifier.key_id.hex()}+{key}"


def parse_vkey(text: str) -> Verifier:
    """Inverse of ``encode_vkey``.

    Raises:
        ProtocolError: ``note.vkey`` on another form, a type other than the two of this package, or
            a key id that is not the key's.
    """
    match = _VKEY.fullmatch(text)
    try:
        raw = base64.b64decode(match["key"], validate=True) if match else b""
    except ValueError as exc:
        raise ProtocolError("note.vkey") from exc
    if match is None or len(raw) != 1 + PUBLIC_BYTES or raw[0] not in {ED25519, COSIGNATURE_V1}:
        raise ProtocolError("note.vkey")
    verifier = Verifier(match["name"], raw[1:], raw[0])
    if not is_key_name(verifier.name) or encode_vkey(verifier) != text:
        raise ProtocolError("note.vkey")
    return verifier


def sign_note(text: str, name: str, key: SigningKey) -> SignedNote:
    """The text with one Ed25519 signature under it.

    Args:
        text: Ends with a newline; no control character but newlines.
        name: Key name.
        key: The private key.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("a note is lines of text")
    line = NoteSignature(name, key_id(name, ED25519, key.public), key.sign(text.encode()))
    return SignedNote(text, (line,))


def verify_note(note: SignedNote, verifiers: Iterable[Verifier]) -> tuple[NoteSignature, ...]:
    """The lines that keys of ``verifiers`` signed; lines of other keys are ignored.

    Raises:
        ProtocolError: ``note.signature`` where a line names a known key and does not verify;
            ``note.unsigned`` where no known key signed.
    """
    known = tuple(verifiers)
    message = note.text.encode()
    verified: list[NoteSignature] = []
    for line in note.signatures:
        # Two known keys may share name and id by accident: either may have signed.
        makers = [verifier.public for verifier in known if verifier.type == ED25519 and verifier.made(line)]
        if makers and not any(verify_signature(public, message, line.blob) for public in makers):
            raise ProtocolError("note.signature", name=line.name, key_id=line.key_id.hex())
        if makers:
            verified.append(line)
    if not verified:
        raise ProtocolError("note.unsigned", names=sorted({verifier.name for verifier in known}))
    return tuple(verified)


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
        parsed = NoteSignature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])
    except ValueError as exc:
        raise ProtocolError("note.malformed", part="signature") from exc
    if not space or parsed.encode() != line + "\n":  # refuses a missing dash and stray base64 bits
        raise ProtocolError("note.malformed", part="signature")
    return parsed

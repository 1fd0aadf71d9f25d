"""What the two codes on a printed certificate hold (spec/24-certificates.md, On paper).

    https://agency.example/certificate#<digest, base64url>     for phones: what follows # stays in the browser
    6BF….                                                       for later: the certificate itself, no server needed

The second is DEFLATE (RFC 1951, no header) in Base45.
"""

from __future__ import annotations

import base64
import zlib
from typing import Final

from passerelle.errors import ProtocolError
from passerelle.protocol import base45
from passerelle.protocol.certificates import MAX_BYTES

MAX_CHARACTERS: Final = 4_296
"""Of the largest QR code there is, in its alphanumeric mode."""

_RAW: Final = -15
"""DEFLATE with the largest window, without a header or a sum."""


def address_of(base: str, digest: str) -> str:
    """The address for phones.

    Args:
        base: An address of the agency, without ``#``.
        digest: Of the certificate, 64 hex digits.

    Raises:
        ValueError: ``base`` holds a ``#``.
    """
    if "#" in base:
        raise ValueError("the fragment is the digest's")
    return f"{base}#{base64.urlsafe_b64encode(bytes.fromhex(digest)).decode('ascii').rstrip('=')}"


def encode_whole(data: bytes) -> str | None:
    """The code that holds a whole certificate, None where it does not fit into one."""
    packing = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    text = base45.encode(packing.compress(data) + packing.flush())
    return text if len(text) <= MAX_CHARACTERS else None


def parse_whole(text: str) -> bytes:
    """The bytes of the certificate in a code that somebody has scanned.

    Raises:
        ProtocolError: ``certificate.malformed`` for what is no such code, ``json.too-large`` for more than 65,536 bytes.
    """
    unpacking = zlib.decompressobj(_RAW)
    try:
        data = unpacking.decompress(base45.decode(text), MAX_BYTES + 1)
    except (ValueError, zlib.error) as exc:
        raise ProtocolError("certificate.malformed", member="document") from exc
    if len(data) > MAX_BYTES:
        raise ProtocolError("json.too-large", size=len(data), max=MAX_BYTES)
    if not unpacking.eof or unpacking.unused_data:
        raise ProtocolError("certificate.malformed", member="document")
    return data

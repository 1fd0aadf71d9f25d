"""HTTP/1.1 streams as a forwarder kept them, taken apart: each message's head and its decoded body."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import zstandard

_BODILESS = frozenset({b"204", b"304"})
MAX_DECODED_BYTES = 2**28


def messages(stream: bytes) -> Iterator[bytes]:
    """Head and decoded body of every message of one direction of a connection, the last perhaps cut short."""
    while stream:
        head, _, rest = stream.partition(b"\r\n\r\n")
        headers = dict(_headers(head))
        body, stream = _body(head, headers, rest)
        yield head + b"\r\n\r\n" + decoded(body, headers.get(b"content-encoding", b""))


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value.strip()


def _body(head: bytes, headers: dict[bytes, bytes], rest: bytes) -> tuple[bytes, bytes]:
    """The body as it was sent, and what follows it."""
    first = head.split(b"\r\n", 1)[0].split(b" ")
    if first[0].startswith(b"HTTP/") and first[1] in _BODILESS:
        return b"", rest
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _chunks(rest)
    length = int(headers.get(b"content-length", b"0"))
    return rest[:length], rest[length:]


def _chunks(rest: bytes) -> tuple[bytes, bytes]:
    body = bytearray()
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        body += rest[:length]
        rest = rest[length + 2 :]
        if length == 0:
            break
    return bytes(body), rest


def decoded(body: bytes, coding: bytes) -> bytes:
    """A body without its content coding; as it is where it was cut short."""
    try:
        if coding == b"gzip":
            return gzip.decompress(body)
        if coding == b"deflate":
            return zlib.decompress(body)
        if coding == b"zstd":
            return zstandard.ZstdDecompressor().decompress(body, max_output_size=MAX_DECODED_BYTES)
    except (EOFError, OSError, zlib.error, zstandard.ZstdError):
        return body
    assert coding in {b"", b"identity"}, coding
    return body

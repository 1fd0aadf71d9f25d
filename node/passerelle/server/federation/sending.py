"""Sending the bytes of a file: validators, ranges, content codings, caching (spec/07-paths.md)."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections import OrderedDict
from collections.abc import Mapping

import zstandard
from aiohttp import web

from passerelle.server.federation.errors import Refusal
from passerelle.sync.files import File
from passerelle.sync.packed import Packed

MEDIA_TYPES = {
    "checkpoint": "text/plain; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "hashes": "application/octet-stream",
    "entries": "application/octet-stream",
    "objects": "application/octet-stream",
    "identity": "text/jsonl",
    "descriptor": "application/json",
}
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=5"
NO_CACHE = "no-cache"
PRIVATE = "private, no-store"

RANGED = frozenset({"hashes", "entries", "objects"})
"""Files that grow, so that a reader asks for what is new in them."""

MIN_CODED_BYTES = 256
THREADED_BYTES = 65_536
"""From here on a file is compressed beside the loop: objects may be many megabytes."""

CODED_CACHE_BYTES = 32 * 2**20
ZSTD_LEVEL = 9

# First and last byte, or the length of a suffix; so many digits are beyond any file.
_RANGE = re.compile(r"bytes=(?:([0-9]{1,40})-([0-9]{0,40})|-([0-9]{1,40}))", re.IGNORECASE)
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


class CodedCache:
    """Compressed forms of files that never change, newest kept, up to a number of bytes."""

    def __init__(self, limit: int = CODED_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def encode(self, file: File, coding: str) -> bytes:
        """The file under a content coding."""
        key = (file.etag, coding)
        if file.kind not in {"hashes", "entries"}:
            return await _encode(file.data, coding)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        data = await _encode(file.data, coding)
        if key not in self._kept:  # another request may have been quicker
            self._kept[key] = data
            self._size += len(data)
        while self._size > self._limit:
            self._size -= len(self._kept.popitem(last=False)[1])
        return data


async def _encode(data: bytes, coding: str) -> bytes:
    if len(data) < THREADED_BYTES:
        return _encode_now(data, coding)
    return await asyncio.to_thread(_encode_now, data, coding)


def _encode_now(data: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(data)
    return gzip.compress(data, compresslevel=6, mtime=0)


def caching_of(file: File | Packed, *, public: bool, newest: bool = False) -> str:
    """The Cache-Control of a file."""
    if not public:
        return PRIVATE
    if newest:
        return SHORT
    return NO_CACHE if file.kind == "objects" else IMMUTABLE


async def send(request: web.Request, file: File, caching: str, cache: CodedCache) -> web.Response:
    """Answer with a file, a part of it, or 304, looked at in the order of RFC 9110 13.2.2.

    Raises:
        Refusal: ``request.range``.
    """
    wanted = _range(request, file)
    coding = "identity" if wanted else _coding(request.headers.get("Accept-Encoding"), len(file.data))
    headers = _headers(file, coding, caching)
    if _is_known(request.headers.get("If-None-Match", ""), file):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = MEDIA_TYPES[file.kind]
    if wanted is not None:
        first, end = _bounds(wanted, len(file.data))
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(file.data)}"
        return web.Response(status=206, body=file.data[first:end], headers=headers)
    if coding == "identity":
        return web.Response(body=file.data, headers=headers)
    headers["Content-Encoding"] = coding
    return web.Response(body=await cache.encode(file, coding), headers=headers)


def takes_packed(request: web.Request) -> bool:
    """Whether the asker wants the whole file, and likes zstd best."""
    accepted = request.headers.get("Accept-Encoding")
    return "Range" not in request.headers and _coding(accepted, MIN_CODED_BYTES) == "zstd"


def send_packed(request: web.Request, packed: Packed, caching: str) -> web.Response:
    """Answer with a bundle as it lies compressed, or 304."""
    file = File(b"", packed.kind, packed.etag)
    headers = _headers(file, "zstd", caching)
    if _is_known(request.headers.get("If-None-Match", ""), file):
        return web.Response(status=304, headers=headers)
    headers |= {"Content-Type": MEDIA_TYPES[packed.kind], "Content-Encoding": "zstd"}
    return web.Response(body=packed.zstd, headers=headers)


def _headers(file: File, coding: str, caching: str) -> dict[str, str]:
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding", "ETag": _etag(file, coding)}
    return headers | {"Accept-Ranges": "bytes"} if file.kind in RANGED else headers


# --- validators ----------------------------------------------------------------------------


def _etag(file: File, coding: str) -> str:
    """The validator of one coding: each has its own, for each has other bytes."""
    return f'"{file.etag}"' if coding == "identity" else f'"{file.etag}-{coding}"'


def _etags(file: File) -> set[str]:
    return {_etag(file, coding) for coding in ("identity", "gzip", "zstd")}


def _is_known(header: str, file: File) -> bool:
    """Whether If-None-Match names the file, under whatever coding it was sent."""
    named = {item.strip().removeprefix("W/") for item in header.split(",")}
    return bool(named & {"*", *_etags(file)})


# --- ranges --------------------------------------------------------------------------------


def _range(request: web.Request, file: File) -> re.Match[str] | None:
    """The one range asked for; None for the whole file.

    What is not understood is ignored (RFC 9110 14.2), as are several ranges and a range
    under another validator. A reader that got the bytes before under a coding has inflated
    them, so the validator of each coding stands for the file.
    """
    if request.method != "GET" or file.kind not in RANGED:
        return None
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if match is None or (condition is not None and condition not in _etags(file)):
        return None
    return None if match[2] and int(match[2]) < int(match[1]) else match


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """First byte and end of a range."""
    first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[3]))
    end = min(int(wanted[2]) + 1, size) if wanted[2] else size
    if first >= end:
        raise Refusal("request.range", headers={"Content-Range": f"bytes */{size}"}, length=size)
    return first, end


# --- codings -------------------------------------------------------------------------------


def _coding(accepted: str | None, size: int) -> str:
    """The coding liked best; of equals ours. Not every client that says ``*`` means zstd."""
    if accepted is None or size < MIN_CODED_BYTES:
        return "identity"
    qualities = _qualities(accepted)
    liked = {
        "zstd": qualities.get("zstd", 0.0),
        "gzip": qualities.get("gzip", qualities.get("*", 0.0)),
        "identity": qualities.get("identity", 0.0),
    }
    best = max(liked, key=lambda name: liked[name])
    return best if liked[best] > 0 else "identity"


def _qualities(accepted: str) -> Mapping[str, float]:
    """Codings by name with their weights (RFC 9110 12.4.2); one without sense weighs nothing."""
    found: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, _, parameter = (part.strip() for part in item.partition(";"))
        weight = _QUALITY.fullmatch(parameter) if parameter else None
        found[name] = float(weight[1]) if weight else 0.0 if parameter else 1.0
    return found

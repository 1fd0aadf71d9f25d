"""Sending the bytes of a file: validators, ranges, content codings, caching."""

from __future__ import annotations

import gzip
import re
from collections import OrderedDict

import zstandard
from aiohttp import web

from passerelle.server.federation.errors import Refusal
from passerelle.sync.files import File

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

MIN_CODED_BYTES = 256
CODED_CACHE_BYTES = 32 * 2**20
ZSTD_LEVEL = 9

_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")


class CodedCache:
    """Compressed forms of files that never change, newest kept, up to a number of bytes."""

    def __init__(self, limit: int = CODED_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def encode(self, file: File, coding: str) -> bytes:
        """The file under a content coding."""
        key = (file.etag, coding)
        if key in self._kept and file.kind in {"hashes", "entries"}:
            self._kept.move_to_end(key)
            return self._kept[key]
        data = _encode(file.data, coding)
        if file.kind in {"hashes", "entries"}:
            self._kept[key] = data
            self._size += len(data)
            while self._size > self._limit:
                self._size -= len(self._kept.popitem(last=False)[1])
        return data


def _encode(data: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(data)
    return gzip.compress(data, compresslevel=6, mtime=0)


def caching_of(file: File, *, public: bool, newest: bool = False) -> str:
    """The Cache-Control of a file."""
    if not public:
        return PRIVATE
    if newest:
        return SHORT
    return NO_CACHE if file.kind == "objects" else IMMUTABLE


def send(request: web.Request, file: File, caching: str, cache: CodedCache) -> web.Response:
    """Answer with a file, a part of it, or 304.

    Raises:
        Refusal: ``request.range``.
    """
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding", "Accept-Ranges": "bytes"}
    wanted = _range(request, file)
    coding = "identity" if wanted else _coding(request, file)
    etag = f'"{file.etag}"' if coding == "identity" else f'"{file.etag}-{coding}"'
    headers["ETag"] = etag
    if _matches(request.headers.get("If-None-Match", ""), file.etag):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = MEDIA_TYPES[file.kind]
    if wanted is not None:
        first, end = wanted
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(file.data)}"
        return web.Response(status=206, body=file.data[first:end], headers=headers)
    if coding == "identity":
        return web.Response(body=file.data, headers=headers)
    headers["Content-Encoding"] = coding
    return web.Response(body=cache.encode(file, coding), headers=headers)


def _range(request: web.Request, file: File) -> tuple[int, int] | None:
    """First byte and end of the one range asked for; None for the whole file."""
    header = request.headers.get("Range")
    if header is None or file.kind not in {"hashes", "entries", "objects"}:
        return None
    condition = request.headers.get("If-Range")
    if condition is not None and condition != f'"{file.etag}"':
        return None
    match = _RANGE.fullmatch(header.strip())
    if match is None:
        return None  # RFC 9110 14.2: a range that is not understood is ignored
    first = int(match[1])
    end = min(int(match[2]) + 1, len(file.data)) if match[2] else len(file.data)
    if first >= len(file.data) or end <= first:
        raise Refusal("request.range", length=len(file.data))
    return first, end


def _coding(request: web.Request, file: File) -> str:
    if len(file.data) < MIN_CODED_BYTES:
        return "identity"
    refused = re.compile(r";\s*q=0(?:\.0*)?$")
    offered = [item.strip().lower() for item in request.headers.get("Accept-Encoding", "").split(",")]
    names = {item.partition(";")[0].strip() for item in offered if not refused.search(item)}
    return next((coding for coding in ("zstd", "gzip") if coding in names), "identity")


def _matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names the file, under whatever coding it was sent."""
    named = {item.strip().removeprefix("W/").strip('"') for item in header.split(",")}
    return bool(named & {etag, f"{etag}-gzip", f"{etag}-zstd"})

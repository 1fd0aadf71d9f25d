"""A plain reading of the zips of chapter 15, for its vectors: no node reads bundles yet."""

from __future__ import annotations

import re
import struct
import zlib
from datetime import date
from typing import Final

SCID: Final = "Qm[1-9A-HJ-NP-Za-km-z]{44}"
_FEED: Final = re.compile(
    rf"(?P<whose>feeds/public|feeds/to/{SCID}|mirrors/{SCID}/public|received/{SCID}/public|received/{SCID}/to)"
    r"/(?P<n>[1-9][0-9]{0,15})/(?P<rest>.+)",
    re.ASCII,
)
_NUMBER: Final = r"(?:x[0-9]{3}/)*[0-9]{3}"
_WIDTH: Final = r"(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
_NOTE: Final = 131_072
_OBJECT: Final = {"public": 262_176, "bilateral": 525_458}


class MalformedBundle(ValueError):
    """``bundle.malformed``."""


class TooLargeBundle(ValueError):
    """``bundle.too-large``."""


def limit_of(path: str) -> int | None:
    """The limit of a file by its path, None where a bundle holds no such path."""
    if re.fullmatch(rf"\.well-known/did\.jsonl|mirrors/{SCID}/did\.jsonl", path):
        return 1_048_576
    if path == ".well-known/passerelle":
        return 262_144
    if re.fullmatch(rf"feeds/(public|to/{SCID})/latest", path):
        return 17
    match = _FEED.fullmatch(path)
    if match is None or int(match["n"]) >= 2**53:
        return None
    return _limit_in_feed(match["whose"], match["rest"])


def _limit_in_feed(whose: str, rest: str) -> int | None:
    kind = "public" if whose.endswith("/public") else "bilateral"
    forms = {
        "checkpoint": _NOTE,
        f"checkpoints/{_NUMBER}": _NOTE,
        f"tile/entries/{_NUMBER}{_WIDTH}": 1_049_088,
        f"objects/{_NUMBER}{_WIDTH}": 256 * (4 + _OBJECT[kind]),
    }
    if whose.startswith("received"):
        forms["receipt"] = _NOTE
    else:
        forms[f"tile/[0-6]/{_NUMBER}{_WIDTH}"] = 8_192
    if whose.startswith("feeds/to"):
        forms["anchors/[0-9]{4}-[0-9]{2}-[0-9]{2}"] = 4_096
    found = next((limit for form, limit in forms.items() if re.fullmatch(form, rest)), None)
    if found == 4_096:
        try:
            date.fromisoformat(rest.removeprefix("anchors/"))
        except ValueError:
            return None
    return found


def files_of(data: bytes) -> dict[str, bytes | None]:
    """The files of a bundle, None for one whose data is damaged.

    Raises:
        MalformedBundle: B-1, B-2.
        TooLargeBundle: B-3.
    """
    at, count = _end(data)
    start = at
    files: dict[str, bytes | None] = {}
    places: list[tuple[int, int]] = []
    too_large = False
    for _ in range(count):
        entry = struct.unpack("<4sHHHHIIIIHHHHHII", _cut(data, at, 46))
        name = _cut(data, at + 46, entry[9])
        at += 46 + len(name)
        path, limit = name.decode("latin-1"), limit_of(name.decode("latin-1"))
        if entry[0] != b"PK\1\2" or any(entry[10:13]) or path in files or limit is None:
            raise MalformedBundle(path)
        place, size = _checked(data, entry, name), entry[8]
        too_large |= size > limit
        places.append((entry[15], place + entry[7]))
        files[path] = _unpacked(_cut(data, place, entry[7]), entry) if size <= limit else None
    ends = [0, *(end for _, end in sorted(places))]
    if at != len(data) - 22 or ends != [*(begin for begin, _ in sorted(places)), start]:
        raise MalformedBundle("gap")
    if too_large:
        raise TooLargeBundle
    return files


def _cut(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise MalformedBundle("end")
    return data[at : at + length]


def _end(data: bytes) -> tuple[int, int]:
    """Where the directory begins, and how many entries it has."""
    if len(data) < 22:
        raise MalformedBundle("end")
    mark, disks, here, count, length, start, comment = struct.unpack("<4sIHHIIH", data[-22:])
    if (mark, disks, here, comment) != (b"PK\5\6", 0, count, 0) or count == 0xFFFF:
        raise MalformedBundle("end")
    if start + length != len(data) - 22:
        raise MalformedBundle("end")
    return start, count


def _checked(data: bytes, entry: tuple[int, ...], name: bytes) -> int:
    """Where the data of an entry begins, after a local header that says the same."""
    flags, method, packed, size, attributes, offset = (entry[at] for at in (3, 4, 7, 8, 14, 15))
    local = struct.unpack("<4sHHHIIIIHH", _cut(data, offset, 30))
    if flags & ~0x0806 or method not in {0, 8} or (method == 0 and packed != size):
        raise MalformedBundle("flags, method, sizes")
    if attributes >> 28 not in {0, 8} or attributes & 0x10:
        raise MalformedBundle("no file")
    if (local[0], *local[2:4], *local[5:]) != (b"PK\3\4", flags, method, *entry[6:10], 0):
        raise MalformedBundle("local header")
    if _cut(data, offset + 30, len(name)) != name:
        raise MalformedBundle("name")
    _cut(data, offset + 30 + len(name), packed)
    return offset + 30 + len(name)


def _unpacked(packed: bytes, entry: tuple[int, ...]) -> bytes | None:
    """The bytes of a file, None where they are not what the directory says."""
    found = packed
    if entry[4] == 8:
        stream = zlib.decompressobj(-15)
        try:
            found = stream.decompress(packed, entry[8] + 1)
        except zlib.error:
            return None
        if not stream.eof or stream.unused_data:
            return None
    return found if (len(found), zlib.crc32(found)) == (entry[8], entry[6]) else None

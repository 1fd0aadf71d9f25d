"""``bundles.json``: zips as they travel, good and bad (chapter 15).

Written byte by byte, because the bad ones are what no library writes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from makers.common import SELF, Tree
from makers.identities import encode_log
from makers.later import note
from makers.signed_records import Actors
from makers.treeproofs import root

_DAY: Final = b"\x00\x00\x21\x00"  # 1 January 1980, midnight: the first that zip knows
_UNIX: Final = 3 << 8  # the high byte of "version made by"


@dataclass(frozen=True)
class File:
    """One file in an archive.

    Args:
        name: Path.
        data: What it holds.
        flags: General purpose bits.
        method: 0 stored, 8 DEFLATE.
        packed: Its data in the archive, where that is not ``data``.
        crc: CRC-32 and ``size`` of ``data``, where they are to be wrong.
        made_by: With ``attributes`` as the directory has them.
        extra: Extra field in the directory, ``comment`` of the entry there.
        after: Bytes behind the data.
        local: What the local header says otherwise, by the names of these members.
        local_extra: Extra field in the local header.
    """

    name: str
    data: bytes
    flags: int = 0
    method: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    made_by: int = 20
    attributes: int = 0
    extra: bytes = b""
    comment: bytes = b""
    after: bytes = b""
    local: dict[str, Any] = field(default_factory=dict)
    local_extra: bytes = b""

    @property
    def stored(self) -> bytes:
        """What lies in the archive."""
        return self.data if self.packed is None else self.packed


def _u(number: int, width: int) -> bytes:
    return number.to_bytes(width, "little")


def _common(file: File) -> bytes:
    """What both headers of a file have: flags, method, time, checksum, sizes."""
    crc = zlib.crc32(file.data) if file.crc is None else file.crc
    sizes = _u(crc, 4) + _u(len(file.stored), 4) + _u(len(file.data) if file.size is None else file.size, 4)
    return _u(file.flags, 2) + _u(file.method, 2) + _DAY + sizes


def _local(file: File) -> bytes:
    said = replace(file, **file.local)
    name = said.name.encode()
    return (
        b"PK\x03\x04"
        + _u(20, 2)
        + _common(said)
        + _u(len(name), 2)
        + _u(len(file.local_extra), 2)
        + name
        + file.local_extra
    )


def _central(file: File, offset: int) -> bytes:
    name = file.name.encode()
    head = b"PK\x01\x02" + _u(file.made_by, 2) + _u(20, 2) + _common(file) + _u(len(name), 2)
    head += _u(len(file.extra), 2) + _u(len(file.comment), 2) + _u(0, 2)
    return head + _u(0, 2) + _u(file.attributes, 4) + _u(offset, 4) + name + file.extra + file.comment


def archive(
    files: Sequence[File],
    *,
    order: Sequence[int] = (),
    overlap: bool = False,
    gaps: Sequence[bytes] = (b"", b"", b"", b""),
    comment: bytes = b"",
    count: int | None = None,
    disk: int = 0,
) -> bytes:
    """A zip.

    Args:
        files: In the order in which they lie.
        order: Of the directory, where it is another.
        overlap: All entries of the directory point to the first file.
        gaps: Bytes before the first file, before the directory, before the end record, and after it.
        comment: Of the archive.
        count: Of entries, where the end record is wrong.
        disk: Number of this disk.
    """
    whole, places = gaps[0], []
    for file in files:
        places.append(len(whole))
        whole += b"" if overlap and len(places) > 1 else _local(file) + file.stored + file.after
    whole += gaps[1]
    directory = b"".join(
        _central(files[at], places[0 if overlap else at]) for at in order or range(len(files))
    )
    counted = _u(len(files) if count is None else count, 2)
    end = (
        b"PK\x05\x06" + _u(disk, 2) + _u(0, 2) + counted + counted + _u(len(directory), 4) + _u(len(whole), 4)
    )
    return whole + directory + gaps[2] + end + _u(len(comment), 2) + comment + gaps[3]


def _deflated(file: File) -> File:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return replace(file, method=8, packed=packer.compress(file.data) + packer.flush())


def make_bundles() -> Tree:
    """Archives, what is in them, and what is refused."""
    actors = Actors()
    togo, mali = actors.scids["togo"], actors.scids["mali"]
    origin = f"passerelle/{togo}/to/{mali}/1"
    log = File(f"mirrors/{togo}/did.jsonl", encode_log(actors.togo).encode())
    empty = File(f"feeds/to/{mali}/1/checkpoint", note(origin, 0, root(0, 0)).encode())
    return {
        "chapter": "15",
        "about": "valid: zip holds files, by path with their bytes, or null where the directory is good and the data of that "
        "file is not. refused: with code. padded: the length of the plaintext of a sealed bundle, by the length of its zip.",
        "made_by": SELF,
        "confirmed_by": ["zipfile (Python, the valid ones)"],
        "valid": [_taken("an identity log and an empty feed", [log, empty]), *_taken_ones(togo, mali)],
        "refused": [*_misnamed(togo, mali), *_misbuilt(), *_ambiguous(), *_large(mali)],
        "padded": {
            "0": 65_536,
            "65532": 65_536,
            "65533": 131_072,
            "1000000": 1_048_576,
            "67108860": 67_108_864,
        },
    }


SMALL: Final = File("feeds/public/1/checkpoint", b"x")
OTHER: Final = File("feeds/public/2/checkpoint", b"y")


def _taken(name: str, files: list[File], *, damaged: bool = False, **how: Any) -> Tree:
    held = {file.name: None if damaged and file is files[-1] else file.data.hex() for file in files}
    return {"name": name, "zip": archive(files, **how).hex(), "files": held}


def _taken_ones(togo: str, mali: str) -> list[Tree]:
    packed = _deflated(replace(SMALL, data=b"passerelle " * 20))
    every = [
        *(".well-known/did.jsonl", ".well-known/passerelle", f"mirrors/{togo}/did.jsonl"),
        *("feeds/public/latest", f"feeds/to/{mali}/latest"),
        *(f"feeds/public/9007199254740991/{name}" for name in ("checkpoint", "checkpoints/x001/000", "tile/6/000.p/1")),
        *(f"feeds/to/{mali}/1/{name}" for name in ("tile/0/000", "tile/entries/x001/234.p/255", "objects/067", "anchors/2024-02-29")),
        *(f"mirrors/{togo}/public/1/{name}" for name in ("checkpoint", "tile/1/000.p/9", "objects/000")),
        *(f"received/{togo}/public/1/{name}" for name in ("checkpoint", "receipt", "tile/entries/000")),
        *(f"received/{togo}/to/1/{name}" for name in ("checkpoints/007", "receipt", "objects/000.p/3")),
    ]  # fmt: skip
    regular = 0o100644 << 16
    return [
        _taken("the directory in another order", [SMALL, OTHER], order=[1, 0]),
        _taken("no file at all", []),
        _taken("every path that there is", [File(path, path[-16:].encode() + b"\n") for path in every]),
        _taken("a file that is compressed", [packed, OTHER]),
        _taken("an empty file, compressed", [_deflated(replace(SMALL, data=b""))]),
        _taken("flags that change nothing here", [replace(packed, flags=0x0806)]),
        _taken("a file by its attributes", [replace(SMALL, made_by=20 | _UNIX, attributes=regular | 0x20)]),
        _taken("a number of sixteen digits and a line feed", [File("feeds/public/latest", b"9007199254740991\n")]),
        _taken("a wrong checksum", [OTHER, replace(SMALL, crc=1)], damaged=True),
        _taken("a stream that gives less than is said", [OTHER, replace(packed, size=221)], damaged=True),
        _taken("a stream that gives more than is said", [OTHER, replace(packed, size=219)], damaged=True),
        _taken("a byte after the stream", [OTHER, replace(packed, packed=packed.stored + b"\0")], damaged=True),
        _taken("a stream that is cut", [OTHER, replace(packed, packed=packed.stored[:-1])], damaged=True),
    ]  # fmt: skip


def _refused(rule: str, name: str, data: bytes, code: str = "bundle.malformed") -> Tree:
    return {"name": name, "rule": rule, "code": code, "zip": data.hex()}


def _misnamed(togo: str, mali: str) -> list[Tree]:
    """Names that are no path of a bundle."""
    names = {
        "a name that leaves the folder": "feeds/../../etc/passwd",
        "a name with a slash before it": "/feeds/public/1/checkpoint",
        "a name with a backslash": "feeds\\public\\1\\checkpoint",
        "the name of a folder": "feeds/public/1/",
        "no name": "",
        "a number with a zero before it": "feeds/public/01/checkpoint",
        "a number beyond the range of integers": "feeds/public/9007199254740992/checkpoint",
        "a name beyond ASCII": "feeds/public/1/checkpoint\u00e9",
        "a name with U+0000": "feeds/public/1/checkpoint\0",
        "a folder around it": "stick/feeds/public/1/checkpoint",
        "notices": "notices",
        "the inbox": "inbox",
        "a witness": "witness/add-checkpoint",
        "a number of a mirrored feed": f"mirrors/{togo}/public/latest",
        "a bilateral feed in a mirror": f"mirrors/{togo}/to/{mali}/1/checkpoint",
        "a receipt in a feed of its author": "feeds/public/1/receipt",
        "a tile of a received feed": f"received/{togo}/to/1/tile/0/000",
        "a received feed by its partner": f"received/{togo}/to/{mali}/1/checkpoint",
        "an anchor of a public feed": "feeds/public/1/anchors/2025-10-01",
        "an anchor of a day that does not exist": f"feeds/to/{mali}/1/anchors/2025-02-29",
        "a tile of width 0": "feeds/public/1/tile/0/000.p/0",
        "an eighth level": "feeds/public/1/tile/7/000",
    }
    return [_refused("B-1", name, archive([replace(SMALL, name=path)])) for name, path in names.items()]


def _misbuilt() -> list[Tree]:
    """Archives that have what none may have."""
    link, unix = 0o120777 << 16, 20 | _UNIX
    second = (
        b"\x75\x70"
        + _u(5 + len(OTHER.name), 2)
        + b"\1"
        + _u(zlib.crc32(SMALL.name.encode()), 4)
        + OTHER.name.encode()
    )
    zip64 = b"\x01\x00\x08\x00" + _u(1, 8)
    streamed = replace(SMALL, flags=8, local={"crc": 0, "size": 0, "packed": b""})
    descriptor = b"PK\x07\x08" + _u(zlib.crc32(b"x"), 4) + _u(1, 4) + _u(1, 4)
    told: dict[str, bytes] = {
        "no zip": b"passerelle",
        "nothing": b"",
        "cut short": archive([SMALL])[:-1],
        "a name twice": archive([SMALL, SMALL]),
        "encrypted": archive([replace(SMALL, flags=1)]),
        "sizes after the data": archive([replace(streamed, after=descriptor)]),
        "sizes after the data, said in the directory alone": archive([replace(SMALL, flags=8, local={"flags": 0})]),
        "another method": archive([replace(SMALL, method=12)]),
        "stored, with two sizes": archive([replace(SMALL, size=2)]),
        "a link": archive([replace(SMALL, made_by=unix, attributes=link)]),
        "a link that no Unix made": archive([replace(SMALL, attributes=link)]),
        "a folder by its attributes": archive([replace(SMALL, attributes=0x10)]),
        "a folder by those of Unix": archive([replace(SMALL, made_by=unix, attributes=0o040755 << 16)]),
        "a second name in an extra field": archive([replace(SMALL, extra=second, local_extra=second)]),
        "an extra field in the local header": archive([replace(SMALL, local_extra=second)]),
        "a second size in an extra field": archive([replace(SMALL, extra=zip64)]),
        "a comment of a file": archive([replace(SMALL, comment=b"x")]),
        "a comment": archive([SMALL], comment=b"for the exchange desk"),
        "another disk": archive([SMALL], disk=1),
        "a count of 65,535": archive([], count=0xFFFF),
        "one entry more than is counted": archive([SMALL, OTHER], count=1),
        "one entry fewer than are counted": archive([SMALL], count=2),
    }  # fmt: skip
    return [_refused("B-1", name, data) for name, data in told.items()]


def _ambiguous() -> list[Tree]:
    """Archives in which two readers would find different files."""
    hidden = _local(OTHER) + OTHER.stored
    told: dict[str, bytes] = {
        "another name in the local header": archive([replace(SMALL, local={"name": OTHER.name})]),
        "another method in the local header": archive([replace(SMALL, local={"method": 8})]),
        "other flags in the local header": archive([replace(SMALL, local={"flags": 0x0800})]),
        "another checksum in the local header": archive([replace(SMALL, local={"crc": 1})]),
        "another size in the local header": archive([replace(SMALL, local={"size": 0})]),
        "another packed size in the local header": archive([replace(SMALL, local={"packed": b""})]),
        "two entries over one file": archive([SMALL, replace(SMALL, name=OTHER.name)], overlap=True),
        "a file that the directory does not name": archive([replace(SMALL, after=hidden), OTHER]),
        "bytes before the first file": archive([SMALL], gaps=(hidden, b"", b"", b"")),
        "bytes before the directory": archive([SMALL], gaps=(b"", hidden, b"", b"")),
        "bytes before the end record": archive([SMALL], gaps=(b"", b"", b"\0", b"")),
        "bytes after the end record": archive([SMALL], gaps=(b"", b"", b"", b"\0")),
        "an archive in the comment of another": archive([SMALL], comment=archive([OTHER])),
        "an archive behind another": archive([SMALL]) + archive([OTHER]),
    }  # fmt: skip
    return [_refused("B-2", name, data) for name, data in told.items()]


def _large(mali: str) -> list[Tree]:
    """Files beyond the limits of their paths."""
    anchor = File(f"feeds/to/{mali}/1/anchors/2025-10-01", b" " * 4097)
    latest = File("feeds/public/latest", b"9007199254740991\n\n")
    too_large = "bundle.too-large"
    return [
        _refused("B-3", "a number of eighteen bytes", archive([latest]), too_large),
        _refused("B-3", "a part of an anchor's tree of 4,097 bytes", archive([_deflated(anchor)]), too_large),
        _refused("B-3", "a file of three gigabytes, as it says", archive([replace(_deflated(SMALL), size=3 << 30)]), too_large),
        _refused("B-1", "too large a file before a name that is none", archive([latest, replace(SMALL, name="x")])),
        _refused("B-2", "too large a file, and bytes before the directory", archive([latest], gaps=(b"", b"\0", b"", b""))),
    ]  # fmt: skip

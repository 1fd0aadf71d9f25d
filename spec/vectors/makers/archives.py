"""``bundles.json``: zips as they travel, good and bad (chapter 15).

Written byte by byte, because the bad ones are what no library writes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Final

from makers.common import SELF, Tree
from makers.identities import encode_log
from makers.later import note
from makers.signed_records import Actors
from makers.treeproofs import root

_DAY: Final = b"\x00\x00\x21\x00"  # 1 January 1980, midnight: the first that zip knows


@dataclass(frozen=True)
class File:
    """One file in an archive; ``local`` differs where the two headers are to contradict each other.

    Args:
        name: Path.
        data: Stored as it is.
        flags: General purpose bits.
        method: 0 stored, 8 DEFLATE.
        local: Name in the local header.
    """

    name: str
    data: bytes
    flags: int = 0
    method: int = 0
    local: str | None = None


def _u(number: int, width: int) -> bytes:
    return number.to_bytes(width, "little")


def _common(file: File, packed: bytes) -> bytes:
    """What both headers of a file have: flags, method, time, checksum, sizes."""
    sizes = _u(zlib.crc32(file.data), 4) + _u(len(packed), 4) + _u(len(file.data), 4)
    return _u(file.flags, 2) + _u(file.method, 2) + _DAY + sizes


def archive(files: list[File], *, extra: bytes = b"", overlap: bool = False) -> bytes:
    """A zip; ``overlap`` lets all entries of the directory point to the first file."""
    whole, directory, first = b"", b"", 0
    for file in files:
        offset = first if overlap else len(whole)
        name = (file.local or file.name).encode()
        local = b"PK\x03\x04" + _u(20, 2) + _common(file, file.data) + _u(len(name), 2) + _u(0, 2) + name
        whole += b"" if overlap and whole else local + file.data
        name = file.name.encode()
        directory += b"PK\x01\x02" + _u(20, 2) + _u(20, 2) + _common(file, file.data) + _u(len(name), 2)
        directory += _u(0, 2) * 3 + _u(0, 2) + _u(0, 4) + _u(offset, 4) + name
    count = _u(len(files), 2)
    end = b"PK\x05\x06" + _u(0, 4) + count + count + _u(len(directory), 4) + _u(len(whole), 4)
    return whole + directory + end + _u(len(extra), 2) + extra


def make_bundles() -> Tree:
    """Archives, what is in them, and what is refused."""
    actors = Actors()
    togo, mali = actors.scids["togo"], actors.scids["mali"]
    origin = f"passerelle/{togo}/to/{mali}/1"
    log = File(f"mirrors/{togo}/did.jsonl", encode_log(actors.togo).encode())
    empty = File(f"feeds/to/{mali}/1/checkpoint", note(origin, 0, root(0, 0)).encode())
    small = File("feeds/public/1/checkpoint", b"x")
    wrong: dict[str, tuple[str, bytes]] = {
        "no zip": ("B-1", b"passerelle"),
        "cut short": ("B-1", archive([small])[:-1]),
        "a name twice": ("B-1", archive([small, small])),
        "a name that leaves the folder": ("B-1", archive([replace(small, name="feeds/../../etc/passwd")])),
        "a name with a slash before it": (
            "B-1",
            archive([replace(small, name="/feeds/public/1/checkpoint")]),
        ),
        "a name with a backslash": ("B-1", archive([replace(small, name="feeds\\public\\1\\checkpoint")])),
        "the name of a folder": ("B-1", archive([replace(small, name="feeds/public/1/", data=b"")])),
        "a path that is none": ("B-1", archive([replace(small, name="feeds/public/01/checkpoint")])),
        "encrypted": ("B-1", archive([replace(small, flags=1)])),
        "another method": ("B-1", archive([replace(small, method=12)])),
        "another name in the local header": (
            "B-2",
            archive([replace(small, local="feeds/public/2/checkpoint")]),
        ),
        "two entries over one file": (
            "B-2",
            archive([small, replace(small, name="feeds/public/2/checkpoint")], overlap=True),
        ),
    }
    return {
        "chapter": "15",
        "about": "valid: zip holds files, by path with their bytes. refused: with code. padded: the length of the plaintext of a "
        "sealed bundle, by the length of its zip.",
        "made_by": SELF,
        "confirmed_by": ["zipfile (Python, the valid ones)"],
        "valid": [
            {
                "name": name,
                "zip": archive(files, extra=comment).hex(),
                "files": {file.name: file.data.hex() for file in files},
            }
            for name, files, comment in (
                ("an identity log and an empty feed", [log, empty], b""),
                ("the same with a comment", [empty, log], b"for the exchange desk"),
                ("nothing", [], b""),
            )
        ],
        "refused": [
            {"name": name, "rule": rule, "code": "bundle.malformed", "zip": data.hex()}
            for name, (rule, data) in wrong.items()
        ],
        "padded": {
            "0": 65_536,
            "65532": 65_536,
            "65533": 131_072,
            "1000000": 1_048_576,
            "67108860": 67_108_864,
        },
    }

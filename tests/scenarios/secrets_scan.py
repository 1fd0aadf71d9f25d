"""What must never reach an outsider, and a search for it in everything that the outsider has.

Secrets are looked for as they are and as they are usually written: hex, base64. They are
looked for in raw files, in every cell of every SQLite table (a value may be split over
pages), in what decompresses, and in HTTP bodies without their coding.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import zstandard

from passerelle.config import FILE_NAME
from tests.rows import Rows, rows_of
from tests.scenarios.wire import MAX_DECODED_BYTES, messages

CANARY = re.compile(rb"canari-[a-z]+-[a-z]+")


@dataclass(frozen=True, slots=True)
class Secret:
    """Something of a bilateral record.

    Args:
        kind: ``canary``, ``commitment`` or ``salt``.
        value: Its bytes.
    """

    kind: str
    value: bytes

    @property
    def forms(self) -> frozenset[bytes]:
        """Ways in which it could be written down."""
        if self.kind == "canary":
            return frozenset({self.value, base64.b64encode(self.value).rstrip(b"=")})
        plain = base64.b64encode(self.value).rstrip(b"=")
        return frozenset({
            self.value,
            self.value.hex().encode(),
            self.value.hex().upper().encode(),
            plain,
            plain.translate(bytes.maketrans(b"+/", b"-_")),
        })  # fmt: skip


def secrets_of(homes: Iterable[Path]) -> frozenset[Secret]:
    """Canaries, commitments and salts of all bilateral records that these homes hold."""
    found: set[Secret] = set()
    for home in homes:
        with rows_of(home) as database:
            bilateral = "select id from feed where partner is not null"
            for (value,) in database.execute(
                f"select data from leaf where commitment is not null and feed_id in ({bilateral})"
            ):
                found.add(Secret("commitment", bytes.fromhex(json.loads(value)["commitment"])))
            for (value,) in database.execute(f"select salt from vault_salt where feed_id in ({bilateral})"):
                found.add(Secret("salt", value))
            for (value,) in database.execute("select data from vault_record"):
                found |= {Secret("canary", canary) for canary in CANARY.findall(value)}
    return frozenset(found)


def scan(pieces: Iterable[tuple[str, bytes]], secrets: Iterable[Secret]) -> list[tuple[str, Secret]]:
    """Where a secret stands, in whatever form."""
    forms = [(form, secret) for secret in secrets for form in secret.forms]
    return [(name, secret) for name, data in pieces for form, secret in forms if form in data]


def pieces_of_home(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, every cell of every database, and what decompresses of these."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield from opened(path.name, data)
            if data.startswith(b"SQLite format 3\0"):
                yield from _cells_of_file(path)
    if (home / FILE_NAME).exists():
        rows = Rows(home)
        if rows.is_remote:
            for table in rows.tables():
                yield from _cells(f"database:{table}", rows.execute(f'select * from "{table}"'))


def _cells_of_file(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            yield from _cells(f"{path.name}:{table}", database.execute(f'select * from "{table}"'))


def _cells(name: str, rows: Iterable[Sequence[object]]) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        for cell in row:
            if isinstance(cell, str | bytes):
                yield from opened(name, cell.encode() if isinstance(cell, str) else cell)


def pieces_of_streams(streams: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every HTTP message, decoded, and what decompresses of the raw stream."""
    for number, stream in enumerate(streams):
        yield f"stream {number}", stream
        for message in messages(stream):
            yield f"message in stream {number}", message


def opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what they decompress to, if to anything."""
    yield name, data
    for attempt in (
        gzip.decompress,
        zlib.decompress,
        lambda value: zlib.decompress(value, wbits=-15),
        lambda value: zstandard.ZstdDecompressor().decompress(value, max_output_size=MAX_DECODED_BYTES),
    ):
        with contextlib.suppress(EOFError, OSError, zlib.error, zstandard.ZstdError):
            yield f"{name}, decompressed", attempt(data)

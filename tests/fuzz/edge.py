"""What is read of others outside the core: answers, header fields, addresses, copied folders, notices."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import zstandard
from aiohttp import web
from multidict import CIMultiDict

from passerelle.audit import audit_folder
from passerelle.errors import InputError, ProtocolError, TransportError
from passerelle.protocol import profile
from passerelle.protocol.keydocuments import parse_document
from passerelle.protocol.records import Record
from passerelle.protocol.schemas import Schemas
from passerelle.server.console.guard import LOOPBACK_NAMES, host_is_known
from passerelle.server.federation import sending
from passerelle.server.federation.app import _noticed_origin
from passerelle.server.federation.asking import target_of
from passerelle.server.local import parse_arguments
from passerelle.sync import addresses
from passerelle.sync.client import MAX_PROBLEM_BYTES, Answer, inflate, problem_of
from passerelle.sync.directory import begun_keys, parse_descriptor
from passerelle.sync.files import File
from passerelle.words import LANGUAGES, choose_language
from tests.fuzz import world
from tests.fuzz.engine import Target
from tests.vectors.loading import VECTORS, load, moment

# --- answers of a partner ------------------------------------------------------------------


def _problem(data: bytes) -> None:
    code = problem_of(Answer(401, CIMultiDict(), data))
    assert len(code) <= 64
    assert code.isascii()


def _problems() -> list[bytes]:
    told = {"code": "request.time", "status": 401, "serverTime": "2026-11-22T10:00:00Z", "params": {"a": 1}}
    return [profile.encode(told), b"<html>no</html>", b""]


def _inflated(data: bytes) -> None:
    """The first byte chooses the coding, the rest is the answer; never more than the limit comes out."""
    coding = {0: "gzip", 1: "zstd", 2: "identity", 3: "br"}[data[0] % 4 if data else 0]
    assert len(inflate(data[1:], coding, 100_000)) <= max(100_000, len(data))


def _coded() -> list[bytes]:
    plain = bytes(range(256)) * 40
    bomb = bytes(50_000_000)
    zstd = zstandard.ZstdCompressor(level=3)
    return [
        b"\0" + gzip.compress(plain, mtime=0),
        b"\1" + zstd.compress(plain),
        b"\2" + plain,
        b"\0" + gzip.compress(bomb, mtime=0),
        b"\1" + zstd.compress(bomb),
    ]


def _etag(text: str) -> None:
    head, _, coding = text.partition("|")
    answer = Answer(200, CIMultiDict({"ETag": head, "Content-Encoding": coding}), b"")
    assert len(answer.plain_etag) <= len(head) + 1


# --- descriptors and addresses -------------------------------------------------------------


@cache
def _node_records() -> tuple[dict[str, Any], ...]:
    return tuple(record for record in world.sample_records() if record["type"] == "node")


def _descriptor(tree: Any) -> None:
    """A node record under a good signature: what a partner may say of itself."""
    record = parse_descriptor(world.signed(tree), world.agency(), Schemas.packaged())
    begun_keys(record.body, world.agency().newest, world.NOW)
    addresses.public_address(record)


def _address(text: str) -> None:
    record = cast("Record", SimpleNamespace(body={"addresses": [text]}))
    claimed = addresses.public_address(record)
    scheme, host, port = addresses.site_of(claimed)
    assert scheme in {"http", "https"}
    assert host
    assert 0 <= port <= 65_535


_ADDRESSES: Final = (
    *("https://node.example", "http://[::1]:8420/a", "https://user@node.example/", "https://127.0.0.1:80/x"),
    *("https://node.example.:443/", "https://xn--bcher-kva.example", "https://[v1.a]/", "http://0x7f.1/"),
)
_ADDRESS_WORDS: Final = (
    "@",
    ":",
    "[",
    "]",
    "%",
    "\\",
    "#",
    "?",
    ":99999",
    ":0",
    ":-1",
    "::1",
    "xn--",
    "..",
    "//",
    "[v1.x]",
)


def _sealing(tree: Any) -> None:
    """Sealing keys in a descriptor that no schema has seen."""
    document = parse_document(json.loads(world.agency().log)["state"], world.agency().scid)
    body = tree if isinstance(tree, dict) else {"sealing": tree}
    assert isinstance(begun_keys(body, document, world.NOW), list)


def _sealing_bodies() -> list[Any]:
    key = base64.urlsafe_b64encode(world.SEALING.public).decode().rstrip("=")
    return [{"sealing": [{"from": profile.format_time(world.FOUNDED), "key": key}]}]


# --- requests as the server gets them ------------------------------------------------------


def _notices() -> list[bytes]:
    return [
        profile.encode({"origin": origin.encode(), "size": 3}) for origin in (world.PUBLIC, world.BILATERAL)
    ]


_FILE: Final = File(bytes(1000), "entries", "ab" * 16)


def _asked(**headers: str) -> web.Request:
    return cast("web.Request", SimpleNamespace(method="GET", headers=CIMultiDict(headers)))


def _range(text: str) -> None:
    value, _, condition = text.partition("|")
    headers = {"Range": value} | ({"If-Range": condition} if condition else {})
    wanted = sending._range(_asked(**headers), _FILE)
    if wanted is not None:
        first, end = sending._bounds(wanted, len(_FILE.data))
        assert 0 <= first < end <= len(_FILE.data)


def _negotiated(text: str) -> None:
    assert sending._coding(text, 5_000) in {"identity", "gzip", "zstd"}
    assert sending._is_known(text, _FILE) in {True, False}
    assert choose_language(accept_language=text, asked=text[:20]) in LANGUAGES
    assert host_is_known(text, LOOPBACK_NAMES) in {True, False}


def _target(text: str) -> None:
    assert target_of(cast("web.Request", SimpleNamespace(raw_path=text))).startswith("/")


# --- folders -------------------------------------------------------------------------------


@cache
def _folder(name: str) -> Path:
    """A copy of a vector's folder, one for each process; it goes when the process ends."""
    held = tempfile.TemporaryDirectory(prefix="fuzz-")
    _held.append(held)
    return Path(shutil.copytree(VECTORS / "feeds" / name, Path(held.name) / name))


_held: Final[list[tempfile.TemporaryDirectory[str]]] = []
_FOLDER: Final = "other-leaves"


@cache
def _files() -> tuple[Path, ...]:
    return tuple(sorted(path for path in _folder(_FOLDER).rglob("*") if path.is_file()))


def _audited(data: bytes) -> None:
    """The first byte chooses the file of the folder that the rest is written into."""
    path = _files()[data[0] % len(_files()) if data else 0]
    before = path.read_bytes()
    path.write_bytes(data[1:])
    try:
        report = audit_folder(_folder(_FOLDER), _now())
    finally:
        path.write_bytes(before)
    json.dumps(report.to_json(), ensure_ascii=False).encode()
    if not report.ok:
        finding = next(finding for feed in report.feeds for finding in feed.findings)
        raise ProtocolError(finding.code, **finding.params)


@cache
def _now() -> datetime:
    return moment(load("feeds.json")["now"])


def _folder_seeds() -> list[bytes]:
    return [bytes([number]) + path.read_bytes() for number, path in enumerate(_files())]


# --- the registry --------------------------------------------------------------------------

_HEADER_WORDS: Final = (
    *(
        "gzip",
        "zstd",
        "identity",
        "*",
        ";q=",
        ";q=0.001",
        ",",
        ", ",
        "W/",
        '"',
        "fr-TG",
        "en",
        "q=1.000",
        ";Q=0",
    ),
    *(
        "bytes=",
        "-",
        "0-0",
        "999999999999999999999999",
        "bytes=-5",
        '"' + "ab" * 16 + '"',
        "|",
        "localhost",
        "[::1]:1",
    ),
)
_texts: Final[Callable[..., Any]] = partial(partial, list)

EDGE: Final = (
    Target("client.problem_of", "json", _problems, _problem, max_bytes=MAX_PROBLEM_BYTES, refuses=False),
    Target(
        "client.inflate", "bytes", _coded, _inflated, allowed=(TransportError,), max_bytes=200_000, share=0.2
    ),
    Target("client.Answer.plain_etag", "text", _texts(['"x-gzip"|gzip', '"x"|']), _etag, refuses=False),
    Target("directory.parse_descriptor", "tree", _node_records, _descriptor, share=0.5),
    Target("directory.begun_keys", "tree", _sealing_bodies, _sealing, tokens=("from", "key"), refuses=False),
    Target("addresses.public_address", "text", _texts(_ADDRESSES), _address, tokens=_ADDRESS_WORDS),
    Target("federation: notices", "json", _notices, _noticed_origin, max_bytes=5_000),
    Target(
        "federation: Range, If-Range",
        "text",
        _texts(["bytes=0-9", "bytes=2000-", "bytes=10-", "bytes=-5", 'bytes=0-9|"' + "ab" * 16 + '"']),
        _range,
        tokens=_HEADER_WORDS,
    ),
    Target(
        "federation: negotiation",
        "text",
        _texts(["gzip;q=0.5, zstd", "fr-TG, en;q=0.5", '"a", W/"b"', "localhost:8731"]),
        _negotiated,
        tokens=_HEADER_WORDS,
        refuses=False,
    ),
    Target(
        "federation: request target",
        "text",
        _texts(["/feeds/public/1/checkpoint?a=b", "http://x.example/feeds", "*"]),
        _target,
        tokens=("://", "//", "?", "%2f"),
        refuses=False,
    ),
    Target(
        "local socket",
        "json",
        _texts([b"{}", b'{"items":[{"type":"offer"}],"key":"k"}']),
        parse_arguments,
        allowed=(InputError,),
        max_bytes=100_000,
    ),
    Target("audit_folder", "bytes", _folder_seeds, _audited, max_bytes=200_000, share=0.02),
)

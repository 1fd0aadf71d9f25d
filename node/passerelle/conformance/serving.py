"""How the node serves: paths, caching, ranges, codings, and what it answers where there is nothing."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from passerelle.conformance import caching
from passerelle.conformance.asking import Answer, Asker, NoAnswer
from passerelle.conformance.follower import DESCRIPTOR_PATH, IDENTITY_PATH, Seen
from passerelle.conformance.report import Notes
from passerelle.conformance.widths import KINDS, Folder
from passerelle.protocol.identityentries import multihash
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.tiles import TILE_WIDTH, Tile, checkpoint_path

SLOW_SECONDS: Final = 45.0
"""Until when a connection that says half a header must be given up: four times what the law allows."""

_CODE: Final = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
_SECRETS: Final = re.compile(
    r"Traceback|File \"|(?<![\w/:.])/(?:home|var|usr|root|tmp|srv|opt|etc)/|\.sqlite|\.py\b|BEGIN [A-Z ]*PRIVATE KEY"
)
_TELLING: Final = ("server", "x-powered-by", "via", "x-generator", "x-aspnet-version")
"""Header fields in which servers like to name themselves."""
_HALF_A_BODY: Final = (
    b"POST /notices HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"origin"'
)
_SOFTWARE: Final = re.compile(r"\d|aiohttp|python|nginx/|apache/", re.IGNORECASE)


@dataclass
class EveryAnswer:
    """What holds of every answer, whatever was asked: Q-17, Q-18, Q-19, Q-26.

    Args:
        notes: Takes what is found.
    """

    notes: Notes
    bodies: int = field(default=0)

    def __call__(self, method: str, path: str, answer: Answer) -> None:
        """Look at one answer."""
        sent = f"{method} {path[:80]}"
        tells = [answer.headers[name] for name in _TELLING if name in answer.headers]
        names = [tell for tell in tells if _SOFTWARE.search(tell)]
        self.notes.judge(not names, "Q-26", sent=sent, got=names)
        if answer.status in {429, 503}:
            self.notes.judge("retry-after" in answer.headers, "Q-17", sent=sent, got=answer.brief())
        if answer.status < 400 or method == "HEAD":
            return
        is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
        code = answer.code
        has_code = is_problem and code is not None and _CODE.fullmatch(code) is not None
        self.notes.judge(has_code, "Q-18", sent=sent, got=answer.brief())
        text = answer.body.decode("utf-8", "replace")
        self.notes.judge(_SECRETS.search(text) is None, "Q-19", sent=sent, got=text)


async def examine(seen: Seen) -> None:
    """Everything about how files are served and errors are told."""
    slow = asyncio.create_task(look_at_slowness(seen.asker, seen.notes))
    try:
        seen.progress("serving")
        await look_at_errors(seen)
        if seen.checkpoint is not None and seen.leaves:
            await look_at_paths(seen)
            await caching.examine(seen)
            await Folder(seen.notes, seen.asker.get, seen.origin, seen.leaves).look()
        await look_at_mirror(seen)
        await look_at_queries(seen)
        seen.progress("slowness")
        await slow
    finally:
        slow.cancel()


# --- paths -------------------------------------------------------------------------------------------------


async def look_at_paths(seen: Seen) -> None:
    """P-1: of each path one spelling, and all others are answered as if there were nothing."""
    width = min(len(seen.leaves), TILE_WIDTH)
    good = Tile("entries", 0, 0, width).path
    tail = good.removeprefix("tile/entries/000")
    size = checkpoint_path(len(seen.leaves)).removeprefix("checkpoints/")
    spellings = (
        f"tile/entries/0{tail}",
        f"tile/entries/0000{tail}",
        f"tile/entries/x000/000{tail}",
        f"tile/entries/000{tail}/",
        f"tile//entries/000{tail}",
        f"tile/./entries/000{tail}",
        f"tile/x/../entries/000{tail}",
        f"tile/entries/%3000{tail}",
        "tile/entries/000.p/01",
        "tile/entries/000.p/0",
        "tile/entries/000.p/256",
        "tile/00/000",
        "tile/7/000",
        f"tile/0/0{tail}",
        f"tile/0/x000/000{tail}",
        f"objects/0{tail}",
        f"objects/000{tail}/",
        f"checkpoints/{len(seen.leaves)}",
        f"checkpoints/x000/{size}",
        f"checkpoints/{size}/",
        "checkpoint/",
        "Checkpoint",
        "%63heckpoint",
    )
    whole = (
        "/feeds/public/01/checkpoint",
        "/feeds/public/+1/checkpoint",
        "/feeds/public/0/checkpoint",
        "/feeds/public//1/checkpoint",
        "//feeds/public/1/checkpoint",
        "/feeds/x/../public/1/checkpoint",
        "/feeds/public/latest/",
        f"{IDENTITY_PATH}/",
        "/.well-known/./did.jsonl",
        "/.well-known/%64id.jsonl",
        f"{DESCRIPTOR_PATH}/",
    )
    for path in (*(f"{seen.folder}/{spelling}" for spelling in spellings), *whole):
        answer = await _try(seen, path)
        if answer is not None:
            is_nothing = (answer.status, answer.code) == (404, "path.not-found")
            seen.notes.judge(is_nothing, "P-1", sent=f"GET {path}", got=answer.brief())


async def look_at_queries(seen: Seen) -> None:
    """P-1: a path with a query, be it empty, is none."""
    if seen.identity is None:
        return
    mirror = f"/mirrors/{seen.identity.scid}/did.jsonl"
    paths = [IDENTITY_PATH, DESCRIPTOR_PATH, f"{seen.folder}/checkpoint", mirror]
    if seen.leaves:
        width = min(len(seen.leaves), TILE_WIDTH)
        paths += [f"{seen.folder}/{Tile(kind, 0, 0, width).path}" for kind in KINDS]
    for path in paths:
        answer = await _try(seen, f"{path}?x=1")
        if answer is not None:
            is_nothing = (answer.status, answer.code) == (404, "path.not-found")
            seen.notes.judge(is_nothing, "P-1", sent=f"GET {path}?x=1", got=answer.brief())
        await _look_at_bare(seen, f"{path}?")


async def _look_at_bare(seen: Seen, path: str) -> None:
    """A query that is empty: by hand, for the HTTP library would take it away."""
    try:
        came = await seen.asker.by_hand(path)
    except NoAnswer:
        return
    if came:
        is_nothing = came.startswith(b"HTTP/1.1 404 ") and b"path.not-found" in came
        seen.notes.judge(is_nothing, "P-1", sent=f"GET {path}", got=came[:80])


async def _try(
    seen: Seen, path: str, headers: Mapping[str, str] | None = None, most: int = 2**21
) -> Answer | None:
    try:
        return await seen.asker.get(path, most=most, headers=headers)
    except NoAnswer:
        return None


async def look_at_mirror(seen: Seen) -> None:
    """P-26 and P-14: its own log for everybody, what it holds of others for nobody who does not sign."""
    if seen.identity is None:
        return
    scid = seen.identity.scid
    mirrored = await _try(seen, f"/mirrors/{scid}/did.jsonl")
    if mirrored is not None:
        kept = mirrored.status == 200 and mirrored.body == seen.identity.log
        seen.notes.judge(kept, "P-26", sent=f"GET /mirrors/{scid}/did.jsonl", got=mirrored.brief())
    held = await _try(seen, f"/received/{scid}/public/1/checkpoint")
    if held is not None:
        kept = held.status == 404
        seen.notes.judge(kept, "P-14", sent="GET /received/… without a signature", got=held.brief())


# --- errors ------------------------------------------------------------------------------------------------


def stranger() -> str:
    """A SCID that nobody has."""
    return multihash(SigningKey.generate(secrets.token_bytes).public)


async def look_at_errors(seen: Seen) -> None:
    """Q-14, Q-16, Q-25: what is answered where there is nothing, or nothing for who asks."""
    await _look_at_silence(seen)
    cases = (
        ("GET", "/nothing-here", None, 404, {"path.not-found"}),
        ("DELETE", IDENTITY_PATH, None, 405, {"request.method"}),
        ("PUT", DESCRIPTOR_PATH, b"{}", 405, {"request.method"}),
        ("POST", f"{IDENTITY_PATH}", b"{}", 405, {"request.method"}),
        ("GET", "/notices", None, 405, {"request.method"}),
        ("POST", "/notices", b'{"origin":"x","size":1}', 401, {"request.unsigned", "request.malformed"}),
        ("POST", "/notices", b"x" * 8_192, 413, {"request.too-large"}),
    )
    for method, path, body, status, codes in cases:
        try:
            answer = await seen.asker.send(method, path, body=body)
        except NoAnswer:
            continue
        kept = answer.status == status and answer.code in codes
        seen.notes.judge(kept, "Q-16", sent=f"{method} {path}", got=answer.brief())
    await _look_at_no_http(seen)


async def _look_at_silence(seen: Seen) -> None:
    """A path of a stranger, one that does not exist and one of a feed that may be there are answered alike."""
    first, second = stranger(), stranger()
    paths = [
        f"/feeds/to/{first}/1/checkpoint",
        f"/feeds/to/{second}/1/checkpoint",
        f"/feeds/to/{first}/1/nothing",
        f"/feeds/to/{first}/latest",
        f"/received/{first}/to/1/receipt",
    ]
    told: set[tuple[int, bytes, frozenset[tuple[str, str]]]] = set()
    for path in paths:
        answer = await _try(seen, path)
        if answer is None:
            return
        fields = frozenset((name, value) for name, value in answer.headers.items() if name != "date")
        told.add((answer.status, answer.body, fields))
    sent = "GET of five bilateral paths, unsigned"
    kept = len(told) == 1 and next(iter(told))[0] == 404
    seen.notes.judge(kept, "Q-14", sent=sent, got=sorted({(status, body[:60]) for status, body, _ in told}))


async def _look_at_no_http(seen: Seen) -> None:
    """Q-25: bytes that are no HTTP, of some kinds; nothing of them comes back, and no name of who answers (Q-26)."""
    word = secrets.token_hex(8)
    for sent, data in (
        ("bytes that are no HTTP", f"NO HTTP {word} \x01\x02\r\n\r\n".encode()),
        ("a header without a request line", f"X-Word: {word}\r\nHost: x\r\n\r\n".encode()),
        (
            "the beginning of another protocol",
            b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + word.encode() + b"\r\n\r\n",
        ),
        (
            "a header field without a colon",
            f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nbad {word}\r\n\r\n".encode(),
        ),
    ):
        try:
            came = await seen.asker.raw(data)
        except NoAnswer:
            return
        _judge_raw(seen.notes, sent, word.encode(), came)


def _judge_raw(notes: Notes, sent: str, word: bytes, came: bytes | None) -> None:
    if came is None:
        notes.broken("Q-25", sent=sent, got="no answer")
        return
    head, _, body = came.partition(b"\r\n\r\n")
    kept = b" 400 " in head[:20] and b"request.malformed" in body and word not in came
    notes.judge(kept, "Q-25", sent=sent, got=came[:200])
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() in _TELLING:
            notes.judge(_SOFTWARE.search(value) is None, "Q-26", sent=sent, got=line)


async def look_at_slowness(asker: Asker, notes: Notes) -> None:
    """Q-31: who begins a header, or a body, and does not end it is hung up on."""
    await asyncio.gather(
        _hangs_up(
            asker, notes, "half a header", b"GET /.well-known/passerelle HTTP/1.1\r\nHost: ", SLOW_SECONDS
        ),
        # A body that is not read at all is the silence between two requests, which may last longer.
        _hangs_up(asker, notes, "half a body", _HALF_A_BODY, 2 * SLOW_SECONDS),
    )


async def _hangs_up(asker: Asker, notes: Notes, sent: str, data: bytes, seconds: float) -> None:
    try:
        came = await asker.raw(data, seconds=seconds)
    except NoAnswer:
        return
    notes.judge(came is not None, "Q-31", sent=sent, got=f"still open after {seconds:.0f} s")

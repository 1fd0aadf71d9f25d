"""Who may keep what of the public feed, by which validator, in which parts and codings: of every form of an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.follower import DESCRIPTOR_PATH, IDENTITY_PATH, Seen
from passerelle.conformance.forms import MAX_FILE, Send, directives, every_form, is_strong
from passerelle.conformance.report import Notes
from passerelle.conformance.widths import KINDS
from passerelle.protocol.tiles import TILE_WIDTH, Tile, checkpoint_path

IMMUTABLE: Final = frozenset({"public", "max-age=31536000", "immutable"})
CODED_BYTES: Final = 2_048
"""From here on nobody calls a file too small to be compressed."""
OTHER_ETAG: Final = '"of-another-version"'


async def examine(seen: Seen) -> None:
    """P-2, P-3, P-5, P-6, P-8, P-9 and P-22 on the public feed."""
    send = _sender(seen)
    await _look_at_keeping(seen, send)
    await look_at_validator(seen.notes, send, f"{seen.folder}/checkpoint")
    for number in _numbers(seen):
        folder, width = seen.folder, _width(seen, number)
        await look_at_widths(seen.notes, send, folder, number, width)
        for kind in KINDS:
            await look_at_ranges(seen.notes, send, f"{folder}/{Tile(kind, 0, number, width).path}")
    await _look_beyond(seen, send)
    await _look_at_codings(seen, send)


def _sender(seen: Seen) -> Send:
    async def send(method: str, path: str, fields: Mapping[str, str]) -> Answer:
        return await seen.asker.send(method, path, most=MAX_FILE, headers=fields)

    return send


def _numbers(seen: Seen) -> list[int]:
    """The first file of a kind, and the last."""
    return sorted({0, (len(seen.leaves) - 1) // TILE_WIDTH})


def _width(seen: Seen, number: int) -> int:
    return min(len(seen.leaves) - number * TILE_WIDTH, TILE_WIDTH)


# --- who may keep it ---------------------------------------------------------------------------------------


async def _look_at_keeping(seen: Seen, send: Send) -> None:
    """P-2, P-3, P-5: what a cache on the way may keep, whichever form of it passes by."""
    for path in _fixed(seen):
        await _judge(seen, send, path, "P-2", lambda answer: directives(answer) == IMMUTABLE)
    await _judge(seen, send, f"{seen.folder}/checkpoint", "P-3", _is_short)
    for number in _numbers(seen):
        path = f"{seen.folder}/{Tile('objects', 0, number, _width(seen, number)).path}"
        await _judge(seen, send, path, "P-5", _is_asked_about)


def _fixed(seen: Seen) -> list[str]:
    """Files that never change: of the newest width, of an older one, of a higher level."""
    found: list[Tile] = []
    for number in _numbers(seen):
        width = _width(seen, number)
        for kind in ("hashes", "entries"):
            found += [Tile(kind, 0, number, one) for one in sorted({width, max(1, width // 2)})]
    if len(seen.leaves) >= TILE_WIDTH:
        found.append(Tile("hashes", 1, 0, min(len(seen.leaves) // TILE_WIDTH, TILE_WIDTH)))
    return [
        f"{seen.folder}/{name}" for name in (*(one.path for one in found), checkpoint_path(len(seen.leaves)))
    ]


async def _judge(seen: Seen, send: Send, path: str, rule: str, is_kept: Callable[[Answer], bool]) -> None:
    async for sent, answer in every_form(send, path):
        if _tells(answer):
            told = (
                f"{answer.status}, {answer.headers.get('cache-control')}, ETag {answer.headers.get('etag')}"
            )
            seen.notes.judge(is_kept(answer), rule, sent=sent, got=told)


def _is_asked_about(answer: Answer) -> bool:
    return "no-cache" in directives(answer) and is_strong(answer.headers.get("etag", ""))


def _tells(answer: Answer) -> bool:
    """Whether an answer has to say how long it may be kept: 304 without a word of it leaves what was said."""
    return answer.status != 304 or "cache-control" in answer.headers


def _is_short(answer: Answer) -> bool:
    told = directives(answer)
    ages = [int(one.partition("=")[2] or 0) for one in told if re.fullmatch(r"(s-)?max-?age=[0-9]{1,9}", one)]
    return bool(told & {"no-store", "no-cache", "private"}) or (bool(ages) and max(ages) <= 5)


# --- validators --------------------------------------------------------------------------------------------


async def look_at_validator(notes: Notes, send: Send, path: str) -> None:
    """P-8: 304 to whoever names the validator of a checkpoint, alone, among others, weakly or as it was told under a coding."""
    try:
        newest = await send("GET", path, {})
        coded = await send("GET", path, {"Accept-Encoding": "gzip"})
    except NoAnswer:
        return
    if newest.status != 200:
        return
    etag = newest.headers.get("etag")
    if etag is None:
        notes.broken("P-8", sent=f"GET {path}", got="no ETag")
        return
    plain = etag.removeprefix("W/")
    asked: list[Mapping[str, str]] = [
        {"If-None-Match": told} for told in (etag, f"{OTHER_ETAG}, {etag}", f"W/{plain}")
    ]
    if coded.status == 200 and "etag" in coded.headers:
        asked.append({"If-None-Match": coded.headers["etag"], "Accept-Encoding": "gzip"})
    for fields in asked:
        try:
            again = await send("GET", path, fields)
        except NoAnswer:
            continue
        kept = again.status == 304 or await _has_changed(send, path, etag)
        notes.judge(kept, "P-8", sent=f"GET {path}, {dict(fields)}", got=again.status)


async def _has_changed(send: Send, path: str, etag: str) -> bool:
    try:
        return (await send("GET", path, {})).headers.get("etag") != etag
    except NoAnswer:
        return True


async def look_at_widths(notes: Notes, send: Send, folder: str, number: int, width: int) -> None:
    """P-22: one validator for an object file at every width."""
    told: dict[int, str] = {}
    for one in sorted({1, 2, width // 2, width - 1, width} & set(range(1, width + 1))):
        path = f"{folder}/{Tile('objects', 0, number, one).path}"
        try:
            answer = await send("GET", path, {})
        except NoAnswer:
            continue
        if answer.status == 200 and is_strong(answer.headers.get("etag", "")):
            told[one] = answer.headers["etag"]
    if len(told) > 1:
        sent = f"GET {folder}/{Tile('objects', 0, number, width).path}, and narrower ones"
        notes.judge(len(set(told.values())) == 1, "P-22", sent=sent, got=told)


# --- parts -------------------------------------------------------------------------------------------------


async def look_at_ranges(notes: Notes, send: Send, path: str) -> None:
    """P-6: one range of whatever form, of what its condition is about, and never of coded bytes."""
    try:
        whole = await send("GET", path, {})
    except NoAnswer:
        return
    size = len(whole.body)
    if whole.status != 200 or size < 16:
        return
    etag = whole.headers.get("etag")
    parts: list[tuple[Mapping[str, str], int, int]] = [
        ({"Range": "bytes=10-"}, 10, size),
        ({"Range": "bytes=3-7"}, 3, 8),
        ({"Range": "bytes=0-0"}, 0, 1),
        ({"Range": "bytes=-5"}, size - 5, size),
        ({"Range": f"bytes=4-{size + 9}"}, 4, size),
        ({"Range": "bytes=10-", "Accept-Encoding": "gzip"}, 10, size),
    ]
    if etag is not None and is_strong(etag):
        parts.append(({"Range": "bytes=10-", "If-Range": etag}, 10, size))
    for fields, first, end in parts:
        try:
            part = await send("GET", path, fields)
        except NoAnswer:
            continue
        span = f"bytes {first}-{end - 1}/{size}"
        coding = part.headers.get("content-encoding", "identity")
        kept = (part.status, part.headers.get("content-range"), coding) == (206, span, "identity")
        is_same = part.headers.get("etag") == etag or etag is None
        if is_same:
            got = f"{part.status} {part.headers.get('content-range')}"
            notes.judge(
                kept and part.body == whole.body[first:end],
                "P-6",
                sent=f"GET {path}, {dict(fields)}",
                got=got,
            )
    await _look_at_condition(notes, send, path, whole)


async def _look_at_condition(notes: Notes, send: Send, path: str, whole: Answer) -> None:
    """A part under the validator of another version would be put behind bytes of that version."""
    fields = {"Range": "bytes=10-", "If-Range": OTHER_ETAG}
    try:
        other = await send("GET", path, fields)
    except NoAnswer:
        return
    kept = other.status == 200 and other.body == whole.body
    if other.headers.get("etag") == whole.headers.get("etag"):
        notes.judge(kept, "P-6", sent=f"GET {path}, {fields}", got=f"{other.status}, {len(other.body)} bytes")


async def _look_beyond(seen: Seen, send: Send) -> None:
    """Q-16: a range that nothing is in."""
    width = _width(seen, 0)
    for kind in KINDS:
        path = f"{seen.folder}/{Tile(kind, 0, 0, width).path}"
        try:
            beyond = await send("GET", path, {"Range": "bytes=999999999-"})
        except NoAnswer:
            continue
        if beyond.status not in {200, 404}:
            kept = (beyond.status, beyond.code) == (416, "request.range")
            seen.notes.judge(kept, "Q-16", sent=f"GET {path}, Range: bytes=999999999-", got=beyond.brief())


# --- codings -----------------------------------------------------------------------------------------------


async def _look_at_codings(seen: Seen, send: Send) -> None:
    """P-9: gzip for whoever takes it."""
    width = _width(seen, 0)
    files = [f"{seen.folder}/{Tile(kind, 0, 0, width).path}" for kind in ("entries", "objects")]
    for path in (IDENTITY_PATH, DESCRIPTOR_PATH, *files):
        try:
            plain = await send("GET", path, {})
        except NoAnswer:
            continue
        if plain.status != 200 or len(plain.body) < CODED_BYTES:
            continue
        try:
            coded = await send("GET", path, {"Accept-Encoding": "gzip"})
        except NoAnswer as fault:
            seen.notes.broken("P-9", sent=f"GET {path}, Accept-Encoding: gzip", got=fault.code)
            continue
        kept = coded.headers.get("content-encoding") == "gzip" and coded.body == plain.body
        got = f"{coded.status} {coded.headers.get('content-encoding')}"
        seen.notes.judge(kept, "P-9", sent=f"GET {path}, Accept-Encoding: gzip", got=got)

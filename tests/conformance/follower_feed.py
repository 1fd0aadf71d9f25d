"""Faults of the public feed: checkpoints, bundles, tiles, leaves, objects, records."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.author import Author, Feed
from passerelle.conformance.flawed import Bench
from passerelle.conformance.probe import Probe
from passerelle.conformance.probes import PROBES
from passerelle.protocol import notes
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.profile import Json, JsonObject, encode, format_time
from passerelle.protocol.tiles import Tile, TileKind, encode_entry_bundle, encode_objects
from tests.conformance import logs
from tests.conformance.follower_stage import (
    IDENTITY,
    Arm,
    Fault,
    at,
    missing,
)
from tests.conformance.proxy import Ask, Proxy, Reply, etag_of
from tests.conformance.world import World, later


def _feed(change: Callable[[Feed, World], None]) -> Arm:
    def arm(proxy: Proxy, world: World) -> None:
        feed = world.copy()
        change(feed, world)
        proxy.feeds.append(feed)

    return arm


def _note(made: Callable[[Feed, World], bytes]) -> Arm:
    def change(feed: Feed, world: World) -> None:
        feed.note = made(feed, world)

    return _feed(change)


def _text(feed: Feed, world: World, text: str, name: str = "") -> bytes:
    return notes.sign_note(text, name or feed.origin.encode(), world.keys.log).encode()


def _lines(feed: Feed, *, origin: str = "", size: str = "", root: bytes | None = None, more: str = "") -> str:
    count = len(feed.leaves)
    told = base64.b64encode(feed.root(count) if root is None else root).decode()
    return f"{origin or feed.origin.encode()}\n{size or count}\n{told}\n{more}"


def _named_zero(feed: Feed, world: World) -> bytes:
    origin = f"passerelle/{world.author.scid}/public/0"
    return _text(feed, world, _lines(feed, origin=origin), origin)


def _two_histories(proxy: Proxy, world: World) -> None:
    feed = world.copy()
    other = feed.claim(len(feed.leaves), bytes(32))
    is_late = False

    def change(ask: Ask, reply: Reply) -> Reply | None:
        nonlocal is_late
        # The mirror is looked at when all of the feed has been.
        is_late = is_late or ask.path.startswith("/mirrors/")
        if not is_late or ask.path != "/feeds/public/1/checkpoint":
            return None
        return Reply(200, [("ETag", etag_of(other))], other)

    proxy.changes.append(change)


def _forgets_older(proxy: Proxy, world: World) -> None:
    """It has grown by one leaf since it was seen first, and serves what there is now."""
    feed = world.copy()
    size = len(feed.leaves) - 1
    first = feed.claim(size, feed.root(size))
    narrow = {f"/{feed.origin.path}/{Tile(kind, 0, 0, size).path}" for kind in _OF_A_SIZE}
    asked: list[str] = []

    def change(ask: Ask, reply: Reply) -> Reply | None:
        asked.append(ask.path)
        if ask.path == "/feeds/public/1/checkpoint" and asked.count(ask.path) == 1:
            return Reply(200, [("ETag", etag_of(first)), *_SHORT], first)
        is_late = any(path.startswith("/mirrors/") for path in asked)
        return missing(ask, reply) if is_late and ask.path in narrow else None

    proxy.changes.append(change)


_OF_A_SIZE: Final[tuple[TileKind, ...]] = ("hashes", "entries")
_SHORT: Final = (("Cache-Control", "public, max-age=5"),)


def _again(feed: Feed, _world: World) -> None:
    feed.append(feed.leaves[-1], feed.objects[-1])


def _one_salt(feed: Feed, world: World) -> None:
    salt = bytes(range(32))
    for _ in range(2):
        record = world.author.record_of(world.author.value("offer", flawed.offer(world.author), later()))
        leaf = PublicRecordLeaf(commitment(salt, record.data), record.id, record.type, record.version)
        feed.append(encode_leaf(leaf), encode_public(salt, record.data))


def _add(feed: Feed, author: Author, *values: JsonObject) -> None:
    for value in values:
        feed.add(author.record_of(value))


def _offer(world: World, seconds: float = 0.0) -> JsonObject:
    return world.author.value("offer", flawed.offer(world.author), later(seconds))


def _one_nonce(feed: Feed, world: World) -> None:
    _add(feed, world.author, *({**_offer(world), "nonce": "0" * 32} for _ in range(2)))


def _backwards(feed: Feed, world: World) -> None:
    _add(feed, world.author, _offer(world, 60), _offer(world, 30))


def _twice_versioned(feed: Feed, world: World) -> None:
    value = _offer(world)
    _add(feed, world.author, value, {**value, "nonce": "0" * 32})


def _wrong_digest(feed: Feed, world: World) -> None:
    value = _offer(world)
    _add(feed, world.author, value, {**value, "nonce": "0" * 32, "version": 2, "previous": "0" * 64})


def _another_subject(feed: Feed, world: World) -> None:
    first = world.author.record_of(_offer(world))
    feed.add(first)
    _add(feed, world.author, {**_offer(world), "version": 2, "previous": first.digest})


def _in_the_second(proxy: Proxy, world: World) -> None:
    when = later()
    log = logs.second(world, at=when)
    proxy.files[IDENTITY] = proxy.files[f"/mirrors/{world.author.scid}/did.jsonl"] = (log, "text/jsonl")
    feed = world.copy()
    _add(feed, world.author, {**_offer(world), "issued": format_time(when)})
    proxy.feeds.append(feed)


def _no_node(feed: Feed, _world: World) -> None:
    del feed.leaves[1], feed.objects[1]


def _private_type(feed: Feed, world: World) -> None:
    _add(feed, world.author, world.author.value("dossier", {"synthetic": True}, later()))


_SOMETHING: Final = "urn:uuid:0b9dd9b6-3f0f-4bd3-8f4f-1c5a7b1d2e3f"


def _event(about: str, **more: Json) -> Callable[[Feed, World], None]:
    body: dict[str, Json] = {
        "lang": "fr",
        "kind": "preparation",
        "about": [{"type": about, "id": _SOMETHING}],
        "status": "planned",
        "synthetic": True,
        **more,
    }
    return lambda feed, world: _add(feed, world.author, world.author.value("event", body, later()))


def _loud_decision(feed: Feed, world: World) -> None:
    body: dict[str, Json] = {
        "lang": "fr",
        "about": {"id": _SOMETHING, "digest": "0" * 64},
        "aboutType": "nomination",
        "outcome": "accept",
        "effective": "2027-01-01",
        "actingFunction": "director-general",
        "synthetic": True,
    }
    _add(feed, world.author, world.author.value("decision", body, later()))


def _loud_commitment(feed: Feed, world: World) -> None:
    leaf, item = flawed.in_public(encode(world.author.signed(_offer(world))), _offer(world))
    feed.append(leaf[:15] + leaf[15:79].upper() + leaf[79:], item)


def _request_signs(feed: Feed, world: World) -> None:
    value = _offer(world)
    feed.append(*flawed.in_public(encode(world.author.signed(value, world.keys.request)), value))


def _shorter(kind: str, encode_all: Callable[[Feed], bytes]) -> Arm:
    def arm(proxy: Proxy, world: World) -> None:
        width = len(world.feed.leaves)
        path = f"/{world.feed.origin.path}/{Tile(kind, 0, 0, width).path}"  # type: ignore[arg-type]  # one of its kinds
        proxy.files[path] = (encode_all(world.feed), "application/octet-stream")

    return arm


def _one_width(kind: str, made: Callable[[Feed], bytes], *widths: int) -> Arm:
    """The same bytes under several widths of a file: under each where none is named."""

    def arm(proxy: Proxy, world: World) -> None:
        count = len(world.feed.leaves)
        for width in widths or range(1, count + 1):
            path = f"/{world.feed.origin.path}/{Tile(kind, 0, 0, width).path}"  # type: ignore[arg-type]  # one of its kinds
            proxy.files[path] = (made(world.feed), "application/octet-stream")

    return arm


def _little(feed: Feed) -> bytes:
    return b"".join(len(leaf).to_bytes(2, "little") + leaf for leaf in feed.leaves)


FEEDS: Final = (
    Fault("L-1", "an origin with the number 0", _note(_named_zero)),
    Fault("L-5", "a note that does not end", _note(lambda f, _w: f.checkpoint()[:-1])),
    Fault("L-10", "a checkpoint of four lines", _note(lambda f, w: _text(f, w, _lines(f, more="more\n")))),
    Fault(
        "L-11",
        "a size with a zero before it",
        _note(lambda f, w: _text(f, w, _lines(f, size=f"0{len(f.leaves)}"))),
    ),
    Fault(
        "L-12",
        "an empty tree with a root",
        _note(lambda f, w: _text(f, w, _lines(f, size="0", root=bytes(32)))),
    ),
    Fault("L-13", "a checkpoint by the request key", _note(lambda f, w: f.checkpoint(key=w.keys.request))),
    Fault(
        "L-13",
        "the checkpoint of another feed",
        _note(
            lambda f, w: _text(
                f,
                w,
                _lines(f, origin=f"passerelle/{w.author.scid}/public/2"),
                f"passerelle/{w.author.scid}/public/2",
            )
        ),
    ),
    Fault("L-15", "two roots of one size", _two_histories),
    Fault(
        "L-16",
        "a tile that is not there",
        lambda p, w: p.changes.append(
            at(f"/{w.feed.origin.path}/{Tile('hashes', 0, 0, len(w.feed.leaves)).path}", missing)
        ),
    ),
    Fault("L-16", "no tiles of the size before", _forgets_older),
    Fault("L-16", "a tile of other hashes", _shorter("hashes", lambda f: bytes(32 * len(f.leaves)))),
    Fault(
        "L-17",
        "a bundle with a leaf too few",
        _shorter("entries", lambda f: encode_entry_bundle(f.leaves[:-1])),
    ),
    Fault("J-19", "lengths the other way round", _shorter("entries", _little)),
    Fault("J-17", "a commitment in capitals", _feed(_loud_commitment)),
    Fault("L-24", "one leaf twice", _feed(_again)),
    Fault("O-1", "one salt for two records", _feed(_one_salt)),
    Fault(
        "O-16",
        "an object file with an object too few",
        _shorter("objects", lambda f: encode_objects(f.objects[:-1])),
    ),
    Fault(
        "O-16", "one object file for each width", _one_width("objects", lambda f: encode_objects(f.objects))
    ),
    Fault(
        "L-17", "one bundle for each width", _one_width("entries", lambda f: encode_entry_bundle(f.leaves))
    ),
    Fault("L-16", "an old tile of other hashes", _one_width("hashes", lambda _f: bytes(32 * 3), 3)),
    Fault("R-5", "one nonce for two records", _feed(_one_nonce)),
    Fault("R-6", "a version that names another digest", _feed(_wrong_digest)),
    Fault("R-15", "a record by the request key", _feed(_request_signs)),
    Fault("R-19", "a record issued before the one before", _feed(_backwards)),
    Fault("R-22", "a version of another subject", _feed(_another_subject)),
    Fault("R-36", "a record issued in the second of an identity entry", _in_the_second),
    Fault("S-20", "two records of one id and version", _feed(_twice_versioned)),
    Fault("I-38", "a feed without its node record", _feed(_no_node)),
    Fault("S-5", "a public dossier", _feed(_private_type), frozenset({"R-29"})),
    Fault("S-70", "a public event about a dossier", _feed(_event("dossier"))),
    Fault("S-70", "a public decision on a nomination", _feed(_loud_decision)),
    Fault(
        "S-71",
        "a public event that names placements",
        _feed(_event("offer", placements=[{"id": "urn:uuid:0b9dd9b6-3f0f-4bd3-8f4f-1c5a7b1d2e30"}])),
    ),
)


AS_PUBLISHER: Final = {
    "J-12": "J-11",
    "R-31": "R-30",
    "F-11": "R-29",
    "J-10": "O-3",
    "I-47": "R-13",
    "X-17": "R-9",
}
"""What it is to say something that readers must refuse, where the law has a rule of its own for who says it."""
_NOT_THE_AUTHORS: Final = frozenset({"R-15", "I-20", "O-12", "R-16", "R-20"})
"""Of keys that a node's author has not, or that are no fault of a publisher."""


def _flawed(probe: Probe) -> Fault:
    rule = AS_PUBLISHER.get(probe.rules[0], probe.rules[0])
    if rule == "R-30" and probe.what.endswith("newer minor version"):  # what its schema knows is wrong
        rule = "R-29"

    def change(feed: Feed, world: World) -> None:
        bench = Bench(world.author, feed.origin, "", b"", world.author, later(), later())
        feed.append(*probe.make(bench))

    return Fault(rule, probe.what, _feed(change))


RECORDS: Final = tuple(
    _flawed(probe)
    for probe in PROBES
    if probe.feed == "public" and probe.codes and probe.rules[0] not in _NOT_THE_AUTHORS
)

"""Faults that a follower sees: one table, keyed by rule, of what a proxy changes in front of a real node.

The rows of records, leaves and objects are made from the same flawed records that the kit
puts into its own feeds; what is wrong for a reader to take is wrong for a publisher to say.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from passerelle.conformance import flawed
from passerelle.conformance.author import Author, Feed
from passerelle.conformance.flawed import Bench
from passerelle.conformance.probes import PROBES, Probe
from passerelle.protocol import notes
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf, encode_leaf
from passerelle.protocol.objects import commitment, encode_public
from passerelle.protocol.profile import Json, JsonObject, encode, format_time, parse
from passerelle.protocol.records import Record
from passerelle.protocol.tiles import Tile, encode_entry_bundle, encode_objects
from tests.conformance import logs
from tests.conformance.proxy import Ask, Proxy, Reply, etag_of
from tests.conformance.world import World, later

IDENTITY = "/.well-known/did.jsonl"
DESCRIPTOR = "/.well-known/passerelle"
Arm = Callable[[Proxy, World], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break one rule.

    Args:
        rule: Which.
        name: What is done.
        arm: Sets the proxy up.
        also: Rules that are broken with it, whatever one does.
    """

    rule: str
    name: str
    arm: Arm
    also: frozenset[str] = frozenset()

    @property
    def named(self) -> set[str]:
        """What the kit must name, no more and no less."""
        return {self.rule, *self.also}


# --- identity ----------------------------------------------------------------------------------------------


def _log(made: Callable[[World], bytes]) -> Arm:
    def arm(proxy: Proxy, world: World) -> None:
        proxy.files[IDENTITY] = (made(world), "text/jsonl")
        if proxy.files[IDENTITY][0].startswith(world.log):
            proxy.files[f"/mirrors/{world.author.scid}/did.jsonl"] = proxy.files[IDENTITY]

    return arm


def _state(change: logs.Change) -> Arm:
    return _log(lambda world: logs.second(world, state=change))


def _parameters(change: logs.Change) -> Arm:
    return _log(lambda world: logs.second(world, parameters=change))


def _first_line(change: Callable[[JsonObject], JsonObject]) -> Arm:
    def made(world: World) -> bytes:
        value = parse(world.log.splitlines()[0])
        assert isinstance(value, dict)
        return encode(change(value)) + b"\n"

    return _log(made)


def _with_domain(domain: str, *, known: bool = True) -> logs.Change:
    def change(state: JsonObject) -> JsonObject:
        was = str(state["id"])
        did = f"{was.rpartition(':')[0]}:{domain}"
        text = json.dumps(state).replace(was, did)
        moved: JsonObject = json.loads(text)
        return {**moved, "alsoKnownAs": [was]} if known else moved

    return change


def _method_id(state: JsonObject) -> JsonObject:
    methods = state["verificationMethod"]
    assert isinstance(methods, list)
    first = methods[0]
    assert isinstance(first, dict)
    return {**state, "verificationMethod": [{**first, "id": f"{state['id']}#key-1"}, *methods[1:]]}


def _list(name: str, value: list[Json]) -> logs.Change:
    return lambda members: {**members, name: value}


_SPELT = "z6Mk" + "1" * 44

IDENTITIES: Final = (
    Fault("I-4", "no identity log", lambda proxy, _w: proxy.changes.append(_at(IDENTITY, _missing))),
    Fault("I-6", "a log beyond its limit", _log(lambda w: w.log + b" " * 2**20)),
    Fault("I-7", "a member too many in an entry", _first_line(lambda entry: {**entry, "extra": 1})),
    Fault(
        "I-9",
        "a first entry that is not that of its SCID",
        _first_line(lambda e: {**e, "versionTime": "2020-01-01T00:00:00Z"}),
    ),
    Fault("I-10", "an entry without its own hash", _log(logs.another_hash)),
    Fault(
        "I-11", "an entry of the time of the one before", _log(lambda w: logs.second(w, at=w.author.began))
    ),
    Fault("I-13", "an identity that cannot move", _log(lambda w: logs.first(w, _list("portable", [])))),
    Fault("I-14", "an entry that commits to no next key", _parameters(_list("nextKeyHashes", []))),
    Fault(
        "I-15",
        "an entry by a key that was not committed to",
        _log(lambda w: logs.second(w, key=SigningKey(bytes([5]) * 32))),
    ),
    Fault("I-16", "an entry with two proofs", _log(logs.two_proofs)),
    Fault("I-17", "a parameter that nobody knows", _parameters(_list("prerotation", []))),
    Fault("I-18", "a document of another identity", _state(lambda s: {**s, "id": "did:web:tg.example"})),
    Fault("I-3", "a domain of one label", _state(_with_domain("localhost"))),
    Fault(
        "I-19",
        "a move that does not name where it comes from",
        _state(_with_domain("tg2.example", known=False)),
    ),
    Fault("I-24", "another context", _state(_list("@context", ["https://www.w3.org/ns/did/v1"]))),
    Fault("I-25", "a key under another name than its own", _state(_method_id)),
    Fault(
        "I-26",
        "a record key that is no key of the document",
        _state(_list("assertionMethod", ["did:example:1#key"])),
    ),
    Fault("I-27", "no log key", _state(lambda s: logs.own(s, "log", []))),
    Fault("I-28", "one key for checkpoints and cosignatures", _state(logs.witness_signs_logs)),
    Fault("I-29", "a key in another spelling", _state(lambda s: logs.own(s, "log", [_SPELT]))),
    Fault("I-30", "a key of small order", _state(logs.with_log_key(logs.SMALL_ORDER))),
    Fault("I-31", "a key whose number is too large", _state(logs.with_log_key(logs.NON_CANONICAL))),
    Fault("I-31", "a key that is no point", _state(logs.with_log_key(logs.no_point()))),
)

# --- the descriptor ----------------------------------------------------------------------------------------


def _described(change: Callable[[JsonObject], JsonObject]) -> Arm:
    """A newer node record, in its place in the feed, with a body that was changed."""

    def arm(proxy: Proxy, world: World) -> None:
        feed = world.copy()
        body = dict(Record.parse(world.descriptor).body)
        record = world.author.record_of(world.author.value("node", change(body), later()))
        feed.add(record)
        proxy.feeds.append(feed)
        proxy.files[DESCRIPTOR] = (record.data, "application/json")

    return arm


def _pretty(_ask: Ask, reply: Reply) -> Reply:
    reply.body = json.dumps(json.loads(reply.body), indent=1).encode()
    return reply


DESCRIPTORS: Final = (
    Fault(
        "J-13",
        "a descriptor that was written out anew",
        lambda p, _w: p.changes.append(_at(DESCRIPTOR, _pretty)),
    ),
    Fault(
        "I-34",
        "a descriptor for a hundred days",
        _described(lambda b: {**b, "validUntil": format_time(later() + timedelta(days=100))}),
    ),
    Fault("P-25", "an address that some read as a number", _described(_list("addresses", ["https://127.1"]))),
    Fault("Q-1", "an address without TLS", _described(_list("addresses", ["http://tg.example"]))),
)

# --- the feed ----------------------------------------------------------------------------------------------


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
    asked = 0

    def change(ask: Ask, reply: Reply) -> Reply | None:
        nonlocal asked
        if ask.path != "/feeds/public/1/checkpoint":
            return None
        asked += 1
        # The first asking is for the feed; then its caching is looked at, twice.
        return None if asked <= 3 else Reply(200, [("ETag", etag_of(other))], other)

    proxy.changes.append(change)


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


def _telling_event(feed: Feed, world: World) -> None:
    body: dict[str, Json] = {
        "lang": "fr",
        "kind": "preparation",
        "about": [{"type": "offer", "id": "urn:uuid:0b9dd9b6-3f0f-4bd3-8f4f-1c5a7b1d2e3f"}],
        "placements": [{"id": "urn:uuid:0b9dd9b6-3f0f-4bd3-8f4f-1c5a7b1d2e30"}],
        "status": "planned",
        "synthetic": True,
    }
    _add(feed, world.author, world.author.value("event", body, later()))


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
        proxy.changes.append(_at(path, _immutable if kind != "objects" else _revalidated))

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
            _at(f"/{w.feed.origin.path}/{Tile('hashes', 0, 0, len(w.feed.leaves)).path}", _missing)
        ),
    ),
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
    Fault("R-5", "one nonce for two records", _feed(_one_nonce)),
    Fault("R-6", "a version that names another digest", _feed(_wrong_digest)),
    Fault("R-15", "a record by the request key", _feed(_request_signs)),
    Fault("R-19", "a record issued before the one before", _feed(_backwards)),
    Fault("R-22", "a version of another subject", _feed(_another_subject)),
    Fault("R-36", "a record issued in the second of an identity entry", _in_the_second),
    Fault("S-20", "two records of one id and version", _feed(_twice_versioned)),
    Fault("I-38", "a feed without its node record", _feed(_no_node)),
    Fault("S-5", "a public dossier", _feed(_private_type), frozenset({"R-29"})),
    Fault("S-71", "a public event that names placements", _feed(_telling_event)),
)

# --- from the flawed records of the kit --------------------------------------------------------------------

AS_PUBLISHER: Final = {"J-12": "J-11", "R-31": "R-30", "F-11": "R-29", "J-10": "O-3"}
"""What it is to say something that readers must refuse, where the law has a rule of its own for who says it."""
_NOT_THE_AUTHORS: Final = frozenset({"R-15", "I-20", "O-12", "R-16", "R-20"})
"""Of keys that a node's author has not, or that are no fault of a publisher."""


def _flawed(probe: Probe) -> Fault:
    rule = AS_PUBLISHER.get(probe.rules[0], probe.rules[0])

    def change(feed: Feed, world: World) -> None:
        bench = Bench(world.author, feed.origin, "", b"", world.author, later(), later())
        feed.append(*probe.make(bench))

    return Fault(rule, probe.what, _feed(change))


RECORDS: Final = tuple(
    _flawed(probe)
    for probe in PROBES
    if probe.feed == "public" and probe.codes and probe.rules[0] not in _NOT_THE_AUTHORS
)

# --- serving -----------------------------------------------------------------------------------------------


def _at(path: str, change: Callable[[Ask, Reply], Reply]) -> Callable[[Ask, Reply], Reply | None]:
    return lambda ask, reply: change(ask, reply) if (ask.method, ask.path) == ("GET", path) else None


def _where(test: Callable[[Ask], bool], change: Callable[[Ask, Reply], Reply]) -> Arm:
    def arm(proxy: Proxy, _world: World) -> None:
        proxy.changes.append(lambda ask, reply: change(ask, reply) if test(ask) else None)

    return arm


def problem(status: int, code: str, **more: Json) -> Reply:
    """An error as the law has it."""
    body = json.dumps({"code": code, "status": status, **more}).encode()
    return Reply(status, [("Content-Type", "application/problem+json")], body)


def _missing(_ask: Ask, _reply: Reply) -> Reply:
    return problem(404, "path.not-found")


def _immutable(_ask: Ask, reply: Reply) -> Reply:
    return reply.put("Cache-Control", "public, max-age=31536000, immutable")


def _revalidated(_ask: Ask, reply: Reply) -> Reply:
    return reply.put("Cache-Control", "no-cache").put("ETag", '"whole"')


def _ends(*tails: str) -> Callable[[Ask], bool]:
    return lambda ask: any(tail in ask.path for tail in tails)


def _put(name: str, value: str | None) -> Callable[[Ask, Reply], Reply]:
    return lambda _ask, reply: reply.put(name, value)


def _whole(ask: Ask, reply: Reply) -> Reply:
    return (
        reply
        if reply.status != 206
        else Reply(200, [("Content-Type", "application/octet-stream")], reply.body)
    )


def _lax(ask: Ask, reply: Reply) -> Reply:
    return (
        Reply(200, [("Content-Type", "application/octet-stream")], b"here") if reply.status == 404 else reply
    )


def _by_path(ask: Ask, reply: Reply) -> Reply:
    return reply.put("ETag", etag_of(ask.path.encode()))


def _without_code(_ask: Ask, reply: Reply) -> Reply:
    return reply if reply.status != 405 else Reply(405, [("Content-Type", "text/html")], b"<p>no</p>")


def _telling(_ask: Ask, reply: Reply) -> Reply:
    if reply.status != 405:
        return reply
    told = {**json.loads(reply.body), "detail": "cannot open /var/lib/passerelle/node.sqlite"}
    return Reply(405, reply.headers, json.dumps(told).encode())


def _raw(answer: bytes | None) -> Arm:
    """Says something to bytes that are no request, or nothing and holds the line."""

    async def say(head: bytes, writer: asyncio.StreamWriter) -> None:
        if head.startswith(b"GET"):
            if answer is None:
                await asyncio.sleep(60)
        elif answer is not None:
            writer.write(answer + head)
        else:
            writer.write(b"HTTP/1.1 400 X\r\nContent-Length: 28\r\n\r\n" + b'{"code":"request.malformed"}')

    def arm(proxy: Proxy, _world: World) -> None:
        proxy.raw = say

    return arm


SERVING: Final = (
    Fault("P-1", "a path in another spelling", _where(_ends(".p/01", "/0000"), _lax)),
    Fault("P-2", "tiles that may not be kept", _where(_ends("/tile/0/"), _put("Cache-Control", "no-store"))),
    Fault(
        "P-3",
        "a checkpoint that may be kept for a day",
        _where(
            lambda ask: ask.path == "/feeds/public/1/checkpoint",
            _put("Cache-Control", "public, max-age=86400"),
        ),
    ),
    Fault(
        "P-5",
        "objects that may be kept",
        _where(_ends("/objects/"), _put("Cache-Control", "public, max-age=60")),
    ),
    Fault(
        "P-6", "the whole where a part was asked for", _where(_ends("/tile/entries/"), _whole), frozenset()
    ),
    Fault(
        "P-8",
        "the whole checkpoint to whoever has it",
        lambda p, _w: p.changes.append(
            lambda a, r: Reply(200, [("ETag", '"x"')], b"?") if r.status == 304 else None
        ),
    ),
    Fault(
        "P-9",
        "no gzip",
        _where(
            lambda ask: "gzip" in ask.headers.get("accept-encoding", ""),
            lambda a, r: r.put("Content-Encoding", None),
        ),
    ),
    Fault(
        "P-14",
        "what is held of others, for everybody",
        _where(_ends("/received/"), lambda a, r: Reply(200, [], b"held")),
        frozenset({"Q-14"}),
    ),
    Fault("P-22", "an ETag for each width of objects", _where(_ends("/objects/"), _by_path)),
    Fault("P-26", "no mirror of its own log", _where(_ends("/mirrors/"), _missing)),
    Fault(
        "Q-14",
        "another answer for a path that may be there",
        _where(_ends("/1/nothing"), _put("X-Feed", "none")),
    ),
    Fault(
        "Q-16",
        "403 for what is not there",
        _where(_ends("/nothing-here"), lambda a, r: problem(403, "path.not-found")),
    ),
    Fault("Q-18", "an error without a code", _where(_ends("did.jsonl"), _without_code), frozenset({"Q-16"})),
    Fault("Q-19", "an error that names a file of the server", _where(_ends("did.jsonl"), _telling)),
    Fault("Q-25", "an echo to what is no HTTP", _raw(b"HTTP/1.1 400 X\r\n\r\nrequest.malformed ")),
    Fault(
        "Q-26",
        "the name of the software",
        _where(lambda ask: True, _put("Server", "Python/3.11 aiohttp/3.14")),
    ),
    Fault("Q-31", "half a header is waited for", _raw(None)),
)

FAULTS: Final = (*IDENTITIES, *DESCRIPTORS, *FEEDS, *RECORDS, *SERVING)

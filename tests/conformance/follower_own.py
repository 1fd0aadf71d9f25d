"""Faults in what a node says of itself: its identity log and its descriptor."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from passerelle.protocol.identityentries import multihash
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import Json, JsonObject, encode, format_time, parse
from passerelle.protocol.records import Record
from tests.conformance import logs
from tests.conformance.follower_stage import (
    DESCRIPTOR,
    IDENTITY,
    Arm,
    Fault,
    at,
    missing,
)
from tests.conformance.proxy import Proxy
from tests.conformance.world import World, later


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


def _one_for_two(state: JsonObject) -> JsonObject:
    return {**state, "authentication": state["assertionMethod"]}


def _swapped(state: JsonObject) -> JsonObject:
    return {**state, "authentication": state["assertionMethod"], "assertionMethod": state["authentication"]}


def _with_update_key(world: World) -> logs.Change:
    return logs.with_log_key(world.update.public)


_SPELT = "z6Mk" + "1" * 44

IDENTITIES: Final = (
    Fault("I-4", "no identity log", lambda proxy, _w: proxy.changes.append(at(IDENTITY, missing))),
    Fault("I-6", "a log beyond its limit", _log(lambda w: w.log + b" " * 2**20)),
    Fault("I-44", "a log of 513 entries", _log(lambda w: logs.long(w, 513))),
    Fault("I-45", "65 log keys in an entry", _state(logs.crowded)),
    Fault(
        "I-45",
        "65 hashes of next keys in an entry",
        _parameters(lambda p: {**p, "nextKeyHashes": [multihash(bytes([n])) for n in range(65)]}),
    ),
    Fault("I-46", "a log that names 4,200 keys", _log(lambda w: logs.long(w, 23, 64))),
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
    Fault("I-48", "no list of sealing keys", _state(lambda s: logs.own(s, "sealing", "none"))),
    Fault("I-28", "one key for checkpoints and cosignatures", _state(logs.witness_signs_logs)),
    Fault("I-28", "one key for records and requests", _state(_one_for_two)),
    Fault(
        "I-28",
        "a request key that was a record key before",
        _log(lambda w: logs.second(w, state=_swapped, at=later())),
    ),
    Fault(
        "I-28",
        "an update key that signs checkpoints",
        _log(lambda w: logs.second(w, state=_with_update_key(w))),
    ),
    Fault("I-29", "a key in another spelling", _state(lambda s: logs.own(s, "log", [_SPELT]))),
    Fault("I-30", "a key of small order", _state(logs.with_log_key(logs.SMALL_ORDER))),
    Fault("I-31", "a key whose number is too large", _state(logs.with_log_key(logs.NON_CANONICAL))),
    Fault("I-31", "a key that is no point", _state(logs.with_log_key(logs.no_point()))),
)


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


def _described_before(proxy: Proxy, world: World) -> None:
    """Two newer node records, of which the first was valid for too long."""
    feed = world.copy()
    body = dict(Record.parse(world.descriptor).body)
    long = {**body, "validUntil": format_time(later() + timedelta(days=100))}
    feed.add(world.author.record_of(world.author.value("node", long, later())))
    record = world.author.record_of(world.author.value("node", body, later(1)))
    feed.add(record)
    proxy.feeds.append(feed)
    proxy.files[DESCRIPTOR] = (record.data, "application/json")


def _written_anew(proxy: Proxy, world: World) -> None:
    """The same values in bytes that are not the ones signed, whole, in parts and coded."""
    proxy.files[DESCRIPTOR] = (
        json.dumps(json.loads(world.descriptor), indent=1).encode(),
        "application/json",
    )


DESCRIPTORS: Final = (
    Fault(
        "J-13",
        "a descriptor that was written out anew",
        _written_anew,
    ),
    Fault(
        "I-34",
        "a descriptor for a hundred days",
        _described(lambda b: {**b, "validUntil": format_time(later() + timedelta(days=100))}),
    ),
    Fault("P-25", "an address that some read as a number", _described(_list("addresses", ["https://127.1"]))),
    Fault(
        "P-25",
        "a second address that some read as a number",
        _described(lambda b: {**b, "addresses": ["https://tg.example", "https://0x7f.1"]}),
    ),
    Fault("I-34", "an earlier descriptor for a hundred days", _described_before),
    Fault("Q-1", "an address without TLS", _described(_list("addresses", ["http://tg.example"]))),
)

"""Identity logs of the kit whose last entry names what is no key, or is no document: whether the node takes it.

Each kind of bad key stands once, and each use of keys is tried: a node that decodes keys in one place
is found out by the kind, and one that decodes them in several by the use.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import base58

from passerelle.conformance.author import WEAK
from passerelle.conformance.chains import chain
from passerelle.conformance.entries import WRONG, Bench, Wrong
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import Json, JsonObject, encode, format_time

_ED25519: Final = b"\xed\x01"
_P: Final = 2**255 - 19


def multikey(raw: bytes, prefix: bytes = _ED25519) -> str:
    """Any bytes under any prefix, as a multikey is written."""
    return "z" + base58.b58encode(prefix + raw).decode()


def _number(y: int, *, sign: bool = False) -> bytes:
    return (y | (int(sign) << 255)).to_bytes(32, "little")


def _good() -> bytes:
    return SigningKey.generate(secrets.token_bytes).public


def _naming(use: str, key: str) -> Callable[[Bench], bytes]:
    """The document in force with one more key for one use."""
    return lambda bench: bench.line({**bench.body, "state": _with_key(bench, use, key)})


def _with_key(bench: Bench, use: str, key: str) -> JsonObject:
    state = bench.state
    if use in {"log", "witness"}:
        own = state["passerelle"]
        told: JsonObject = dict(own) if isinstance(own, dict) else {}
        return {**state, "passerelle": {**told, use: [*_list(told[use]), key]}}
    name = f"{bench.agency.did}#{key}"
    method: JsonObject = {
        "id": name,
        "type": "Multikey",
        "controller": bench.agency.did,
        "publicKeyMultibase": key,
    }
    changed: JsonObject = {**state, "verificationMethod": [*_list(state["verificationMethod"]), method]}
    return changed if not use else {**changed, use: [*_list(state[use]), name]}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _weak_update_key(bench: Bench) -> bytes:
    first, *_ = bench.agency.announced
    return bench.line(bench.with_parameters(updateKeys=[first.multikey, WEAK]))


def _state(change: Callable[[JsonObject], JsonObject]) -> Callable[[Bench], bytes]:
    return lambda bench: bench.line({**bench.body, "state": change(bench.state)})


def _own(**members: Json) -> Callable[[Bench], bytes]:
    def change(state: JsonObject) -> JsonObject:
        own = state["passerelle"]
        return {**state, "passerelle": {**(own if isinstance(own, dict) else {}), **members}}

    return _state(change)


def _first_method(**members: Json) -> Callable[[Bench], bytes]:
    def change(state: JsonObject) -> JsonObject:
        first, *others = _list(state["verificationMethod"])
        changed: Json = {**(first if isinstance(first, dict) else {}), **members}
        return {**state, "verificationMethod": [changed, *others]}

    return _state(change)


def _timed(text: Callable[[str], str]) -> Callable[[Bench], bytes]:
    return lambda bench: bench.line({**bench.body, "versionTime": text(format_time(bench.when))})


def _many_keys(bench: Bench) -> bytes:
    own = bench.state["passerelle"]
    first = _list(own["log"]) if isinstance(own, dict) else []
    return _own(log=[*first, *(multikey(_good()) for _ in range(64))])(bench)


ADDED: Final = (
    Wrong("I-30", "names a key of order 8 for requests", _naming("authentication", WEAK)),
    Wrong("I-31", "names a key whose y is p + 3 for checkpoints", _naming("log", multikey(_number(_P + 3)))),
    Wrong(
        "I-29",
        "names a key of another algorithm for requests",
        _naming("authentication", multikey(_good(), b"\xec\x01")),
    ),
    Wrong("I-30", "names a key of order 8 for checkpoints", _naming("log", WEAK)),
    Wrong("I-30", "names a key of order 4 for records", _naming("assertionMethod", multikey(_number(0)))),
    Wrong(
        "I-31",
        "names for requests what is no point of the curve",
        _naming("authentication", multikey(_number(2))),
    ),
    Wrong("I-30", "lists a key of order 8 among update keys", _weak_update_key),
    Wrong("I-30", "names a key of order 2 for cosignatures", _naming("witness", multikey(_number(_P - 1)))),
    Wrong("I-30", "names the neutral point for checkpoints", _naming("log", multikey(_number(1)))),
    Wrong(
        "I-30",
        "names the neutral point under a second spelling for requests",
        _naming("authentication", multikey(_number(_P + 1))),
    ),
    Wrong("I-30", "has a method of order 8 that nothing names", _naming("", WEAK)),
    Wrong("I-29", "names a key of 31 bytes for checkpoints", _naming("log", multikey(_good()[:31]))),
    Wrong("I-29", "names a key of 33 bytes for cosignatures", _naming("witness", multikey(_good() + b"\0"))),
    Wrong(
        "I-29",
        "names a key with a zero byte before it for checkpoints",
        _naming("log", "z1" + multikey(_good())[1:]),
    ),
    Wrong(
        "I-29",
        "names a key in another base for cosignatures",
        _naming("witness", "u" + multikey(_good())[1:]),
    ),
    Wrong("I-17", "has a parameter that nobody knows", lambda b: b.line(b.with_parameters(surprise=1))),
    Wrong("I-7", "has a sixth member", lambda b: b.line({**b.body, "surprise": 1})),
    Wrong("I-45", "names 65 log keys", _many_keys),
    Wrong("I-27", "names no log key", _own(log=[])),
    Wrong("I-48", "names no successors", _own(successors=None)),
    Wrong(
        "I-24",
        "has its contexts in another order",
        _state(lambda s: {**s, "@context": _list(s["@context"])[::-1]}),
    ),
    Wrong(
        "I-25",
        "has a method under another id than its key",
        _first_method(publicKeyMultibase=multikey(_good())),
    ),
    Wrong(
        "I-26",
        "names for records what is no method",
        _state(
            lambda s: {
                **s,
                "assertionMethod": [*_list(s["assertionMethod"]), f"{s['id']}#{multikey(_good())}"],
            }
        ),
    ),
    Wrong("I-11", "has a time with four digits of a fraction", _timed(lambda text: text[:-1] + ".0000Z")),
    Wrong(
        "I-3",
        "has an address in the place of a domain",
        lambda b: b.line({**b.body, "state": _at_an_address(b)}),
    ),
)


def _at_an_address(bench: Bench) -> JsonObject:
    """And says that it had another name, so that I-19 is kept."""
    did = bench.agency.did
    text = encode(bench.state).replace(did.rpartition(":")[2].encode(), b"192.0.2.1")
    return {**bench.parsed(text), "alsoKnownAs": [did]}


# --- times and parameters, written otherwise ---------------------------------------------------------------


def _twice(first: str, second: str) -> Callable[[Bench], bytes]:
    """Two entries of one second, each with what is written after it."""

    def make(bench: Bench) -> bytes:
        whole = format_time(bench.when)[:-1]
        return chain(bench.entries, (whole + first, whole + second), bench.agency.announced)

    return make


def _told(**parameters: Json) -> Callable[[Bench], bytes]:
    return lambda bench: bench.line(bench.with_parameters(**parameters))


WRITTEN: Final = (
    Wrong("I-11", "is half a second before the one before it", _twice(".500Z", "Z")),
    Wrong("I-17", "has a null where false belongs", _told(deactivated=None)),
    Wrong("I-17", "has a list where its witnesses belong", _told(witness=[])),
    Wrong("I-11", "is of the moment of the one before, in another zone", _twice("+00:00", "Z")),
    Wrong("I-17", "has a zero where false belongs", _told(deactivated=0)),
    Wrong("I-11", "goes back within one second", _twice(".900Z", ".100Z")),
    Wrong("I-17", "has null witnesses", _told(witness=None)),
    Wrong("I-11", "is of the moment of the one before, with fewer digits", _twice(".500Z", ".5Z")),
    Wrong("I-17", "is an end by a text", _told(deactivated="true")),
)
"""What is right where it is compared as text, or asked for as what a language takes for false."""

LOGS: Final = (*WRONG[:3], *ADDED[:2], *WRITTEN[:2], ADDED[2], *WRONG[3:], *WRITTEN[2:], *ADDED[3:])
"""In the order in which they are shown: whoever steals a key first, then what libraries take for a key or a time."""

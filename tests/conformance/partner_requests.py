"""Faults in what a node answers to a partner's requests."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from passerelle.conformance import misuse
from passerelle.conformance.curve import ORDER
from passerelle.conformance.refusals import Wrong
from passerelle.protocol.profile import format_time
from tests.conformance.follower_stage import problem
from tests.conformance.partner_stage import (
    PartnerFault,
    Stage,
    becomes,
    gets,
    nonce,
    posts,
    signed,
    verdict,
    with_header,
)
from tests.conformance.proxy import Ask, Reply


def _number(ask: Ask, name: str) -> int:
    match = re.search(rf";{name}=([0-9]+)", signed(ask))
    return int(match[1]) if match else 0


def _is_off(ask: Ask) -> bool:
    return bool(_number(ask, "created")) and abs(_number(ask, "created") - time.time()) > 1_000


def _is_elsewhere(stage: Stage, ask: Ask) -> bool:
    return verdict(stage, ask, "https://another.example") == ""


def _is_near(ask: Ask) -> bool:
    """Whether it is one of those that are nearly good: they have faults of their own."""
    return any(misuse.is_for(nonce(ask), wrong.what) for wrong in misuse.WRONG)


def _is_beyond_order(stage: Stage, ask: Ask) -> bool:
    made = base64.b64decode(ask.headers.get("signature", "").partition(":")[2].rstrip(":"))
    return verdict(stage, ask) == "request.signature" and int.from_bytes(made[32:], "little") >= ORDER


def _is_by_another(stage: Stage, ask: Ask) -> bool:
    is_bad = verdict(stage, ask) == "request.signature" and not _is_near(ask)
    is_other = _is_elsewhere(stage, ask) or _is_of_another_path(stage, ask)
    return is_bad and not is_other and not _is_beyond_order(stage, ask)


def _is_of_another_path(stage: Stage, ask: Ask) -> bool:
    return verdict(stage, ask, path=ask.path.rpartition("/")[0] + "/inbox") == ""


def _is_a_little_off(ask: Ask) -> bool:
    ahead, behind = _number(ask, "created") - time.time(), time.time() - _number(ask, "expires")
    return bool(signed(ask)) and (60 < ahead < 120 or 60 < behind < 120)


def _is_by_record_key(stage: Stage, ask: Ask) -> bool:
    return stage.agency.record.multikey in signed(ask)


def _is_there(stage: Stage, ask: Ask) -> bool:
    """Whether it is the kit's, and nobody has signed for it."""
    return not signed(ask) and ask.path.startswith(f"/feeds/to/{stage.agency.scid}/")


def _seen_before(stage: Stage, ask: Ask) -> bool:
    """Whether its nonce came before."""
    told = nonce(ask)
    nonces = stage.memory.setdefault("nonces", set())
    assert isinstance(nonces, set)
    known = told in nonces
    nonces.add(told)
    return bool(told) and known


def _is_by(name: str) -> Callable[[Stage, Ask], bool]:
    """Whether it is by one of the kit's keys that is none for requests, or none any more."""

    def test(stage: Stage, ask: Ask) -> bool:
        key = getattr(stage.agency, name)
        return f"#{key.multikey}" in signed(ask) and verdict(stage, ask) == "request.key-unknown"

    return test


def _after_bad(stage: Stage, ask: Ask) -> bool:
    """Whether it is good, and its nonce came under a bad signature."""
    bad = stage.memory.setdefault("bad", set())
    assert isinstance(bad, set)
    if verdict(stage, ask) == "request.signature":
        bad.add(nonce(ask))
        return False
    return nonce(ask) in bad


def _expired_again(stage: Stage, ask: Ask) -> bool:
    """Whether it came before, and its signature has expired within the tolerance."""
    return _seen_before(stage, ask) and _number(ask, "expires") < time.time() and verdict(stage, ask) == ""


def _late_again(stage: Stage, ask: Ask) -> bool:
    """Whether it came before, a while ago, and is good."""
    is_late = time.time() - _number(ask, "created") > 2.0
    return _seen_before(stage, ask) and is_late and verdict(stage, ask) == ""


def _of_nobody(stage: Stage, ask: Ask) -> bool:
    return (
        verdict(stage, ask) == "" and b'"size": 1}' in ask.body and stage.agency.scid.encode() not in ask.body
    )


def _first_words(stage: Stage, ask: Ask) -> bool:
    return verdict(stage, ask) == "" and b'"size": 1}' in ask.body


def _old_time(stage: Stage) -> None:
    def change(ask: Ask, reply: Reply) -> Reply | None:
        if reply.status != 401 or b"serverTime" not in reply.body:
            return None
        told = {**json.loads(reply.body), "serverTime": format_time(datetime.now(UTC) - timedelta(hours=1))}
        return Reply(401, reply.headers, json.dumps(told).encode())

    stage.towards.changes.append(change)


def _mirror(_stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith("/mirrors/")


def _mirror_signed(stage: Stage, ask: Ask) -> bool:
    return _mirror(stage, ask) and bool(signed(ask))


def _as_public(test: Callable[[Reply], bool]) -> Callable[[Stage, Ask, Reply], Reply]:
    """Some of the answers may be kept by all."""
    return lambda _s, _a, reply: reply.put("Cache-Control", "public, max-age=5") if test(reply) else reply


def _is_private(_stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(("/feeds/to/", "/received/"))


def _to_kit(_stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith("/feeds/to/")


def _of_node(stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(f"/received/{stage.world.author.scid}/")


REQUESTS: Final = tuple(
    PartnerFault(rule, name, "requests", arm)
    for rule, name, arm in (
        ("Q-2", "takes a notice that nobody signed", posts(lambda _s, a: not signed(a))),
        ("Q-2", "takes two signatures", posts(lambda _s, a: "sig2=" in signed(a))),
        (
            "Q-3",
            "takes a signature that leaves out the body",
            posts(lambda _s, a: bool(signed(a)) and "content-digest" not in signed(a)),
        ),
        (
            "Q-4",
            "takes a signature without a nonce",
            posts(lambda _s, a: bool(signed(a)) and not nonce(a)),
        ),
        (
            "Q-5",
            "takes a signature for an hour",
            posts(lambda _s, a: _number(a, "expires") - (_number(a, "created") or time.time()) > 320),
        ),
        ("Q-6", "takes a signature of another hour", posts(lambda _s, a: _is_off(a))),
        (
            "Q-7",
            "takes another body than was signed",
            posts(lambda s, a: verdict(s, a) == "request.digest"),
        ),
        ("Q-8", "takes a coded body", posts(lambda _s, a: "content-encoding" in a.headers)),
        (
            "Q-9",
            "takes what was signed for another",
            posts(_is_elsewhere),
        ),
        ("Q-35", "takes what another key has signed", posts(_is_by_another)),
        ("I-47", "takes a second spelling of a signature", posts(_is_beyond_order)),
        (
            "Q-10",
            "takes a key that no log names",
            posts(lambda s, a: verdict(s, a) == "request.key-unknown"),
        ),
        ("Q-2", "takes a signature of another tag", posts(lambda _s, a: 'tag="another"' in signed(a))),
        (
            "Q-3",
            "takes a signature that covers the same in another order",
            posts(lambda _s, a: '("content-digest"' in signed(a)),
        ),
        ("Q-4", "takes a parameter too many", posts(lambda _s, a: ";surprise=1" in signed(a))),
        ("Q-4", "takes any word for a nonce", posts(lambda _s, a: nonce(a) == "abc")),
        (
            "Q-5",
            "takes a signature a second too long",
            posts(lambda _s, a: _number(a, "expires") - _number(a, "created") == 301),
        ),
        ("Q-6", "is two minutes generous", posts(lambda _s, a: _is_a_little_off(a))),
        (
            "Q-7",
            "takes a digest of any kind",
            posts(lambda _s, a: "sha-512" in a.headers.get("content-digest", "")),
        ),
        ("Q-9", "takes what was signed for another path", posts(_is_of_another_path)),
        (
            "Q-9",
            "takes itself for whom the field Host names",
            posts(lambda s, a: a.headers["host"] == "another.example" and _is_elsewhere(s, a)),
        ),
        ("Q-10", "takes a record key for a request", posts(_is_by_record_key)),
        (
            "Q-6",
            "serves what a signature of another hour asks for",
            gets(lambda s, a: _to_kit(s, a) and _is_off(a), becomes(200, b"here")),
        ),
        (
            "Q-9",
            "serves what was signed for another path",
            gets(lambda s, a: _to_kit(s, a) and _is_of_another_path(s, a), becomes(200, b"here")),
        ),
        (
            "Q-4",
            "serves what a signature without its end asks for",
            gets(
                lambda s, a: _to_kit(s, a) and bool(signed(a)) and not _number(a, "expires"),
                becomes(200, b"here"),
            ),
        ),
        (
            "Q-14",
            "says that a feed is there, and for whom",
            gets(_is_there, becomes(403, code="path.not-found")),
        ),
        (
            "Q-14",
            "tells a bad signature from none",
            gets(lambda s, a: _to_kit(s, a) and _is_by_another(s, a), becomes(401, code="request.signature")),
        ),
        (
            "Q-14",
            "says that what is there can be had in parts",
            gets(
                lambda s, a: _is_there(s, a) and "range" in a.headers, with_header("Accept-Ranges", "bytes")
            ),
        ),
        (
            "Q-16",
            "takes a size that is no number",
            posts(lambda s, a: verdict(s, a) == "" and b'"size":"1"' in a.body),
        ),
        ("Q-12", "takes a request twice", posts(_seen_before)),
        ("Q-12", "forgets a nonce when its signature expires", posts(_expired_again)),
        ("Q-12", "takes a GET twice", gets(_seen_before, becomes(200, b"again"))),
        ("Q-13", "remembers nonces of bad signatures", posts(_after_bad, problem(401, "request.replayed"))),
        (
            "Q-16",
            "answers a wrong digest with 403",
            posts(lambda s, a: verdict(s, a) == "request.digest", problem(403, "request.digest")),
        ),
        ("Q-24", "tells a time that has passed", _old_time),
        (
            "F-29",
            "answers 404 to a notice of what it does not know",
            posts(_of_nobody, problem(404, "path.not-found")),
        ),
        ("P-17", "is not where its descriptor says", posts(_first_words, problem(401, "request.signature"))),
        ("I-5", "keeps no log of its partner", gets(_mirror_signed, becomes(404))),
        (
            "I-8",
            "puts the log in order",
            gets(_mirror_signed, lambda _s, _a, r: replace(r, body=r.body.replace(b"{ ", b"{", 1))),
        ),
        (
            "P-27",
            "shows whose logs it keeps",
            gets(lambda s, a: _mirror(s, a) and not signed(a), becomes(200, b"{}")),
        ),
        (
            "P-28",
            "lets a mirror be kept",
            gets(_mirror_signed, with_header("Cache-Control", "public, max-age=5")),
        ),
        (
            "P-4",
            "lets a private feed be kept",
            gets(_to_kit, with_header("Cache-Control", "public, max-age=5")),
        ),
        ("P-14", "shows what it holds to another", gets(_of_node, becomes(200, b"held"))),
    )
)


def _taking(wrong: Wrong) -> PartnerFault:
    """A node that takes one request which it must refuse."""
    name = f"takes a request with {wrong.what}"
    return PartnerFault(wrong.rule, name, "misuse", posts(lambda _s, a: misuse.is_for(nonce(a), wrong.what)))


LASTING: Final = (
    PartnerFault("Q-12", "remembers the nonce of a notice for a moment", "lasting", posts(_late_again)),
    PartnerFault(
        "Q-12",
        "remembers the nonce of a GET for a moment",
        "lasting",
        gets(_late_again, becomes(200, b"again")),
    ),
)
MISUSE: Final = (
    *map(_taking, misuse.WRONG),
    *(
        PartnerFault("Q-10", f"takes {what}", "misuse", posts(_is_by(key)))
        for what, key in (
            ("the log key for a request", "log_key"),
            ("the witness key for a request", "witness"),
            ("a retired record key for a request", "retired"),
        )
    ),
)
PRIVATE: Final = tuple(
    PartnerFault(rule, name, "private", gets(where, change))
    for rule, name, where, change in (
        ("P-4", "lets a part of a private file be kept", _is_private, _as_public(lambda r: r.status == 206)),
        (
            "P-4",
            "lets it be kept that a private file is there",
            _is_private,
            _as_public(lambda r: r.status == 304),
        ),
        (
            "P-4",
            "lets a private file be kept under a coding",
            _is_private,
            _as_public(lambda r: bool(r.get("Content-Encoding"))),
        ),
        (
            "P-28",
            "lets a mirror be kept under a coding",
            _mirror,
            _as_public(lambda r: bool(r.get("Content-Encoding"))),
        ),
        ("P-1", "takes a signed path with a query", lambda _s, a: "?" in a.path, becomes(200, b"here")),
    )
)

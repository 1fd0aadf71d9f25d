"""Faults that a partner sees: what a node does with what is shown to it, and how it asks.

A proxy stands between the kit and the node; a second one, where the fault is in how the node
asks, between the node and the kit. Both know the node's keys, so that they can answer for a
node that takes what it must refuse: rejections and receipts are made in its name.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from passerelle.conformance import Examination, flawed
from passerelle.conformance.author import Agency, Feed
from passerelle.conformance.partner import Partner
from passerelle.conformance.plan import Plan
from passerelle.conformance.probes import PROBES, Probe
from passerelle.conformance.signing import Signature
from passerelle.errors import ProtocolError
from passerelle.protocol.checkpoints import Checkpoint, cosign, verify_cosignature
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.notes import SignedNote
from passerelle.protocol.objects import commitment
from passerelle.protocol.origins import Origin, witness_name
from passerelle.protocol.profile import Json, encode, format_time
from passerelle.protocol.requests import verify_request
from tests.conformance.follower_faults import problem
from tests.conformance.proxy import Ask, Proxy, Reply
from tests.conformance.world import World, later

Part = Literal[
    "requests",
    "flawed",
    "L-6",
    "L-9",
    "steps",
    "stale",
    "asking",
    "roads",
    "identity",
    "flood",
    "fork",
    "logs",
]


@dataclass
class Stage:
    """One examination under a fault.

    Args:
        world: The node.
        examination: The kit.
        towards: Between kit and node.
        back: Between node and kit.
    """

    world: World
    examination: Examination
    towards: Proxy
    back: Proxy
    memory: dict[str, object] = field(default_factory=dict)

    @property
    def partner(self) -> Partner:
        """The kit as a partner."""
        assert self.examination.partner is not None
        return self.examination.partner

    @property
    def agency(self) -> Agency:
        """The kit's agency."""
        return self.partner.agency

    def cosigned(self, feed: Feed, size: int, *, root: bytes | None = None, at: int | None = None) -> Reply:
        """A receipt in the node's name."""
        note = SignedNote.parse(feed.claim(size, feed.root(size) if root is None else root))
        name = witness_name(self.world.author.scid)
        line = cosign(note, self.world.keys.witness, name, int(time.time()) if at is None else at)
        return Reply(200, [], note.with_signatures(line).encode())

    def read(self, reply: Reply) -> tuple[int, int]:
        """Size and time of a receipt, zeros where it is none."""
        if reply.status != 200:
            return 0, 0
        note = SignedNote.parse(reply.body)
        name = witness_name(self.world.author.scid)
        return Checkpoint.parse(note.text).tree_size, verify_cosignature(
            note, name, [self.world.keys.witness.public]
        )


Arm = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class PartnerFault:
    """One way in which a node breaks one rule towards a partner.

    Args:
        rule: Which.
        name: What the node does.
        part: Of the examination, that sees it.
        arm: Sets the proxies up.
        also: Rules that are broken with it, whatever one does.
        through: Whether the node is led to the kit through the second proxy.
    """

    rule: str
    name: str
    part: Part
    arm: Arm
    also: frozenset[str] = frozenset()
    through: bool = False


# --- requests ----------------------------------------------------------------------------------------------


def _posts(test: Callable[[Stage, Ask], bool], reply: Reply | None = None) -> Arm:
    """Answers notices for which a question is answered with yes; 202 where nothing else is said."""

    def arm(stage: Stage) -> None:
        def change(ask: Ask, _reply: Reply) -> Reply | None:
            if ask.method == "POST" and ask.path == "/notices" and test(stage, ask):
                return Reply(202, [], b"") if reply is None else reply
            return None

        stage.towards.changes.append(change)

    return arm


def _gets(test: Callable[[Stage, Ask], bool], change: Callable[[Stage, Ask, Reply], Reply]) -> Arm:
    def arm(stage: Stage) -> None:
        stage.towards.changes.append(
            lambda ask, reply: change(stage, ask, reply) if ask.method == "GET" and test(stage, ask) else None
        )

    return arm


def _signed(ask: Ask) -> str:
    return ask.headers.get("signature-input", "")


def _number(ask: Ask, name: str) -> int:
    match = re.search(rf";{name}=([0-9]+)", _signed(ask))
    return int(match[1]) if match else 0


def _is_off(ask: Ask) -> bool:
    return bool(_signed(ask)) and abs(_number(ask, "created") - time.time()) > 1_000


def _verdict(stage: Stage, ask: Ask) -> str:
    """The code by which the protocol refuses a request of the kit, empty where it is good."""
    key_id = stage.agency.request_key_id()
    try:
        verify_request(
            ask.method,
            stage.partner.address + ask.path,
            ask.headers,
            ask.body,
            resolve_key=lambda named: stage.agency.request.public if named == key_id else None,
            now=datetime.now(UTC),
        )
    except ProtocolError as error:
        return error.code
    return ""


def _nonce(ask: Ask) -> str:
    match = re.search(r';nonce="([^"]+)"', _signed(ask))
    return match[1] if match else ""


def _seen_before(stage: Stage, ask: Ask) -> bool:
    """Whether its nonce came before."""
    nonce = _nonce(ask)
    nonces = stage.memory.setdefault("nonces", set())
    assert isinstance(nonces, set)
    known = nonce in nonces
    nonces.add(nonce)
    return bool(nonce) and known


def _after_bad(stage: Stage, ask: Ask) -> bool:
    """Whether it is good, and its nonce came under a bad signature."""
    bad = stage.memory.setdefault("bad", set())
    assert isinstance(bad, set)
    if _verdict(stage, ask) == "request.signature":
        bad.add(_nonce(ask))
        return False
    return _nonce(ask) in bad


def _of_nobody(stage: Stage, ask: Ask) -> bool:
    return (
        _verdict(stage, ask) == ""
        and b'"size": 1}' in ask.body
        and stage.agency.scid.encode() not in ask.body
    )


def _first_words(stage: Stage, ask: Ask) -> bool:
    return _verdict(stage, ask) == "" and b'"size": 1}' in ask.body


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
    return _mirror(stage, ask) and bool(_signed(ask))


def _to_kit(_stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith("/feeds/to/")


def _of_node(stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(f"/received/{stage.world.author.scid}/")


def _becomes(
    status: int, body: bytes = b"", code: str = "path.not-found"
) -> Callable[[Stage, Ask, Reply], Reply]:
    return lambda _s, _a, _r: problem(status, code) if status >= 400 else Reply(status, [], body)


def _with(name: str, value: str) -> Callable[[Stage, Ask, Reply], Reply]:
    return lambda _s, _a, reply: reply.put(name, value)


REQUESTS: Final = tuple(
    PartnerFault(rule, name, "requests", arm)
    for rule, name, arm in (
        ("Q-2", "takes a notice that nobody signed", _posts(lambda _s, a: not _signed(a))),
        ("Q-2", "takes two signatures", _posts(lambda _s, a: "sig2=" in _signed(a))),
        (
            "Q-3",
            "takes a signature that leaves out the body",
            _posts(lambda _s, a: bool(_signed(a)) and "content-digest" not in _signed(a)),
        ),
        (
            "Q-4",
            "takes a signature without a nonce",
            _posts(lambda _s, a: bool(_signed(a)) and not _nonce(a)),
        ),
        (
            "Q-5",
            "takes a signature for an hour",
            _posts(lambda _s, a: _number(a, "expires") - _number(a, "created") > 300),
        ),
        ("Q-6", "takes a signature of another hour", _posts(lambda _s, a: _is_off(a))),
        (
            "Q-7",
            "takes another body than was signed",
            _posts(lambda s, a: _verdict(s, a) == "request.digest"),
        ),
        ("Q-8", "takes a coded body", _posts(lambda _s, a: "content-encoding" in a.headers)),
        (
            "Q-9",
            "takes what was signed for another",
            _posts(lambda s, a: _verdict(s, a) == "request.signature"),
        ),
        (
            "Q-10",
            "takes a key that no log names",
            _posts(lambda s, a: _verdict(s, a) == "request.key-unknown"),
        ),
        ("Q-12", "takes a request twice", _posts(_seen_before)),
        ("Q-13", "remembers nonces of bad signatures", _posts(_after_bad, problem(401, "request.replayed"))),
        (
            "Q-16",
            "answers a wrong digest with 403",
            _posts(lambda s, a: _verdict(s, a) == "request.digest", problem(403, "request.digest")),
        ),
        ("Q-24", "tells a time that has passed", _old_time),
        (
            "F-29",
            "answers 404 to a notice of what it does not know",
            _posts(_of_nobody, problem(404, "path.not-found")),
        ),
        ("P-17", "is not where its descriptor says", _posts(_first_words, problem(401, "request.signature"))),
        ("I-5", "keeps no log of its partner", _gets(_mirror_signed, _becomes(404))),
        (
            "I-8",
            "puts the log in order",
            _gets(_mirror_signed, lambda _s, _a, r: replace(r, body=r.body.replace(b"{ ", b"{", 1))),
        ),
        (
            "P-27",
            "shows whose logs it keeps",
            _gets(lambda s, a: _mirror(s, a) and not _signed(a), _becomes(200, b"{}")),
        ),
        ("P-28", "lets a mirror be kept", _gets(_mirror_signed, _with("Cache-Control", "public, max-age=5"))),
        ("P-4", "lets a private feed be kept", _gets(_to_kit, _with("Cache-Control", "public, max-age=5"))),
        ("P-14", "shows what it holds to another", _gets(_of_node, _becomes(200, b"held"))),
    )
)

# --- records with faults -----------------------------------------------------------------------------------

Items = list[dict[str, Json]]


def _rejecting(
    change: Callable[[Stage, Items], None] = lambda _s, _i: None,
    *,
    feed: Callable[[Stage, Feed, Items], None] | None = None,
) -> Arm:
    """The node's feed to the kit, made in its name: one rejection, right but for a change."""

    def arm(stage: Stage) -> None:
        def answer(ask: Ask, _reply: Reply) -> Reply | None:
            plan = stage.examination.plan
            if plan is None or not ask.path.startswith(f"/feeds/to/{stage.agency.scid}/1/"):
                return None
            if "feed" not in stage.memory:
                made = stage.memory["feed"] = Feed(
                    stage.world.author, Origin(stage.world.author.scid, stage.agency.scid, 1)
                )
                items = _expected(plan)
                change(stage, items)
                (feed or _one_rejection)(stage, made, items)
            own = stage.memory["feed"]
            assert isinstance(own, Feed)
            body = own.read(ask.path.removeprefix(f"/{own.origin.path}/"))
            return None if body is None else Reply(200, [("Cache-Control", "private, no-store")], body)

        stage.towards.changes.append(answer)

    return arm


def _expected(plan: Plan) -> Items:
    return [
        {"origin": origin, "index": index, "code": min(codes)} for origin, index, codes in plan.expected()
    ]


def _rejection(stage: Stage, items: Items, *, seen: int | None = None) -> bytes:
    plan = stage.examination.plan
    assert plan is not None
    at = plan.claims if seen is None else seen
    told: dict[str, Json] = {"items": [*items], "synthetic": True}
    author = stage.world.author
    return author.record_of(author.value("rejection", told, later(), to=[stage.agency.scid], seen=at)).data


def _one_rejection(stage: Stage, feed: Feed, items: Items) -> None:
    _seal(stage, feed, _rejection(stage, items))


def _bench(stage: Stage, feed: Feed, key: int = 1) -> flawed.Bench:
    agency = stage.agency
    recipient = agency.sealing[key].public
    return flawed.Bench(
        stage.world.author, feed.origin, agency.scid, recipient, agency.other, later(), later()
    )


def _seal(stage: Stage, feed: Feed, data: bytes, key: int = 1) -> None:
    feed.append(*flawed.in_bilateral(_bench(stage, feed, key), data))


def _without(test: Callable[[Stage, dict[str, Json]], bool]) -> Arm:
    def change(stage: Stage, items: Items) -> None:
        kept = [item for item in items if not test(stage, item)]
        assert len(kept) == len(items) - 1
        items[:] = kept

    return _rejecting(change)


def _is_of(probe: Probe) -> Callable[[Stage, dict[str, Json]], bool]:
    def test(stage: Stage, item: dict[str, Json]) -> bool:
        plan = stage.examination.plan
        assert plan is not None
        one = next(placed for placed in plan.placed if placed.probe is probe)
        return (item["origin"], item["index"]) == (one.origin, one.index)

    return test


def _accusing(probe: Probe) -> Arm:
    def change(stage: Stage, items: Items) -> None:
        plan = stage.examination.plan
        assert plan is not None
        one = next(placed for placed in plan.placed if placed.probe is probe)
        items.append({"origin": one.origin, "index": one.index, "code": "record.malformed"})

    return _rejecting(change)


def of_probe(probe: Probe) -> PartnerFault:
    """A node that makes the wrong thing of a flawed record: takes what it must refuse, or refuses what it must take."""
    if probe.codes:
        return PartnerFault(probe.rules[0], f"takes {probe.what}", "flawed", _without(_is_of(probe)))
    return PartnerFault(probe.rules[0], f"refuses {probe.what}", "flawed", _accusing(probe))


def _is_repeated(stage: Stage, item: dict[str, Json]) -> bool:
    plan = stage.examination.plan
    assert plan is not None
    return (item["origin"], item["index"]) == plan.repeated


def _miscoded(_stage: Stage, items: Items) -> None:
    items[0]["code"] = "record.malformed"


def _two(stage: Stage, feed: Feed, items: Items) -> None:
    _seal(stage, feed, _rejection(stage, items[:1]))
    _seal(stage, feed, _rejection(stage, items[1:]))


def _seeing(size: Callable[[Stage], int]) -> Callable[[Stage, Feed, Items], None]:
    return lambda stage, feed, items: _seal(stage, feed, _rejection(stage, items, seen=size(stage)))


def _going_back(stage: Stage, feed: Feed, items: Items) -> None:
    _seal(stage, feed, _rejection(stage, items, seen=1))
    author = stage.world.author
    body = flawed.agreement(author, stage.agency.scid)
    _seal(
        stage,
        feed,
        author.record_of(author.value("agreement", body, later(), to=[stage.agency.scid], seen=0)).data,
    )


def _to_two(stage: Stage, feed: Feed, items: Items) -> None:
    author, told = stage.world.author, [stage.agency.scid, stage.agency.other.scid]
    body: dict[str, Json] = {"items": [*items], "synthetic": True}
    _seal(stage, feed, author.record_of(author.value("rejection", body, later(), to=told, seen=0)).data)


def _to_key(number: int) -> Callable[[Stage, Feed, Items], None]:
    return lambda stage, feed, items: _seal(stage, feed, _rejection(stage, items), number)


def _talking(stage: Stage, feed: Feed, items: Items) -> None:
    _one_rejection(stage, feed, items)
    feed.append(encode_leaf(SealedLeaf(bytes(32)))[:-1] + b',"type":"rejection"}')


def _spoilt(make: Callable[[bytes, bytes], bytes]) -> Callable[[Stage, Feed, Items], None]:
    """A good rejection, and after it a sealed object of another form."""

    def build(stage: Stage, feed: Feed, items: Items) -> None:
        _one_rejection(stage, feed, items)
        data, salt = encode({"a": 1}), bytes(32)
        feed.append(*flawed.sealed(_bench(stage, feed), make(salt, data), commitment(salt, data)))

    return build


def _is_receipt(feed: str) -> Callable[[Stage, Ask], bool]:
    return lambda stage, ask: ask.path == f"/received/{stage.agency.scid}/{feed}/1/receipt"


def _whole_bilateral(stage: Stage, _ask: Ask, _reply: Reply) -> Reply:
    feed = stage.agency.bilateral
    return stage.cosigned(feed, len(feed.leaves))


def _held_entries(stage: Stage, ask: Ask) -> bool:
    return ask.path.startswith(f"/received/{stage.agency.scid}/public/1/tile/entries/")


def _held_checkpoint(stage: Stage, ask: Ask) -> bool:
    return ask.path == f"/received/{stage.agency.scid}/to/1/checkpoint"


def _first_kept(stage: Stage, ask: Ask, reply: Reply) -> Reply:
    """The first receipt for ever."""
    if reply.status != 200:
        return reply
    kept = stage.memory.setdefault(ask.path, reply)
    assert isinstance(kept, Reply)
    return kept


FLAWED: Final = (
    *(of_probe(probe) for probe in PROBES if probe.rules[0] != "F-11"),
    PartnerFault("L-24", "takes one leaf twice", "flawed", _without(_is_repeated)),
    PartnerFault("F-11", "refuses by another code", "flawed", _rejecting(_miscoded)),
    PartnerFault("F-17", "reports twice in a day", "flawed", _rejecting(feed=_two)),
    PartnerFault(
        "S-15",
        "claims to have seen beyond a lie",
        "flawed",
        _rejecting(feed=_seeing(lambda s: len(s.agency.bilateral.leaves))),
    ),
    PartnerFault(
        "R-28", "claims to have seen what is not there", "flawed", _rejecting(feed=_seeing(lambda _s: 10_000))
    ),
    PartnerFault("R-27", "has seen less than before", "flawed", _rejecting(feed=_going_back)),
    PartnerFault(
        "R-26", "addresses two in a feed of one", "flawed", _rejecting(feed=_to_two), frozenset({"R-25"})
    ),
    PartnerFault(
        "I-36", "seals to a key that no identity document names", "flawed", _rejecting(feed=_to_key(3))
    ),
    PartnerFault("I-37", "seals to a key of before", "flawed", _rejecting(feed=_to_key(0))),
    PartnerFault("I-37", "seals to a key that has not begun", "flawed", _rejecting(feed=_to_key(2))),
    PartnerFault("L-25", "says in a leaf what it seals", "flawed", _rejecting(feed=_talking)),
    PartnerFault(
        "O-7",
        "seals a stream that does not end",
        "flawed",
        _rejecting(feed=_spoilt(lambda s, d: flawed.padded(s, flawed.deflated(d) + b"\0"))),
    ),
    PartnerFault(
        "O-9",
        "seals something after the stream",
        "flawed",
        _rejecting(feed=_spoilt(lambda s, d: flawed.padded(s, flawed.deflated(d))[:-1] + b"\1")),
    ),
    PartnerFault(
        "F-23",
        "gives a receipt for what it could not open",
        "flawed",
        _gets(_is_receipt("to"), _whole_bilateral),
    ),
    PartnerFault(
        "P-13",
        "serves other leaves than it was shown",
        "flawed",
        _gets(_held_entries, lambda _s, _a, r: replace(r, body=r.body[:-1] + b"?")),
    ),
    PartnerFault("F-13", "stops at a record with a fault", "flawed", _gets(_held_checkpoint, _becomes(404))),
    PartnerFault("L-26", "stops at a leaf with a fault", "flawed", _gets(_is_receipt("public"), _first_kept)),
)

# --- steps -------------------------------------------------------------------------------------------------


def _eager(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    """Cosigns whatever was published, whatever was shown, and does not take it back."""
    feed = stage.agency.public
    if feed.note or stage.partner.stand.overrides:
        stage.memory["given"] = stage.cosigned(feed, len(feed.leaves))
    given = stage.memory.get("given")
    return given if isinstance(given, Reply) and stage.read(given)[0] > stage.read(reply)[0] else reply


def _shrinking(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    return stage.cosigned(feed, 1, at=stage.read(reply)[1]) if feed.note else reply


def _crooked(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    size, at = stage.read(reply)
    return stage.cosigned(feed, size, root=bytes(32), at=at) if feed.note else reply


def _dating_back(stage: Stage, _ask: Ask, reply: Reply) -> Reply:
    feed = stage.agency.public
    size, at = stage.read(reply)
    return stage.cosigned(feed, size, at=at - 5_000) if feed.note else reply


def _step(rule: str, name: str, part: Part, change: Callable[[Stage, Ask, Reply], Reply]) -> PartnerFault:
    return PartnerFault(rule, name, part, _gets(_is_receipt("public"), change))


STEPS: Final = (
    _step("F-1", "never looks", "steps", _becomes(404)),
    _step("L-6", "stops at a line that it does not know", "L-6", _first_kept),
    _step("L-9", "stops at many lines", "L-9", _first_kept),
    _step("I-35", "stops at a descriptor that has expired", "stale", _first_kept),
    *(
        _step(rule, f"cosigns what {rule} has it refuse", "steps", _eager)
        for rule in ("L-7", "L-8", "L-10", "L-11", "L-14", "L-18", "F-9")
    ),
    _step("F-24", "cosigns another tree", "steps", _crooked),
    _step("F-25", "cosigns a smaller tree after a larger one", "steps", _shrinking),
    _step("F-27", "dates a cosignature back", "steps", _dating_back),
    _step("F-8", "takes damage on the road for a fault of the author", "steps", _first_kept),
    _step("F-7", "takes old news for a fault", "steps", _first_kept),
    _step("F-19", "takes what nobody signed for a fork", "steps", _first_kept),
    _step(
        "F-21",
        "goes on after a fork",
        "fork",
        lambda s, a, r: s.cosigned(s.agency.public, len(s.agency.public.leaves)),
    ),
    PartnerFault("F-22", "stops all feeds at a fork of one", "fork", _gets(_held_checkpoint, _becomes(404))),
)

# --- how it asks -------------------------------------------------------------------------------------------

Resign = Callable[[Signature], Signature]


def _asks(change: Callable[[Stage, Ask], Awaitable[Reply | None]]) -> Arm:
    def arm(stage: Stage) -> None:
        async def before(ask: Ask) -> Reply | None:
            return await change(stage, ask)

        stage.back.before = before

    return arm


def _headers(change: Callable[[Stage, Ask], dict[str, str] | None]) -> Arm:
    """Other header fields in the node's requests."""

    async def altered(stage: Stage, ask: Ask) -> Reply | None:
        fields = change(stage, ask)
        if fields is None:
            return None
        line = f"{ask.method} {ask.path} HTTP/1.1\r\n"
        ask.raw = (line + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode()
        return None

    return _asks(altered)


def _resigned(change: Resign, also: Callable[[dict[str, str]], dict[str, str]] = dict) -> Arm:
    def fields(stage: Stage, ask: Ask) -> dict[str, str] | None:
        if not _signed(ask):
            return None
        keys = stage.world.keys
        key_id = f"{stage.world.author.did}#{keys.request.multikey}"
        target = stage.agency.address + ask.path
        made = Signature(ask.method, target, keys.request, key_id, datetime.now(UTC), ask.body)
        kept = {
            name: value
            for name, value in ask.headers.items()
            if not name.startswith(("signature", "content-digest", "content-type"))
        }
        return also({**kept, **change(made).headers()})

    return _headers(fields)


def _unsigned(_stage: Stage, ask: Ask) -> dict[str, str]:
    return {name: value for name, value in ask.headers.items() if not name.startswith("signature")}


def _without_if_range(_stage: Stage, ask: Ask) -> dict[str, str]:
    """Asks for a part, and does not say of which version."""
    return {name: value for name, value in ask.headers.items() if name != "if-range"}


async def _wider(stage: Stage, ask: Ask) -> Reply | None:
    if ask.path == f"/{stage.agency.public.origin.path}/checkpoint":
        path = ask.path.replace("/checkpoint", "/tile/entries/000.p/250")
        await stage.back.forward(
            Ask("GET", path, {}, b"", f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        )
    return None


async def _following(stage: Stage, ask: Ask) -> Reply | None:
    reply = await stage.back.forward(ask)
    if reply.status == 302:
        path = reply.get("Location")
        return await stage.back.forward(
            Ask("GET", path, {}, b"", f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        )
    return reply


async def _reading_on(stage: Stage, ask: Ask) -> Reply | None:
    if not ask.path.endswith("/public/1/checkpoint") or not stage.partner.stand.overrides:
        return None
    parts = urlsplit(stage.back.target)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(ask.raw)
    total = 0
    try:
        async with asyncio.timeout(10):
            while total < 40 * 2**20 and (part := await reader.read(2**20)):
                total += len(part)
                if total < 2**16 and b"origin" in part:
                    break
    except TimeoutError:
        pass
    writer.close()
    return problem(404, "path.not-found")


async def _keeping_its_time(stage: Stage, ask: Ask) -> Reply | None:
    if f"/feeds/to/{stage.world.author.scid}/1/checkpoint" != ask.path or not stage.partner.stand.overrides:
        return None
    stage.memory["asked"] = int(str(stage.memory.get("asked", 0))) + 1
    return None if stage.memory["asked"] == 1 else problem(404, "path.not-found")


async def _blind(stage: Stage, ask: Ask) -> Reply | None:
    has_changed = stage.agency.request is stage.agency.next_request
    return problem(404, "path.not-found") if has_changed and ask.path.endswith("did.jsonl") else None


def _hurrying(stage: Stage) -> None:
    """A visit for every notice."""

    def change(ask: Ask, reply: Reply) -> Reply | None:
        if ask.method == "POST":
            path = f"/{stage.agency.public.origin.path}/checkpoint"
            raw = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            task = asyncio.ensure_future(stage.back.forward(Ask("GET", path, {}, b"", raw)))
            stage.memory[f"task {id(task)}"] = task
        return None

    stage.towards.changes.append(change)


def _asking(rule: str, name: str, arm: Arm) -> PartnerFault:
    return PartnerFault(rule, name, "asking", arm, through=True)


def _road(rule: str, name: str, arm: Arm) -> PartnerFault:
    return PartnerFault(rule, name, "roads", arm, through=True)


_KEY: Final = SigningKey(bytes([7]) * 32)

ASKING: Final = (
    _asking("Q-2", "asks for what is private without signing", _headers(_unsigned)),
    _asking(
        "Q-3",
        "covers less than the profile says",
        _resigned(lambda s: replace(s, components=("@target-uri", "@method"))),
    ),
    _asking(
        "Q-4",
        "signs without naming the algorithm",
        _resigned(lambda s: replace(s, without=frozenset({"alg"}))),
    ),
    _asking("Q-5", "signs for an hour", _resigned(lambda s: replace(s, life=3_600))),
    _asking(
        "Q-10",
        "signs with a key that its log does not name",
        _resigned(lambda s: replace(s, key=_KEY, key_id=f"{s.key_id.partition('#')[0]}#{_KEY.multikey}")),
    ),
    _asking("Q-12", "uses one nonce again", _resigned(lambda s: replace(s, nonce="A" * 22))),
    _asking(
        "P-23",
        "signs for the address that it connects to",
        _resigned(lambda s: replace(s, target=s.target.replace("https://", "http://"))),
    ),
    _asking("P-7", "asks for a part of it knows not which version", _headers(_without_if_range)),
    _asking("P-11", "asks for a width that nobody has made", _asks(_wider)),
    _road("P-15", "follows a redirect", _asks(_following)),
    _road("Q-21", "reads without end", _asks(_reading_on)),
    _road("Q-15", "keeps to its own time", _asks(_keeping_its_time)),
    _road("Q-22", "waits without end", lambda _stage: None),
    PartnerFault("Q-11", "does not look for a new key", "identity", _asks(_blind), through=True),
    PartnerFault("F-44", "visits at every notice", "flood", _hurrying, through=True),
    PartnerFault(
        "Q-17",
        "does not say when to come back",
        "flood",
        lambda s: s.towards.changes.append(
            lambda _a, r: r.put("Retry-After", None) if r.status == 429 else None
        ),
    ),
)


# --- its partner's identity --------------------------------------------------------------------------------


def _forgets(stage: Stage) -> None:
    """Once it was shown an older log, it takes that for the newest, until it looks again."""

    def change(ask: Ask, _reply: Reply) -> Reply | None:
        agency = stage.agency
        if agency.log == agency.first_log:
            stage.memory["old"] = True
        elif ask.method == "POST" and stage.memory.pop("old", False):
            return problem(401, "request.key-unknown")
        return None

    stage.towards.changes.append(change)


def _all_held(stage: Stage, ask: Ask, reply: Reply) -> Reply:
    return Reply(200, [], stage.agency.bilateral.checkpoint())


IDENTITY: Final = (
    PartnerFault("I-21", "takes an older log for the newest", "identity", _forgets),
    PartnerFault(
        "I-12",
        "takes a key that has not begun",
        "identity",
        _posts(lambda s, a: _verdict(s, a) == "request.key-unknown"),
    ),
    PartnerFault("I-23", "goes on after two logs", "logs", _gets(_held_checkpoint, _all_held)),
)

PARTNER_FAULTS: Final = (*REQUESTS, *FLAWED, *STEPS, *ASKING, *IDENTITY)

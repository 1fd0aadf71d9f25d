"""Faults in how a node asks: a proxy between the node and the kit asks otherwise in its name."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from passerelle.conformance import addresses, chains
from passerelle.conformance.signing import Signature
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.records import Record
from tests.conformance.follower_stage import problem
from tests.conformance.partner_stage import (
    Arm,
    PartnerFault,
    Stage,
    signed,
)
from tests.conformance.proxy import Ask, Reply

Resign = Callable[[Signature], Signature]


def asks(change: Callable[[Stage, Ask], Awaitable[Reply | None]]) -> Arm:
    """Alters each request of the node, or answers it instead of the kit."""

    def arm(stage: Stage) -> None:
        async def before(ask: Ask) -> Reply | None:
            return await change(stage, ask)

        stage.back.before = before

    return arm


def _head(ask: Ask, fields: Mapping[str, str]) -> bytes:
    lines = [f"{ask.method} {ask.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _headers(change: Callable[[Stage, Ask], dict[str, str] | None]) -> Arm:
    """Other header fields in the node's requests."""

    async def altered(stage: Stage, ask: Ask) -> Reply | None:
        fields = change(stage, ask)
        if fields is None:
            return None
        ask.raw = _head(ask, fields)
        return None

    return asks(altered)


def _resigned(change: Resign, also: Callable[[dict[str, str]], dict[str, str]] = dict) -> Arm:
    def fields(stage: Stage, ask: Ask) -> dict[str, str] | None:
        if not signed(ask):
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


async def _never_again(stage: Stage, ask: Ask) -> Reply | None:
    """Asks for objects that are new, and for no others."""
    is_again = stage.agency.bilateral.rewrites and "/objects/" in ask.path and "range" not in ask.headers
    return problem(404, "path.not-found") if is_again else None


def _without_asking_of(feed: str, after: int = 2**30) -> Callable[[Stage, Ask], Awaitable[Reply | None]]:
    """Does not ask the kit how far it holds a feed of its own, or not before it has come so often."""

    async def silent(stage: Stage, ask: Ask) -> Reply | None:
        looks = len(stage.partner.stand.since(0.0, f"/{stage.agency.public.origin.path}/checkpoint"))
        is_asked = ask.path == f"/received/{stage.world.author.scid}/{feed}/1/checkpoint"
        return problem(503, "node.read-only") if is_asked and looks < after else None

    return silent


def _for_itself(number: int) -> Callable[[Stage, Ask], Awaitable[Reply | None]]:
    """Signs for the address of the newest descriptor, although that is one spelling of its own."""

    async def sign(stage: Stage, ask: Ask) -> Reply | None:
        named = Record.parse(stage.agency.descriptor.data).body["addresses"]
        own = addresses.spellings(stage.partner.address)[number]
        if named == [own] and signed(ask):
            keys = stage.world.keys
            key_id = f"{stage.world.author.did}#{keys.request.multikey}"
            made = Signature(ask.method, f"{own}{ask.path}", keys.request, key_id, datetime.now(UTC))
            ask.raw = _head(ask, {**_unsigned(stage, ask), **made.headers()})
        return None

    return sign


async def _inwards(stage: Stage, ask: Ask) -> Reply | None:
    """Connects to whatever the newest descriptor names, where that is an address of this machine."""
    named = Record.parse(stage.agency.descriptor.data).body["addresses"]
    parts = urlsplit(str(named[0])) if isinstance(named, list) else urlsplit("")
    if parts.hostname == "127.0.0.1":
        with contextlib.suppress(OSError):  # the trap is open for a while
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.close()
    return None


async def _following(stage: Stage, ask: Ask) -> Reply | None:
    reply = await stage.back.forward(ask)
    if reply.status == 302:
        path = reply.get("Location")
        return await stage.back.forward(
            Ask("GET", path, {}, b"", f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        )
    return reply


async def _carrying(stage: Stage, ask: Ask) -> Reply | None:
    reply = await stage.back.forward(ask)
    if reply.status == 307:
        path = reply.get("Location")
        raw = _head(Ask("GET", path, {}, b"", b""), ask.headers)
        return await stage.back.forward(Ask("GET", path, {}, b"", raw))
    return reply


async def _no_silence(stage: Stage, ask: Ask) -> Reply | None:
    """Gives up whoever says nothing at all, and nobody else."""
    shown = stage.partner.stand.overrides.get(ask.path)
    return problem(404, "path.not-found") if shown is not None and shown.__name__ == "_silent" else None


async def _reading_on(stage: Stage, ask: Ask) -> Reply | None:
    if ask.path != f"/{stage.agency.public.origin.path}/checkpoint" or not stage.partner.stand.overrides:
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


async def _blind(stage: Stage, ask: Ask) -> Reply | None:
    has_changed = stage.agency.request is stage.agency.next_request
    return problem(404, "path.not-found") if has_changed and ask.path.endswith("did.jsonl") else None


async def _by_whole_seconds(stage: Stage, ask: Ask) -> Reply | None:
    """Of entries that are later by parts of a second it takes none."""
    if not ask.path.endswith("did.jsonl"):
        return None
    reply = await stage.back.forward(ask)
    lines = reply.body.splitlines(keepends=True)
    if lines and chains.LATER[-1].encode() in lines[-1]:
        lines = lines[: -len(chains.LATER)]
    return Reply(200, [], b"".join(lines))


async def _once(stage: Stage, ask: Ask) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):  # the kit may have gone meanwhile
        await stage.back.forward(ask)


def _hurrying(stage: Stage) -> None:
    """A visit for every notice."""

    def change(ask: Ask, reply: Reply) -> Reply | None:
        if ask.method == "POST":
            path = f"/{stage.agency.public.origin.path}/checkpoint"
            raw = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            task = asyncio.ensure_future(_once(stage, Ask("GET", path, {}, b"", raw)))
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
    _asking(
        "Q-10",
        "signs in another agency's name",
        _resigned(
            lambda s: replace(s, key=_KEY, key_id=f"did:webvh:Qm{'3' * 44}:other.example#{_KEY.multikey}")
        ),
    ),
    _asking("Q-12", "uses one nonce again", _resigned(lambda s: replace(s, nonce="A" * 22))),
    _asking(
        "P-23",
        "signs for the address that it connects to",
        _resigned(lambda s: replace(s, target=s.target.replace("https://", "http://"))),
    ),
    _asking("P-7", "asks for a part of it knows not which version", _headers(_without_if_range)),
    _asking("P-11", "asks for a width that nobody has made", asks(_wider)),
    _asking("W-18", "does not ask how far its public feed is held", asks(_without_asking_of("public"))),
    _asking("W-18", "does not ask how far its feed to its partner is held", asks(_without_asking_of("to"))),
    _asking("W-18", "asks how far it is held once it was there", asks(_without_asking_of("public", 2))),
    _road("P-15", "follows a redirect", asks(_following)),
    _road("P-15", "carries its signature along a redirect", asks(_carrying)),
    _road("Q-22", "waits as long as a byte comes now and then", asks(_no_silence)),
    _road("Q-21", "reads without end", asks(_reading_on)),
    _road("Q-22", "waits without end", lambda _stage: None),
    PartnerFault("F-40", "does not ask for what did not come", "belated", asks(_never_again), through=True),
    *(
        PartnerFault(
            "P-29",
            f"signs for itself to a partner{what}",
            "addresses",
            asks(_for_itself(number)),
            through=True,
        )
        for number, what in enumerate(("", ", in capitals", ", with its port", ", with a path"))
    ),
    PartnerFault("P-16", "connects into its own network", "addresses", asks(_inwards), through=True),
    PartnerFault("Q-11", "does not look for a new key", "identity", asks(_blind), through=True),
    PartnerFault("I-11", "refuses entries of one second", "identity", asks(_by_whole_seconds), through=True),
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

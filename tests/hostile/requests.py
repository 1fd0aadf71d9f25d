"""Behaviours of a caller: requests to our node that are late, repeated, slow, too many or not its own."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from passerelle.protocol.requests import sign_request
from tests.hostile.partner import Partner
from tests.hostile.scene import Outcome, Scene
from tests.hostile.table import Act, Behaviour

PUBLIC: Final = "https://ml.example"
PATIENCE: Final = 20.0


def nothing(_partner: Partner) -> None:
    """What it serves stays honest."""


class Line:
    """One connection to our node, written by hand.

    Args:
        reader: What comes back.
        writer: Where it goes.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Write."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> tuple[int, str]:
        """Status and stable code of the next answer; 0 where the node hung up."""
        try:
            async with asyncio.timeout(PATIENCE):
                lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                lengths = [line.split(":")[1] for line in lines if line.lower().startswith("content-length:")]
                body = await self.reader.readexactly(int(lengths[0]) if lengths else 0)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, ""
        told = json.loads(body) if b'"code"' in body else {}
        return int(lines[0].split(" ")[1]), str(told.get("code", ""))

    async def closed(self) -> float:
        """Seconds until the node hangs up."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            pass
        return time.monotonic() - began

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def line(scene: Scene, source: str = "127.0.0.9") -> Line:
    """A new connection to our node from an address of loopback."""
    parts = urlsplit(scene.target.address)
    found = await asyncio.open_connection(parts.hostname, parts.port, local_addr=(source, 0), limit=2**20)
    made = Line(*found)
    scene.lines.append(made)
    return made


def request_of(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request."""
    fields = {"Host": "ml.example", **headers}
    if body:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def signed(
    partner: Partner, method: str, path: str, body: bytes = b"", *, late: timedelta = timedelta()
) -> bytes:
    """The same with a partner's good signature."""
    headers = sign_request(
        method,
        PUBLIC + path,
        key=partner.agency.keys.request,
        key_id=f"{partner.agency.did}#{partner.agency.keys.request.multikey}",
        now=datetime.now(UTC) - late,
        nonce=partner.random(16),
        body=body or None,
        content_type="application/json" if body else None,
    )
    return request_of(method, path, headers, body)


def own_path(partner: Partner) -> str:
    """Our feed to a partner."""
    return f"/feeds/to/{partner.scid}/1/checkpoint"


def notice(partner: Partner) -> bytes:
    """A notice that its public feed has grown."""
    return json.dumps({"origin": partner.public.origin.encode(), "size": 9}).encode()


def asking(*make: Any, status: int, code: str) -> Act:
    """Send requests one after the other on one connection; the last is answered so."""

    async def act(scene: Scene, partner: Partner, outcome: Outcome) -> Any:
        at = await line(scene)
        answers = []
        for one in make:
            await at.send(one(partner))
            answers.append(await at.answer())
        at.close()
        outcome.notes["answers"] = answers
        assert answers[-1][0] == status, outcome
        assert answers[-1][1] == code, outcome
        outcome.codes += [code] if code else []

    return act


async def _of_the_bystander(scene: Scene, partner: Partner, outcome: Outcome) -> None:
    """Ask for our feed to another partner, under one's own good signature."""
    other = next(one for one in scene.partners.values() if one.code == "XX-BYSTANDER")
    await asking(lambda _: signed(partner, "GET", own_path(other)), status=404, code="path.not-found")(
        scene, partner, outcome
    )


async def _replay(scene: Scene, partner: Partner, outcome: Outcome) -> None:
    at, data = await line(scene), signed(partner, "GET", own_path(partner))
    answers = []
    for _ in range(2):
        await at.send(data)
        answers.append(await at.answer())
    at.close()
    outcome.notes["answers"] = answers
    assert [status for status, _ in answers] == [200, 401], outcome
    outcome.codes.append(answers[1][1])


async def _many_notices(scene: Scene, partner: Partner, outcome: Outcome) -> None:
    """Many good notices; how many were taken, and how often we came to look."""
    at, before = await line(scene), partner.requests
    answers = []
    for _ in range(140):
        await at.send(signed(partner, "POST", "/notices", notice(partner)))
        answers.append(await at.answer())
    at.close()
    taken = [status for status, _ in answers].count(202)
    outcome.notes |= {"taken": taken, "visits": (partner.requests - before)}
    assert taken <= 120, outcome
    assert partner.requests - before < 250, outcome
    outcome.codes.append(answers[-1][1])


async def _dripping_head(scene: Scene, _partner: Partner, outcome: Outcome) -> None:
    """A header without an end."""
    at = await line(scene)
    dripping = asyncio.create_task(_drip(at, b"GET /.well-known/passerelle HTTP/1.1\r\nX: "))
    outcome.notes["closed"] = await at.closed()
    dripping.cancel()
    at.close()
    assert outcome.notes["closed"] < 12, outcome


async def _drip(at: Line, first: bytes) -> None:
    try:
        await at.send(first)
        while True:
            await asyncio.sleep(0.2)
            await at.send(b"x")
    except ConnectionError:
        pass


async def _dripping_body(scene: Scene, partner: Partner, outcome: Outcome) -> None:
    """A signed notice whose body never comes whole."""
    at = await line(scene)
    data = signed(partner, "POST", "/notices", notice(partner))
    dripping = asyncio.create_task(_drip(at, data[:-30]))
    began = time.monotonic()
    status, code = await at.answer()
    dripping.cancel()
    at.close()
    outcome.notes["seconds"] = time.monotonic() - began
    assert status == 408, (status, outcome)
    outcome.codes.append(code)


async def _silent(scene: Scene, count: int, sources: tuple[str, ...]) -> list[Line]:
    return [await line(scene, source) for source in sources for _ in range(count)]


async def _alive(lines: list[Line]) -> int:
    """How many of them the node keeps, once it has looked at all."""
    await asyncio.sleep(1.5)
    return sum(not at.reader.at_eof() and at.reader.exception() is None for at in lines)


async def _silent_connections(scene: Scene, _partner: Partner, outcome: Outcome) -> None:
    """Two hundred connections of one address that say nothing."""
    lines = await _silent(scene, 200, ("127.0.0.4",))
    outcome.notes["kept"] = await _alive(lines)
    outcome.notes["served"] = await scene.served()
    await asyncio.sleep(6)
    outcome.notes["later"] = await _alive(lines)
    for at in lines:
        at.close()
    assert outcome.notes["kept"] <= 64, outcome
    assert outcome.notes["later"] == 0, outcome


async def _crowd(scene: Scene, partner: Partner, outcome: Outcome) -> None:
    """Connections of many addresses, more than there are places; a partner asks meanwhile."""
    mine = await line(scene)
    await mine.send(signed(partner, "GET", own_path(partner)))
    first = await mine.answer()
    lines = await _silent(scene, 60, tuple(f"127.0.0.{number}" for number in range(20, 24)))
    outcome.notes["kept"] = await _alive(lines)
    await mine.send(signed(partner, "GET", own_path(partner)))
    again = await mine.answer()
    other = await line(scene)
    await other.send(signed(partner, "GET", own_path(partner)))
    new = await other.answer()
    outcome.notes["answers"] = [first, again, new]
    for at in (*lines, mine, other):
        at.close()
    assert outcome.notes["kept"] < 200, outcome
    assert [status for status, _ in (first, again, new)] == [200] * 3, outcome


async def _never_reading(scene: Scene, _partner: Partner, outcome: Outcome) -> None:
    """Questions whose answers are never read; a small window, so that they wait at the node."""
    near = socket.socket()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    near.setblocking(False)
    parts = urlsplit(scene.target.address)
    near.bind(("127.0.0.10", 0))
    await asyncio.get_running_loop().sock_connect(near, (parts.hostname, parts.port))
    at = Line(*await asyncio.open_connection(sock=near, limit=2**16))
    scene.lines.append(at)
    at.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await at.send(request_of("GET", "/.well-known/passerelle", {"Accept-Encoding": "identity"}) * 190)
    began = time.monotonic()

    async def broken() -> None:
        while True:
            await at.send(b"\r\n")
            await asyncio.sleep(0.2)

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(broken(), PATIENCE)
    outcome.notes["given up after"] = time.monotonic() - began
    at.close()


async def _many_questions(scene: Scene, _partner: Partner, outcome: Outcome) -> None:
    """Unsigned questions as fast as they are answered."""
    at, answers = await line(scene, "127.0.0.5"), []
    for _ in range(240):
        await at.send(request_of("GET", "/.well-known/did.jsonl", {}))
        answers.append(await at.answer())
    at.close()
    refused = [code for status, code in answers if status == 429]
    outcome.notes["refused"] = len(refused)
    assert len(refused) >= 10, outcome
    outcome.codes.append(refused[0])


REQUESTS: Final = (
    Behaviour(
        name="replayed-request",
        does="sends a signed request twice",
        guard="a nonce counts once (Q-12)",
        arm=nothing,
        act=_replay,
        state="current",
        code="request.replayed",
    ),
    Behaviour(
        name="expired-request",
        does="sends a request signed an hour ago",
        guard="a signature lives for 300 seconds at most (Q-5, Q-6)",
        arm=nothing,
        act=asking(
            lambda partner: signed(partner, "GET", own_path(partner), late=timedelta(hours=1)),
            status=401,
            code="request.time",
        ),
        state="current",
        code="request.time",
    ),
    Behaviour(
        name="request-for-another",
        does="asks, well signed, for what is another partner's",
        guard="a path belongs to one signer; anybody else gets one and the same 404 (Q-14)",
        arm=nothing,
        act=_of_the_bystander,
        state="current",
        code="path.not-found",
    ),
    Behaviour(
        name="thousands-of-notices",
        does="sends notices, each well signed, as fast as they are answered",
        guard="120 notices a minute of one sender; visits to which notices lead keep a distance (F-44)",
        arm=nothing,
        act=_many_notices,
        state="current",
        code="request.too-many",
        seconds=8.0,
    ),
    Behaviour(
        name="notice-of-a-mebibyte",
        does="sends a notice of a mebibyte",
        guard="limit of a notice's body",
        arm=nothing,
        act=asking(
            lambda partner: signed(partner, "POST", "/notices", b"x" * 2**20),
            status=413,
            code="request.too-large",
        ),
        state="current",
        code="request.too-large",
    ),
    Behaviour(
        name="notice-as-a-bomb",
        does="sends a signed notice under a content coding",
        guard="a signed request has no content coding, and nothing is inflated (Q-8)",
        arm=nothing,
        act=asking(
            lambda partner: signed(partner, "POST", "/notices", notice(partner)).replace(
                b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1
            ),
            status=401,
            code="request.malformed",
        ),
        state="current",
        code="request.malformed",
    ),
    Behaviour(
        name="dripping-request-body",
        does="sends the body of a notice a byte every fifth of a second",
        guard="deadline of a body (Q-31)",
        arm=nothing,
        act=_dripping_body,
        state="current",
        code="request.too-slow",
        seconds=6.0,
    ),
    Behaviour(
        name="dripping-request-header",
        does="sends the header of a request a byte every fifth of a second",
        guard="deadline of a header (Q-31)",
        arm=nothing,
        act=_dripping_head,
        state="current",
        seconds=6.0,
    ),
    Behaviour(
        name="silent-connections",
        does="opens two hundred connections and says nothing",
        guard="connections of one address, and the deadline of a header (Q-31, Q-32)",
        arm=nothing,
        act=_silent_connections,
        state="current",
        seconds=10.0,
    ),
    Behaviour(
        name="crowd-of-strangers",
        does="takes every connection that there is, from many addresses",
        guard="the stranger who has been silent for longest makes room; who has signed stays (Q-32)",
        arm=nothing,
        act=_crowd,
        state="current",
        seconds=8.0,
    ),
    Behaviour(
        name="never-reading",
        does="asks thousands of times on one connection and never reads an answer",
        guard="least that a reader takes of an answer in its time (Q-31)",
        arm=nothing,
        act=_never_reading,
        state="current",
        seconds=12.0,
    ),
    Behaviour(
        name="many-questions",
        does="asks for public files as fast as they are answered",
        guard="unsigned requests of one address by rate (Q-32)",
        arm=nothing,
        act=_many_questions,
        state="current",
        code="request.too-many",
        seconds=8.0,
    ),
    Behaviour(
        name="huge-path",
        does="asks for a path of a hundred kilobytes",
        guard="limit of a request line of the HTTP library",
        arm=nothing,
        act=asking(
            lambda _partner: request_of("GET", "/" + "x" * 100_000, {}), status=400, code="request.malformed"
        ),
        state="current",
        code="request.malformed",
    ),
    Behaviour(
        name="thousands-of-headers",
        does="sends five thousand header fields",
        guard="limit of header fields of the HTTP library",
        arm=nothing,
        act=asking(
            lambda _partner: request_of("GET", "/", {f"X-{n}": "x" for n in range(5_000)}),
            status=400,
            code="request.malformed",
        ),
        state="current",
        code="request.malformed",
    ),
)

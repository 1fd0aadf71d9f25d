"""spec/10 from the asking side: clocks, limits, deadlines, codings, and where a client may connect to."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from aiohttp import web
from structlog.testing import capture_logs

from passerelle.errors import TransportError
from passerelle.node import utc_now
from passerelle.protocol.profile import format_time
from passerelle.protocol.records import Record
from passerelle.storage import vault
from passerelle.sync.client import Answer, Client, Road, problem_of
from tests.unit.federation.conftest import Network
from tests.unit.federation.world import Here, answering, offer

pytestmark = pytest.mark.asyncio(loop_scope="package")

HOURS = 5
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Watch:
    """A clock that is wrong by a fixed time."""

    off: timedelta = timedelta(0)

    def __call__(self) -> Any:
        return utc_now() + self.off


@asynccontextmanager
async def client_of(
    here: Here, *, off: timedelta = timedelta(0), deadline: float = 10.0, allow_private: bool = True
) -> AsyncIterator[Client]:
    """A client with an agency's key and a clock of its own."""
    made = Client(
        here.node.keys,
        lambda: here.key_id,
        Watch(off),
        deadline=timedelta(seconds=deadline),
        allow_private=allow_private,
    )
    try:
        yield made
    finally:
        await made.close()


def road(here: Here, *, trusted: bool = True) -> Road:
    return Road(here.scid, here.url, here.public, trusted_address=trusted)


def answered(logs: list[Any]) -> list[tuple[int, str | None]]:
    """Status and code of each request that the node answered."""
    return [(entry["status"], entry["code"]) for entry in logs if entry["event"] == "request"]


# --- clocks --------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-HOURS, HOURS, 24 * 365])
async def test_a_clock_that_is_wrong_by_hours(net: Network, hours: int) -> None:
    """Q-15: one 401, one more request, and from then on the offset is known."""
    path = net.path("/feeds/to/{mali}/1/checkpoint")
    async with answering(net.togo.node) as togo, client_of(net.mali, off=timedelta(hours=hours)) as client:
        with capture_logs() as logs:
            first = await client.get(road(togo), path, max_bytes=10_000, signed=True)
            second = await client.get(road(togo), path, max_bytes=10_000, signed=True)
            body = json.dumps({"origin": f"passerelle/{net.mali.scid}/public/1", "size": 1}).encode()
            notice = await client.post(road(togo), "/notices", body)
    assert (first.status, second.status, notice.status) == (200, 200, 202)
    assert answered(logs) == [(401, "request.time"), (200, None), (200, None), (202, None)]


async def test_a_notice_under_a_wrong_clock(net: Network) -> None:
    """Q-15 for POST: the same body is signed again."""
    async with answering(net.togo.node) as togo, client_of(net.mali, off=timedelta(hours=HOURS)) as client:
        body = json.dumps({"origin": f"passerelle/{net.mali.scid}/public/1", "size": 1}).encode()
        assert (await client.post(road(togo), "/notices", body)).status == 202
        assert togo.notices == [(net.mali.scid, f"passerelle/{net.mali.scid}/public/1")]


async def test_an_offset_is_for_one_partner(net: Network) -> None:
    """Q-15: what one partner tells of the time is used for requests to that partner alone."""
    wrong = Watch(timedelta(hours=HOURS))
    async with (
        answering(net.togo.node, clock=wrong) as togo,
        answering(net.france.node) as france,
        client_of(net.mali) as client,
    ):
        path = net.path("/feeds/to/{mali}/1/checkpoint")
        with capture_logs() as logs:
            await client.get(road(togo), path, max_bytes=10_000, signed=True)
            await client.get(road(france), path, max_bytes=10_000, signed=True)
    assert answered(logs) == [(401, "request.time"), (200, None), (404, "path.not-found")]


async def test_no_record_is_dated_by_a_partner(net: Network) -> None:
    """Q-15: the offset is for requests only; a record carries our own clock's time."""
    mali = net.mali.node
    async with answering(net.togo.node, clock=Watch(timedelta(hours=-HOURS))) as togo:
        path = net.path("/feeds/to/{mali}/1/checkpoint")
        got = await mali.client.get(road(togo), path, max_bytes=10_000, signed=True)
        assert got.status == 200
        assert abs(mali.client._offsets[net.togo.scid] + timedelta(hours=HOURS)) < timedelta(seconds=30)
    before = utc_now().replace(microsecond=0)
    (published,) = await mali.desk.publish([offer("ML-CNPV")])
    async with mali.database.reading() as connection:
        data = await vault.get_record(connection, str(published["digest"]))
    assert data is not None
    assert before <= Record.parse(data).issued <= utc_now()
    mali.client._offsets.clear()


async def test_it_asks_again_once(net: Network) -> None:
    """Q-15: a partner that always finds the time wrong is asked twice, not for ever."""
    asked = 0

    async def never(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({"code": "request.time", "serverTime": format_time(utc_now())}, status=401)

    async with served(never) as hostile, client_of(net.mali) as client:
        answer = await client.get(hostile, "/x", max_bytes=10_000, signed=True)
    assert (answer.status, asked) == (401, 2)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"serverTime": None},
        {"serverTime": "yesterday"},
        {"serverTime": 5},
        {"serverTime": "9999-12-31T23:59:59Z"},
        {"serverTime": "0001-01-01T00:00:00Z"},
        [],
        "text",
    ],
)
async def test_a_time_that_is_none(net: Network, told: object) -> None:
    """Q-15: nonsense, and times that no clock shows, are not taken; the answer stays the 401 that it is."""
    asked = 0

    async def nonsense(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response(told, status=401)

    async with served(nonsense) as hostile, client_of(net.mali) as client:
        for _ in range(2):
            assert (await client.get(hostile, "/x", max_bytes=10_000, signed=True)).status == 401
    assert asked == 2


async def test_a_code_is_what_its_member_says() -> None:
    """Q-20: what an answer means is its status and its code, whatever its sentences say."""
    sentences = {"type": "urn:passerelle:problem:a.b", "title": "feed.waiting", "detail": "path.not-found"}
    told = {**sentences, "developer": "request.unsigned"}

    def read(document: object) -> str:
        return problem_of(Answer(401, {}, json.dumps(document).encode()))

    assert read({**told, "code": "request.time"}) == "request.time"
    assert {read(told), read({**told, "code": "No sentence."}), read({**told, "code": 1})} == {"http-401"}


async def test_a_public_request_learns_nothing(net: Network) -> None:
    """Q-15 is about signed requests: an unsigned one is not asked again."""
    async with answering(net.togo.node) as togo, client_of(net.mali) as client:
        with capture_logs() as logs:
            answer = await client.get(road(togo), net.path("/feeds/to/{mali}/1/checkpoint"), max_bytes=10_000)
    assert answer.status == 404
    assert answered(logs) == [(404, "path.not-found")]


# --- what it sends -------------------------------------------------------------------------


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[Road]:
    """A road to somebody who answers as a handler says."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address: Any = runner.addresses[0]
    try:
        yield Road(
            "Qm" + "H" * 44, f"http://127.0.0.1:{address[1]}", "https://h.example", trusted_address=True
        )
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class Listener:
    """Keeps the header fields of what was asked."""

    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers.copy())
        return web.Response(text="ok", headers={"Set-Cookie": "who=you"})


async def test_what_a_request_carries(net: Network) -> None:
    """Q-2 to Q-4: signed where asked, codings offered, identity for ranges; no cookie ever comes back."""
    listener = Listener()
    async with served(listener.answer) as there, client_of(net.mali) as client:
        await client.get(there, "/a", max_bytes=100)
        await client.get(there, "/a", max_bytes=100, signed=True)
        await client.get(there, "/a", max_bytes=100, headers={"Range": "bytes=5-"})
    plain, by_mali, part = listener.headers
    assert plain["Accept-Encoding"] == "zstd, gzip"
    assert "Signature" not in plain
    assert by_mali["Signature-Input"].startswith('sig1=("@method" "@target-uri");')
    assert part["Accept-Encoding"] == "identity"
    assert not any("Cookie" in headers for headers in listener.headers)


async def test_a_request_is_signed_for_the_public_address(net: Network) -> None:
    """P-23: where the operator has it connect elsewhere too; there the partner finds its own address signed."""
    there = Road(net.togo.scid, net.togo.url, net.togo.public, trusted_address=True)
    assert there.address != there.public
    async with client_of(net.mali) as client:
        answer = await client.get(there, net.path("/feeds/to/{mali}/latest"), max_bytes=100, signed=True)
    assert (answer.status, answer.body) == (200, b"1\n")


async def test_each_request_has_its_nonce(net: Network) -> None:
    """Q-12: a client never says the same thing twice."""
    listener = Listener()
    async with served(listener.answer) as there, client_of(net.mali) as client:
        for _ in range(20):
            await client.get(there, "/a", max_bytes=100, signed=True)
    assert len({headers["Signature-Input"].partition("nonce=")[2] for headers in listener.headers}) == 20


async def test_a_redirect_is_an_answer(net: Network) -> None:
    """P-15: what a partner points at is not fetched."""
    seen: list[str] = []

    async def away(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with served(away) as there, client_of(net.mali) as client:
        assert (await client.get(there, "/a", max_bytes=100, signed=True)).status == 307
    assert seen == ["/a"]


# --- limits and deadlines ------------------------------------------------------------------


async def refused(client: Client, there: Road, max_bytes: int = 1_000) -> str:
    with pytest.raises(TransportError) as failed:
        await client.get(there, "/a", max_bytes=max_bytes)
    return failed.value.code


def answer_of(body: bytes, coding: str | None = None) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={} if coding is None else {"Content-Encoding": coding})

    return handler


@pytest.mark.parametrize("coding", [None, "gzip", "zstd"])
@pytest.mark.parametrize(
    ("size", "code"), [(1_000, None), (1_001, "road.too-long"), (10**7, "road.too-long")]
)
async def test_a_read_ends_at_its_limit(
    net: Network, coding: str | None, size: int, code: str | None
) -> None:
    """Q-21, P-10: the limit holds for what arrives and for what it is inflated to."""
    data = b"\0" * size
    coded = {None: data, "gzip": gzip.compress(data), "zstd": zstandard.ZstdCompressor().compress(data)}[
        coding
    ]
    async with served(answer_of(coded, coding)) as there, client_of(net.mali) as client:
        if code is None:
            assert (await client.get(there, "/a", max_bytes=1_000)).body == data
        else:
            assert await refused(client, there) == code


async def test_an_endless_answer_is_cut(net: Network) -> None:
    """Q-21: reading stops at the limit, not at the end."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(10_000):
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    async with served(endless) as there, client_of(net.mali) as client:
        assert await refused(client, there, 100_000) == "road.too-long"
    assert sent < 64 * 2**20


async def test_a_partner_that_drips(net: Network) -> None:
    """Q-22: the deadline is for the whole answer, so a byte a second does not extend it."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    async with served(drip) as there, client_of(net.mali, deadline=0.4) as client:
        assert await refused(client, there) == "road.timeout"


async def test_nobody_there(net: Network) -> None:
    """A road that ends nowhere is `road.unreachable`."""
    nowhere = Road(net.togo.scid, "http://127.0.0.1:1", "https://x.example", trusted_address=True)
    async with client_of(net.mali) as client:
        assert await refused(client, nowhere) == "road.unreachable"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}",
        "http://[::1]:{port}",
        "http://[::ffff:127.0.0.1]:{port}",
        "http://10.0.0.1",
        "http://192.168.1.1",
        "http://169.254.169.254",
        "http://0.0.0.0:{port}",
        "http://[fe80::1]",
        "http://localhost:{port}",
    ],
)
async def test_a_document_does_not_lead_inwards(net: Network, address: str) -> None:
    """P-16: an address out of a partner's document never reaches loopback or a private network."""
    listener = Listener()
    async with served(listener.answer) as there, client_of(net.mali, allow_private=False) as client:
        port = there.address.rpartition(":")[2]
        inwards = Road(net.togo.scid, address.format(port=port), "https://x.example", trusted_address=False)
        assert await refused(client, inwards) in {"road.private-address", "road.unreachable"}
        assert listener.headers == []
        mine = Road(net.togo.scid, f"http://127.0.0.1:{port}", "https://x.example", trusted_address=True)
        assert (await client.get(mine, "/a", max_bytes=100)).status == 200


@pytest.mark.parametrize(
    ("sent", "kept"), [('"a"', '"a"'), ('"' + "a" * 198 + '"', True), ('"' + "a" * 199 + '"', "")]
)
async def test_a_validator_without_end_is_not_kept(sent: str, kept: str | bool) -> None:
    """P-8: a validator goes into a row; one that does not fit is as good as none."""
    answer = Answer(200, {"ETag": sent}, b"")
    assert answer.etag == (sent if kept is True else kept)
    assert Answer(200, {"ETag": '"a\0"'}, b"").etag == ""

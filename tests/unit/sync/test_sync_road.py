"""The road: what is asked for, how much, how long, and what is not believed."""

from __future__ import annotations

import asyncio
import base64
import gzip
import time
from dataclasses import dataclass, replace

import pytest
import zstandard
from aiohttp import web

from passerelle.errors import StorageError, TransportError
from passerelle.sync.client import Client
from tests.unit.sync.author import Asked, Feed, Spoil, instead, plain
from tests.unit.sync.conftest import DEADLINE, Follower, hurried

BOMB = bytes(64 * 2**20)


def dripping(piece: bytes, pause: float) -> Spoil:
    """An answer without end."""

    async def spoil(request: web.Request, _data: bytes) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            try:
                await response.write(piece)
            except ConnectionError:
                break
            await asyncio.sleep(pause)
        return response

    return spoil


def of(follower: Follower, tail: str) -> str:
    """The path of a file of the author's public feed."""
    return f"/{follower.public.path}/{tail}"


def asked(follower: Follower, tail: str) -> list[Asked]:
    """The requests for one file."""
    return [item for item in follower.site.asked if item.path == of(follower, tail)]


# --- limits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["checkpoint", "tile/entries/000.p/3", "objects/000.p/3"])
async def test_an_endless_body_is_cut_at_the_limit(follower: Follower, tail: str) -> None:
    """Chapter 10: what is longer than its path allows is not read to the end."""
    follower.feed(follower.public, 3)
    follower.site.spoilt[of(follower, tail)] = dripping(bytes(2**20), 0)
    began = time.monotonic()
    assert await follower.refused(follower.public) == "road.too-long"
    assert time.monotonic() - began < DEADLINE.total_seconds() / 2
    assert (await follower.held(follower.public)).size == 0


@pytest.mark.parametrize("tail", ["checkpoint", "tile/entries/000.p/3"])
async def test_a_slow_drip_meets_the_deadline(follower: Follower, tail: str) -> None:
    """F-3, chapter 10: bytes that keep coming do not keep a request alive."""
    follower.feed(follower.public, 3)
    follower.site.spoilt[of(follower, tail)] = dripping(b"x", 0.05)
    quick = hurried(follower, 0.6)
    began = time.monotonic()
    assert await quick.refused(follower.public) == "road.timeout"
    assert time.monotonic() - began < 4
    await quick.client.close()


@pytest.mark.parametrize(
    ("coding", "data"), [("gzip", gzip.compress(BOMB)), ("zstd", zstandard.compress(BOMB))]
)
@pytest.mark.parametrize("tail", ["checkpoint", "tile/entries/000.p/3"])
async def test_a_bomb_is_not_inflated(follower: Follower, tail: str, coding: str, data: bytes) -> None:
    """P-10: the limit of a path is that of what comes out."""
    follower.feed(follower.public, 3)
    follower.site.spoilt[of(follower, tail)] = instead(data, Content_Encoding=coding)
    assert await follower.refused(follower.public) == "road.too-long"


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("br", b"x"),
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(b"x" * 99)[:-9]),
        ("zstd", b"no"),
        ("gzip, gzip", b""),
    ],
)
async def test_a_wrong_content_coding_is_the_roads_fault(
    follower: Follower, coding: str, data: bytes
) -> None:
    """F-8, P-10: nothing is kept, and the next answer is believed again."""
    follower.feed(follower.public, 3)
    follower.site.spoilt[of(follower, "tile/entries/000.p/3")] = instead(data, Content_Encoding=coding)
    assert await follower.refused(follower.public) == "road.damaged"
    follower.site.spoilt.clear()
    assert (await follower.pull(follower.public)).size == 3


async def test_a_redirect_is_not_followed(follower: Follower) -> None:
    """P-15: not even to a place that has what was asked for."""
    feed = follower.feed(follower.public, 3)
    follower.site.files["/elsewhere"] = feed.checkpoint()
    follower.site.spoilt[of(follower, "checkpoint")] = instead(b"", status=302, Location="/elsewhere")
    assert await follower.refused(follower.public) == "road.status"
    assert "/elsewhere" not in follower.site.paths()


@pytest.mark.parametrize("tail", ["checkpoint", "tile/entries/000.p/3", "objects/000.p/3"])
async def test_a_page_instead_of_a_file_changes_nothing(follower: Follower, tail: str) -> None:
    """F-8: a captive portal answers 200 to everything; what it says is neither kept nor evidence."""
    follower.feed(follower.public, 3)
    page = instead(b"<!doctype html><title>Wi-Fi</title>" * 40, Content_Type="text/html")
    follower.site.spoilt[of(follower, tail)] = page
    await follower.refused(follower.public)
    assert (await follower.held(follower.public)).size == 0
    follower.site.spoilt.clear()
    pulled = await follower.pull(follower.public)
    assert (pulled.state, pulled.size) == ("current", 3)


async def test_addresses_from_documents_never_lead_inside(follower: Follower) -> None:
    """P-16: as a number or as a name, unless the operator gave the address or allowed such addresses."""
    follower.feed(follower.public, 1)
    port = follower.site.address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3"):
        road = replace(follower.road, address=f"http://{host}:{port}", trusted_address=False)
        with pytest.raises(TransportError) as caught:
            await follower.client.get(road, "/.well-known/did.jsonl", max_bytes=10_000)
        assert caught.value.code == "road.private-address", host
    assert follower.site.asked == []
    allowed = Client(
        follower.me.keys, lambda: "", lambda: follower.now[0], deadline=DEADLINE, allow_private=True
    )
    road = replace(follower.road, trusted_address=False)
    assert (await allowed.get(road, "/.well-known/did.jsonl", max_bytes=10_000)).status == 200
    await allowed.close()


# --- growth ------------------------------------------------------------------------------------------------


def compressed(request: web.Request, data: bytes) -> web.Response:
    """An honest answer under gzip, its validator marked as servers do."""
    if "Range" in request.headers or "gzip" not in request.headers["Accept-Encoding"]:
        return plain(request, data)
    headers = {"ETag": '"whole-gzip"', "Content-Encoding": "gzip"}
    return web.Response(body=gzip.compress(data), headers=headers)


@pytest.mark.parametrize("coded", [False, True])
async def test_growth_costs_what_is_new(follower: Follower, coded: bool) -> None:
    """F-6, P-6, P-7: of leaves and objects held already not a byte is asked for again."""
    feed = follower.feed(follower.public, 30)
    if coded:
        follower.site.spoilt[of(follower, "objects/000.p/30")] = compressed
    await follower.pull(follower.public)
    follower.site.asked.clear()
    for _ in range(3):
        follower.add(feed)
    assert (await follower.pull(follower.public)).new == 3
    (entries,) = asked(follower, "tile/entries/000.p/33")
    (objects,) = asked(follower, "objects/000.p/33")
    assert (entries.status, objects.status) == (206, 206)
    assert entries.sent == sum(2 + len(leaf) for leaf in feed.leaves[30:])
    assert objects.sent == sum(4 + len(item or b"") for item in feed.objects[30:])
    assert objects.headers["If-Range"] == '"whole"'
    assert len(await follower.records()) == 33


async def test_nothing_new_costs_one_small_answer(follower: Follower) -> None:
    """P-8: an idle look is one 304."""
    follower.feed(follower.public, 3)
    await follower.pull(follower.public)
    follower.site.asked.clear()
    assert (await follower.pull(follower.public)).new == 0
    assert [(item.path, item.status, item.sent) for item in follower.site.asked] == [
        (of(follower, "checkpoint"), 304, 0)
    ]


async def test_a_rewritten_object_file_is_fetched_whole(follower: Follower) -> None:
    """P-7: after an erasure the bytes of two versions of a file are never put together."""
    feed = follower.feed(follower.public, 4)
    await follower.pull(follower.public)
    feed.objects[1] = None
    follower.add(feed)

    def rewritten(request: web.Request, data: bytes) -> web.Response:
        if request.headers.get("If-Range") == '"erased-1"':
            return plain(request, data)
        return web.Response(body=data, headers={"ETag": '"erased-1"'})

    follower.site.spoilt[of(follower, "objects/000.p/5")] = rewritten
    pulled = await follower.pull(follower.public)
    assert (pulled.new, pulled.setbacks) == (1, {})
    assert len(await follower.records()) == 5


async def test_a_server_without_ranges_serves_as_well(follower: Follower) -> None:
    """P-6: 200 with the whole file where a part was asked for."""
    feed = follower.feed(follower.public, 4)
    await follower.pull(follower.public)
    follower.add(feed)

    def whole(_request: web.Request, data: bytes) -> web.Response:
        return web.Response(body=data)

    for tail in ("tile/entries/000.p/5", "objects/000.p/5"):
        follower.site.spoilt[of(follower, tail)] = whole
    assert (await follower.pull(follower.public)).size == 5
    assert len(await follower.records()) == 5


@dataclass
class Thrifty(Feed):
    """A feed whose author keeps no partial file beside the full one, as spec/05 lets it."""

    def read(self, tail: str) -> bytes | None:
        full, dot, _ = tail.partition(".p/")
        return None if dot and super().read(full) is not None else super().read(tail)


@pytest.mark.parametrize("public", [True, False])
async def test_where_a_partial_file_is_gone_the_full_one_is_read(follower: Follower, public: bool) -> None:
    """P-12: up to the checkpoint and not beyond it; of objects held already not a byte is asked for again."""
    origin = follower.public if public else follower.bilateral
    feed = follower.site.show(Thrifty(follower.author, origin))
    feed.pad(286)
    for _ in range(8):
        follower.add(feed)
    await follower.pull(origin)
    for _ in range(4):
        follower.add(feed)
    feed.note = feed.checkpoint()
    feed.pad(65_400)
    assert (await follower.pull(origin)).size == 298
    objects = [item for item in follower.site.asked if item.path.endswith("/objects/001")]
    assert [item.status for item in objects] == [206]
    assert len(await follower.records()) == 12
    feed.note = feed.checkpoint(1_000)
    assert (await follower.pull(origin)).size == 1_000
    assert f"/{origin.path}/tile/1/000" in follower.site.paths()
    assert await follower.setbacks(origin) == []


async def test_where_neither_is_there_the_one_that_is_needed_is_named(follower: Follower) -> None:
    """P-12: an author answers for the widths that its checkpoint requires, and not for the full file that was tried after."""
    follower.feed(follower.public, 4)
    for name in ("000.p/4", "000"):
        follower.site.spoilt[of(follower, f"tile/entries/{name}")] = instead(b"", status=404)
    with pytest.raises(TransportError, match=r"road\.status") as caught:
        await follower.pull(follower.public)
    assert caught.value.params["path"] == of(follower, "tile/entries/000.p/4")
    assert of(follower, "tile/entries/000") in follower.site.paths()


@pytest.mark.parametrize(
    ("sizes", "level_one"),
    [
        ((255, 256, 257), []),
        ((0, 1, 256, 600), ["tile/1/000.p/2"]),
        ((250, 1_300), ["tile/1/000.p/5"]),
        ((65_530, 65_800), ["tile/1/000.p/255", "tile/1/001.p/1"]),
    ],
)
async def test_growth_over_the_edges_of_tiles(
    follower: Follower, sizes: tuple[int, ...], level_one: list[str]
) -> None:
    """F-6, F-8, F-36: at every edge the tree is that of the leaves, with level-1 hashes between the edges."""
    feed = follower.feed(follower.public)
    for size in sizes:
        feed.pad(size - len(feed.leaves))
        assert (await follower.pull(follower.public)).size == size
        assert (await follower.held(follower.public)).frontier.root().hex() == _root(feed)
    assert [path for path in follower.site.paths() if "/tile/1/" in path] == [
        of(follower, tail) for tail in level_one
    ]


def _root(feed: Feed) -> str:
    return base64.b64decode(feed.checkpoint().split(b"\n")[2]).hex()


async def test_leaves_and_their_checkpoint_are_kept_together(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-10: a write that fails at its end has kept nothing of what stood before it."""

    async def full(*_given: object) -> None:
        raise StorageError("storage.failed", detail="no room")

    follower.feed(follower.public, 3)
    with monkeypatch.context() as broken:
        broken.setattr("passerelle.storage.feeds.put_checkpoint", full)
        assert await follower.refused(follower.public) == "storage.failed"
    assert (await follower.held(follower.public)).size == 0
    assert await follower.records() == set()
    assert (await follower.pull(follower.public)).size == 3


async def test_a_pull_cut_off_goes_on_where_it_was(follower: Follower) -> None:
    """F-9, F-10: what was proven and kept is not asked for again; the state says that it is not whole."""
    feed = follower.feed(follower.public)
    feed.pad(2_000)
    for _ in range(3):
        follower.add(feed)

    def hang_up(request: web.Request, _data: bytes) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    follower.site.spoilt[of(follower, "tile/entries/006")] = hang_up
    assert await follower.refused(follower.public) == "road.unreachable"
    held = await follower.held(follower.public)
    assert held.size == 1_536
    assert held.state != "current"
    assert await follower.cosigned(follower.public) == 0
    follower.site.spoilt.clear()
    follower.site.asked.clear()
    pulled = await follower.pull(follower.public)
    assert (pulled.new, pulled.size, pulled.cosigned) == (467, 2_003, 2_003)
    assert not {of(follower, f"tile/entries/00{bundle}") for bundle in range(6)} & set(follower.site.paths())
    assert len(await follower.records()) == 3

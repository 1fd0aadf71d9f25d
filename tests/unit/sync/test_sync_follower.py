"""Visits: each partner by itself, patient with failures, awake to signs of life."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from passerelle.config import Sync
from passerelle.errors import TransportError
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage.peers import Peer
from passerelle.sync import follower as module
from passerelle.sync import outofturn, pull
from passerelle.sync.fence import Contradiction
from passerelle.sync.follower import Follower as Visits
from tests.unit.sync.author import START, Agency, Feed, Site, instead, tampered
from tests.unit.sync.conftest import Follower

PATIENCE = 20.0
OTHER = f"Qm{'z' * 44}"


@dataclass
class Desk:
    """What the follower tells the rest of the node."""

    arrived: list[str] = field(default_factory=list)
    fenced: list[Contradiction] = field(default_factory=list)

    async def note_arrived(self, scid: str) -> None:
        self.arrived.append(scid)

    async def note_fenced(self, found: Contradiction) -> None:
        self.fenced.append(found)

    async def report(self, _scid: str) -> None:
        """Nothing to report here."""


@pytest.fixture
def desk() -> Desk:
    """Collects what is told."""
    return Desk()


@pytest.fixture
async def visits(follower: Follower, desk: Desk) -> AsyncIterator[Visits]:
    """The visits of one node, not begun."""
    settings = Sync(poll_seconds=3_600, backoff_max_seconds=3_600, notices=False)
    made = Visits(
        follower.tools,
        follower.client,
        settings,
        heads=dict,
        arrived=desk.note_arrived,
        fenced=desk.note_fenced,
        report=desk.report,
    )
    yield made
    await made.stop()


async def test_one_notice_tells_of_many_batches(
    follower: Follower, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chapter 10, limits: a partner takes 120 notices a minute, so what grows within half a second is told together."""
    monkeypatch.setattr(module, "NOTICE_GAP_SECONDS", 0.3)
    settings = Sync(poll_seconds=3_600, backoff_max_seconds=3_600)
    hooks: dict[str, Any] = {"arrived": desk.note_arrived, "fenced": desk.note_fenced, "report": desk.report}
    made = Visits(follower.tools, follower.client, settings, heads=dict, **hooks)
    told: list[tuple[str, int]] = []

    async def post(_self: Visits, _road: object, origin: str, size: int) -> None:
        told.append((origin, size))
        raise TransportError("road.refused")

    monkeypatch.setattr(Visits, "_post_notice", post)
    made.start()
    own, other = (Origin(follower.me.scid, to, 1).encode() for to in (None, OTHER))
    made.tell({own: 1, other: 1})
    await until(lambda: bool(told))
    for size in range(2, 11):
        made.tell({own: size, other: size})
        await asyncio.sleep(0)
    assert told == [(own, 1)]
    await until(lambda: len(told) > 1)
    await asyncio.sleep(0.4)
    made.tell({own: 11})
    await until(lambda: len(told) > 2)
    await made.stop()
    assert told == [(own, 1), (own, 10), (own, 11)]


async def test_a_notice_that_is_refused_takes_no_other_with_it(
    follower: Follower, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chapter 10: growth of each feed is told, also where the partner would not hear of the other."""
    settings = Sync(poll_seconds=3_600, backoff_max_seconds=3_600)
    hooks: dict[str, Any] = {"arrived": desk.note_arrived, "fenced": desk.note_fenced, "report": desk.report}
    made = Visits(follower.tools, follower.client, settings, heads=dict, **hooks)
    told: list[str] = []

    async def post(_self: Visits, _road: object, origin: str, _size: int) -> None:
        told.append(origin)
        raise TransportError("road.status")

    monkeypatch.setattr(Visits, "_post_notice", post)
    made.start()
    grown = [Origin(follower.me.scid, to, 1).encode() for to in (None, follower.author.scid)]
    made.tell(dict.fromkeys(grown, 1))
    await until(lambda: len(told) > 1)
    await made.stop()
    assert told == grown


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens by itself."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  what it waits for is elsewhere
            await asyncio.sleep(0.02)


async def until_held(follower: Follower, records: int) -> None:
    """Wait for records to be there."""
    async with asyncio.timeout(PATIENCE):
        while len(await follower.records()) < records:  # noqa: ASYNC110  likewise
            await asyncio.sleep(0.02)


async def test_both_feeds_are_pulled_at_the_start(follower: Follower, visits: Visits, desk: Desk) -> None:
    """F-1: nobody has to ask."""
    follower.feed(follower.public, 2)
    follower.feed(follower.bilateral, 3)
    visits.start()
    await until(lambda: desk.arrived == [follower.author.scid])
    assert len(await follower.records()) == 5


async def test_a_partner_that_has_not_added_us_is_waited_for(follower: Follower, visits: Visits) -> None:
    """Chapter 09, states: 404 means waiting, and is no failure."""
    follower.feed(follower.public, 1)
    visit = await visits.visit_now(follower.author.scid)
    assert visit.error is None
    assert [(pulled.state, pulled.code, pulled.size) for pulled in visit.pulled] == [
        ("current", None, 1),
        ("waiting", "feed.waiting", 0),
    ]


async def test_a_code_that_nobody_knows_changes_nothing(follower: Follower, visits: Visits) -> None:
    """C-2: a 404 is one, whatever code of a later version comes with it; any other refusal is the road's."""
    problem = {"type": "urn:passerelle:problem:later.code", "code": "later.code", "detail": "…", "params": {}}
    path = f"/{follower.bilateral.path}/checkpoint"
    for status, found in ((404, ("waiting", "feed.waiting")), (503, ("waiting", "road.status"))):
        follower.site.spoilt[path] = instead(json.dumps(problem).encode(), status=status)
        visit = await visits.visit_now(follower.author.scid)
        assert (visit.pulled[1].state, visit.pulled[1].code) == found


async def test_notices_of_a_flood_lead_to_fewer_and_fewer_visits(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-44: a visit that brings nothing but faults is fruitless, whatever its author says next."""
    monkeypatch.setattr(module, "NOTICE_GAP_SECONDS", 0.1)
    feed = follower.feed(follower.public)
    times: list[float] = []
    counted = asyncio.get_running_loop().time

    async def flooded(spoilt: bool) -> None:
        """Let a leaf more be there whenever we look, and tell of it."""
        seen = len(follower.site.paths())
        feed.append(b"{") if spoilt else follower.add(feed)
        async with asyncio.timeout(PATIENCE):
            while not any("/entries/" in path for path in follower.site.paths()[seen:]):
                visits.wake(follower.author.scid)
                await asyncio.sleep(0.01)
        times.append(counted())

    visits.start()
    for _ in range(5):
        await flooded(spoilt=True)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps[-1] > 0.8, gaps
    await visits.visit_now(follower.author.scid)
    for _ in range(2):
        await flooded(spoilt=False)
    began = counted()
    await flooded(spoilt=False)
    assert counted() - began < 0.8, "records bring the next ones in time"


async def test_notices_of_nothing_lead_to_fewer_and_fewer_visits(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-44: who says that there is something new when there is not is believed later each time, until there is."""
    monkeypatch.setattr(module, "NOTICE_GAP_SECONDS", 0.05)
    feed = follower.feed(follower.public, 1)
    counted = asyncio.get_running_loop().time

    def visited() -> int:
        return follower.site.paths().count(f"/{follower.public.path}/checkpoint")

    async def called(times: int) -> float:
        """Tell of something new until that many visits more have come of it; how long they took."""
        before, began = visited(), counted()
        async with asyncio.timeout(PATIENCE):
            while visited() < before + times:
                visits.wake(follower.author.scid)
                await asyncio.sleep(0.01)
        return counted() - began

    visits.start()
    await until_held(follower, 1)
    assert await called(6) > 1.5, "0.05 s, and twice as much each time"
    follower.add(feed)
    await called(1)
    await until_held(follower, 2)
    follower.add(feed)
    assert await called(1) < 4, "what it said was true, and is believed at once again, not after 12 s"


async def test_an_identity_that_explains_nothing_is_not_asked_for_each_time(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-2, F-63: an unknown key has the log fetched once, and then once a minute, however many notices; a person's wish at once."""
    monkeypatch.setattr(module, "NOTICE_GAP_SECONDS", 0.0)
    feed = follower.feed(follower.public, 1)
    feed.note = feed.checkpoint(key=follower.author.keys.request)

    def asked(what: str) -> int:
        return sum(path.endswith(what) for path in follower.site.paths())

    visits.start()
    async with asyncio.timeout(PATIENCE):
        while asked("/checkpoint") < 12:
            visits.wake(follower.author.scid)
            await asyncio.sleep(0.01)
    assert asked("/did.jsonl") == 2, "the daily look, and once because of the checkpoint"
    await visits.visit_now(follower.author.scid)
    assert asked("/did.jsonl") == 3
    monkeypatch.setattr(outofturn, "AGAIN_SECONDS", 0.0)
    before = asked("/checkpoint")
    async with asyncio.timeout(PATIENCE):
        while asked("/checkpoint") < before + 4:
            visits.wake(follower.author.scid)
            await asyncio.sleep(0.01)
    assert asked("/did.jsonl") > 3


async def test_what_a_request_has_asked_for_is_not_asked_for_by_a_visit(
    follower: Follower, visits: Visits
) -> None:
    """F-63: one bound for a partner, whether a request by an unknown key or a checkpoint spends it."""
    feed = follower.feed(follower.public, 1)
    feed.note = feed.checkpoint(key=follower.author.keys.request)
    assert follower.tools.directory.out_of_turn.begin(follower.author.scid)
    visits.start()
    await until(lambda: follower.site.paths().count(f"/{follower.bilateral.path}/checkpoint") == 1)
    assert sum(path.endswith("/did.jsonl") for path in follower.site.paths()) == 1, "the daily look alone"


async def test_a_notice_changes_the_time_of_the_next_pull_alone(follower: Follower, visits: Visits) -> None:
    """F-2: whatever it says, what counts is what the author then serves."""
    feed = follower.feed(follower.public, 1)
    visits.start()
    await until(lambda: f"/{follower.bilateral.path}/checkpoint" in follower.site.paths())
    await asyncio.sleep(0.1)
    follower.add(feed)
    assert len(await follower.records()) == 1
    follower.site.asked.clear()
    visits.wake(follower.author.scid)
    await until(lambda: f"/{follower.bilateral.path}/checkpoint" in follower.site.paths())
    assert len(await follower.records()) == 2


async def test_one_broken_feed_does_not_stop_the_other(
    follower: Follower, visits: Visits, desk: Desk
) -> None:
    """F-22, F-8: the road of one feed is broken, the author's other feed is pulled, the visit says why it failed."""
    follower.feed(follower.public, 2)
    follower.feed(follower.bilateral, 3)
    follower.site.spoilt[f"/{follower.public.path}/tile/entries/000.p/2"] = tampered()
    visit = await visits.visit_now(follower.author.scid)
    assert visit.error is not None
    assert visit.error.code == "road.root-missed"
    assert [(pulled.code, pulled.size) for pulled in visit.pulled] == [("road.root-missed", 0), (None, 3)]
    assert desk.arrived == [follower.author.scid]


async def test_a_forked_feed_does_not_stop_the_other(follower: Follower, visits: Visits) -> None:
    """F-21, F-22: the forked feed is not even asked for any more."""
    follower.feed(follower.public, 2)
    letters = follower.feed(follower.bilateral, 1)
    await visits.visit_now(follower.author.scid)
    other = follower.feed(follower.public, 1)
    other.append(b'{"kind":"later"}')
    follower.add(letters)
    visit = await visits.visit_now(follower.author.scid)
    assert [(pulled.state, pulled.new) for pulled in visit.pulled] == [("forked", 0), ("current", 1)]
    follower.site.asked.clear()
    follower.add(other)
    follower.add(letters)
    visit = await visits.visit_now(follower.author.scid)
    assert [(pulled.state, pulled.size) for pulled in visit.pulled] == [("forked", 2), ("current", 3)]
    assert not any(path.startswith(f"/{follower.public.path}/") for path in follower.site.paths())


async def test_what_a_broken_pull_kept_is_told(follower: Follower, visits: Visits, desk: Desk) -> None:
    """F-10: leaves kept before the road broke count at once."""
    feed = follower.feed(follower.public, 1)
    feed.pad(1_999)
    follower.site.spoilt[f"/{follower.public.path}/tile/entries/006"] = instead(b"", status=500)
    visit = await visits.visit_now(follower.author.scid)
    assert visit.error is not None
    assert [pulled.new for pulled in visit.pulled][:1] == [1_536]
    assert desk.arrived == [follower.author.scid]


async def test_an_unheard_key_lets_the_identity_log_be_asked_for(follower: Follower, visits: Visits) -> None:
    """R-14: a record waits for the log, and the log is not waited for until tomorrow."""
    feed = follower.feed(follower.public, 1)
    visits.start()
    await visits.visit_now(follower.author.scid)
    key = SigningKey(bytes(range(32)))
    record = follower.author.record(key=key)
    feed.add(record)
    follower.site.files["/.well-known/did.jsonl"] = follower.author.rotate(key)
    visit = await visits.visit_now(follower.author.scid)
    assert dict(visit.pulled[0].setbacks) == {"key.unknown": 1}
    await until_held(follower, 2)
    assert record.digest in await follower.records()


async def test_partners_are_asked_of_our_own_feeds_once_a_start(
    follower: Follower, visits: Visits, desk: Desk
) -> None:
    """W-18: at the first contact, not at each; and an answer that is no proof stops nothing."""
    follower.feed(follower.public, 1)
    path = f"/received/{follower.me.scid}/public/1/checkpoint"
    follower.site.files[path] = b"nonsense"
    visits.start()
    for _ in range(2):
        visit = await visits.visit_now(follower.author.scid)
        assert visit.error is None
    assert follower.site.paths().count(path) == 1
    assert follower.site.paths()[0] == path, "before anything else"
    assert desk.fenced == []


# --- one partner and the others ------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def second_partner(follower: Follower) -> AsyncIterator[Site]:
    """Another agency that the same node follows."""
    agency = Agency("france")
    site = Site(agency)
    await site.start()
    partner = Peer(agency.scid, "FR-FICT", site.address, True, 2, None, agency.descriptor(site.address).data)
    async with follower.database.writing() as connection:
        await peer_rows.put_identity(connection, agency.scid, agency.log, 1)
        await peer_rows.add(connection, partner)
    follower.tools.directory.keep_identity(parse_identity(agency.log, now=START))
    follower.tools.directory.keep_peer(partner)
    yield site
    await site.stop()


async def test_a_slow_partner_delays_nobody(follower: Follower, visits: Visits) -> None:
    """F-3: while one partner hangs, another is visited again and again."""
    released = asyncio.Event()

    async def hang(_request: web.Request, _data: bytes) -> web.Response:
        await released.wait()
        return web.Response(status=404)

    async with second_partner(follower) as other:
        feed = other.show(Feed(other.agency, replace(follower.public, author=other.agency.scid)))
        follower.feed(follower.public, 1)
        follower.site.spoilt[f"/{follower.public.path}/checkpoint"] = hang
        visits.start()
        slow = asyncio.create_task(visits.visit_now(follower.author.scid))
        for size in range(1, 4):
            feed.add(other.agency.record())
            visit = await asyncio.wait_for(visits.visit_now(other.agency.scid), PATIENCE / 2)
            assert visit.pulled[0].size == size
        assert not slow.done()
        released.set()
        await slow
        await visits.stop()


def test_pauses_grow_up_to_the_limit(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-4: doubled at each failure, spread, and never beyond the configured longest."""
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
    highest = [visits._pause(failures) for failures in (1, 2, 3, 10, 11, 12, 13, 500)]
    assert highest == [2, 4, 8, 1_024, 2_048, 3_600, 3_600, 3_600]
    monkeypatch.setattr("random.uniform", lambda low, _high: low)
    assert [visits._pause(failures) for failures in (1, 2, 13)] == [1, 2, 1_800]


def test_no_configuration_waits_for_more_than_an_hour() -> None:
    """F-4: a longest wait beyond the law's is refused."""
    assert Sync(backoff_max_seconds=3_600).backoff_max_seconds == 3_600
    with pytest.raises(ValidationError):
        Sync(backoff_max_seconds=3_601)


async def test_a_sign_of_life_ends_the_pause(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-4, F-5: a failing partner is left alone for a while, and looked up at once when it speaks."""
    monkeypatch.setattr(module, "FIRST_BACKOFF_SECONDS", 600.0)
    path = f"/{follower.public.path}/checkpoint"
    follower.feed(follower.public, 1)
    follower.site.spoilt[path] = instead(b"", status=500)
    visits.start()
    await until(lambda: path in follower.site.paths())
    await asyncio.sleep(0.3)
    assert follower.site.paths().count(path) == 1, "it waits"
    state = visits._partners[follower.author.scid]
    await until(lambda: state.failures == 1)
    follower.site.spoilt.clear()
    visits.wake(follower.author.scid)
    await until(lambda: follower.site.paths().count(path) == 2)
    await until_held(follower, 1)


async def test_following_outlives_any_answer(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-3: even a fault of our own in one visit does not end the visits to that partner."""
    monkeypatch.setattr(module, "FIRST_BACKOFF_SECONDS", 0.01)
    follower.feed(follower.public, 1)
    real, calls = follower.tools.clock, [0]

    def clock() -> object:
        calls[0] += 1
        if calls[0] < 4:
            raise ZeroDivisionError
        return real()

    visits._tools = replace(follower.tools, clock=clock)  # type: ignore[arg-type]
    visits.start()
    await until(lambda: f"/{follower.public.path}/tile/entries/000.p/1" in follower.site.paths())


async def test_a_large_growth_is_taken_without_a_pause(
    follower: Follower, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-41: the next part is asked for as soon as one is kept."""
    monkeypatch.setattr(pull, "MAX_GROWTH", 512)
    feed = follower.feed(follower.public)
    feed.pad(1_200)
    follower.add(feed)
    visits.start()
    await until_held(follower, 1)


async def test_a_stopped_feed_without_a_reason_is_still_said(follower: Follower, visits: Visits) -> None:
    """Chapter 12: where the rows no longer say why a feed stopped, the visit says that it did."""
    follower.feed(follower.public, 1)
    await visits.visit_now(follower.author.scid)
    async with follower.database.writing() as connection:
        await feeds.note_state(connection, await follower.held(follower.public), "forked", None)
    visit = await visits.visit_now(follower.author.scid)
    assert visit.error is not None
    assert (visit.error.code, visit.error.params) == ("feed.blocked", {"origin": follower.public.encode()})

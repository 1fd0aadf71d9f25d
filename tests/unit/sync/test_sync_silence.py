"""Partners that fall silent, and partners whose identity forks."""

from __future__ import annotations

from datetime import timedelta

from passerelle.config import Sync
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.storage import peers as peer_rows
from passerelle.sync import contact
from passerelle.sync.follower import Follower as Visits
from tests.unit.sync.author import START, instead
from tests.unit.sync.conftest import Follower

KEY = SigningKey(bytes(range(32)))
LOG = "/.well-known/did.jsonl"


async def _nothing(*_told: object) -> None:
    """Nobody listens here."""


def visits(follower: Follower) -> Visits:
    """Visits that nobody listens to."""
    return Visits(
        follower.tools,
        follower.client,
        Sync(notices=False, stale_after_days=2),
        heads=dict,
        arrived=_nothing,
        fenced=_nothing,
        report=_nothing,
    )


async def states(follower: Follower) -> list[tuple[str, str | None]]:
    """How both feeds of the author stand."""
    found = [await follower.held(origin) for origin in (follower.public, follower.bilateral)]
    return [(held.state, held.state_code) for held in found]


async def test_a_silent_partner_becomes_stale(follower: Follower) -> None:
    """Chapter 09, states: past the configured time without an answer, until the next answer."""
    follower.feed(follower.public, 1)
    follower.feed(follower.bilateral, 1)
    made = visits(follower)
    await made.visit_now(follower.author.scid)
    for origin in (follower.public, follower.bilateral):
        follower.site.spoilt[f"/{origin.path}/checkpoint"] = instead(b"", status=500)
    follower.now[0] += timedelta(days=1, hours=23)
    await made.visit_now(follower.author.scid)
    assert await states(follower) == [("current", None)] * 2
    follower.now[0] += timedelta(hours=2)
    await made.visit_now(follower.author.scid)
    assert await states(follower) == [("stale", None)] * 2
    async with follower.database.reading() as connection:
        (partner,) = await peer_rows.every(connection)
    assert partner.last_heard == int(START.timestamp()), "a failed visit keeps the last good time"
    follower.site.spoilt.clear()
    await made.visit_now(follower.author.scid)
    assert await states(follower) == [("current", None)] * 2


async def test_a_forked_identity_blocks_both_feeds(follower: Follower) -> None:
    """Chapter 09, states: blocked with the code, whatever the feeds themselves say."""
    follower.feed(follower.public, 1)
    follower.feed(follower.bilateral, 1)
    made = visits(follower)
    await made.visit_now(follower.author.scid)
    follower.tools.directory.keep_identity(parse_identity(follower.author.rotate(KEY), now=START))
    follower.site.files[LOG] = follower.author.rotate(SigningKey(bytes(range(1, 33))))
    visit = await visits(follower).visit_now(follower.author.scid)
    assert visit.error is not None
    assert visit.error.code == "identity.forked"
    assert await states(follower) == [("blocked", "identity.forked")] * 2


async def test_an_entry_that_lay_ahead_comes_into_force(follower: Follower) -> None:
    """I-12: without a restart, and though the log has not changed by a byte."""
    log = follower.author.rotate(KEY)
    early = START - timedelta(days=1) + timedelta(minutes=30)
    held = parse_identity(log, now=early)
    assert held.held == 1
    follower.tools.directory.keep_identity(held)
    follower.site.files[LOG] = log
    given = (follower.client, follower.database, follower.tools.directory, follower.road)
    assert not await contact.refresh_identity(*given, early)
    assert await contact.refresh_identity(*given, START)
    now = follower.tools.directory.identity(follower.author.scid)
    assert now is not None
    assert now.held == 0
    assert not await contact.refresh_identity(*given, START)

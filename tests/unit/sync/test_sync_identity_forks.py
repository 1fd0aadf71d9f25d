"""An identity that forks: both logs are kept, nothing is trusted beyond what they share, a person picks."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.storage import identityforks
from passerelle.storage import peers as peer_rows
from passerelle.storage.identityforks import IdentityFork
from passerelle.sync import contact, identities
from passerelle.sync.directory import Directory
from tests.unit.sync.author import START
from tests.unit.sync.conftest import Follower
from tests.unit.sync.test_sync_silence import LOG, states, visits

OURS, THEIRS = SigningKey(bytes(range(32))), SigningKey(bytes(range(1, 33)))
BLOCKED = [("blocked", "identity.forked")] * 2
CURRENT = [("current", None)] * 2


async def forked(follower: Follower) -> tuple[bytes, bytes]:
    """Two good feeds, a second entry that we hold, and another second entry that is then served."""
    follower.feed(follower.public, 1)
    follower.feed(follower.bilateral, 1)
    await visits(follower).visit_now(follower.author.scid)
    held, other = follower.author.rotate(OURS), follower.author.rotate(THEIRS)
    follower.site.files[LOG] = held
    assert await refresh(follower)
    follower.site.files[LOG] = other
    return held, other


async def refresh(follower: Follower) -> bool:
    """Ask for the log, as the gate does where a request comes under a key that nobody knows."""
    tools = follower.tools
    return await contact.refresh_identity(
        follower.client, tools.database, tools.directory, follower.road, START
    )


async def evidence(follower: Follower) -> IdentityFork:
    """The one fork that is kept."""
    async with follower.database.reading() as connection:
        (fork,) = await identityforks.every(connection, follower.author.scid)
    return fork


async def pick(follower: Follower, branch: identityforks.Branch) -> None:
    """What a person's command does."""
    tools = follower.tools
    await identities.pick(tools.database, tools.directory, await evidence(follower), branch, START)


async def visit(follower: Follower) -> str | None:
    """Visit as after a start, and give the code with which it ended."""
    visited = await visits(follower).visit_now(follower.author.scid)
    return None if visited.error is None else visited.error.code


@pytest.mark.parametrize("later", ["held", "first"])
async def test_no_later_log_lifts_the_block(follower: Follower, later: str) -> None:
    """I-23: neither the log that we held nor the common beginning, served again, unblocks anything."""
    held, _ = await forked(follower)
    assert await visit(follower) == "identity.forked"
    assert await states(follower) == BLOCKED
    follower.site.files[LOG] = held if later == "held" else follower.author.log
    assert await visit(follower) == "identity.forked"
    assert await states(follower) == BLOCKED


async def test_a_fork_met_at_the_gate_blocks_as_well(follower: Follower) -> None:
    """I-22, I-23: whichever road brings the other log."""
    await forked(follower)
    with pytest.raises(ProtocolError, match=r"identity\.forked"):
        await refresh(follower)
    assert await states(follower) == BLOCKED
    assert await visit(follower) == "identity.forked"


async def test_both_logs_are_kept_as_received(follower: Follower) -> None:
    """I-42: the evidence is there to be shown, and what comes later does not replace it."""
    held, other = await forked(follower)
    await visit(follower)
    await visit(follower)
    fork = await evidence(follower)
    assert (fork.logs, fork.found, fork.picked) == ((held, other), int(START.timestamp()), None)


async def test_trust_ends_at_the_last_common_entry(follower: Follower) -> None:
    """I-23: a key of either branch counts for nothing, after a restart too."""
    await forked(follower)
    await visit(follower)
    scid = follower.author.scid
    restarted = Directory(follower.me.scid, lambda: START)
    await restarted.load(follower.database)
    for directory in (follower.tools.directory, restarted):
        assert directory.forked(scid)
        trusted = directory.identity(scid)
        assert trusted is not None
        assert len(trusted.entries) == 1
        assert set(trusted.every_record_key_ever.values()) == {follower.author.keys.record.public}


@pytest.mark.parametrize("branch", [1, 2])
async def test_a_person_picks(follower: Follower, branch: identityforks.Branch) -> None:
    """I-23, I-43: the branch picked is in use, the other is old news from then on, the evidence stays."""
    logs = await forked(follower)
    await visit(follower)
    await pick(follower, branch)
    now = follower.tools.directory.identity(follower.author.scid)
    assert now is not None
    assert (now.log, len(now.entries)) == (logs[branch - 1], 2)
    for served in logs:
        follower.site.files[LOG] = served
        assert await visit(follower) is None
        assert await states(follower) == CURRENT
        assert now == follower.tools.directory.identity(follower.author.scid)
    assert (await evidence(follower)).picked == branch
    async with follower.database.reading() as connection:
        assert (await peer_rows.identities(connection))[follower.author.scid] == logs[branch - 1]


async def test_a_person_thinks_again(follower: Follower) -> None:
    """I-23: the evidence of the branch set aside is kept, so the choice can be changed."""
    logs = await forked(follower)
    await visit(follower)
    await pick(follower, 1)
    await pick(follower, 2)
    now = follower.tools.directory.identity(follower.author.scid)
    assert now is not None
    assert now.log == logs[1]
    follower.site.files[LOG] = logs[0]
    assert await visit(follower) is None


async def test_a_third_branch_is_a_fork_of_its_own(follower: Follower) -> None:
    """I-22: what was decided does not excuse another contradiction."""
    await forked(follower)
    await visit(follower)
    await pick(follower, 1)
    third = follower.author.rotate(SigningKey(bytes(range(2, 34))))
    follower.site.files[LOG] = third
    assert await visit(follower) == "identity.forked"
    assert await states(follower) == BLOCKED
    async with follower.database.reading() as connection:
        first, second = await identityforks.every(connection, follower.author.scid)
    assert (first.picked, second.picked, second.logs[1]) == (1, None, third)


async def test_an_entry_ahead_of_our_clock_stays_left_out(follower: Follower) -> None:
    """I-12 with I-23: the common entries that lie ahead do not come into force by a fork."""
    early = START - timedelta(days=1) + timedelta(minutes=30)
    identity = parse_identity(follower.author.rotate(OURS), now=early)
    assert (len(identity.entries), identity.held) == (1, 1)
    follower.tools.directory.keep_identity(identity)
    follower.tools.directory.keep_fork(identity.scid, 2)
    trusted = follower.tools.directory.identity(identity.scid)
    assert trusted is not None
    assert (len(trusted.entries), trusted.held) == (1, 1)


async def test_two_roads_at_once(follower: Follower) -> None:
    """I-22: of two newer logs that come at one time the second is compared with the first, not with what was before."""
    tools, author = follower.tools, follower.author
    logs = [author.rotate(key) for key in (OURS, THEIRS)]
    took = [identities.take(tools.database, tools.directory, log, author.scid, START) for log in logs]
    taken = await asyncio.gather(*took, return_exceptions=True)
    told = {item.code if isinstance(item, ProtocolError) else item for item in taken}
    assert told == {True, "identity.forked"}, "whichever was read first"
    assert set((await evidence(follower)).logs) == set(logs)
    assert tools.directory.forked(author.scid)


async def test_the_log_of_somebody_else(follower: Follower) -> None:
    """Chapter 12: a site that serves another agency's log changes nothing of its own agency's."""
    held = follower.tools.directory.identity(follower.author.scid)
    follower.site.files[LOG] = follower.me.log
    with pytest.raises(ProtocolError, match=r"identity\.another ") as caught:
        await refresh(follower)
    assert caught.value.params == {"expected": follower.author.scid, "found": follower.me.scid}
    assert follower.tools.directory.identity(follower.author.scid) is held

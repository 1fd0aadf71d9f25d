"""Checkpoints that contradict each other, and roads that only look like it."""

from __future__ import annotations

import pytest

from passerelle.errors import InconsistentLog, ProtocolError, TransportError
from passerelle.protocol.checkpoints import verify_checkpoint
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.merkle import Frontier, range_nodes
from passerelle.protocol.origins import Origin
from passerelle.storage import evidence
from passerelle.sync import pull
from passerelle.sync.pull import MAX_GROWTH
from tests.unit.sync.author import START, Feed, flipped, instead, tampered
from tests.unit.sync.conftest import Follower


def assert_proves_fork(log: bytes, origin: str, evidence: tuple[bytes, bytes, bytes]) -> None:
    """Verifies evidence as anybody can: two notes, the author's identity log, and nothing else."""
    keys = parse_identity(log, now=START).newest.log_keys
    notes = [verify_checkpoint(note, origin, keys) for note in evidence[:2]]
    small, large = sorted(notes, key=lambda found: found.tree_size)
    if small.tree_size == large.tree_size:
        assert small.root_hash != large.root_hash
        assert not evidence[2]
        return
    left, right = range_nodes(0, small.tree_size), range_nodes(small.tree_size, large.tree_size)
    hashes = [evidence[2][at : at + 32] for at in range(0, len(evidence[2]), 32)]
    assert len(hashes) == len(left) + len(right)
    frontier = Frontier()
    for node, hashed in zip(left, hashes[: len(left)], strict=True):
        frontier = frontier.append_subtree(node.level, hashed)
    assert frontier.root() != small.root_hash, "the larger tree begins otherwise"
    for node, hashed in zip(right, hashes[len(left) :], strict=True):
        frontier = frontier.append_subtree(node.level, hashed)
    assert frontier.root() == large.root_hash, "and that is what was signed"


async def evidence_of(follower: Follower, origin: Origin) -> tuple[bytes, bytes, bytes] | None:
    held = await follower.held(origin)
    async with follower.database.reading() as connection:
        return await evidence.get_fork(connection, held.id)


async def assert_forked(follower: Follower, origin: Origin, code: str, size: int) -> None:
    with pytest.raises(InconsistentLog) as caught:
        await follower.pull(origin)
    assert caught.value.code == code
    held = await follower.held(origin)
    assert (held.state, held.state_code, held.size) == ("forked", code, size)
    evidence = await evidence_of(follower, origin)
    assert evidence is not None
    assert evidence[:2] == (caught.value.first_note, caught.value.second_note)
    assert_proves_fork(follower.author.log, origin.encode(), evidence)


@pytest.mark.parametrize("at", [-8, 12], ids=["signature", "text"])
async def test_a_tampered_checkpoint_is_refused(follower: Follower, at: int) -> None:
    """L-8, F-9: nothing under a checkpoint that does not verify is even fetched."""
    feed = follower.feed(follower.public, 3)
    feed.note = flipped(feed.checkpoint(), at)
    with pytest.raises(ProtocolError):
        await follower.pull(follower.public)
    assert (await follower.held(follower.public)).size == 0
    assert not any("tile" in path for path in follower.site.paths())


async def test_a_checkpoint_under_another_key_is_refused(follower: Follower) -> None:
    """L-7: a signature by a key that the identity does not name counts for nothing."""
    feed = follower.feed(follower.public, 3)
    feed.note = feed.checkpoint(key=SigningKey(bytes(range(32))))
    with pytest.raises(ProtocolError):
        await follower.pull(follower.public)
    assert (await follower.held(follower.public)).size == 0


async def test_a_checkpoint_of_another_origin_is_refused(follower: Follower) -> None:
    """L-14: the author's own signature under another of its feeds does not move this one."""
    follower.feed(follower.public, 3)
    other = Feed(follower.author, Origin(follower.author.scid, None, 2))
    follower.add(other)
    follower.site.feeds[f"/{follower.public.path}/"].note = other.checkpoint()
    with pytest.raises(ProtocolError):
        await follower.pull(follower.public)
    assert (await follower.held(follower.public)).size == 0


async def test_a_smaller_checkpoint_is_old_news(follower: Follower) -> None:
    """F-7: an earlier checkpoint of the same tree raises no alarm and takes nothing away."""
    feed = follower.feed(follower.public, 5)
    await follower.pull(follower.public)
    feed.note = feed.checkpoint(3)
    pulled = await follower.pull(follower.public)
    assert (pulled.state, pulled.size, pulled.new) == ("current", 5, 0)
    assert await evidence_of(follower, follower.public) is None
    assert await follower.cosigned(follower.public) == 5


async def test_a_smaller_checkpoint_with_another_root_is_a_fork(follower: Follower) -> None:
    """F-19, F-20: no note of that size was held, so our own rows complete the proof."""
    feed = follower.feed(follower.public, 7)
    await follower.pull(follower.public)
    feed.note = feed.checkpoint(4, root=bytes(32))
    await assert_forked(follower, follower.public, "fork.inconsistent", 7)


async def test_two_roots_at_one_size_are_a_fork(follower: Follower) -> None:
    """F-19 to F-22: evidence kept, this feed stops, the author's other feed goes on."""
    follower.feed(follower.public, 4)
    letters = follower.feed(follower.bilateral, 1)
    await follower.pull(follower.public)
    await follower.pull(follower.bilateral)
    other = follower.feed(follower.public, 3)
    other.append(b'{"kind":"later"}')
    await assert_forked(follower, follower.public, "fork.two-roots", 4)
    follower.add(letters)
    pulled = await follower.pull(follower.bilateral)
    assert (pulled.state, pulled.size, pulled.new) == ("current", 2, 1)


async def test_two_roots_at_a_size_seen_before_are_a_fork(follower: Follower) -> None:
    """F-19: contradicting an earlier note is no less a fork than contradicting the newest."""
    feed = follower.feed(follower.public, 4)
    await follower.pull(follower.public)
    for _ in range(3):
        follower.add(feed)
    await follower.pull(follower.public)
    feed.note = feed.checkpoint(4, root=bytes(32))
    await assert_forked(follower, follower.public, "fork.two-roots", 7)


@pytest.mark.parametrize(("held", "then"), [(5, 9), (256, 300), (300, 700)])
async def test_a_larger_tree_that_begins_otherwise_is_a_fork(
    follower: Follower, held: int, then: int
) -> None:
    """F-19: the author's own tiles prove, under its signature, that the tree held is not its beginning."""
    feed = follower.feed(follower.public)
    feed.pad(held)
    await follower.pull(follower.public)
    other = follower.feed(follower.public)
    other.append(b'{"kind":"another beginning"}')
    other.pad(then - 1)
    await assert_forked(follower, follower.public, "fork.inconsistent", held)


async def test_a_fork_behind_a_broken_pull_is_found(follower: Follower) -> None:
    """F-19, F-20, F-37: the note under which a first part was kept is evidence, though the rest never came."""
    feed = follower.feed(follower.public)
    feed.pad(1_500)
    path = f"/{follower.public.path}/tile/entries/004"
    follower.site.spoilt[path] = instead(b"", status=500)
    assert await follower.refused(follower.public) == "road.status"
    assert (await follower.held(follower.public)).size == 1_024
    follower.site.spoilt.clear()
    other = follower.feed(follower.public)
    other.append(b'{"kind":"another beginning"}')
    other.pad(2_000)
    await assert_forked(follower, follower.public, "fork.inconsistent", 1_024)


@pytest.mark.parametrize("spoilt", ["tile/entries/000.p/9", "both"])
async def test_a_road_that_lies_is_no_fork(follower: Follower, spoilt: str) -> None:
    """F-8, F-19: bytes that miss the signed root are thrown away, nobody is accused, and the next road is good."""
    feed = follower.feed(follower.public, 5)
    await follower.pull(follower.public)
    for _ in range(4):
        follower.add(feed)
    folder = f"/{follower.public.path}/"
    follower.site.spoilt[f"{folder}tile/entries/000.p/9"] = tampered()
    if spoilt == "both":
        follower.site.spoilt[f"{folder}tile/0/000.p/9"] = tampered(0)
    assert await follower.refused(follower.public) == "road.root-missed"
    held = await follower.held(follower.public)
    assert (held.state, held.size) == ("syncing", 5)
    assert await evidence_of(follower, follower.public) is None
    follower.site.spoilt.clear()
    assert (await follower.pull(follower.public)).size == 9


@pytest.mark.parametrize("code", ["road.root-missed"])
async def test_a_tampered_leaf_at_first_sight_is_thrown_away(follower: Follower, code: str) -> None:
    """F-8, F-9: not a leaf, an object or a record is kept before the root that covers it is reached."""
    follower.feed(follower.public, 3)
    follower.site.spoilt[f"/{follower.public.path}/tile/entries/000.p/3"] = tampered()
    with pytest.raises(TransportError) as caught:
        await follower.pull(follower.public)
    assert caught.value.code == code
    assert (await follower.held(follower.public)).size == 0
    assert await follower.records() == set()


async def test_a_tampered_tile_keeps_nothing(follower: Follower) -> None:
    """F-8: the level-1 hashes between the edges are under the signed root like everything else."""
    follower.feed(follower.public).pad(700)
    follower.site.spoilt[f"/{follower.public.path}/tile/1/000.p/2"] = tampered()
    assert await follower.refused(follower.public) == "road.root-missed"
    assert (await follower.held(follower.public)).size == 0


async def test_a_tampered_full_bundle_keeps_what_came_before(follower: Follower) -> None:
    """L-18, F-8, F-35: each full bundle is hashed and held against its own proven hash."""
    follower.feed(follower.public).pad(1_600)
    path = f"/{follower.public.path}/tile/entries/005"
    follower.site.spoilt[path] = tampered()
    assert await follower.refused(follower.public) == "road.bundle-missed"
    assert (await follower.held(follower.public)).size == 1_280
    follower.site.spoilt.clear()
    assert (await follower.pull(follower.public)).size == 1_600


@pytest.mark.parametrize("size", [MAX_GROWTH + 2, 2**53 - 1])
async def test_a_jump_in_size_that_is_a_lie_costs_little(follower: Follower, size: int) -> None:
    """F-41: a signed size is no reason to fetch for ever, nor to be deaf to the next one."""
    feed = follower.feed(follower.public, 1)
    feed.note = feed.checkpoint(size, root=bytes(32))
    assert await follower.refused(follower.public) == "road.status"
    assert (await follower.held(follower.public)).state == "syncing"
    assert len(follower.site.asked) < 8
    feed.note = None
    assert (await follower.pull(follower.public)).state == "current"


async def test_a_large_growth_is_taken_in_parts(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-11, F-41: each part is proven under the signed root before a leaf of it is kept, and has whole files alone."""
    monkeypatch.setattr(pull, "MAX_GROWTH", 1_000)
    feed = follower.feed(follower.public, 1)
    feed.pad(2_600)
    found = [await follower.pull(follower.public) for _ in range(4)]
    assert [item.size for item in found] == [768, 1_536, 2_304, 2_601]
    assert [item.state for item in found] == ["syncing", "syncing", "syncing", "current"]
    assert {int(path.partition(".p/")[2] or 256) for path in follower.site.paths()} <= {256, 10, 2_601 % 256}
    assert await follower.cosigned(follower.public) == 2_601


async def test_a_part_of_a_large_growth_is_proven_first(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-34: the subtrees beyond the part must lead to the signed root as well."""
    monkeypatch.setattr(pull, "MAX_GROWTH", 1_000)
    follower.feed(follower.public).pad(2_600)
    follower.site.spoilt[f"/{follower.public.path}/tile/0/010.p/40"] = tampered()
    assert await follower.refused(follower.public) == "road.root-missed"
    assert (await follower.held(follower.public)).size == 0

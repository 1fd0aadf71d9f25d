"""Public records: what one sees of its own author's and of others', and that strangers decide nothing by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from random import Random
from typing import TypeAlias
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.exchange.fold import fold
from passerelle.exchange.held import Held
from passerelle.protocol.profile import JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, LATER, ML, TG, World, party, ref

_Step: TypeAlias = tuple[int, int, str, int, int]
"""Author, what is named, outcome, where it is put in its author's feed, by what it is named."""

_steps = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 11),
        st.sampled_from(["offer", "withdraw", "suspend", "resume", "dispute", "endorse"]),
        st.integers(0, 12),
        st.integers(0, 3),
    ),
    max_size=12,
)


def _make(world: World, author: str, made: Sequence[Record], step: _Step) -> Record:
    _, target, outcome, _, way = step
    named = made[target % len(made)] if made else None
    if outcome == "offer" or named is None:
        body: JsonObject = {"scheme": "vir", "places": 1, "host": party(author)}
        if named is None or way < 2:
            return world.record(author, "public", "offer", body)
        if way == 2:
            return world.record(author, "public", "offer", body, after=named)
        return world.record(author, "public", "offer", body, record_id=named.id)
    said: JsonObject = {
        "about": ref(named),
        "aboutType": named.type,
        "outcome": outcome,
        "effective": f"2017-0{way + 1}",
    }
    before = named if way == 3 and named.type == "decision" else None
    return world.record(author, "public", "decision", said, after=before)


def _play(cast: Sequence[str], steps: Sequence[_Step]) -> tuple[list[Record], list[Held]]:
    """Records, each put anywhere in its author's feed, so that it may stand before what it names."""
    world = World()
    made: list[Record] = []
    for step in steps:
        author = cast[step[0]]
        made.append(_make(world, author, made, step))
        feed = world.feeds.setdefault(world.origin(author, None), [])
        feed.insert(step[3] % (len(feed) + 1), made[-1])
    return made, world.held_by(TG)


@given(_steps)
def test_whose_scid_comes_first_decides_nothing(steps: list[_Step]) -> None:
    """S-1, S-21, S-45: public records are judged alike, whichever of their authors has the smaller SCID."""
    told = []
    for cast in permutations((TG, ML, BF)):
        made, held = _play(cast, steps)
        verdicts = fold(held, as_of=LATER, sizes={}).verdicts
        told.append([(verdicts[item.digest].status, verdicts[item.digest].code) for item in made])
    assert all(one == told[0] for one in told)


@given(_steps, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same(steps: list[_Step], chance: Random) -> None:
    """S-1: of public records too."""
    _, held = _play((TG, ML, BF), steps)
    shuffled = [*held, *held[::2]]
    chance.shuffle(shuffled)
    for as_of in (date(2017, 2, 15), LATER):
        assert fold(held, as_of=as_of, sizes={}) == fold(shuffled, as_of=as_of, sizes={})


@given(_steps)
def test_what_stands_later_in_its_own_feed_moves_no_verdict(steps: list[_Step]) -> None:
    """S-10, S-11: of its own author's feed a public record sees what stands before it; what comes ends no more than a wait."""
    made, held = _play((TG, ML, BF), steps)
    whole = fold(held, as_of=LATER, sizes={}).verdicts
    for item in held:
        before = [other for other in held if other.origin != item.origin or other.index <= item.index]
        found = fold(before, as_of=LATER, sizes={}).verdicts[item.record.digest]
        assert found == whole[item.record.digest] or found.status == "waiting"
    assert len(whole) == len(made)


def test_a_long_chain_of_words_on_words_is_judged() -> None:
    """S-1: two authors who lay thousands of decisions on one another's, the last first, stop nobody's fold."""
    world = World()
    last = world.record(TG, "public", "offer", {"scheme": "vir", "places": 1, "host": party(TG)})
    feeds: dict[str, list[Record]] = {TG: [last], ML: []}
    for number in range(4000):
        author = (ML, TG)[number % 2]
        body: JsonObject = {
            "about": ref(last),
            "aboutType": last.type,
            "outcome": "endorse",
            "effective": "2017",
        }
        last = world.record(author, "public", "decision", body)
        feeds[author].append(last)
    for author, records in feeds.items():
        world.feeds[world.origin(author, None)] = records[::-1]
    assert all(found.is_accepted for found in world.state(TG).verdicts.values())


@pytest.mark.parametrize("cast", [(TG, ML), (ML, TG)])
@pytest.mark.parametrize("is_held", [True, False])
def test_a_version_after_a_decision_that_waits_is_held_to_it(cast: tuple[str, str], is_held: bool) -> None:
    """S-21, S-11: the header of the version before decides, also where that waits for what it is about."""
    world, (author, other) = World(), cast
    offer = world.record(other, "public", "offer", {"scheme": "vir", "places": 1, "host": party(other)})
    body: JsonObject = {
        "about": ref(offer),
        "aboutType": "offer",
        "outcome": "endorse",
        "effective": "2017",
    }
    first = world.record(author, "public", "decision", body)
    another = f"urn:uuid:{UUID(int=99, version=4)}"
    second = world.record(author, "public", "decision", body, after=first, record_id=another)
    world.feeds[world.origin(author, None)] = [first, second]
    world.feeds[world.origin(other, None)] = [offer] if is_held else []
    assert world.state(TG).verdicts[second.digest].code == "version.previous-mismatch"


@pytest.mark.parametrize("cast", [(TG, ML), (ML, TG)])
@pytest.mark.parametrize("is_held", [True, False])
def test_a_stranger_as_the_version_before_is_not_looked_at(cast: tuple[str, str], is_held: bool) -> None:
    """S-21: another's public record may come at any time, and moves no verdict when it does."""
    world, (author, other) = World(), cast
    offer: JsonObject = {"scheme": "vir", "places": 1, "host": party(author)}
    theirs = world.record(other, "public", "offer", offer | {"host": party(other)})
    public = world.record(author, "public", "offer", offer, after=theirs)
    card: JsonObject = {"part": "card", "sendingAgency": author}
    between = world.publish(author, other, "dossier", card, after=theirs)
    world.feeds[world.origin(author, None)] = [public]
    world.feeds[world.origin(other, None)] = [theirs] if is_held else []
    verdicts = world.state(author).verdicts
    assert [verdicts[record.digest].is_accepted for record in (public, between)] == [True, True]

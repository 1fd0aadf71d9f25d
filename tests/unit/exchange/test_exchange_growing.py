"""The fold that is kept says what folding everything anew says, however it grew."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.exchange.fold import derive, judge, judge_all
from passerelle.exchange.growing import Growing
from passerelle.exchange.held import Held
from passerelle.exchange.pairs import PairFold
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record
from tests.unit.exchange.histories import History, Step, casts, steps
from tests.unit.exchange.world import FR, LATER, ML, TG, Programme, World


def same(growing: Growing, held: Sequence[Held], sizes: dict[Origin, int]) -> bool:
    """Verdicts and state as by folding anew."""
    grown, anew = growing.judged(), judge_all(held, sizes)
    return grown.verdicts == anew.verdicts and derive(grown, LATER) == derive(anew, LATER)


@given(casts, steps, st.randoms(use_true_random=False), st.sampled_from(["any", "by feed"]))
def test_any_growth_ends_in_the_same(
    cast: Sequence[str], history: list[Step], chance: Random, order: str
) -> None:
    """S-1: in any order, in steps of any size, with leaves known before or after their records."""
    world = History(cast).play(history)
    held, sizes = world.held_by(cast[0]), world.sizes_of(cast[0])
    if order == "any":
        chance.shuffle(held)
    else:  # as nodes pull: some of one feed, then some of another
        feeds = {origin: [item for item in held if item.origin == origin] for origin in sizes}
        held = []
        while any(feeds.values()):
            origin = chance.choice([origin for origin, items in feeds.items() if items])
            count = chance.randint(1, 4)
            held, feeds[origin] = [*held, *feeds[origin][:count]], feeds[origin][count:]
    growing, known = Growing(), 0
    shown: dict[Origin, int] = {}
    while known < len(held):
        step = held[known : known + chance.randint(1, 6)]
        known += len(step)
        if chance.random() < 0.3:
            origin = chance.choice(sorted(sizes, key=Origin.encode))
            shown[origin] = chance.randint(shown.get(origin, 0), sizes[origin])
        growing.grow([*step, *chance.sample(held[:known], known // 4)], shown)
        if chance.random() < 0.7:
            assert same(growing, held[:known], shown)
    growing.grow([], sizes)
    assert same(growing, held, sizes)


@given(casts, steps, st.randoms(use_true_random=False))
def test_what_is_proposed_counts_until_it_is_taken_back(
    cast: Sequence[str], history: list[Step], chance: Random
) -> None:
    """S-3: one after the other, each judged with those before; then published, or as if never proposed."""
    world = History(cast, may_lie=False).play(history)
    own = cast[0]
    held, sizes = world.held_by(own), world.sizes_of(own)
    mine = [item for item in held if item.origin.author == own]
    start = chance.randint(0, len(mine))
    later = {item.record.digest: item.record for item in mine[start:] if isinstance(item.record, Record)}
    before = [item for item in held if item.record.digest not in later]
    cut = {origin: size for origin, size in sizes.items() if origin.author != own}
    growing = Growing()
    growing.grow(before, cut)
    ahead: list[Held] = []
    for record in list(later.values())[:4]:
        everything = [*before, *ahead]
        assert growing.propose(record) == judge(record, everything, sizes=cut)
        ends = {
            partner: max(
                (i.index + 1 for i in everything if (i.origin.author, i.origin.partner) == (own, partner)),
                default=0,
            )
            for partner in (record.addressees or (None,))
        }
        ahead += [Held(record, Origin(own, partner, 1), index) for partner, index in ends.items()]
    published = chance.sample(ahead, len(ahead)) if chance.random() < 0.5 else []
    growing.grow(published, cut)
    assert bool(growing.proposed) == (ahead != published and not published and bool(ahead))
    growing.retract()
    assert same(growing, [*before, *published], cut)


def test_what_joins_the_end_folds_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth costs what came, not what is there: no pair is folded a second time."""
    programme = Programme.signed(World().row(TG, ML, 9))
    world = programme.world
    world.dossier(TG, FR)
    growing = Growing()
    growing.grow(world.held_by(TG), world.sizes_of(TG))
    growing.judged()

    def never(*_: object) -> None:
        raise AssertionError("folded anew")

    with monkeypatch.context() as patched:
        patched.setattr(PairFold, "__init__", never)
        for _ in range(4):
            placement = programme.realised(TG, ML)
            growing.grow(world.held_by(TG), world.sizes_of(TG))
            assert growing.judged().verdicts[placement.digest].is_accepted
    assert same(growing, world.held_by(TG), world.sizes_of(TG))


def test_the_last_may_come_first() -> None:
    """S-1: each record by itself, those of each feed from its end."""
    programme = Programme.signed(World().row(TG, ML, 9))
    programme.realised(TG, ML)
    held, sizes = programme.world.held_by(ML), programme.world.sizes_of(ML)
    growing = Growing()
    for item in reversed(held):
        growing.grow([item], {})
    growing.grow([], sizes)
    assert same(growing, held, sizes)

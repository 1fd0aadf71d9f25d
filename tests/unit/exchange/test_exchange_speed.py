"""The fold keeps up with the largest pair there will be for years."""

from __future__ import annotations

from passerelle.exchange.fold import derive, judge_all
from passerelle.exchange.statement import Tally, tally
from passerelle.exchange.views import Direction
from tests import pace
from tests.unit.exchange.world import LATER, ML, TG, Programme, World


def test_two_thousand_records_of_one_pair_fold_in_a_second() -> None:
    """A second of an idle machine, whatever this one does. Every volunteer goes the whole way."""
    world = World()
    programme = Programme.signed(world.row(TG, ML, 200), world.row(ML, TG, 200))
    for _ in range(150):
        programme.realised(TG, ML)
        programme.realised(ML, TG)
    world = programme.world
    held, sizes = world.held_by(TG), world.sizes_of(TG)
    assert len(held) > 2_000
    states = []
    took = pace.units(lambda: states.append(derive(judge_all(held, sizes), LATER)))
    (state,) = states
    assert tally(state.pairs[frozenset((TG, ML))], Direction(TG, ML)) == Tally(150, 150, 150, 150)
    assert took < pace.A_SECOND, f"{took:.0f} units for {len(held)} records"

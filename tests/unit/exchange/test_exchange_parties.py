"""Agreements of three, and what a pair may read of a third agency."""

from __future__ import annotations

from datetime import date

from passerelle.exchange.fold import fold
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import encode
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, LATER, ML, TG, World


def three() -> tuple[World, Record]:
    """Togo proposes to Mali and Burkina; both have seen it."""
    world = World()
    rows = [world.row(TG, ML, 2), world.row(ML, BF, 1), world.row(BF, TG, 1)]
    agreement = world.agreement(TG, [ML, BF], rows)
    world.sync(TG, ML, BF)
    return world, agreement


def in_force() -> tuple[World, Record]:
    world, agreement = three()
    world.decide(ML, [TG, BF], agreement, "accept", "2017-02-01")
    world.decide(BF, [TG, ML], agreement, "accept", "2017-03-01")
    world.sync(TG, ML, BF)
    return world, agreement


def states(world: World, agreement: Record, as_of: date = LATER) -> set[str]:
    return {world.state(agency, as_of).agreements[agreement.id].state for agency in (TG, ML, BF)}


def test_every_other_party_must_have_accepted() -> None:
    """S-30: two of three are not enough, anywhere."""
    world, agreement = three()
    world.decide(ML, [TG, BF], agreement, "accept", "2017-02-01")
    world.sync(TG, ML, BF)
    assert states(world, agreement) == {"proposed"}
    world.decide(BF, [TG, ML], agreement, "accept", "2017-03-01")
    assert states(world, agreement) == {"in-force"}
    assert states(world, agreement, date(2017, 2, 28)) == {"proposed"}


def test_two_exchange_under_the_agreement_of_a_third() -> None:
    """S-2, S-7: Mali nominates to Burkina under what Togo wrote; the pair Mali-Burkina tells alike."""
    world, agreement = in_force()
    dossier = world.dossier(ML, BF)
    first = world.nominate(ML, BF, agreement, world.offer(BF), dossier)
    assert world.verdict_at_all(first).is_accepted
    second = world.nominate(ML, BF, agreement, world.offer(BF), dossier)
    assert world.verdict_at_all(second).code == "quota.reached"
    one, other = (encode(figures(world.state(agency), ML, BF)) for agency in (ML, BF))
    assert one == other


def test_the_word_of_a_third_party_counts_in_every_pair() -> None:
    """S-7: Burkina suspends and resumes what is between Togo and Mali, and terminates it for all."""
    world, agreement = in_force()
    world.decide(BF, [TG, ML], agreement, "suspend", "2017-04-01")
    world.decide(BF, [TG, ML], agreement, "suspend", "2017-05-01", scope={"scheme": "vir"})
    world.sync(TG, ML, BF)
    assert states(world, agreement) == {"suspended"}
    nomination = world.nominate(TG, ML, agreement, world.offer(ML), world.dossier(TG, ML), "2017-04-02")
    assert world.verdict_at_all(nomination).params["by"] == BF
    world.decide(BF, [TG, ML], agreement, "resume", "2017-06-01")
    assert states(world, agreement) == {"in-force"}
    world.decide(BF, [TG, ML], agreement, "terminate", "2018-01-01")
    assert states(world, agreement) == {"terminated"}
    assert states(world, agreement, date(2017, 12, 31)) == {"in-force"}


def test_a_decision_tells_all_parties() -> None:
    """S-46: nobody terminates towards one and goes on towards the other."""
    world, agreement = in_force()
    whispered = world.decide(BF, TG, agreement, "terminate", "2018-01-01")
    assert world.verdict_at_all(whispered).code == "decision.audience"
    assert states(world, agreement) == {"in-force"}


def test_a_third_party_enters_no_pair_by_what_it_tells_one() -> None:
    """S-2: an acceptance that Burkina sends to Togo alone is in force for nobody."""
    world, agreement = three()
    world.decide(ML, [TG, BF], agreement, "accept")
    world.decide(BF, [TG], agreement, "accept")
    world.sync(TG, ML, BF)
    assert states(world, agreement) == {"proposed"}
    assert world.state(TG).pairs[frozenset((TG, ML))] == world.state(ML).pairs[frozenset((TG, ML))]
    private = world.agreement(BF, [TG], [world.row(BF, TG, 1)])
    assert private.id in world.state(TG).agreements
    assert private.id not in world.state(TG).pairs[frozenset((TG, ML))].agreements


def test_a_third_party_is_no_party() -> None:
    """S-45: an agency outside the agreement decides nothing on it."""
    world = World()
    agreement = world.agreement(TG, [ML], [world.row(TG, ML, 2)])
    world.sync(TG, ML, BF)
    world.decide(BF, [TG, ML], agreement, "accept")
    world.decide(BF, [TG, ML], agreement, "terminate")
    assert world.state(TG).agreements[agreement.id].state == "proposed"


def test_until_a_third_party_is_heard_a_pair_says_the_least() -> None:
    """S-11: Mali has not received Burkina's acceptance yet; with it both say the same."""
    world, agreement = in_force()
    late = Origin(BF, ML, 1)
    held = [item for item in world.held_by(ML) if item.origin != late]
    sizes = {origin: size for origin, size in world.sizes_of(ML).items() if origin != late}
    assert fold(held, as_of=LATER, sizes=sizes).agreements[agreement.id].state == "proposed"
    assert world.state(ML).agreements[agreement.id].state == "in-force"


def test_whoever_holds_both_feeds_of_a_third_party_reads_it_once() -> None:
    """S-7: an auditor with everything sees what the parties see."""
    world, _ = in_force()
    everything = [item for agency in (TG, ML, BF) for item in world.held_by(agency)]
    sizes = {**world.sizes_of(TG), **world.sizes_of(ML), **world.sizes_of(BF)}
    whole = fold(everything, as_of=LATER, sizes=sizes)
    assert whole.pairs[frozenset((TG, ML))] == world.state(ML).pairs[frozenset((TG, ML))]
    assert set(whole.pairs) == {frozenset((TG, ML)), frozenset((TG, BF)), frozenset((ML, BF))}

"""Agreements of three, and what a pair may read of a third agency."""

from __future__ import annotations

from datetime import date

from passerelle.exchange.fold import fold, judge_all
from passerelle.exchange.held import Held
from passerelle.exchange.statement import figures
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import JsonObject, encode
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
    """Both accept; Togo tells each what the other said."""
    world, agreement = three()
    by_mali = world.decide(ML, [TG, BF], agreement, "accept", "2017-02-01")
    by_burkina = world.decide(BF, [TG, ML], agreement, "accept", "2017-03-01")
    world.sync(TG, ML, BF)
    for said in (by_mali, by_burkina):
        world.endorse(TG, [ML, BF], said)
    world.sync(TG, ML, BF)
    return world, agreement


def states(world: World, agreement: Record, as_of: date = LATER) -> set[str]:
    return {world.state(agency, as_of).agreements[agreement.id].state for agency in (TG, ML, BF)}


def test_every_other_party_must_have_accepted() -> None:
    """S-30: two of three are not enough, anywhere."""
    world, agreement = three()
    by_mali = world.decide(ML, [TG, BF], agreement, "accept", "2017-02-01")
    world.endorse(TG, [ML, BF], by_mali)
    world.sync(TG, ML, BF)
    assert states(world, agreement) == {"proposed"}
    by_burkina = world.decide(BF, [TG, ML], agreement, "accept", "2017-03-01")
    assert world.state(TG).agreements[agreement.id].state == "proposed", "nobody has endorsed it to Mali"
    world.endorse(TG, [ML, BF], by_burkina)
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
    suspended: tuple[tuple[JsonObject | None, str], ...] = (
        (None, "2017-04-01"),
        ({"scheme": "vir"}, "2017-05-01"),
    )
    for scope, day in suspended:
        world.endorse(ML, [TG, BF], world.decide(BF, [TG, ML], agreement, "suspend", day, scope=scope))
    world.sync(TG, ML, BF)
    assert states(world, agreement) == {"suspended"}
    nomination = world.nominate(TG, ML, agreement, world.offer(ML), world.dossier(TG, ML), "2017-04-02")
    assert world.verdict_at_all(nomination).params["by"] == BF
    world.endorse(TG, [ML, BF], world.decide(BF, [TG, ML], agreement, "resume", "2017-06-01"))
    assert states(world, agreement) == {"in-force"}
    world.endorse(TG, [ML, BF], world.decide(BF, [TG, ML], agreement, "terminate", "2018-01-01"))
    assert states(world, agreement) == {"terminated"}
    assert states(world, agreement, date(2017, 12, 31)) == {"in-force"}


def test_a_decision_tells_all_parties() -> None:
    """S-46: nobody terminates towards one and goes on towards the other."""
    world, agreement = in_force()
    whispered = world.decide(BF, TG, agreement, "terminate", "2018-01-01")
    assert world.verdict_at_all(whispered).code == "decision.audience"
    handed_on = world.endorse(TG, [ML, BF], whispered)
    assert world.verdict(handed_on, ML).code == "reference.not-held"
    assert states(world, agreement) == {"in-force"}


def test_a_third_party_enters_no_pair_by_what_it_tells_one() -> None:
    """S-2: an acceptance that Burkina sends to Togo alone is in force for nobody."""
    world, agreement = three()
    world.decide(ML, [TG, BF], agreement, "accept")
    world.endorse(TG, [ML, BF], world.decide(BF, [TG], agreement, "accept"))
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
    for outcome in ("accept", "terminate"):
        endorsed = world.endorse(TG, ML, world.decide(BF, [TG, ML], agreement, outcome))
        assert world.verdict_at_all(endorsed).code == "reference.blocked"
    assert world.state(TG).agreements[agreement.id].state == "proposed"


def withheld(world: World, agency: str, *records: Record) -> tuple[list[Held], dict[Origin, int]]:
    """What an agency holds of a world in which Burkina never sent it some records."""
    feed, hidden = Origin(BF, agency, 1), {record.digest for record in records}
    held = [item for item in world.held_by(agency) if item.origin != feed or item.record.digest not in hidden]
    return held, {**world.sizes_of(agency), feed: sum(item.origin == feed for item in held)}


def test_who_was_not_shown_what_is_endorsed_waits() -> None:
    """S-7: Burkina hides its acceptance, or its termination, from Mali; Mali waits and sees for what."""
    for outcome in ("accept", "terminate"):
        world, agreement = three() if outcome == "accept" else in_force()
        if outcome == "accept":
            world.decide(ML, [TG, BF], agreement, "accept", "2017-02-01")
        world.sync(TG, ML, BF)
        said = world.decide(BF, [TG, ML], agreement, outcome, "2017-03-01")
        before = fold(withheld(world, ML, said)[0], as_of=LATER, sizes={}).pairs[frozenset((TG, ML))]
        assert before == world.state(TG).pairs[frozenset((TG, ML))], "not endorsed, it is in no view"
        endorsed = world.endorse(TG, ML, said)
        world.sync(TG, ML, BF)
        held, sizes = withheld(world, ML, said)
        state = fold(held, as_of=LATER, sizes=sizes)
        assert state.verdicts[endorsed.digest].code == "reference.not-held"
        assert state.pairs[frozenset((TG, ML))].waiting == ("reference.not-held",)
        assert world.state(ML).pairs[frozenset((TG, ML))] == world.state(TG).pairs[frozenset((TG, ML))]
        assert world.state(ML).pairs[frozenset((TG, ML))].waiting == ()


def test_a_third_partys_order_is_not_asked() -> None:
    """S-73: shown in two orders, a suspension and a resumption mean the same."""
    world, agreement = in_force()
    said = [
        world.decide(BF, [TG, ML], agreement, outcome, day)
        for outcome, day in (("resume", "2017-05-01"), ("suspend", "2017-04-01"))
    ]
    for record in said:
        world.endorse(TG, [ML, BF], record)
    feed = world.feeds[Origin(BF, ML, 1)]
    world.feeds[Origin(BF, ML, 1)] = [*feed[:-2], feed[-1], feed[-2]]
    pairs = [world.state(agency).pairs[frozenset((TG, ML))] for agency in (TG, ML)]
    assert pairs[0] == pairs[1]
    assert pairs[0].agreements[agreement.id].state == "in-force"


def test_of_two_records_with_one_number_both_accept_one() -> None:
    """S-74: a third party's two first versions are proposals; who has accepted one accepts no other."""
    world = World()
    first = world.agreement(BF, [TG, ML], [world.row(TG, ML, 4)])
    rows: JsonObject = {**first.body, "directions": [world.row(TG, ML, 40)]}
    second = world.publish(BF, [TG, ML], "agreement", rows, record_id=first.id, version=1)
    feed = world.feeds[Origin(BF, ML, 1)]
    world.feeds[Origin(BF, ML, 1)] = feed[::-1]  # Mali is shown the other one first
    world.sync(TG, ML, BF)
    pair = frozenset((TG, ML))

    def quota() -> set[int | None]:
        found = {world.state(agency).pairs[pair].agreements[first.id] for agency in (TG, ML)}
        assert len(found) == 1
        return {item.directions[0].quota for item in found if item.state == "in-force"}

    world.decide(TG, [ML, BF], first, "accept")
    world.decide(ML, [TG, BF], second, "accept")
    assert quota() == set()
    world.sync(TG, ML, BF)
    again = world.decide(TG, [ML, BF], second, "accept")
    assert world.verdict(again).code in {"record.version-conflict", "decision.subject-blocked"}
    assert (
        judge_all(world.held_by(ML), {}).pairs[ML, TG].verdicts[again.digest].code
        == "record.version-conflict"
    )
    assert quota() == set()
    world.decide(ML, [TG, BF], first, "accept")
    assert quota() == set(), "Mali has taken the other one"


def test_whoever_holds_both_feeds_of_a_third_party_reads_it_once() -> None:
    """S-7: an auditor with everything sees what the parties see."""
    world, _ = in_force()
    everything = [item for agency in (TG, ML, BF) for item in world.held_by(agency)]
    sizes = {**world.sizes_of(TG), **world.sizes_of(ML), **world.sizes_of(BF)}
    whole = fold(everything, as_of=LATER, sizes=sizes)
    assert whole.pairs[frozenset((TG, ML))] == world.state(ML).pairs[frozenset((TG, ML))]
    assert set(whole.pairs) == {frozenset((TG, ML)), frozenset((TG, BF)), frozenset((ML, BF))}

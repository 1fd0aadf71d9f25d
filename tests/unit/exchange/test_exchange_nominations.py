"""V01 and V02: agreements in force, open directions, places left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from passerelle.exchange.fold import fold, judge
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, FR, LATER, ML, TG, Programme, World, direction, ref


def programme(
    persons: int = 4, per_period: str = "total", period: str = "2017/..", **more: Json
) -> Programme:
    world = World()
    return Programme.signed(
        world.row(TG, ML, persons, per_period, **more), world.row(ML, TG, 2), period=period
    )


def code(one: Programme, record: Record) -> str | None:
    return one.world.verdict_at_all(record).code


# --- the agreement -------------------------------------------------------------------------


def half_signed() -> tuple[World, Record]:
    world = World()
    agreement = world.agreement(TG, [ML], [world.row(TG, ML, 4)])
    world.sync(TG, ML)
    return world, agreement


def test_an_agreement_that_one_party_has_signed_is_not_in_force() -> None:
    """S-30: publishing is the issuer's acceptance, the other's is its decision."""
    world, agreement = half_signed()
    state = world.state(TG).agreements[agreement.id]
    assert (state.state, state.missing) == ("proposed", (ML,))
    nomination = world.nominate(TG, ML, agreement, world.offer(ML), world.dossier(TG, ML))
    verdict = world.verdict_at_all(nomination)
    assert (verdict.status, verdict.code) == ("blocked", "agreement.not-in-force")
    assert verdict.params == {"agreement": agreement.id, "date": "2017-04-01", "reason": "not-accepted"}


def test_an_acceptance_that_the_author_had_not_seen_helps_nobody() -> None:
    """S-10: the view in which it was signed, not what has come since."""
    world, agreement = half_signed()
    world.decide(ML, TG, agreement, "accept", "2017-02-01")
    nomination = world.nominate(TG, ML, agreement, world.offer(ML), world.dossier(TG, ML))
    assert world.verdict_at_all(nomination).code == "agreement.not-in-force"
    world.sync(TG, ML)
    again = world.nominate(TG, ML, agreement, world.offer(ML), world.dossier(TG, ML))
    assert world.verdict_at_all(again).is_accepted


@pytest.mark.parametrize(
    ("period", "on", "reason"),
    [
        ("2017/..", "2017-01-15", "not-begun"),  # accepted from 1 February on
        ("2018/2019", "2017-12-31", "not-begun"),
        ("2018/2019", "2018-01-01", None),
        ("2018/2019", "2019-12-31", None),
        ("2018/2019", "2020-01-01", "expired"),
        ("2017", "2017-06", None),
        ("2017/", "2030-01-01", None),
    ],
)
def test_the_day_of_the_act_lies_in_the_period(period: str, on: str, reason: str | None) -> None:
    """S-31: V01 by the day of the act, both ends included."""
    one = programme(period=period)
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, on))
    assert verdict.params.get("reason") == reason
    assert verdict.is_accepted is (reason is None)


def test_a_terminated_agreement_takes_no_nomination_from_that_day_on() -> None:
    """S-35: any party may; of two terminations the earlier counts."""
    one = programme()
    world = one.world
    world.decide(ML, TG, one.agreement, "terminate", "2017-08-01")
    world.decide(TG, ML, one.agreement, "terminate", "2017-06-01")
    world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-05-31")) is None
    verdict = world.verdict_at_all(one.nominate(TG, ML, "2017-06-01"))
    assert verdict.params["reason"] == "ended"
    assert world.state(TG, date(2017, 5, 31)).agreements[one.agreement.id].state == "in-force"
    assert world.state(TG, date(2017, 6, 1)).agreements[one.agreement.id].state == "terminated"


def test_what_is_terminated_before_it_begins_was_never_in_force() -> None:
    """S-35, S-64: it lends no quota to any figure."""
    one = programme(period="2018/2019")
    one.world.decide(ML, TG, one.agreement, "terminate", "2018-01-01")
    one.world.sync(TG, ML)
    assert one.world.state(TG).agreements[one.agreement.id].since is None
    (row, *_) = one.world.state(TG).agreements[one.agreement.id].directions
    assert row.quota_to_date is None


def test_parties_are_exactly_issuer_and_audience() -> None:
    """S-29: nobody is bound who was not told."""
    world = World()
    body: JsonObject = {
        "period": "2017/..", "schemes": ["vir"], "directions": [],
        "parties": [{"agency": agency, "country": "TG"} for agency in (TG, ML, BF)],
    }  # fmt: skip
    agreement = world.publish(TG, [ML], "agreement", body)
    assert world.verdict_at_all(agreement).code == "agreement.parties"
    parties: list[Json] = [{"agency": agency, "country": "TG"} for agency in (TG, ML, ML)]
    twice: JsonObject = {**body, "parties": parties}
    assert world.verdict_at_all(world.publish(TG, [ML], "agreement", twice)).code == "agreement.parties"
    accept = world.decide(ML, TG, agreement, "accept", seen={TG: (1, 1)})
    assert world.verdict_at_all(accept).code == "decision.subject-blocked"
    assert world.state(TG).agreements[agreement.id].state == "blocked"


# --- amendments ----------------------------------------------------------------------------


def amend(one: Programme, persons: int, period: str = "2017/..") -> Record:
    world = one.world
    rows = [world.row(TG, ML, persons), world.row(ML, TG, 2)]
    return world.agreement(TG, [ML], rows, period=period, after=one.agreement)


def test_an_amendment_signed_by_one_changes_nothing() -> None:
    """S-32: the version before stays in force, for nominations and in figures."""
    one = programme(1)
    before = one.world.state(ML).agreements[one.agreement.id]
    amendment = amend(one, 9)
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML)) is None
    assert code(one, one.nominate(TG, ML)) == "quota.reached"
    after = one.world.state(ML).agreements[one.agreement.id]
    assert (after.version, after.newest_version, after.missing) == (1, 2, (ML,))
    assert after.directions == before.directions
    old = one.agreement
    one.agreement = amendment
    assert code(one, one.nominate(TG, ML)) == "agreement.superseded"
    one.agreement = old


def test_an_amendment_signed_by_all_takes_over() -> None:
    """S-32, S-33: from its acceptance's day on, and only the version in force may be named."""
    one = programme(1)
    amendment = amend(one, 2)
    one.world.sync(TG, ML)
    one.world.decide(ML, TG, amendment, "accept", "2017-06-01")
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-05-31")) is None
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, "2017-06-01"))
    assert verdict.code == "agreement.superseded"
    assert verdict.params == {"agreement": one.agreement.id, "inForce": 2}
    one.agreement = amendment
    assert code(one, one.nominate(TG, ML, "2017-06-01")) is None
    assert code(one, one.nominate(TG, ML, "2017-06-02")) == "quota.reached"


def test_a_version_takes_over_when_its_period_begins() -> None:
    """S-32: accepted early, it governs from the first day of its period; a shorter period is no way back."""
    one = programme(4, period="2017/2019")
    amendment = amend(one, 4, "2018/2018")
    one.world.sync(TG, ML)
    one.world.decide(ML, TG, amendment, "accept", "2017-06-01")
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-12-31")) is None
    assert code(one, one.nominate(TG, ML, "2018-01-01")) == "agreement.superseded"
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, "2019-01-01"))
    assert (verdict.code, verdict.params["reason"]) == ("agreement.not-in-force", "expired")


def test_an_acceptance_crossed_by_a_withdrawal_stands_until_its_day() -> None:
    """S-55: the withdrawal ends the agreement from its effective date."""
    world, agreement = half_signed()
    world.decide(ML, TG, agreement, "accept", "2017-02-01")
    withdrawal = world.decide(TG, ML, agreement, "withdraw", "2017-03-01")
    world.sync(TG, ML)
    assert world.verdict_at_all(withdrawal).is_accepted
    states = [
        world.state(agency, day).agreements[agreement.id].state
        for agency in (TG, ML)
        for day in (date(2017, 2, 28), date(2017, 3, 1))
    ]
    assert states == ["in-force", "withdrawn", "in-force", "withdrawn"]
    again = world.decide(TG, ML, agreement, "withdraw", "2017-04-01")
    assert world.verdict_at_all(again).code == "decision.agreement-in-force"


# --- directions ----------------------------------------------------------------------------


def test_a_direction_that_is_not_agreed() -> None:
    """S-36: V01."""
    world = World()
    one = Programme.signed(world.row(TG, ML, 4))
    verdict = one.world.verdict_at_all(one.nominate(ML, TG))
    assert verdict.code == "direction.unknown"
    assert verdict.params == {"agreement": one.agreement.id, "from": ML, "to": TG}


@pytest.mark.parametrize(
    ("status", "expected"), [("suspended", "direction.suspended"), ("closed", "direction.closed")]
)
def test_a_direction_that_the_agreement_shuts(status: str, expected: str) -> None:
    """S-37: since the day that it names."""
    one = programme(status=status, statusSince="2017-05")
    assert code(one, one.nominate(TG, ML, "2017-04-30")) is None
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, "2017-05-01"))
    assert (verdict.code, verdict.params["since"]) == (expected, "2017-05")


@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        (None, True),
        ({"direction": direction(TG, ML)}, True),
        ({"direction": direction(ML, TG)}, False),
        ({"scheme": "vir"}, True),
        ({"scheme": "vsi"}, False),
        ({"programme": {"id": "urn:uuid:p"}}, True),
        ({"programme": {"id": "urn:uuid:q"}}, False),
    ],
)
def test_a_suspension_blocks_new_nominations_of_what_it_bears_on(
    scope: JsonObject | None, blocked: bool
) -> None:
    """S-38: a direction, a scheme, a programme, or everything; from its day on; any party may."""
    one = programme()
    one.offers[ML] = one.world.offer(ML, programme={"id": "urn:uuid:p"})
    one.world.decide(ML, TG, one.agreement, "suspend", "2017-05", scope=scope)
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-04-30")) is None
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, "2017-05-01"))
    assert verdict.code == ("direction.suspended" if blocked else None)
    if blocked:
        assert (verdict.params["since"], verdict.params["by"]) == ("2017-05", ML)


def test_a_direction_is_suspended_when_all_its_schemes_are() -> None:
    """S-38, S-61: one frozen scheme of two leaves the direction open, and its own nominations blocked."""
    world = World()
    agreement = world.agreement(TG, [ML], [world.row(TG, ML, 4)], schemes=["vir", "vsi"])
    world.sync(TG, ML)
    world.decide(ML, TG, agreement, "accept", "2017-02-01")
    world.decide(ML, TG, agreement, "suspend", "2017-03-01", scope={"scheme": "vsi"})
    world.sync(TG, ML)
    frozen = world.nominate(TG, ML, agreement, world.offer(ML, scheme="vsi"), world.dossier(TG, ML))
    assert world.verdict_at_all(frozen).code == "direction.suspended"
    assert world.state(TG).agreements[agreement.id].directions[0].status == "open"
    world.decide(TG, ML, agreement, "suspend", "2017-04-01", scope={"scheme": "vir"})
    row = world.state(TG).agreements[agreement.id].directions[0]
    assert (row.status, row.since, row.by) == ("suspended", "2017-04-01", TG)


def test_a_suspension_deletes_nothing_and_stops_no_acceptance() -> None:
    """S-38: who was nominated before goes on; figures keep them."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, one.agreement, "suspend", "2017-04-15")
    one.world.sync(TG, ML)
    accepted = one.accept(nomination)
    assert code(one, accepted) is None
    assert one.world.state(TG).agreements[one.agreement.id].state == "suspended"
    assert one.world.state(TG).nominations[nomination.id].state == "accepted"


def test_resuming_lifts_only_ones_own() -> None:
    """S-39: two parties suspended; one resumes; the other's suspension stays."""
    one = programme()
    for agency, partner in ((TG, ML), (ML, TG)):
        one.world.decide(agency, partner, one.agreement, "suspend", "2017-03-01")
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, one.agreement, "resume", "2017-04-01")
    one.world.sync(TG, ML)
    verdict = one.world.verdict_at_all(one.nominate(TG, ML, "2017-04-01"))
    assert (verdict.code, verdict.params["by"]) == ("direction.suspended", ML)
    one.world.decide(ML, TG, one.agreement, "resume", "2017-05-01")
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-04-30")) == "direction.suspended"
    assert code(one, one.nominate(TG, ML, "2017-05-01")) is None


def test_resuming_one_scope_leaves_the_others() -> None:
    """S-39: a resumption without scope lifts everything of its author, one with a scope that scope."""
    one = programme()
    scopes: list[JsonObject] = [{"scheme": "vir"}, {"direction": direction(TG, ML)}]
    for scope in scopes:
        one.world.decide(TG, ML, one.agreement, "suspend", "2017-03-01", scope=scope)
    one.world.decide(TG, ML, one.agreement, "resume", "2017-03-02", scope={"scheme": "vir"})
    assert code(one, one.nominate(TG, ML)) == "direction.suspended"
    one.world.decide(TG, ML, one.agreement, "resume", "2017-03-03")
    assert code(one, one.nominate(TG, ML)) is None
    nothing = one.world.decide(TG, ML, one.agreement, "resume", "2017-03-04")
    assert code(one, nothing) == "decision.nothing-to-resume"


# --- places --------------------------------------------------------------------------------


def test_a_nomination_too_many_is_blocked_alike_at_both() -> None:
    """S-40: V02; the verdict names the quota."""
    one = programme()
    for _ in range(4):
        assert code(one, one.nominate(TG, ML)) is None
    fifth = one.nominate(TG, ML, "2017-05-12")
    verdict = one.world.verdict_at_all(fifth)
    assert (verdict.status, verdict.code) == ("blocked", "quota.reached")
    assert verdict.params == {
        "of": "nominations", "quota": 4, "limit": 4, "count": 4, "perPeriod": "total", "year": 2017,
        "from": TG, "to": ML,
    }  # fmt: skip
    assert one.world.state(ML).nominations[fifth.id].state == "blocked"
    accept = one.accept(fifth)
    one.world.sync(TG, ML)
    late = one.accept(fifth)
    assert code(one, accept) == "reference.not-in-view"
    assert code(one, late) == "decision.subject-blocked"


def test_the_senders_own_check_says_the_same_before() -> None:
    """S-3: one function; nothing need be published to know."""
    one = programme()
    for _ in range(4):
        one.nominate(TG, ML)
    body = one.world.nomination(
        TG, ML, one.agreement, one.offers[ML], one.world.dossier(TG, ML), "2017-05-12"
    )
    candidate = one.world.record(TG, (ML,), "nomination", body)
    held, sizes = one.world.held_by(TG), one.world.sizes_of(TG)
    assert judge(candidate, held, sizes=sizes).params["count"] == 4
    published = one.world.publish(TG, ML, "nomination", body)
    assert code(one, published) == "quota.reached"
    free = one.world.record(TG, (ML,), "event", {"kind": "call", "about": [], "status": "done"})
    assert judge(free, held, sizes=sizes).is_accepted


def test_the_quota_of_yesterday_is_free_again_when_one_ends() -> None:
    """S-41: rejected, withdrawn, declined, cancelled: from the day that it ended on."""
    one = programme(1)
    first = one.nominate(TG, ML, "2017-04-01")
    one.world.decide(TG, ML, first, "withdraw", "2017-04-10")
    assert code(one, one.nominate(TG, ML, "2017-04-09")) == "quota.reached"
    second = one.nominate(TG, ML, "2017-04-10")
    assert code(one, second) is None
    one.world.sync(TG, ML)
    one.accept(second, "2017-04-12", "reject")
    assert code(one, one.nominate(TG, ML, "2017-04-12")) == "quota.reached"  # the rejection is not in view
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-04-12")) is None


def test_candidates_per_place_widen_nominations_and_not_acceptances() -> None:
    """S-40, S-42: quota times candidates may be nominated, the quota accepted."""
    one = programme(2, candidatesPerPlace=2)
    nominations = [one.nominate(TG, ML) for _ in range(5)]
    assert [code(one, nomination) for nomination in nominations] == [None] * 4 + ["quota.reached"]
    one.world.sync(TG, ML)
    accepts = [one.accept(nomination) for nomination in nominations[:4]]
    assert [code(one, accept) for accept in accepts] == [None, None, "quota.reached", "quota.reached"]
    params = one.world.verdict_at_all(accepts[2]).params
    assert (params["of"], params["quota"], params["limit"], params["count"]) == ("acceptances", 2, 2, 2)
    assert one.world.state(TG).nominations[nominations[2].id].state == "submitted"


def test_an_acceptance_taken_back_frees_its_place_from_that_day() -> None:
    """S-42: a waiting list holds no place; the same nomination accepted again counts once."""
    one = programme(1, candidatesPerPlace=3)
    first, second = one.nominate(TG, ML), one.nominate(TG, ML)
    one.world.sync(TG, ML)
    one.accept(first, "2017-05-01")
    one.accept(first, "2017-06-01", "waitlist")
    assert code(one, one.accept(second, "2017-05-31")) == "quota.reached"
    assert code(one, one.accept(first, "2017-05-20")) is None
    one.accept(first, "2017-06-01", "waitlist")
    assert code(one, one.accept(second, "2017-06-01")) is None
    assert code(one, one.accept(first, "2017-06-02")) == "quota.reached"
    assert code(one, one.accept(second, "2017-06-03")) is None


def test_a_cancelled_placement_frees_its_place_and_a_realised_one_never() -> None:
    """S-41: who has arrived has used the place, also when the mission ends early."""
    one = programme(1)
    placement = one.placed(TG, ML)
    one.world.decide(TG, ML, placement, "terminate", "2017-07-01")
    one.world.sync(TG, ML)
    assert code(one, one.nominate(TG, ML, "2017-06-30")) == "quota.reached"
    second = one.realised(TG, ML, "2017-09-04", on="2017-07-02", accepted="2017-07-03")
    one.world.decide(TG, ML, second, "terminate", "2017-10-01")
    one.world.sync(TG, ML)
    assert one.world.state(TG).placements[second.id].state == "ended-early"
    assert code(one, one.nominate(TG, ML, "2017-11-01")) == "quota.reached"


def test_a_host_that_contradicts_itself_frees_no_place_that_was_used() -> None:
    """S-41: it withdrew the placement and rejected the nomination, and then says that the volunteer came."""
    one = programme(1)
    nomination = one.confirmed(TG, ML)
    placement = one.world.place(ML, TG, nomination, one.agreement)
    one.world.sync(TG, ML)
    one.world.decide(TG, ML, placement, "accept", "2017-05-01")
    one.world.decide(ML, TG, placement, "withdraw", "2017-10-01")
    assert code(one, one.accept(nomination, "2017-10-01", "reject")) is None
    one.world.event(ML, TG, placement, "arrival", "2017-09-04")
    one.world.sync(TG, ML)
    assert one.world.state(TG).placements[placement.id].is_realised
    assert code(one, one.nominate(TG, ML, "2017-11-01")) == "quota.reached"


@pytest.mark.parametrize("per_period", ["year", "edition"])
def test_a_yearly_quota_counts_by_the_year_of_the_act(per_period: str) -> None:
    """S-43: nominations and acceptances each by their own day."""
    one = programme(1, per_period)
    assert code(one, one.nominate(TG, ML, "2017-12-31")) is None
    assert code(one, one.nominate(TG, ML, "2017-12-31")) == "quota.reached"
    second = one.nominate(TG, ML, "2018-01-01")
    assert code(one, second) is None
    one.world.sync(TG, ML)
    first = next(item for item in one.world.state(TG).nominations.values() if item.state == "submitted")
    assert first.nominated_on.year == 2017
    assert code(one, one.accept(second, "2018-02-01")) is None


def test_an_unknown_period_counts_in_total() -> None:
    """S-43: a code of a later version never lets too many through."""
    one = programme(1, "season")
    assert code(one, one.nominate(TG, ML, "2017-12-31")) is None
    assert code(one, one.nominate(TG, ML, "2018-01-01")) == "quota.reached"


def test_no_quota_no_limit() -> None:
    """S-40: a direction without a quota."""
    world = World()
    one = Programme.signed(world.row(TG, ML, None))
    for _ in range(3):
        nomination = one.nominate(TG, ML)
        one.world.sync(TG, ML)
        assert code(one, one.accept(nomination)) is None


def test_a_next_version_is_judged_anew_and_takes_no_second_place() -> None:
    """S-22, S-40: a blocked nomination may come again when there is room; a version of one counts once."""
    one = programme(1)
    first = one.nominate(TG, ML)
    dossier = one.world.dossier(TG, ML)
    again = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=first)
    assert code(one, again) is None
    second = one.nominate(TG, ML)
    assert code(one, second) == "quota.reached"
    one.world.decide(TG, ML, again, "withdraw", "2017-04-01")
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=second)
    assert code(one, better) is None
    assert one.world.state(ML).nominations[second.id].version == 2


# --- what a nomination names ---------------------------------------------------------------


def test_only_the_sender_nominates_and_the_host_is_told() -> None:
    """S-28: the ends of the direction."""
    one = programme()
    dossier = one.world.dossier(TG, ML)
    body = one.world.nomination(ML, TG, one.agreement, one.offers[TG], dossier, "2017-04-01")
    assert code(one, one.world.publish(TG, ML, "nomination", body)) == "nomination.not-sender"
    body = one.world.nomination(TG, BF, one.agreement, one.offers[ML], dossier, "2017-04-01")
    assert code(one, one.world.publish(TG, ML, "nomination", body)) == "nomination.host-not-addressed"


def test_a_copy_for_a_third_agency_is_judged_by_the_pair_that_it_concerns() -> None:
    """S-16: only the two ends hold what it takes."""
    one = programme()
    dossier = one.world.dossier(TG, [ML, FR])
    nomination = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, to=[ML, FR])
    assert one.world.verdict(nomination, TG).is_accepted
    assert one.world.verdict(nomination, ML).is_accepted
    copy = one.world.verdict(nomination, FR)
    assert (copy.status, copy.code) == ("waiting", "view.not-held")


def test_a_nomination_before_its_offer_waits_and_is_then_final() -> None:
    """S-18: what is named and not held; the public feed may be late."""
    one = programme()
    nomination = one.nominate(TG, ML)
    held, sizes = one.world.held_by(ML), one.world.sizes_of(ML)
    early = [item for item in held if item.record.type != "offer"]
    verdict = fold(early, as_of=LATER, sizes=sizes).verdicts[nomination.digest]
    assert (verdict.status, verdict.code) == ("waiting", "reference.not-held")
    assert verdict.params == {"member": "offer", "digest": one.offers[ML].digest}
    assert fold(held, as_of=LATER, sizes=sizes).verdicts[nomination.digest].is_accepted


def test_references_are_to_what_they_say() -> None:
    """S-19, S-44, S-25, S-17: right id, right type, itself accepted."""
    one = programme()
    world = one.world
    dossier = world.dossier(TG, ML)
    body = world.nomination(TG, ML, one.agreement, one.offers[ML], dossier, "2017-04-01")

    def published(**change: Json) -> str | None:
        return code(one, world.publish(TG, ML, "nomination", {**body, **change}))

    assert published(dossier={"id": "urn:uuid:other", "digest": dossier.digest}) == "reference.other-id"
    assert published(dossier=ref(one.agreement)) == "reference.other-type"
    assert published(nominatedOn="soon") == "body.unreadable"
    bad = world.publish(TG, ML, "dossier", {"part": 1})
    assert code(one, bad) == "body.unreadable"
    assert published(dossier=ref(bad)) == "reference.blocked"
    strange = world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, major=2)
    assert world.verdict_at_all(strange).code == "schema.unreadable"
    assert published(dossier=ref(strange)) == "reference.waiting"


def test_a_dossier_that_was_withdrawn_is_nominated_no_more() -> None:
    """S-27: consent withdrawn."""
    one = programme()
    dossier = one.world.dossier(TG, ML)
    one.world.decide(TG, ML, dossier, "withdraw", "2017-03-01")
    nomination = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier)
    assert code(one, nomination) == "nomination.dossier-withdrawn"
    assert one.world.state(ML).dossiers[dossier.id].state == "withdrawn"


# --- versions ------------------------------------------------------------------------------


def test_one_digest_for_an_id_and_version() -> None:
    """S-20: the first in the author's order."""
    one = programme()
    first = one.world.dossier(TG, ML)
    body: JsonObject = {"part": "extract", "sendingAgency": TG}
    second = one.world.publish(TG, ML, "dossier", body, record_id=first.id)
    assert code(one, first) is None
    assert code(one, second) == "record.version-conflict"


def test_a_next_version_comes_from_the_same_hand() -> None:
    """S-21: issuer, type, number, audience."""
    one = programme()
    world = one.world
    body: JsonObject = {"part": "card", "sendingAgency": TG}

    def after(
        author: str, to: Sequence[str], kind: str = "dossier", version: int | None = None
    ) -> str | None:
        first = world.dossier(TG, [ML, FR])
        world.sync(TG, ML, FR)
        shape: JsonObject = body if kind == "dossier" else {"kind": "call", "about": [], "status": "done"}
        return code(one, world.publish(author, to, kind, shape, after=first, version=version))

    assert after(ML, [TG]) == "version.not-issuer"
    assert after(TG, [ML, FR], "event") == "version.other-type"
    assert after(TG, [ML]) == "version.audience-narrowed"
    assert after(TG, [ML, FR], version=3) == "version.previous-mismatch"
    assert after(TG, [ML, FR, BF]) is None


def test_a_blocked_record_takes_no_id_away() -> None:
    """S-21: what is blocked is in nobody's way, but its number is used."""
    one = programme()
    dossier = one.world.dossier(TG, ML)
    event = one.world.publish(TG, ML, "event", {"kind": "call", "about": []}, after=dossier)
    assert code(one, event) == "version.other-type"
    body: JsonObject = {"part": "card", "sendingAgency": TG}
    taken = one.world.publish(TG, ML, "dossier", body, after=dossier)
    assert code(one, taken) == "record.version-conflict"
    assert code(one, one.world.publish(TG, ML, "dossier", body, after=event)) is None


def test_a_version_before_that_is_not_in_view_is_not_looked_at() -> None:
    """S-10, S-21: two write a next version without knowing of each other."""
    one = programme()
    event: JsonObject = {"kind": "call", "about": [], "status": "planned"}
    theirs = one.world.publish(ML, TG, "event", event)
    blind = one.world.publish(TG, ML, "event", event, after=theirs)
    assert code(one, blind) is None
    one.world.sync(TG, ML)
    seeing = one.world.publish(TG, ML, "event", event, after=theirs, version=3)
    assert code(one, seeing) == "version.not-issuer"


def test_a_strangers_public_record_takes_no_id_away() -> None:
    """S-21: an id is its issuer's, whoever else writes it down."""
    one = programme()
    nomination = one.nominate(TG, ML)
    one.world.publish(ML, "public", "organisation", {}, record_id=nomination.id)
    assert code(one, nomination) is None
    again = one.world.dossier(TG, ML)
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], again, after=nomination)
    assert code(one, better) is None


def test_an_id_used_by_two_hides_neither() -> None:
    """S-21: a partner that claims not to have seen ours takes no id away, and no figure."""
    one = programme()
    first = one.nominate(TG, ML)
    theirs = one.world.dossier(ML, TG)
    body = one.world.nomination(ML, TG, one.agreement, one.offers[TG], theirs, "2017-04-01")
    blind = one.world.publish(ML, TG, "nomination", body, record_id=first.id)
    assert code(one, blind) is None
    one.world.sync(TG, ML)
    better = one.world.nominate(TG, ML, one.agreement, one.offers[ML], one.world.dossier(TG, ML), after=first)
    assert code(one, better) is None
    assert len(one.world.state(TG).nominations) == 2
    seeing = one.world.publish(ML, TG, "nomination", body, record_id=first.id, version=1)
    assert code(one, seeing) == "record.version-conflict"
    third = one.nominate(TG, ML)
    one.world.sync(TG, ML)
    assert (
        code(one, one.world.publish(ML, TG, "nomination", body, record_id=third.id)) == "version.not-issuer"
    )


def test_a_nomination_keeps_its_direction_and_agreement_and_its_end() -> None:
    """S-23: another direction or agreement is another nomination; after an end there is none."""
    one = programme()
    first = one.nominate(TG, ML)
    other = one.world.agreement(TG, [ML], [one.world.row(TG, ML, 1)])
    dossier = one.world.dossier(TG, ML)
    changed = one.world.nominate(TG, ML, other, one.offers[ML], dossier, after=first)
    assert code(one, changed) == "version.subject-changed"
    second = one.nominate(TG, ML)
    one.world.decide(TG, ML, second, "withdraw")
    late = one.world.nominate(TG, ML, one.agreement, one.offers[ML], dossier, after=second)
    assert code(one, late) == "version.subject-ended"

"""V01: agreements in force, amendments, open directions."""

from __future__ import annotations

from datetime import date

import pytest

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, ML, TG, Programme, World, direction


def programme(
    persons: int = 4, per_period: str = "total", period: str = "2017/..", **more: Json
) -> Programme:
    world = World()
    return Programme.signed(
        world.row(TG, ML, persons, per_period, **more), world.row(ML, TG, 2), period=period
    )


def code(one: Programme, record: Record) -> str | None:
    return one.world.verdict_at_all(record).code


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

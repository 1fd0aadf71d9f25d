"""An id belongs to its issuer: a stranger who writes it down too, with a smaller SCID, hides nobody's record."""

from __future__ import annotations

import pytest

from passerelle.exchange.state import State
from passerelle.protocol.profile import JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, ML, TG, Programme, World, party


@pytest.fixture
def programme() -> Programme:
    world = World()
    made = Programme.signed(world.row(TG, ML, 4), world.row(ML, TG, 2))
    made.placed(TG, ML)
    return made


def at_mali(programme: Programme) -> State:
    return programme.world.state(ML)


def assert_the_stranger_comes_first(record: Record) -> None:
    """By its SCID, or the test shows nothing."""
    assert record.issuer_scid > BF


def test_an_offer_is_asked_for_by_its_host(programme: Programme) -> None:
    """V17 counts the places of the host's own offer."""
    ours = programme.offers[ML]
    body: JsonObject = {"scheme": "vir", "places": 1_000, "host": party(BF), "closesOn": "2030-01-01"}
    theirs = programme.world.publish(BF, "public", "offer", body, record_id=ours.id)
    state = at_mali(programme)
    assert_the_stranger_comes_first(ours)
    found, other = state.offer(ML, ours.id), state.offer(BF, ours.id)
    assert found is not None
    assert other is not None
    assert (found.digest, other.digest) == (ours.digest, theirs.digest)
    assert state.offer(TG, ours.id) is None
    assert state.offer(ML, None) is None


def test_a_proposal_takes_no_id_from_what_was_agreed(programme: Programme) -> None:
    """Public offers print the id of an agreement, so anybody can propose something under it."""
    ours = programme.agreement
    before = at_mali(programme).agreements[ours.id]
    programme.world.publish(
        BF, ML, "agreement", dict(ours.body) | {"parties": [party(BF), party(ML)]}, record_id=ours.id
    )
    state = at_mali(programme)
    assert_the_stranger_comes_first(ours)
    assert state.agreements[ours.id] == state.agreement(TG, ours.id) == before
    proposed = state.agreement(BF, ours.id)
    assert proposed is not None
    assert proposed.state == "proposed"
    assert {item.issuer for item in state.agreements.values() if item.id == ours.id} == {TG, BF}


def test_a_nomination_and_a_placement_are_asked_for_by_their_issuer(programme: Programme) -> None:
    """What a stranger sends us under their ids, counting or not, is not what we decide on or certify."""
    state = at_mali(programme)
    (nomination,), (placement,) = state.nominations.values(), state.placements.values()
    world = programme.world
    body = {"scheme": "vir", "nominatedOn": "2017-04-01"}
    world.publish(BF, ML, "nomination", body, record_id=nomination.id)
    world.publish(BF, ML, "placement", body, record_id=placement.id)
    state = at_mali(programme)
    assert state.nomination(TG, nomination.id) == nomination
    assert state.placement(ML, placement.id) == placement

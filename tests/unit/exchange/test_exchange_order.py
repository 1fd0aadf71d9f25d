"""The fold over arbitrary histories: order of arrival, who folds, and what is in view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.exchange.flows import flows
from passerelle.exchange.fold import derive, fold, judge_all
from passerelle.exchange.held import Held
from passerelle.exchange.statement import figures, tally
from passerelle.exchange.verdicts import Verdict
from passerelle.exchange.views import AgreementView
from passerelle.protocol.profile import encode
from tests.unit.exchange.histories import History, Step, casts, steps
from tests.unit.exchange.world import BF, ML, TG, Programme, World, erase

DAYS = (date(2017, 3, 15), date(2017, 5, 1), date(2017, 12, 31), date(2030, 1, 1))


@given(casts, steps, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_state(
    cast: Sequence[str], history: list[Step], chance: Random
) -> None:
    """S-1: the state is a function of the set of records, at each agency."""
    world = History(cast).play(history)
    for agency in cast:
        held, sizes = world.held_by(agency), world.sizes_of(agency)
        shuffled = [*held, *chance.sample(held, len(held) // 3)]
        chance.shuffle(shuffled)
        one, other = judge_all(held, sizes), judge_all(shuffled, dict(reversed(sizes.items())))
        for as_of in DAYS:
            assert derive(one, as_of) == derive(other, as_of)


@given(casts, steps)
def test_both_parties_compute_the_same(cast: Sequence[str], history: list[Step]) -> None:
    """S-2: verdicts, state and figures of a pair are the same at both, the figures byte for byte."""
    world = History(cast).play(history)
    for a, b in combinations(cast, 2):
        judged = [judge_all(world.held_by(agency), world.sizes_of(agency)) for agency in (a, b)]
        verdicts = [item.pairs[min(a, b), max(a, b)].verdicts for item in judged]
        assert verdicts[0] == verdicts[1]
        for as_of in DAYS:
            one, other = (derive(item, as_of) for item in judged)
            assert one.pairs[frozenset((a, b))] == other.pairs[frozenset((a, b))]
            assert encode(figures(one, a, b)) == encode(figures(other, a, b))
            assert encode(flows(one, a, b)) == encode(flows(other, b, a))


@given(steps, st.randoms(use_true_random=False))
def test_a_third_party_cannot_set_two_against_each_other_unseen(history: list[Step], chance: Random) -> None:
    """S-7, S-73: whatever it shows to one of the two only, or in another order, one of them waits or both agree."""
    world = History((TG, ML, BF)).play(history)
    for reader in (TG, ML):
        for origin in [origin for origin in world.feeds if (origin.author, origin.partner) == (BF, reader)]:
            shown = [record for record in world.feeds[origin] if chance.random() < 0.8]
            chance.shuffle(shown)
            world.feeds[origin] = shown
    judged = [judge_all(world.held_by(agency), world.sizes_of(agency)) for agency in (TG, ML)]
    one, other = (item.pairs[ML, TG].verdicts for item in judged)
    differing = {digest for digest in one if one[digest] != other[digest]}
    told = [derive(item, DAYS[-1]) for item in judged]
    pairs = [state.pairs[frozenset((TG, ML))] for state in told]
    unequal = encode(figures(told[0], TG, ML)) != encode(figures(told[1], TG, ML))
    if differing or unequal:
        assert any("waiting" in {one[digest].status, other[digest].status} for digest in differing)
        assert pairs[0].waiting or pairs[1].waiting


_OF_WHAT_IS_NAMED = {"reference.not-in-view", "reference.blocked", "decision.subject-blocked"}
_OF_THE_HEADER = {"seen.backwards", "seen.beyond-feed", "seen.not-held"}


@given(steps)
def test_a_verdict_depends_on_its_view_alone(history: list[Step]) -> None:
    """S-10: what stands outside a record's view moves its verdict nowhere."""
    world = History((TG, ML)).play(history)
    held, sizes = world.held_by(TG), world.sizes_of(TG)
    verdicts = judge_all(held, sizes).verdicts
    for place in held:
        if place.origin.partner is None:
            continue
        line = [item for item in held if item.origin.author == place.origin.author and item.origin.partner]
        until = [item for item in line if _at(item) <= _at(place)]
        faulty = [item for item in until if verdicts[item.record.digest].code in _OF_THE_HEADER]
        reach = max((_seen(item) for item in until if item not in faulty), default=(1, 0))
        if place in faulty or any(_seen(item) > reach for item in faulty):
            continue  # judged by the headers of both lines, not by a view
        theirs = [item for item in held if item.origin.author != place.origin.author and _at(item) < reach]
        public = [item for item in held if item.origin.partner is None]
        again = judge_all([*public, *until, *(item for item in theirs if item.origin.partner)], sizes)
        found, before = again.verdicts[place.record.digest], verdicts[place.record.digest]
        # Whether what is named exists outside the view, or nowhere, is told from outside the view.
        assert found == before or {found.status, before.status} == {"waiting", "blocked"}
        assert found == before or before.code in _OF_WHAT_IS_NAMED


def _at(item: Held) -> tuple[int, int]:
    return item.origin.number, item.index


def _seen(item: Held) -> tuple[int, int]:
    (said,) = item.record.seen.values()
    return said.feed, said.size


@given(steps)
def test_a_final_verdict_stays(history: list[Step]) -> None:
    """S-11: with what is public there, a record that was judged is never judged otherwise later."""
    world = History((TG, ML), may_lie=False).play(history)
    held = world.held_by(TG)
    public = [item for item in held if item.origin.partner is None]
    lines = [
        [item for item in held if item.origin.author == author and item.origin.partner] for author in (TG, ML)
    ]
    final: dict[str, Verdict] = {}
    for step in range(max(map(len, lines)) + 1):
        for more in (0, 1):
            have = [*public, *lines[0][: step + more], *lines[1][:step]]
            verdicts = judge_all(have, {}).verdicts
            assert {digest: verdicts[digest] for digest in final} == final
            final = {digest: found for digest, found in verdicts.items() if found.status != "waiting"}


@pytest.mark.parametrize(("sender", "host"), [(TG, ML), (ML, TG)])
def test_what_its_author_had_not_seen_undoes_nothing(sender: str, host: str) -> None:
    """S-11: a nomination counts on when the end of its agreement comes, which was written and not seen."""
    rows = [World().row(TG, ML, 9), World().row(ML, TG, 9)]
    programme = Programme.signed(*rows)
    ended = programme.world.decide(host, sender, programme.agreement, "terminate", "2017-03-01")
    nomination = programme.nominate(sender, host)
    held, sizes = programme.world.held_by(host), programme.world.sizes_of(host)
    for have in ([item for item in held if item.record.digest != ended.digest], held):
        assert judge_all(have, sizes).verdicts[nomination.digest].is_accepted
    assert judge_all(held, sizes).verdicts[ended.digest].is_accepted


@given(casts, steps)
def test_no_day_sees_more_accepted_than_agreed(cast: Sequence[str], history: list[Step]) -> None:
    """S-42: whoever decides what behind a cut link, accepted never exceeds the largest quota agreed."""
    world = History(cast).play(history)
    for a, b in combinations(cast, 2):
        judged = judge_all(world.held_by(a), world.sizes_of(a))
        book = judged.pairs[min(a, b), max(a, b)].book
        for as_of in DAYS:
            pair = derive(judged, as_of).pairs[frozenset((a, b))]
            for agreement in pair.agreements.values():
                views = [k.view for k in book.by_id[agreement.id] if isinstance(k.view, AgreementView)]
                for row in agreement.directions:
                    rows = [view.row(row.direction) for view in views]
                    quotas = [
                        found.quota for found in rows if found is not None and found.per_period == "total"
                    ]
                    if len(quotas) == len(views) and None not in quotas:
                        most = max(quota for quota in quotas if quota is not None)
                        assert tally(pair, row.direction, agreement=agreement.id).accepted <= most


@settings(max_examples=50)
@given(casts, steps)
def test_erasing_everything_personal_moves_nothing(cast: Sequence[str], history: list[Step]) -> None:
    """S-6: over arbitrary histories."""
    world = History(cast).play(history)
    held, sizes = world.held_by(cast[0]), world.sizes_of(cast[0])
    erased = [
        erase(item) if item.record.type in {"dossier", "nomination", "placement", "event"} else item
        for item in held
    ]
    assert fold(erased, as_of=DAYS[-1], sizes=sizes) == fold(held, as_of=DAYS[-1], sizes=sizes)


def test_the_same_set_at_another_place_is_another_history() -> None:
    """The properties above can fail: order within a feed does matter."""
    world = History((TG, ML)).play([(2, 0, 0, 1, 1), (2, 0, 0, 1, 1), (2, 0, 0, 1, 1)])
    held, sizes = world.held_by(TG), world.sizes_of(TG)
    nominations = [item for item in held if item.record.type == "nomination"]
    first, last = nominations[0], nominations[-1]
    swapped = [
        replace(item, index={first.index: last.index, last.index: first.index}.get(item.index, item.index))
        if item.origin == first.origin
        else item
        for item in held
    ]
    one, other = (fold(items, as_of=DAYS[-1], sizes=sizes).verdicts for items in (held, swapped))
    assert one[first.record.digest].is_accepted
    assert other[first.record.digest].code == "quota.reached"

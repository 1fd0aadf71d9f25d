"""What an author says that it had seen, and what that makes of its record."""

from __future__ import annotations

import pytest

from passerelle.exchange.causality import safe_seen
from passerelle.exchange.fold import fold
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import FeedPosition
from tests.unit.exchange.world import LATER, ML, TG, Programme, World


def _programme() -> Programme:
    world = World()
    return Programme.signed(world.row(TG, ML, 4), world.row(ML, TG, 4))


def test_going_back_within_a_feed_is_blocked() -> None:
    """S-13, R-27: a record that has seen less than one before it in its feed; at both nodes alike."""
    world = _programme().world
    world.dossier(ML, TG)
    world.sync(TG, ML)
    world.dossier(TG, ML)
    back = world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, seen={ML: (1, 0)})
    verdict = world.verdict_at_all(back)
    assert (verdict.status, verdict.code) == ("blocked", "seen.backwards")
    assert verdict.params == {
        "partner": ML, "feed": 1, "size": 0, "beforeFeed": 1, "beforeSize": 2
    }  # fmt: skip


def test_a_next_feed_of_the_author_may_start_lower_and_forgets_nothing() -> None:
    """S-13, S-9: within one feed only; what the author had seen before stays in view."""
    programme = _programme()
    world = programme.world
    nomination = programme.nominate(TG, ML)
    world.sync(TG, ML)
    programme.accept(nomination)
    world.numbers[ML, TG] = 2
    late = world.decide(ML, TG, nomination, "reject", "2017-06-01", seen={TG: (1, 0)})
    assert world.verdict_at_all(late).is_accepted


def test_more_than_is_held_waits_and_is_judged_when_it_comes() -> None:
    """S-14, R-28: leaves that are not held yet."""
    world = _programme().world
    world.dossier(TG, ML)
    reply = world.publish(ML, TG, "dossier", {"part": "card", "sendingAgency": ML}, seen={TG: (1, 2)})
    held, sizes = world.held_by(ML), world.sizes_of(ML)
    to_ml = Origin(TG, ML, 1)
    short = [item for item in held if item.origin != to_ml or item.index < 1]
    verdict = fold(short, as_of=LATER, sizes={**sizes, to_ml: 1}).verdicts[reply.digest]
    assert (verdict.status, verdict.code) == ("waiting", "seen.not-held")
    assert verdict.params == {"partner": TG, "feed": 1, "size": 2}
    assert world.verdict_at_all(reply).is_accepted


def test_leaves_without_records_count_as_held() -> None:
    """S-14: erased, anchor or unknown leaves are part of the size."""
    world = _programme().world
    reply = world.publish(ML, TG, "dossier", {"part": "card", "sendingAgency": ML}, seen={TG: (1, 9)})
    sizes = {**world.sizes_of(ML), Origin(TG, ML, 1): 9}
    assert fold(world.held_by(ML), as_of=LATER, sizes=sizes).verdicts[reply.digest].is_accepted


def test_two_records_that_claim_to_have_seen_each_other_are_both_blocked() -> None:
    """S-12: one of them lies, the records cannot tell which, and neither counts at either node."""
    world = _programme().world
    lie = world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, seen={ML: (1, 2)})
    world.sync(TG, ML)
    reply = world.publish(ML, TG, "dossier", {"part": "card", "sendingAgency": ML})
    for record in (lie, reply):
        verdict = world.verdict_at_all(record)
        assert (verdict.status, verdict.code) == ("blocked", "seen.beyond-feed")
    world.sync(TG, ML)
    assert world.verdict_at_all(world.dossier(TG, ML)).is_accepted


def test_an_honest_author_stops_short_of_a_claim_that_cannot_be() -> None:
    """S-15: so that a partner's lie blocks the partner and not us."""
    programme = _programme()
    world = programme.world
    nomination = programme.nominate(TG, ML)
    place = FeedPosition(1, len(world.feeds[Origin(TG, ML, 1)]))
    world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, seen={ML: (1, 50)})
    cosigned = world.position(TG, ML)
    held, sizes = world.held_by(ML), world.sizes_of(ML)
    safe = safe_seen(held, author=ML, partner=TG, cosigned=cosigned, sizes=sizes)
    assert safe == place
    decision = world.decide(ML, TG, nomination, "accept", seen={TG: (safe.feed, safe.size)})
    assert world.verdict_at_all(decision).is_accepted
    careless = world.decide(ML, TG, nomination, "waitlist", seen={TG: (cosigned.feed, cosigned.size)})
    assert world.verdict_at_all(careless).code == "seen.beyond-feed"


def test_an_honest_author_stops_short_of_a_feed_that_it_has_not_begun() -> None:
    """S-14, S-15: size 0 of our next feed takes in all that we have yet to write in this one."""
    programme = _programme()
    world = programme.world
    place = FeedPosition(1, len(world.feeds[Origin(TG, ML, 1)]))
    lie = world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, seen={ML: (2, 0)})
    assert world.verdict_at_all(lie).code == "seen.not-held"
    cosigned = world.position(TG, ML)
    safe = safe_seen(world.held_by(ML), author=ML, partner=TG, cosigned=cosigned, sizes=world.sizes_of(ML))
    assert safe == place
    ended = world.decide(ML, TG, programme.agreement, "terminate", seen={TG: (safe.feed, safe.size)})
    assert world.verdict_at_all(ended).is_accepted


def test_an_honest_author_never_goes_back() -> None:
    """S-15, S-13: what an upgrade makes pending, below what was seen already, blocks nothing that follows."""
    programme = _programme()
    world = programme.world
    nomination = programme.nominate(TG, ML)
    world.sync(TG, ML)
    world.decide(ML, TG, nomination, "waitlist")
    said, before_it = world.position(TG, ML), FeedPosition(1, 1)
    held, sizes = world.held_by(ML), world.sizes_of(ML)
    safe = safe_seen(held, author=ML, partner=TG, cosigned=before_it, sizes=sizes)
    assert safe == said
    careless = world.decide(ML, TG, nomination, "accept", seen={TG: (1, 1)})
    assert world.verdict_at_all(careless).code == "seen.backwards"
    accepted = world.decide(ML, TG, nomination, "accept", seen={TG: (safe.feed, safe.size)})
    assert world.verdict_at_all(accepted).is_accepted


def test_a_claim_on_a_feed_that_ended_holds_nobody_up() -> None:
    """S-15: of the feed that follows it claims nothing; what was said after it counts there again."""
    programme = _programme()
    world = programme.world
    world.publish(TG, ML, "dossier", {"part": "card", "sendingAgency": TG}, seen={ML: (1, 50)})
    world.numbers[ML, TG] = 2
    world.dossier(ML, TG)
    world.numbers[TG, ML] = 2
    nomination = programme.nominate(TG, ML)
    assert world.verdict_at_all(nomination).is_accepted
    cosigned = world.position(TG, ML)
    safe = safe_seen(world.held_by(ML), author=ML, partner=TG, cosigned=cosigned, sizes=world.sizes_of(ML))
    assert safe == cosigned
    accepted = world.decide(ML, TG, nomination, "accept", seen={TG: (safe.feed, safe.size)})
    assert world.verdict_at_all(accepted).is_accepted


def test_without_a_lie_what_is_cosigned_is_safe() -> None:
    """S-15: nothing is held back from an honest partner, and nothing beyond what is cosigned or was said is claimed."""
    world = _programme().world
    world.dossier(TG, ML)
    held, sizes = world.held_by(ML), world.sizes_of(ML)
    for size in range(1, 3):
        cosigned = FeedPosition(1, size)
        assert safe_seen(held, author=ML, partner=TG, cosigned=cosigned, sizes=sizes) == cosigned


def test_a_record_at_several_places_counts_once_at_its_first() -> None:
    """S-4: carried into a later feed, it is where it was."""
    programme = _programme()
    world = programme.world
    nominations = [programme.nominate(TG, ML) for _ in range(4)]
    world.numbers[TG, ML] = 2
    world.feeds[Origin(TG, ML, 2)] = list(reversed(nominations))
    fifth = programme.nominate(TG, ML)
    state = world.state(ML)
    assert [state.verdicts[record.digest].code for record in nominations] == [None] * 4
    assert state.verdicts[fifth.digest].params["count"] == 4
    early = world.decide(ML, TG, nominations[0], "accept", seen={TG: (1, 9)})
    assert world.verdict_at_all(early).is_accepted


def test_feeds_with_a_smaller_number_are_seen_whole() -> None:
    """S-8, S-34: a size in feed 2 takes in all of feed 1; a size below leaves it out."""
    programme = _programme()
    world = programme.world
    nomination = programme.nominate(TG, ML)
    world.numbers[TG, ML] = 2
    world.dossier(TG, ML)
    early = world.decide(ML, TG, nomination, "waitlist", seen={TG: (1, 1)})
    assert world.verdict_at_all(early).code == "reference.not-in-view"
    decision = world.decide(ML, TG, nomination, "accept", seen={TG: (2, 0)})
    assert world.verdict_at_all(decision).is_accepted


@pytest.mark.parametrize(("author", "reader"), [(TG, ML), (ML, TG)])
def test_what_is_named_before_it_was_seen_is_not_in_view(author: str, reader: str) -> None:
    """S-34: whichever of the two lines is taken up first."""
    world = World()
    agreement = world.agreement(author, [reader], [world.row(TG, ML, 4)])
    early = world.decide(reader, author, agreement, "accept")
    assert world.verdict_at_all(early).code == "reference.not-in-view"
    world.sync(TG, ML)
    assert world.verdict_at_all(world.decide(reader, author, agreement, "accept")).is_accepted

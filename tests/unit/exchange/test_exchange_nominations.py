"""What a nomination names, and versions of records."""

from __future__ import annotations

from collections.abc import Sequence

from passerelle.exchange.fold import fold
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from tests.unit.exchange.world import BF, FR, LATER, ML, TG, Programme, World, ref


def programme(
    persons: int = 4, per_period: str = "total", period: str = "2017/..", **more: Json
) -> Programme:
    world = World()
    return Programme.signed(
        world.row(TG, ML, persons, per_period, **more), world.row(ML, TG, 2), period=period
    )


def code(one: Programme, record: Record) -> str | None:
    return one.world.verdict_at_all(record).code


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
    """S-20, R-24: the first in the author's order."""
    one = programme()
    first = one.world.dossier(TG, ML)
    body: JsonObject = {"part": "extract", "sendingAgency": TG}
    second = one.world.publish(TG, ML, "dossier", body, record_id=first.id)
    assert code(one, first) is None
    assert code(one, second) == "record.version-conflict"


def test_a_next_version_comes_from_the_same_hand() -> None:
    """S-21, R-21, R-22, R-23: issuer, type, number, audience."""
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


def test_an_offer_is_the_hosts() -> None:
    """S-69: neither the sender's own offer nor a third agency's."""
    one = programme()
    for stranger in (TG, FR):
        offer = one.world.offer(stranger)
        card = one.world.dossier(TG, ML)
        nomination = one.world.nominate(TG, ML, one.agreement, offer, card)
        verdict = one.world.verdict_at_all(nomination)
        assert (verdict.status, verdict.code) == ("blocked", "nomination.offer-not-hosts")
        assert verdict.params == {"offer": offer.id, "from": TG, "to": ML}

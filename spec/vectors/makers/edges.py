"""``fold/claims.json``, ``fold/public.json``, ``fold/words.json``: where a sentence of the chapters has an edge.

As in ``folds``: what is expected was written by hand from chapters 11, 17 and 18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from makers.common import Tree
from makers.folds import PAIR, begin, blocked, case, figures, file, months, row, waiting
from makers.histories import FRANCE, MALI, SCIDS, TOGO, History, party, quota

DAY: Final = "2018-12-31"


# --- what was seen, and whose an id is ---------------------------------------------------


def claims() -> Tree:
    """Claims that rest on other claims (S-12 to S-14), and ids that two write down (S-21)."""
    common = begin("claims")
    common.nominate("nomination", TOGO, MALI, "2017-04-01")
    return file(common, [*_claims(common), *_ids(common)])


def _claims(common: History) -> list[Tree]:
    after = common.size(TOGO, MALI)
    origin = common.entry("nomination")["places"][0]["origin"]

    def accepted(history: History, label: str, outcome: str, seen: int) -> History:
        history.decide(label, MALI, (TOGO,), "nomination", outcome, "2017-05-01", seen={TOGO: seen})
        return history

    def ahead() -> History:
        history = accepted(common.branch(), "ahead", "shortlist", after)
        history.entry("ahead")["seen"] = {SCIDS[TOGO]: {"feed": 2, "size": 0}}
        return history

    answered = ahead()
    answered.decide(
        "terminated",
        TOGO,
        (MALI,),
        "agreement",
        "terminate",
        "2018-02-01",
        seen={MALI: common.size(MALI, TOGO)},
    )
    waits = accepted(accepted(common.branch(), "too much", "shortlist", after + 3), "honest", "accept", after)
    circle = accepted(common.branch(), "too much", "shortlist", after + 1)
    circle.decide("withdrawn", TOGO, (MALI,), "nomination", "withdraw", "2017-05-01", seen={MALI: 2})
    accepted(circle, "honest", "accept", after)
    begun = origin.removesuffix("1") + "2"
    return [
        case("a feed that has not begun, seen whole", "S-14", DAY, ahead())
        | {"verdicts": {"ahead": waiting("seen.not-held")}, "states": {"nomination": "submitted"}},
        case("the same, and a termination that had not seen it", "S-14", DAY, answered)
        | {"verdicts": {"ahead": waiting("seen.not-held")}, "states": {"agreement": "terminated"}},
        case("the same, once that feed has begun", "S-14", DAY, ahead(), sizes={begun: 1})
        | {"states": {"nomination": "shortlisted"}},
        case("less than what a record claims that waits", "S-13", DAY, waits)
        | {"verdicts": {"too much": waiting("seen.not-held"), "honest": blocked("seen.backwards")}},
        case("less than what a record claims that is blocked", "S-13", DAY, circle)
        | {
            "verdicts": {
                "too much": blocked("seen.beyond-feed"),
                "withdrawn": blocked("seen.beyond-feed"),
                "honest": blocked("seen.backwards"),
            }
        },
    ]


def _ids(common: History) -> list[Tree]:
    card = {"part": "card", "sendingAgency": SCIDS[TOGO]}

    def taken(author: str, to: tuple[str, ...], *, seen: bool) -> History:
        history = common.branch()
        if to:
            history.publish("another's", author, to, "dossier", card)
        else:
            history.offer("another's", author)
        if seen:
            history.sync(*PAIR)
        history.publish("dossier", TOGO, (MALI,), "dossier", card)
        history.entry("dossier")["id"] = history.entry("another's")["id"]
        return history

    crossed = common.branch()
    crossed.nominate("crossed", MALI, TOGO, "2017-04-02", offer="offer of togo")
    crossed.entry("crossed")["id"] = common.entry("nomination")["id"]
    crossed.sync(*PAIR)
    crossed.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01")

    thirds = common.branch()
    thirds.agreement("of three", FRANCE, (TOGO, MALI), [quota(TOGO, MALI, 1)])
    thirds.entry("of three")["id"] = common.entry("agreement")["id"]
    thirds.sync(*PAIR, FRANCE)
    thirds.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01")
    for agency, other in (PAIR, PAIR[::-1]):
        thirds.decide(
            f"three agreed by {agency}", agency, (FRANCE, other), "of three", "accept", "2017-02-15"
        )

    def told(ahead: int, behind: int, nominated: int) -> Tree:
        none = [months(TOGO, MALI), months(MALI, TOGO)]
        rows = [
            row(TOGO, MALI, quota=ahead, nominated=1, accepted=1, fulfilment="0.000"),
            row(MALI, TOGO, quota=behind, nominated=nominated, fulfilment="0.000"),
        ]
        return figures(DAY, rows, none, ahead=0, index=None, by_months=None)

    return [
        case("two nominations under one id that crossed", "S-21", DAY, crossed, figures=told(4, 2, 1)),
        # Four under the agreement of the two, and one under that of France, which both accepted.
        case("an agreement of a third under the id of one of the two", "S-21", DAY, thirds)
        | {"figures": told(5, 2, 0)},
        case("an id of the partner's, seen", "S-21", DAY, taken(MALI, (TOGO,), seen=True))
        | {"verdicts": {"dossier": blocked("version.not-issuer")}},
        case("an id of the partner's, not seen", "S-21", DAY, taken(MALI, (TOGO,), seen=False))
        | {"states": {"nomination": "submitted"}},
        case("an id of a public record of the partner", "S-21", DAY, taken(MALI, (), seen=True))
        | {"states": {"dossier": "shared"}},
        case("an id of a public record of a third", "S-21", DAY, taken(FRANCE, (), seen=True))
        | {"states": {"dossier": "shared"}},
    ]


# --- public records ----------------------------------------------------------------------


def public() -> Tree:
    """What a public record sees: of its own author's what stands before it, of others' all."""
    common = begin("public")
    return file(common, [*_own(common), *_others(common)])


def _own(common: History) -> list[Tree]:
    early = common.branch()
    early.decide("free", MALI, (), "offer", "resume", "2017-06-01")
    early.decide("held", MALI, (), "offer", "suspend", "2017-05-01")

    later = common.branch()
    later.decide("gone", MALI, (), "offer", "withdraw", "2017-06-01")
    later.offer("next", MALI)
    later.entry("gone")["body"]["about"] = later.ref("next")

    twice = common.branch()
    twice.decide("gone", MALI, (), "offer", "withdraw", "2017-06-01")
    twice.decide("held before", MALI, (), "offer", "suspend", "2017-05-31")
    twice.decide("held then", MALI, (), "offer", "suspend", "2017-06-01")
    return [
        case("a resumption before the suspension", "S-10", DAY, early)
        | {"verdicts": {"free": blocked("decision.nothing-to-resume")}, "states": {"offer": "on-hold"}},
        case("a withdrawal of what its author published later", "S-34", DAY, later)
        | {"verdicts": {"gone": blocked("reference.not-in-view")}, "states": {"next": "open"}},
        case("suspended before the withdrawal, and on its day", "S-48", DAY, twice)
        | {"verdicts": {"held then": blocked("decision.subject-ended")}, "states": {"offer": "withdrawn"}},
    ]


def _others(common: History) -> list[Tree]:
    def of(one: str, other: str) -> list[Tree]:
        """The same with the two in place of one another: which SCID is the smaller must not matter."""
        offers = {MALI: "offer", TOGO: "offer of togo"}
        wrong = common.branch()
        wrong.decide("not its own", one, (), offers[other], "withdraw", "2017-06-01")
        wrong.decide("on that", other, (), "not its own", "dispute", "2017-06-02")
        wrong.decide("on that again", one, (), "on that", "dispute", "2017-06-03")

        after = common.branch()
        after.publish("next", one, (), "offer", common.entry("offer")["body"], after=offers[other])

        same = common.branch()
        same.offer("same id", one)
        same.entry("same id")["id"] = common.entry(offers[other])["id"]

        held = common.branch()
        held.decide("held", other, (), offers[other], "suspend", "2017-06-01")
        held.decide("disputed", one, (), offers[other], "dispute", "2017-06-02")
        return [
            case(f"a word of {other} on a blocked one of {one}", "S-25", DAY, wrong)
            | {
                "verdicts": {
                    "not its own": blocked("decision.not-entitled"),
                    "on that": blocked("decision.subject-blocked"),
                    "on that again": blocked("decision.subject-blocked"),
                }
            },
            case(f"an offer of {one} as a version of one of {other}", "S-21", DAY, after)
            | {"states": {"next": "open"}},
            case(f"an offer of {one} under the id of one of {other}", "S-21", DAY, same)
            | {"states": {offers[one]: "open"}},
            case(f"a word of {one} on an offer on hold of {other}", "S-45", DAY, held)
            | {"states": {offers[other]: "on-hold"}},
        ]

    return [*of(MALI, TOGO), *of(TOGO, MALI)]


# --- words on nominations, offers and placements -----------------------------------------


def words() -> Tree:
    """The day of an end, a rejection of one version of several, and what a direction says of itself."""
    common = begin("words", quota(TOGO, MALI, 2), quota(MALI, TOGO, 1))
    common.nominate("one", TOGO, MALI, "2017-04-01")
    common.sync(*PAIR)
    return file(
        common,
        [*_ends(common), *_rejections(common), *_placed(common), *_directions(common), *_offers(common)],
    )


def _ends(common: History) -> list[Tree]:
    def declined(effective: str) -> History:
        history = common.branch()
        history.decide("rejected", MALI, (TOGO,), "one", "reject", "2017-06-01")
        history.sync(*PAIR)
        history.decide("declined", TOGO, (MALI,), "one", "decline", effective)
        return history

    late = {"declined": blocked("decision.subject-ended")}
    return [
        case("declined from the day before a rejection", "S-48", DAY, declined("2017-05-31"))
        | {"states": {"one": "declined"}, "details": {"one": {"ended": "2017-05-31"}}},
        case("declined from the day of a rejection", "S-48", DAY, declined("2017-06-01"))
        | {"verdicts": late, "states": {"one": "rejected"}},
    ]


def _rejections(common: History) -> list[Tree]:
    def versions(effective: str, *accepted: str) -> History:
        history = common.branch()
        history.publish("again", TOGO, (MALI,), "nomination", common.entry("one")["body"], after="one")
        history.sync(*PAIR)
        for label in accepted:
            history.decide(f"accepted: {label}", MALI, (TOGO,), label, "accept", effective)
        return history

    def rejected(history: History, label: str) -> History:
        history.decide("rejected", MALI, (TOGO,), label, "reject", "2017-06-01")
        return history

    first = rejected(versions("2017-05-01", "one"), "again")
    both = rejected(versions("2017-05-01", "one", "again"), "one")
    to_come = rejected(versions("2017-07-01", "one"), "again")
    return [
        case("a rejection of another version than the accepted", "S-47", DAY, first)
        | {"states": {"one": "accepted"}},
        case("a rejection of one of two that were accepted", "S-47", DAY, both, states={"one": "rejected"}),
        case("a rejection before the day of the acceptance", "S-47", "2017-06-15", to_come)
        | {"states": {"one": "submitted"}},
    ]


def _placed(common: History) -> list[Tree]:
    history = common.branch()
    history.decide("accepted", MALI, (TOGO,), "one", "accept", "2017-05-01")
    history.sync(*PAIR)
    history.decide("confirmed", TOGO, (MALI,), "one", "confirm", "2017-05-02")
    history.sync(*PAIR)
    history.place("placement", "one", "2017-09-04/2018-05-04")
    history.sync(*PAIR)
    history.decide("taken", TOGO, (MALI,), "placement", "accept", "2017-06-01")
    history.sync(*PAIR)
    history.happen("arrival", MALI, TOGO, "placement", "arrival", "2017-09-04")
    history.decide("over", MALI, (TOGO,), "placement", "terminate", "2018-02-01")
    history.sync(*PAIR)

    def then(outcome: str, effective: str) -> History:
        other = history.branch_of(common)
        other.decide("then", TOGO, (MALI,), "placement", outcome, effective)
        return other

    # 4 September 2017 to 1 February 2018, both counted: 151 days / 30.4375 = 4.96098...; all of it 243 days.
    rows = [
        row(TOGO, MALI, quota=2, nominated=1, accepted=1, planned=1, realised=1, fulfilment="0.500"),
        row(MALI, TOGO, quota=1, fulfilment="0.000"),
    ]
    lengths = [months(TOGO, MALI, "7.984", "4.961"), months(MALI, TOGO)]
    ended = figures("2018-02-01", rows, lengths, ahead=1, index="0.000", by_months="0.000")
    late = {"then": blocked("decision.subject-ended")}
    state = {"placement": "ended-early"}
    return [
        case("the day of an end is counted", "S-62", "2018-02-01", history.branch_of(common))
        | {"states": state, "figures": ended},
        case("ended again, from the same day", "S-48", DAY, then("terminate", "2018-02-01"))
        | {"verdicts": late, "details": {"placement": {"ended": "2018-02-01"}}},
        case("ended again, from the day before", "S-48", DAY, then("terminate", "2018-01-31"))
        | {"states": state, "details": {"placement": {"ended": "2018-01-31"}}},
        case("suspended from the day of the end", "S-48", DAY, then("suspend", "2018-02-01"), verdicts=late),
    ]


def _directions(common: History) -> list[Tree]:
    """Agreements that say of themselves that a direction is not open (S-37)."""

    def told(name: str, code: str | None, **status: str) -> Tree:
        history = common.branch()
        history.agreement("shut", TOGO, (MALI,), [quota(TOGO, MALI, 1, **status)])
        history.sync(*PAIR)
        history.decide("shut agreed", MALI, (TOGO,), "shut", "accept", "2017-02-15")
        history.sync(*PAIR)
        history.nominate("two", TOGO, MALI, "2017-06-01", agreement="shut")
        verdicts = {"two": blocked(code)} if code else {}
        states = {"two": "blocked" if code else "submitted"}
        return case(name, "S-37", DAY, history, verdicts=verdicts, states=states)

    return [
        told("closed, and no day since when", "direction.closed", status="closed"),
        told("suspended, and no day since when", "direction.suspended", status="suspended"),
        told("closed from the day after", None, status="closed", statusSince="2017-06-02"),
        told("open, and a day since when", None, status="open", statusSince="2017-05-01"),
    ]


def _offers(common: History) -> list[Tree]:
    """Whose an offer is (S-69), and when its places are taken (S-58)."""
    strange = common.branch()
    body: Tree = {"scheme": "vir", "places": 1, "host": party(FRANCE)}
    strange.publish("for france", MALI, (), "offer", body)
    strange.nominate("two", TOGO, MALI, "2017-06-01", offer="for france")

    history = common.branch()
    history.offer("small", MALI, places=1)
    history.nominate("two", TOGO, MALI, "2017-06-01", offer="small")
    history.sync(*PAIR)
    history.decide("two accepted", MALI, (TOGO,), "two", "accept", "2017-06-10")
    history.sync(*PAIR)
    history.decide("two confirmed", TOGO, (MALI,), "two", "confirm", "2017-06-20")
    history.sync(*PAIR)
    history.place("two placed", "two", "2017-09-04/2018-05-04")
    history.sync(*PAIR)
    history.decide("two taken", TOGO, (MALI,), "two placed", "accept", "2017-07-01")
    history.decide("two given up", TOGO, (MALI,), "two placed", "terminate", "2017-08-01")

    def small(name: str, as_of: str, two: str, state: str) -> Tree:
        return case(name, "S-58", as_of, history.branch_of(common), states={"two": two, "small": state})

    return [
        case("an offer of the host that names another agency", "S-69", DAY, strange)
        | {"states": {"two": "submitted", "for france": "open"}},
        small("an offer whose place is confirmed", "2017-06-30", "confirmed", "filled"),
        small("an offer whose place has a placement", "2017-07-31", "placed", "filled"),
        small("an offer whose placement was cancelled", "2017-08-01", "cancelled", "open"),
    ]


FILES: Final[dict[str, Callable[[], Tree]]] = {
    "claims.json": claims,
    "public.json": public,
    "words.json": words,
}

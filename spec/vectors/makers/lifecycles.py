"""``fold/states.json``: every state that a subject can be in (chapter 18).

As in ``folds``: what is expected was written by hand from the chapter.
"""

from __future__ import annotations

from typing import Any

from makers.common import Tree
from makers.folds import PAIR, begin, blocked, case, file
from makers.histories import MALI, TOGO, History, party, quota


def states() -> Tree:
    """A pair with one place each way; each case goes to one state, on the day that brings it about."""
    common = begin("states", quota(TOGO, MALI, 1), quota(MALI, TOGO, 1))
    return file(common, [*_agreements(common), *_offers(common), *_dossiers(common), *_placements(common)])


def _agreements(common: History) -> list[Tree]:
    later = common.branch()
    later.agreement("later", TOGO, (MALI,), [quota(TOGO, MALI, 1)], period="2018-03/2019-06")
    later.sync(*PAIR)
    later.decide("later agreed", MALI, (TOGO,), "later", "accept", "2017-11-01")

    def of_later(name: str, rule: str, as_of: str, state: str) -> Tree:
        return case(name, rule, as_of, later.branch_of(common), states={"later": state})

    shut = common.branch()
    shut.decide("suspended", TOGO, (MALI,), "agreement", "suspend", "2017-05-01")
    again = shut.branch_of(common)
    again.sync(*PAIR)
    again.decide("resumed", TOGO, (MALI,), "agreement", "resume", "2017-08-01")
    over = common.branch()
    over.decide("terminated", MALI, (TOGO,), "agreement", "terminate", "2017-12-31")
    return [
        of_later("an agreement before its acceptance", "S-30", "2017-10-31", "proposed"),
        of_later("an agreement before its period", "S-59", "2018-02-28", "accepted"),
        of_later("an agreement on its first day", "S-30", "2018-03-01", "in-force"),
        of_later("an agreement on its last day", "S-59", "2019-06-30", "in-force"),
        of_later("an agreement after its period", "S-59", "2019-07-01", "expired"),
        case(
            "an agreement suspended as a whole", "S-59", "2017-06-01", shut, states={"agreement": "suspended"}
        ),
        case("an agreement resumed", "S-39", "2017-08-01", again, states={"agreement": "in-force"}),
        case("a termination still to come", "S-35", "2017-12-30", over, states={"agreement": "in-force"}),
        case(
            "an agreement terminated",
            "S-35",
            "2017-12-31",
            over.branch_of(common),
            states={"agreement": "terminated"},
        ),
    ]


def _offers(common: History) -> list[Tree]:
    def offer(name: str, as_of: str, state: str, history: History) -> Tree:
        return case(name, "S-58", as_of, history, states={"small": state})

    base = common.branch()
    body: Tree = {"scheme": "vir", "places": 1, "host": party(MALI), "closesOn": "2017-09"}
    base.publish("small", MALI, (), "offer", body)
    taken = base.branch_of(common)
    taken.nominate("one", TOGO, MALI, "2017-04-01", offer="small")
    taken.sync(*PAIR)
    taken.decide("one accepted", MALI, (TOGO,), "one", "accept", "2017-05-01")
    held = base.branch_of(common)
    held.decide("held", MALI, (), "small", "suspend", "2017-04-01")
    free = held.branch_of(common)
    free.decide("free", MALI, (), "small", "resume", "2017-05-01")
    gone = base.branch_of(common)
    gone.decide("gone", MALI, (), "small", "withdraw", "2017-06-01")
    return [
        offer("an offer on its closing day", "2017-09-30", "open", base),
        offer("an offer after its closing day", "2017-10-01", "closed", base.branch_of(common)),
        offer("an offer with its places taken", "2017-05-01", "filled", taken),
        offer("an offer on hold", "2017-04-01", "on-hold", held),
        offer("an offer free again", "2017-05-01", "open", free),
        offer("an offer withdrawn", "2017-06-01", "withdrawn", gone),
        *_offers_by_scope(base, common),
    ]


def _offers_by_scope(base: History, common: History) -> list[Tree]:
    """S-39 of what is public: a resumption lifts its own scope, one without scope everything."""
    scheme = {"scheme": "vir"}

    def resumed(name: str, state: str, *held: Tree | None, free: Tree | None, refused: bool = False) -> Tree:
        history = base.branch_of(common)
        for number, scope in enumerate(held):
            history.decide(
                f"held {number}", MALI, (), "small", "suspend", f"2017-04-0{number + 1}", scope=scope
            )
        history.decide("free", MALI, (), "small", "resume", "2017-05-01", scope=free)
        told = case(name, "S-39", "2017-05-01", history, states={"small": state})
        return told | ({"verdicts": {"free": blocked("decision.nothing-to-resume")}} if refused else {})

    return [
        resumed("a scheme of an offer resumed", "open", scheme, free=scheme),
        resumed("all of an offer resumed, of which a scheme was suspended", "open", scheme, free=None),
        resumed(
            "a scheme resumed, where the offer was suspended", "on-hold", None, free=scheme, refused=True
        ),
        resumed("another scheme resumed", "on-hold", scheme, free={"scheme": "nat"}, refused=True),
        resumed("a scheme resumed, where the offer was suspended too", "on-hold", scheme, None, free=scheme),
        resumed("a scheme and the offer suspended, all resumed", "open", scheme, None, free=None),
    ]


def _dossiers(common: History) -> list[Tree]:
    def dossier(name: str, as_of: str, state: str, history: History) -> Tree:
        return case(name, "S-58", as_of, history, states={"dossier of one": state})

    base = common.branch()
    base.nominate("one", TOGO, MALI, "2017-04-01")
    gone = base.branch_of(common)
    gone.decide("gone", TOGO, (MALI,), "dossier of one", "withdraw", "2017-06-01")
    base.sync(*PAIR)
    taken = base.branch_of(common)
    taken.decide("one accepted", MALI, (TOGO,), "one", "accept", "2017-05-01")
    return [
        dossier("a dossier shared", "2017-04-30", "shared", taken.branch_of(common)),
        dossier("a dossier engaged", "2017-05-01", "engaged", taken),
        dossier("a dossier withdrawn", "2017-06-01", "withdrawn", gone),
    ]


def _placements(common: History) -> list[Tree]:
    def placement(name: str, rule: str, as_of: str, state: str, history: History, **more: Any) -> Tree:
        return case(name, rule, as_of, history, states={"placement": state} | more)

    proposed = common.branch()
    proposed.nominate("one", TOGO, MALI, "2017-04-01")
    proposed.sync(*PAIR)
    proposed.decide("accepted", MALI, (TOGO,), "one", "accept", "2017-05-01")
    proposed.sync(*PAIR)
    proposed.decide("confirmed", TOGO, (MALI,), "one", "confirm", "2017-05-02")
    proposed.sync(*PAIR)
    proposed.place("placement", "one", "2017-09-04/2018-05-04")
    proposed.sync(*PAIR)
    planned = proposed.branch_of(common)
    planned.decide("taken", TOGO, (MALI,), "placement", "accept", "2017-06-01")
    planned.sync(*PAIR)
    held = planned.branch_of(common)
    held.decide("held", MALI, (TOGO,), "placement", "suspend", "2017-07-01")
    held.sync(*PAIR)
    free = held.branch_of(common)
    free.decide("free", MALI, (TOGO,), "placement", "resume", "2017-08-01")
    until = held.branch_of(common)
    until.decide("over", TOGO, (MALI,), "placement", "terminate", "2018-02-01")
    until.sync(*PAIR)
    until.decide("resumed", MALI, (TOGO,), "placement", "resume", "2017-08-01")
    until.decide("held longer", MALI, (TOGO,), "placement", "suspend", "2017-07-15")
    cancelled = planned.branch_of(common)
    cancelled.decide("cancelled", MALI, (TOGO,), "placement", "withdraw", "2017-08-15")
    arrived = planned.branch_of(common)
    arrived.happen("arrival", MALI, TOGO, "placement", "arrival", "2017-09-05")
    arrived.sync(*PAIR)
    done = arrived.branch_of(common)
    done.happen("end", MALI, TOGO, "placement", "end-of-mission", "2018-05-04")
    early = arrived.branch_of(common)
    early.happen("back", TOGO, MALI, "placement", "early-return", "2018-01-10")
    ended = arrived.branch_of(common)
    ended.decide("ended", MALI, (TOGO,), "placement", "terminate", "2018-02-01")
    return [
        placement("a placement proposed", "S-57", "2017-05-31", "proposed", proposed, one="confirmed"),
        placement("a placement planned", "S-57", "2017-06-01", "planned", planned, one="placed"),
        placement("a placement suspended", "S-57", "2017-07-01", "suspended", held),
        placement("a placement resumed", "S-39", "2017-08-01", "planned", free),
        placement("a placement resumed with its end in view", "S-48", "2017-08-01", "suspended", until)
        | {"verdicts": {"resumed": blocked("decision.subject-ended")}},
        placement("a placement cancelled", "S-53", "2017-08-15", "cancelled", cancelled, one="cancelled"),
        placement("the eve of an arrival", "S-50", "2017-09-04", "planned", arrived),
        placement("a placement active", "S-50", "2017-09-05", "active", arrived.branch_of(common)),
        placement("a placement completed", "S-57", "2018-05-04", "completed", done),
        placement("an early return", "S-57", "2018-01-10", "ended-early", early),
        placement(
            "a placement ended after the arrival", "S-57", "2018-02-01", "ended-early", ended, one="placed"
        ),
    ]

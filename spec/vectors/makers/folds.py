"""``fold/``: records in, state out (chapter 11).

Every expected value below was written by hand from chapter 11, with the number of its rule, and
is not the output of a program. What the script adds is form: SCIDs in place of names, members
in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from makers.common import Tree
from makers.histories import COUNTRIES, FRANCE, MALI, SCIDS, TOGO, History, direction, quota

MADE_BY: Final = "records: spec/vectors/generate.py; expected values: by hand, from chapter 11"
ABOUT: Final = (
    "common: records held in every case of the file, in no order that matters. held: those of the case besides. Each stands at "
    "places; its header is as in chapter 04, issuer by SCID, digest as given (nothing is signed); of its body there are "
    "only the members that the fold reads; a stub has residue in place of body. sizes: leaves held of a feed, where more "
    "or fewer than the places show. Every record not named in verdicts is accepted; there, status and code. states: of "
    "subjects by label, as of as_of. details: further facts of a subject. figures: of the pair, compared as canonical JSON."
)
PAIR: Final = (TOGO, MALI)


def case(name: str, rule: str, as_of: str, history: History, **expected: Any) -> Tree:
    """One case: what is held besides, and what the fold makes of it."""
    empty: Tree = {"sizes": {}, "verdicts": {}, "states": {}, "details": {}, "figures": None}
    return {"name": name, "rule": rule, "as_of": as_of, "held": history.own} | empty | expected


def file(common: History, cases: list[Tree]) -> Tree:
    """A file of cases that begin alike."""
    return {
        "chapter": "11",
        "about": ABOUT,
        "made_by": MADE_BY,
        "confirmed_by": [],
        "agencies": SCIDS,
        "common": common.entries,
        "cases": cases,
    }


def begin(name: str, *rows: Tree) -> History:
    """An agreement of Togo and Mali that both have accepted, and an offer of each."""
    history = History(name)
    history.agreement("agreement", TOGO, (MALI,), rows or (quota(TOGO, MALI, 4), quota(MALI, TOGO, 2)))
    history.sync(*PAIR)
    history.decide("agreed", MALI, (TOGO,), "agreement", "accept", "2017-02-15")
    history.offer("offer", MALI)
    history.offer("offer of togo", TOGO)
    history.sync(*PAIR)
    return history


def blocked(code: str) -> list[str]:
    """A verdict."""
    return ["blocked", code]


def waiting(code: str) -> list[str]:
    """A verdict."""
    return ["waiting", code]


# --- the pilot ---------------------------------------------------------------------------


def row(sender: str, host: str, **counts: Any) -> Tree:
    """A direction in the figures; nothing unless told."""
    nothing: Tree = {"status": "open", "since": None, "quota": None, "fulfilment": None}
    nothing |= dict.fromkeys(("nominated", "accepted", "planned", "realised"), 0)
    return {"from": SCIDS[sender], "to": SCIDS[host]} | nothing | counts


def months(sender: str, host: str, planned: str = "0.000", realised: str = "0.000") -> Tree:
    """A direction in the person-months."""
    ends = {"from": SCIDS[sender], "to": SCIDS[host]}
    return ends | {"planned": planned, "realised": realised, "undated": 0}


def figures(
    as_of: str, rows: list[Tree], lengths: list[Tree], *, ahead: int, index: str | None, by_months: str | None
) -> Tree:
    """The figures of Togo and Mali (S-63): ``ahead`` is Togo's balance."""

    def by_sender(item: Tree) -> str:
        scid: str = item["from"]
        return scid

    return {
        "asOf": as_of,
        "parties": [
            {"agency": scid, "country": COUNTRIES[name]}
            for scid, name in sorted((SCIDS[name], name) for name in PAIR)
        ],
        "directions": sorted(rows, key=by_sender),
        "balance": {SCIDS[TOGO]: ahead, SCIDS[MALI]: -ahead},
        "index": index,
        "personMonths": {"directions": sorted(lengths, key=by_sender), "index": by_months},
    }


def exchange(history: History, sender: str, host: str, count: int, offer: str) -> list[str]:
    """So many persons from nomination to arrival, as the pilot did; the labels of the nominations."""
    names = [f"{sender} {number}" for number in range(1, count + 1)]
    for name in names:
        history.nominate(name, sender, host, "2017-06-01", offer=offer)
    history.sync(*PAIR)
    for name in names:
        history.decide(f"accepted {name}", host, (sender,), name, "accept", "2017-07-01")
    history.sync(*PAIR)
    for name in names:
        history.decide(f"confirmed {name}", sender, (host,), name, "confirm", "2017-07-10")
    history.sync(*PAIR)
    for name in names:
        history.place(f"placement {name}", name, "2017-09-04/2018-05-04")
    history.sync(*PAIR)
    for name in names:
        history.decide(f"taken {name}", sender, (host,), f"placement {name}", "accept", "2017-08-01")
    history.sync(*PAIR)
    for name in names:
        history.happen(f"arrival {name}", host, sender, f"placement {name}", "arrival", "2017-09-04")
    history.sync(*PAIR)
    return names


def pilot() -> Tree:
    """Togo and Mali, quota 4 and 2, all placed, all arrived: the worked example, on four days."""
    common = begin("pilot")
    there = exchange(common, TOGO, MALI, 4, "offer")
    back = exchange(common, MALI, TOGO, 2, "offer of togo")
    everybody = [*there, *back]

    def both(**counts: tuple[Any, Any]) -> list[Tree]:
        return [
            row(TOGO, MALI, quota=4, **{name: pair[0] for name, pair in counts.items()}),
            row(MALI, TOGO, quota=2, **{name: pair[1] for name, pair in counts.items()}),
        ]

    def day(name: str, rule: str, as_of: str, state: str, value: Tree) -> Tree:
        states = dict.fromkeys(everybody, state) | {"agreement": "in-force"}
        return case(name, rule, as_of, common.branch(), states=states, figures=value)

    # 243 days / 30.4375 = 7.98357...; four of them are 31.93429, two 15.96715 (S-62).
    planned = [months(TOGO, MALI, "31.934"), months(MALI, TOGO, "15.967")]
    realised = [months(TOGO, MALI, "31.934", "31.934"), months(MALI, TOGO, "15.967", "15.967")]
    nobody = {"fulfilment": ("0.000", "0.000")}
    placed: dict[str, tuple[Any, Any]] = dict.fromkeys(("nominated", "accepted", "planned"), (4, 2))
    full = both(**placed, realised=(4, 2), fulfilment=("1.000", "1.000"))
    end = figures("2018-12-31", full, realised, ahead=2, index="0.500", by_months="0.500")
    eve = figures("2017-09-03", both(**placed, **nobody), planned, ahead=0, index=None, by_months=None)
    none = [months(TOGO, MALI), months(MALI, TOGO)]
    counted = both(nominated=(4, 2), **nobody)
    june = figures("2017-06-30", counted, none, ahead=0, index=None, by_months=None)
    shorter = common.branch()
    body = shorter.entry("placement togo 1")["body"] | {"actual": "2017-09-04/2018-03-04"}
    shorter.publish("as it was", MALI, (TOGO,), "placement", body, after="placement togo 1")
    shorter.sync(*PAIR)
    shorter.decide("as it was accepted", TOGO, (MALI,), "as it was", "accept", "2018-03-05")
    # 182 days and three times 243, and 486 days the other way.
    known = [months(TOGO, MALI, "31.934", "29.930"), months(MALI, TOGO, "15.967", "15.967")]
    cut = figures("2018-12-31", full, known, ahead=2, index="0.500", by_months="0.533")
    fifth = common.branch()
    fifth.nominate("fifth", TOGO, MALI, "2017-10-01")
    fifth.sync(*PAIR)
    fifth.decide("fifth accepted", MALI, (TOGO,), "fifth", "accept", "2017-10-02")
    refused = {"fifth": blocked("quota.reached"), "fifth accepted": blocked("decision.subject-blocked")}
    states = {"fifth": "blocked", "togo 4": "placed"}
    return file(
        common,
        [
            day("at the end", "S-63", "2018-12-31", "placed", end),
            day("the day before the arrivals", "S-60", "2017-09-03", "placed", eve),
            day("nominated, not yet accepted", "S-60", "2017-06-30", "submitted", june),
            case("a placement that was shorter than planned", "S-62", "2018-12-31", shorter)
            | {"states": {"togo 1": "placed"}, "figures": cut},
            case("a fifth nomination, sent past its own check", "S-40", "2018-12-31", fifth)
            | {"verdicts": refused, "states": states, "figures": end},
        ],
    )


# --- places ------------------------------------------------------------------------------


def places() -> Tree:
    """One place, two candidates for it (S-40 to S-43)."""
    common = begin("places", quota(TOGO, MALI, 1, candidatesPerPlace=2))
    common.nominate("first", TOGO, MALI, "2017-04-01")
    common.nominate("second", TOGO, MALI, "2017-04-02")
    common.sync(*PAIR)
    common.decide("first accepted", MALI, (TOGO,), "first", "accept", "2017-05-01")
    full = {"second accepted": blocked("quota.reached")}

    third = common.branch()
    third.nominate("third", TOGO, MALI, "2017-04-03")

    over = common.branch()
    over.decide("second accepted", MALI, (TOGO,), "second", "accept", "2017-05-02")

    again = common.branch()
    again.decide("first accepted again", MALI, (TOGO,), "first", "accept", "2017-05-02")

    def withdrawn(*, seen: bool, effective: str) -> History:
        history = common.branch()
        history.sync(*PAIR)
        history.decide("withdrawn", TOGO, (MALI,), "first", "withdraw", "2017-06-01")
        if seen:
            history.sync(*PAIR)
        history.decide("second accepted", MALI, (TOGO,), "second", "accept", effective)
        return history

    def waitlisted(effective: str) -> History:
        history = common.branch()
        history.decide("waitlisted", MALI, (TOGO,), "first", "waitlist", "2017-05-10")
        history.decide("second accepted", MALI, (TOGO,), "second", "accept", effective)
        return history

    hidden = common.branch()
    shape = {"direction": direction(TOGO, MALI), "nomination": hidden.ref("first"), "scheme": "vir"}
    shape |= {"agreement": hidden.ref("agreement"), "planned": "2017-09-04/2018-05-04"}
    hidden.publish("begun as a placement", TOGO, (MALI,), "placement", shape)
    hidden.nominate("third", TOGO, MALI, "2017-04-03", under="begun as a placement")
    hidden.sync(*PAIR)
    hidden.decide("third accepted", MALI, (TOGO,), "third", "accept", "2017-05-02")

    own = common.branch()
    own.nominate("third", TOGO, MALI, "2017-04-03", offer="offer of togo")

    two = {"first": "accepted", "second": "submitted"}
    given = {"first": "withdrawn", "second": "accepted"}
    kept = {"first": "withdrawn", "second": "submitted"}
    day = "2017-12-31"
    return file(
        common,
        [
            case("a third candidate for one place", "S-40", day, third, states=two | {"third": "blocked"})
            | {"verdicts": {"third": blocked("quota.reached")}},
            case("a second acceptance", "S-42", day, over, verdicts=full, states=two),
            case("the same one accepted again", "S-42", day, again, states=two),
            case(
                "after a withdrawal that the host had seen",
                "S-41",
                day,
                withdrawn(seen=True, effective="2017-06-01"),
                states=given,
            ),
            case(
                "the same, effective a day before the withdrawal",
                "S-41",
                day,
                withdrawn(seen=True, effective="2017-05-31"),
                verdicts=full,
                states=kept,
            ),
            case(
                "after a withdrawal that the host had not seen",
                "S-10",
                day,
                withdrawn(seen=False, effective="2017-06-01"),
                verdicts=full,
                states=kept,
            ),
            case(
                "after the host put the first on its waiting list",
                "S-41",
                day,
                waitlisted("2017-05-10"),
                states={"first": "waitlisted", "second": "accepted"},
            ),
            case(
                "the same, effective a day before",
                "S-41",
                day,
                waitlisted("2017-05-09"),
                verdicts=full,
                states={"first": "waitlisted", "second": "submitted"},
            ),
            case("a nomination for an offer of the sender", "S-69", day, own, states=two)
            | {"verdicts": {"third": blocked("nomination.offer-not-hosts")}},
            case("a nomination under an id that began as a placement", "S-68", day, hidden, states=two)
            | {
                "verdicts": {
                    "begun as a placement": blocked("placement.not-host"),
                    "third": blocked("version.other-type"),
                    "third accepted": blocked("decision.subject-blocked"),
                }
            },
        ],
    )


def years() -> Tree:
    """One place a year (S-43)."""
    common = begin("years", quota(TOGO, MALI, 1, "year", candidatesPerPlace=3))
    for name in ("first", "second"):
        common.nominate(name, TOGO, MALI, "2017-04-01")
    common.sync(*PAIR)
    common.decide("first accepted", MALI, (TOGO,), "first", "accept", "2017-12-31")

    def second(effective: str) -> History:
        history = common.branch()
        history.decide("second accepted", MALI, (TOGO,), "second", "accept", effective)
        return history

    def told(as_of: str, persons: int, accepted: int) -> Tree:
        rows = [
            row(TOGO, MALI, quota=persons, nominated=2, accepted=accepted, fulfilment="0.000"),
            row(MALI, TOGO, status="none"),
        ]
        none = [months(TOGO, MALI), months(MALI, TOGO)]
        return figures(as_of, rows, none, ahead=0, index=None, by_months=None)

    over = {"second accepted": blocked("quota.reached")}
    return file(
        common,
        [
            case("a second in the same year", "S-43", "2017-12-31", second("2017-12-31"))
            | {"verdicts": over, "figures": told("2017-12-31", 1, 1)},
            case("a second in the next year", "S-43", "2018-06-30", second("2018-01-01"))
            | {"figures": told("2018-06-30", 2, 2)},
            case("the same, as of the year before", "S-64", "2017-12-31", second("2018-01-01"))
            | {"figures": told("2017-12-31", 1, 1)},
        ],
    )


# --- versions of an agreement ------------------------------------------------------------


def amendments() -> Tree:
    """A second version of an agreement of three, accepted by one (S-24, S-30 to S-33)."""
    three = (TOGO, MALI, FRANCE)
    common = History("amendments")
    common.agreement("agreement", TOGO, (MALI, FRANCE), [quota(TOGO, MALI, 1)])
    common.sync(*three)
    common.decide("agreed by mali", MALI, (TOGO, FRANCE), "agreement", "accept", "2017-02-01")
    common.decide("agreed by france", FRANCE, (TOGO, MALI), "agreement", "accept", "2017-02-02")
    common.offer("offer", MALI)
    common.sync(*three)
    for name in ("agreed by mali", "agreed by france"):
        common.decide(f"endorsed: {name}", TOGO, (MALI, FRANCE), name, "endorse", "2017-02-03")
    common.sync(*three)
    common.agreement("amended", TOGO, (MALI, FRANCE), [quota(TOGO, MALI, 2)], after="agreement")
    common.sync(*three)
    common.decide("amended agreed by mali", MALI, (TOGO, FRANCE), "amended", "accept", "2018-01-01")
    common.sync(*three)

    def nominated(agreement: str, day: str, *, by_all: bool = False, endorsed: bool = True) -> History:
        history = common.branch()
        if by_all:
            history.decide(
                "amended agreed by france", FRANCE, (TOGO, MALI), "amended", "accept", "2018-02-01"
            )
            history.sync(*three)
            for name in ("amended agreed by mali", "amended agreed by france") if endorsed else ():
                history.decide(f"endorsed: {name}", TOGO, (MALI, FRANCE), name, "endorse", "2018-02-02")
            history.sync(*three)
        history.nominate("nomination", TOGO, MALI, day, agreement=agreement)
        return history

    def told(name: str, rule: str, history: History, code: str | None, *, version: int) -> Tree:
        verdicts = {"nomination": blocked(code)} if code else {}
        missing = [] if version == 2 else [SCIDS[FRANCE]]
        states = {"agreement": "in-force", "nomination": "blocked" if code else "submitted"}
        details = {"agreement": {"version": version, "newest_version": 2, "missing": missing}}
        return case(name, rule, "2018-12-31", history, verdicts=verdicts, states=states, details=details)

    before, after = "2018-01-31", "2018-02-01"
    # What Mali holds, to which France never sent its acceptance: of the line of Togo to Mali all.
    hidden = nominated("amended", after, by_all=True)
    hidden.entries = [
        entry
        for entry in hidden.entries
        if entry["issuer"] != SCIDS[FRANCE] or entry["label"] != "amended agreed by france"
    ]
    return file(
        common,
        [
            told("under the version before", "S-24", nominated("agreement", after), None, version=1),
            told(
                "under the version that one party has accepted",
                "S-33",
                nominated("amended", after),
                "agreement.superseded",
                version=1,
            ),
            told(
                "under the new version, accepted by all",
                "S-30",
                nominated("amended", after, by_all=True),
                None,
                version=2,
            ),
            told(
                "under the version before, after the new one has begun",
                "S-33",
                nominated("agreement", after, by_all=True),
                "agreement.superseded",
                version=2,
            ),
            case(
                "under the version before, while nobody has endorsed a third party's acceptance",
                "S-7",
                "2018-12-31",
                nominated("agreement", after, by_all=True, endorsed=False),
                states={"nomination": "submitted"},
            ),
            case(
                "an endorsement of what one of the two was never shown",
                "S-7",
                "2018-12-31",
                hidden,
                verdicts={
                    "endorsed: amended agreed by mali": waiting("seen.not-held"),  # of France's feed to Togo
                    "endorsed: amended agreed by france": waiting("reference.not-held"),
                    "nomination": blocked("agreement.superseded"),
                },
                states={"agreement": "in-force", "nomination": "blocked"},
            ),
            told(
                "under the version before, on its last day",
                "S-33",
                nominated("agreement", before, by_all=True),
                None,
                version=2,
            ),
        ],
    )


# --- suspensions -------------------------------------------------------------------------


def suspensions() -> Tree:
    """Mali suspends one direction from 2018 on (S-37 to S-39, S-61)."""
    common = begin("suspensions")
    common.nominate("earlier", TOGO, MALI, "2017-06-01")
    common.sync(*PAIR)
    common.decide(
        "suspended",
        MALI,
        (TOGO,),
        "agreement",
        "suspend",
        "2018-01-01",
        scope={"direction": direction(TOGO, MALI)},
    )

    def then(*, seen: bool, day: str, sender: str = TOGO, host: str = MALI, offer: str = "offer") -> History:
        history = common.branch()
        if seen:
            history.sync(*PAIR)
        history.nominate("nomination", sender, host, day, offer=offer)
        return history

    def resumed(by: str, day: str) -> History:
        history = common.branch()
        history.sync(*PAIR)
        other = MALI if by == TOGO else TOGO
        scope = {"direction": direction(TOGO, MALI)}
        history.decide("resumed", by, (other,), "agreement", "resume", "2018-06-01", scope=scope)
        history.sync(*PAIR)
        history.nominate("nomination", TOGO, MALI, day)
        return history

    accepted = common.branch()
    accepted.decide("accepted", MALI, (TOGO,), "earlier", "accept", "2018-02-01")

    none = [months(TOGO, MALI), months(MALI, TOGO)]

    def told(as_of: str, status: str, since: str | None, **counts: int) -> Tree:
        rows = [
            row(TOGO, MALI, quota=4, status=status, since=since, fulfilment="0.000", **counts),
            row(MALI, TOGO, quota=2, fulfilment="0.000"),
        ]
        return figures(as_of, rows, none, ahead=0, index=None, by_months=None)

    shut = {"nomination": blocked("direction.suspended")}
    stopped = {"agreement": "in-force", "nomination": "blocked"}
    day = "2018-12-31"
    return file(
        common,
        [
            case("a nomination on the first day", "S-38", day, then(seen=True, day="2018-01-01"))
            | {"verdicts": shut, "states": stopped}
            | {"figures": told(day, "suspended", "2018-01-01", nominated=1)},
            case("a nomination on the day before", "S-38", day, then(seen=True, day="2017-12-31"))
            | {"figures": told(day, "suspended", "2018-01-01", nominated=2)},
            case("a nomination that had not seen it", "S-10", day, then(seen=False, day="2018-03-01"))
            | {"figures": told(day, "suspended", "2018-01-01", nominated=2)},
            case(
                "a nomination in the other direction",
                "S-38",
                day,
                then(seen=True, day="2018-03-01", sender=MALI, host=TOGO, offer="offer of togo"),
                states={"nomination": "submitted"},
            ),
            case("the acceptance of an earlier one", "S-38", day, accepted, states={"earlier": "accepted"})
            | {"figures": told(day, "suspended", "2018-01-01", nominated=1, accepted=1)},
            case("as of the day before", "S-60", "2017-12-31", common.branch())
            | {"figures": told("2017-12-31", "open", None, nominated=1)},
            case("resumed by who suspended it", "S-39", day, resumed(MALI, "2018-06-01"))
            | {"states": {"nomination": "submitted"}, "figures": told(day, "open", None, nominated=2)},
            case("resumed by the other", "S-39", day, resumed(TOGO, "2018-06-01"))
            | {"verdicts": shut | {"resumed": blocked("decision.nothing-to-resume")}, "states": stopped}
            | {"figures": told(day, "suspended", "2018-01-01", nominated=1)},
        ],
    )


# --- what was seen -----------------------------------------------------------------------


def views() -> Tree:
    """False and incomplete claims, and records named out of order (S-10 to S-19, S-25, S-34)."""
    common = begin("views")
    common.nominate("nomination", TOGO, MALI, "2017-04-01")
    day = "2017-12-31"

    def decided(**seen: int) -> History:
        history = common.branch()
        history.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01", seen=seen or None)
        return history

    after = common.size(TOGO, MALI)
    backwards = common.branch()
    backwards.sync(*PAIR)
    backwards.decide("shortlisted", MALI, (TOGO,), "nomination", "shortlist", "2017-04-10")
    backwards.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01", seen={TOGO: after - 1})

    mutual = decided(**{TOGO: after + 1})
    mutual.decide("withdrawn", TOGO, (MALI,), "nomination", "withdraw", "2017-05-01", seen={MALI: 2})

    origin = common.entry("nomination")["places"][0]["origin"]
    ahead = decided(**{TOGO: after + 3})
    lost = common.branch()
    lost.sync(*PAIR)
    lost.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01")
    body = lost.entry("accepted")["body"]
    body["about"] = body["about"] | {"digest": "0" * 64}
    renamed = common.branch()
    renamed.sync(*PAIR)
    renamed.decide("accepted", MALI, (TOGO,), "nomination", "accept", "2017-05-01")
    body = renamed.entry("accepted")["body"]
    body["about"] = body["about"] | {"id": common.entry("agreement")["id"]}
    leaking = common.branch()
    leaking.happen("arrived", MALI, None, "nomination", "arrival", "2017-09-04")
    leaking.decide("terminated", MALI, (), "agreement", "terminate", "2017-09-04")
    entitled = common.branch()
    entitled.decide("accepted", TOGO, (MALI,), "nomination", "accept", "2017-05-01")

    open_ = {"nomination": "submitted"}
    both = {name: blocked("seen.beyond-feed") for name in ("accepted", "withdrawn")}
    return file(
        common,
        [
            case("seen, then accepted", "S-10", day, decided(**{TOGO: after}))
            | {"states": {"nomination": "accepted"}},
            case("accepted before it was seen", "S-34", day, decided(**{TOGO: after - 1}), states=open_)
            | {"verdicts": {"accepted": blocked("reference.not-in-view")}},
            case("seen goes back", "S-13", day, backwards, states={"nomination": "shortlisted"})
            | {"verdicts": {"accepted": blocked("seen.backwards")}},
            case("each claims to have seen the other", "S-12", day, mutual, states=open_, verdicts=both),
            case("more seen than is held", "S-14", day, ahead, states=open_)
            | {"verdicts": {"accepted": waiting("seen.not-held")}},
            case("the same, once the leaves are held", "S-14", day, ahead, states={"nomination": "accepted"})
            | {"sizes": {origin: after + 3}},
            case("a digest that is not held", "S-18", day, lost, states=open_)
            | {"verdicts": {"accepted": waiting("reference.not-held")}},
            case("the digest of one, the id of another", "S-19", day, renamed, states=open_)
            | {"verdicts": {"accepted": blocked("reference.other-id")}},
            case("what is between two, told to all", "S-70", day, leaking, states=open_)
            | {
                "verdicts": {
                    "arrived": blocked("event.audience"),
                    "terminated": blocked("decision.audience"),
                }
            },
            case("a sender that accepts its own", "S-45", day, entitled, states=open_)
            | {"verdicts": {"accepted": blocked("decision.not-entitled")}},
        ],
    )


# --- stubs -------------------------------------------------------------------------------


def stubs() -> Tree:
    """Records of persons in place, and stubs in their place: one state, one set of figures (S-6)."""
    common = begin("stubs", quota(TOGO, MALI, 1))
    whole = common.branch()
    (name,) = exchange(whole, TOGO, MALI, 1, "offer")
    over = "second"
    whole.nominate(over, TOGO, MALI, "2017-06-02")
    erased = whole.branch()
    erased.common = len(common.entries)
    for dossier in (name, over):
        erased.erase(f"dossier of {dossier}", "part", "sendingAgency")
        erased.erase(dossier, "dossier", "offer", "agreement", "direction", "nominatedOn")
    erased.erase(f"placement {name}", "nomination", "agreement", "direction", "scheme", "planned")
    erased.erase(f"arrival {name}", "kind", "about", "status", "actual")
    counts = dict.fromkeys(("quota", "nominated", "accepted", "planned", "realised"), 1)
    rows = [row(TOGO, MALI, fulfilment="1.000", **counts), row(MALI, TOGO, status="none")]
    # 243 days / 30.4375 = 7.98357...
    lengths = [months(TOGO, MALI, "7.984", "7.984"), months(MALI, TOGO)]
    day = "2018-12-31"
    value = figures(day, rows, lengths, ahead=1, index="0.000", by_months="0.000")
    expected = {
        "verdicts": {over: blocked("quota.reached")},
        "states": {name: "placed", over: "blocked", f"placement {name}": "active"},
        "figures": value,
    }
    return file(
        common,
        [
            case("nothing is erased", "S-6", day, whole, **expected),
            case("all that is personal is erased", "S-6", day, erased, **expected),
        ],
    )


FILES: Final[dict[str, Callable[[], Tree]]] = {
    "pilot.json": pilot,
    "places.json": places,
    "years.json": years,
    "amendments.json": amendments,
    "suspensions.json": suspensions,
    "views.json": views,
    "stubs.json": stubs,
}

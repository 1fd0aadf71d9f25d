"""``fold/order.json``: records that break two rules, and which of them decides (chapter 11, S-76).

As in ``folds``: what is expected was written by hand from the tables of chapters 11 and 17.
"""

from __future__ import annotations

from typing import Any

from makers.common import Tree, seed
from makers.folds import PAIR, begin, blocked, case, file, waiting
from makers.histories import FRANCE, MALI, SCIDS, TOGO, History, direction, party, quota
from makers.signed_records import record_id


def _unknown(name: str) -> Tree:
    """A reference to what nobody holds."""
    return {"id": record_id(f"fold/order/{name}"), "digest": seed(f"fold/order/{name}").hex()}


def order() -> Tree:
    """Each case has one record with two faults."""
    common = begin("order", quota(TOGO, MALI, 1), quota(MALI, TOGO, 1))
    common.nominate("first", TOGO, MALI, "2017-04-01")
    common.sync(*PAIR)
    return file(common, [*_nominations(common), *_decisions(common), *_headers(common)])


def _one(name: str, label: str, verdict: list[str], history: History, **more: Any) -> Tree:
    return case(name, "S-76", "2018-12-31", history, verdicts={label: verdict} | more)


def _nominations(common: History) -> list[Tree]:
    def nomination(**changes: Any) -> Tree:
        return {
            "dossier": common.ref("dossier of first"),
            "offer": common.ref("offer"),
            "agreement": common.ref("agreement"),
            "direction": direction(TOGO, MALI),
            "nominatedOn": "2017-05-01",
        } | changes

    def told(name: str, verdict: list[str], **changes: Any) -> Tree:
        history = common.branch()
        history.publish("one", TOGO, (MALI,), "nomination", nomination(**changes))
        return _one(name, "one", verdict, history)

    return [
        told("a full quota, and nothing else", blocked("quota.reached")),
        told(
            "not the sender, and a dossier that is not held",
            blocked("nomination.not-sender"),
            direction=direction(MALI, TOGO),
            dossier=_unknown("dossier"),
        ),
        told(
            "a dossier that is not held, and a full quota",
            waiting("reference.not-held"),
            dossier=_unknown("dossier"),
        ),
        told(
            "an offer of the sender, and an agreement that is not held",
            blocked("nomination.offer-not-hosts"),
            offer=common.ref("offer of togo"),
            agreement=_unknown("agreement"),
        ),
        told(
            "before the agreement, and a full quota",
            blocked("agreement.not-in-force"),
            nominatedOn="2016-05-01",
        ),
        told(
            "a dossier under another id, and a full quota",
            blocked("reference.other-id"),
            dossier=common.ref("dossier of first") | {"id": record_id("fold/order/other")},
        ),
        told(
            "an offer named as a dossier, and a full quota",
            blocked("reference.other-type"),
            dossier=common.ref("offer"),
        ),
    ]


def _decisions(common: History) -> list[Tree]:
    def told(name: str, verdict: list[str], author: str, **changes: Any) -> Tree:
        history = common.branch()
        body = {
            "about": common.ref("first"),
            "aboutType": "nomination",
            "outcome": "accept",
            "effective": "2017-05-01",
        }
        history.publish("word", author, (MALI if author == TOGO else TOGO,), "decision", body | changes)
        return _one(name, "word", verdict, history)

    return [
        told(
            "not entitled, and before the agreement",
            blocked("decision.not-entitled"),
            TOGO,
            effective="2016-01-01",
        ),
        told(
            "not applicable, and not entitled", blocked("decision.not-applicable"), TOGO, outcome="terminate"
        ),
        told("not entitled, and not held", waiting("reference.not-held"), TOGO, about=_unknown("about")),
        told(
            "not accepted, and before the agreement",
            blocked("decision.not-accepted"),
            TOGO,
            outcome="confirm",
            effective="2016-01-01",
        ),
    ]


def _headers(common: History) -> list[Tree]:
    backwards = common.branch()
    body: Tree = {"parties": [party(TOGO)], "period": "2019", "schemes": ["vir"], "directions": []}
    backwards.publish("late", TOGO, (MALI,), "agreement", body, seen={MALI: 0})

    unreadable = common.branch()
    unreadable.publish("plain", TOGO, (), "agreement", body | {"period": "soon"})

    shown = common.branch()
    shown.publish("shown", TOGO, (), "agreement", body)

    major = common.branch()
    major.publish("later", TOGO, (MALI,), "agreement", body)
    major.entry("later")["schema"] = "urn:passerelle:schema:agreement:2.0"
    major.entry("later")["id"] = common.entry("agreement")["id"]

    twice = common.branch()
    twice.publish("again", TOGO, (MALI,), "agreement", body)
    twice.entry("again")["id"] = common.entry("agreement")["id"]

    unknown = common.branch()
    unknown.publish("visit", TOGO, (MALI,), "visit", {"anything": [1]})
    unknown.entry("visit")["schema"] = "urn:passerelle:schema:visit:7.1"
    return [
        _one("seen goes back, and other parties", "late", blocked("seen.backwards"), backwards),
        _one("a body that cannot be read, in public", "plain", blocked("body.unreadable"), unreadable),
        _one("in public, and other parties", "shown", blocked("record.audience"), shown),
        _one("a major version to come, and a number used", "later", waiting("schema.unreadable"), major),
        _one("a number used, and other parties", "again", blocked("record.version-conflict"), twice),
        case("a type that nobody knows", "S-76", "2018-12-31", unknown, states={"first": "submitted"}),
        *_unreadable(common),
    ]


def _unreadable(common: History) -> list[Tree]:
    """A member that the rules read is not there (S-26)."""

    def without(member: str, kind: str, to: tuple[str, ...], body: Tree) -> Tree:
        history = common.branch()
        history.publish("one", MALI, to, kind, {name: body[name] for name in body if name != member})
        name = f"a body without {member}, of type {kind}"
        return case(name, "S-26", "2018-12-31", history, verdicts={"one": blocked("body.unreadable")})

    told = (TOGO,)
    placement = {"direction": direction(TOGO, MALI), "agreement": common.ref("agreement"), "planned": "2019"}
    ends: Tree = {
        "parties": [party(MALI), party(TOGO)],
        "period": "2019",
        "schemes": ["vir"],
        "directions": [],
    }
    word = {"about": common.ref("first"), "aboutType": "nomination", "outcome": "accept", "effective": "2018"}
    return [
        without("places", "offer", (), {"scheme": "vir", "places": 1}),
        without("sendingAgency", "dossier", told, {"part": "card", "sendingAgency": SCIDS[MALI]}),
        without("scheme", "placement", told, placement | {"scheme": "vir"}),
        without("schemes", "agreement", told, ends),
        without("effective", "decision", told, word),
        without("about", "event", told, {"kind": "visit", "status": "done", "about": []}),
    ]


# --- third parties -----------------------------------------------------------------------


def thirds() -> Tree:
    """An agreement of three, and words of France that do not count (S-67, S-72)."""
    three = (TOGO, MALI, FRANCE)
    common = History("thirds")
    common.agreement("agreement", TOGO, (MALI, FRANCE), [quota(TOGO, MALI, 2)])
    common.sync(*three)
    common.decide("agreed by mali", MALI, (TOGO, FRANCE), "agreement", "accept", "2017-02-01")

    withdrawn = common.branch()
    withdrawn.decide("word", FRANCE, (TOGO, MALI), "agreement", "withdraw", "2017-02-02")
    withdrawn.sync(*three)
    withdrawn.decide("endorsed", TOGO, (MALI, FRANCE), "word", "endorse", "2017-02-03")

    partial = common.branch()
    partial.decide("word", FRANCE, (TOGO,), "agreement", "accept", "2017-02-02")
    partial.sync(*three)
    partial.decide("endorsed", TOGO, (MALI, FRANCE), "word", "endorse", "2017-02-03")

    good = common.branch()
    good.decide("word", FRANCE, (TOGO, MALI), "agreement", "accept", "2017-02-02")
    good.sync(*three)
    good.decide("endorsed", TOGO, (MALI, FRANCE), "word", "endorse", "2017-02-03")
    return file(
        common,
        [
            case(
                "an acceptance that is endorsed",
                "S-7",
                "2018-12-31",
                good,
                states={"agreement": "proposed"},  # for Togo and France: nobody has endorsed Mali's word
            ),
            case(
                # Of its two pairs Mali and Togo come first by SCID; there the word is a third party's.
                "an endorsement of what its author may not decide",
                "S-72",
                "2018-12-31",
                withdrawn,
                verdicts={
                    "word": blocked("decision.not-entitled"),
                    "endorsed": blocked("reference.blocked"),
                },
                states={"agreement": "proposed"},
            ),
            case(
                # Blocked for Togo and France, waiting for Togo and Mali: what lets it count least is shown.
                "an endorsement of what was told to one of the two",
                "S-67",
                "2018-12-31",
                partial,
                verdicts={
                    "word": blocked("decision.audience"),
                    "endorsed": blocked("decision.subject-blocked"),
                },
                states={"agreement": "proposed"},
            ),
            *_endorsed(common),
            *_lifted(common),
            _shown(common),
        ],
    )


def _endorsed(common: History) -> list[Tree]:
    """What is endorsed is asked for its own form, its subject, S-45 and S-46, and nothing else (S-72)."""
    three = (TOGO, MALI, FRANCE)

    def told(name: str, word: list[str] | None, endorsed: list[str] | None, **changes: Any) -> Tree:
        history = common.branch()
        history.decide("word", FRANCE, (TOGO, MALI), "agreement", "accept", "2017-02-02")
        entry = history.entry("word")
        entry["schema"] = changes.pop("schema", entry["schema"])
        entry["body"] |= changes
        history.sync(*three)
        history.decide("endorsed", TOGO, (MALI, FRANCE), "word", "endorse", "2017-02-03")
        verdicts = {"word": word, "endorsed": endorsed}
        told = {label: verdict for label, verdict in verdicts.items() if verdict}
        return case(name, "S-72", "2018-12-31", history, verdicts=told, states={"agreement": "proposed"})

    other = common.ref("agreement") | {"id": record_id("fold/thirds/other")}
    return [
        told("an endorsement of what moves nothing", None, None, outcome="dispute"),
        told(
            "an endorsement of what cannot be read",
            blocked("body.unreadable"),
            blocked("reference.blocked"),
            effective="soon",
        ),
        told(
            "an endorsement of a major version to come",
            waiting("schema.unreadable"),
            waiting("reference.waiting"),
            schema="urn:passerelle:schema:decision:2.0",
        ),
        told(
            "an endorsement of a word on another id",
            blocked("reference.other-id"),
            blocked("reference.blocked"),
            about=other,
        ),
        told(
            "an endorsement of a word on what is not held",
            waiting("reference.not-held"),
            waiting("reference.not-held"),
            about=_unknown("agreement"),
        ),
    ]


def _in_force(common: History) -> History:
    three = (TOGO, MALI, FRANCE)
    history = common.branch()
    history.decide("agreed by france", FRANCE, (TOGO, MALI), "agreement", "accept", "2017-02-02")
    history.sync(*three)
    for label in ("agreed by mali", "agreed by france"):
        history.decide(f"endorsed: {label}", TOGO, (MALI, FRANCE), label, "endorse", "2017-02-03")
    history.offer("offer", MALI)
    return history


def _lifted(common: History) -> list[Tree]:
    """France suspends twice and resumes, all from one day; Togo hands it on, the last first (S-73)."""
    three = (TOGO, MALI, FRANCE)
    day = "2018-01-01"
    scopes: Tree = {"way": {"direction": direction(TOGO, MALI)}, "scheme": {"scheme": "vir"}, "all": None}

    def told(name: str, code: str | None, *resumed: str) -> Tree:
        history = _in_force(common)
        labels = [("suspend", scope) for scope in ("way", "scheme")] + [
            ("resume", scope) for scope in resumed
        ]
        for outcome, scope in labels:
            history.decide(
                f"{outcome} {scope}", FRANCE, (TOGO, MALI), "agreement", outcome, day, scope=scopes[scope]
            )
        history.sync(*three)
        for outcome, scope in reversed(labels):
            label = f"{outcome} {scope}"
            history.decide(f"endorsed: {label}", TOGO, (MALI, FRANCE), label, "endorse", day)
        history.nominate("nomination", TOGO, MALI, day)
        verdicts = {"nomination": blocked(code)} if code else {}
        return case(name, "S-73", "2018-12-31", history, verdicts=verdicts) | {
            "states": {"nomination": "blocked" if code else "submitted"}
        }

    return [
        told("of two suspensions one is lifted", "direction.suspended", "scheme"),
        told("each is lifted by a resumption of its own", None, "scheme", "way"),
        told("one is lifted, and then all that are left", None, "way", "all"),
    ]


def _shown(common: History) -> Tree:
    """In force for two pairs of three, and proposed for the pair in which it is a third party's."""
    history = _in_force(common)
    history.entry("agreed by france")["seen"][SCIDS[MALI]]["size"] = 99
    return case(
        "in one pair of three an acceptance waits",
        "S-67",
        "2018-12-31",
        history,
        verdicts={"agreed by france": waiting("seen.not-held")},
        states={"agreement": "proposed"},
    )

"""``fold/flows.json``: the placements of a pair told apart by year, scheme and programme (chapter 18, S-101 to S-104).

Every number below was written by hand from chapter 18: days were counted on a calendar, and divided by 30.4375.
"""

from __future__ import annotations

from typing import Any, Final

from makers.common import Tree
from makers.folds import ABOUT, PAIR, begin, case, file
from makers.histories import MALI, SCIDS, TOGO, History
from makers.signed_records import record_id

FESTIVAL: Final = record_id("fold/flows/festival")
"""A programme."""

_NOTHING: Final = {
    "planned": 0,
    "realised": 0,
    "plannedMonths": "0.000",
    "realisedMonths": "0.000",
    "undated": 0,
}


def way(sender: str, host: str, **numbers: Any) -> Tree:
    """A direction with its numbers; nothing unless told."""
    return {"from": SCIDS[sender], "to": SCIDS[host]} | _NOTHING | numbers


def row(sender: str, host: str, year: int, scheme: str, programme: str | None, **numbers: Any) -> Tree:
    """A row."""
    return way(sender, host, **numbers) | {"year": year, "scheme": scheme, "programme": programme}


def group(back: Tree, there: Tree, *, ahead: int, index: str | None, by_months: str | None) -> Tree:
    """Mali to Togo, Togo to Mali, for Mali has the smaller SCID; ``ahead`` is Togo's balance."""
    return {
        "directions": [way(MALI, TOGO, **back), way(TOGO, MALI, **there)],
        "balance": {SCIDS[TOGO]: ahead, SCIDS[MALI]: -ahead},
        "index": index,
        "monthsIndex": by_months,
    }


def made() -> History:
    """Four of Togo's, one of whom never came; two of Mali's, one of whom has not come."""
    history = begin("flows")
    history.offer("offer of the festival", MALI, programme={"id": FESTIVAL})
    history.sync(*PAIR)
    own = {"programme": {"id": FESTIVAL}}
    one(history, "first", TOGO, MALI, "2017-09-04/2018-05-04", arrives="2017-09-04")  # 243 days
    one(history, "second", TOGO, MALI, "2017-09-04/2018-05-04", arrives="2017-09-04", **own)
    # 73 days, planned in one year and begun in the next; the programme is that of the offer.
    late = {"offer": "offer of the festival", "arrives": "2018-01-08"}
    one(history, "third", TOGO, MALI, "2017-12-18/2018-02-28", **late)
    one(history, "never came", TOGO, MALI, "2017-10-01/2018-03-31", ends="2017-09-20")
    one(history, "of another scheme", MALI, TOGO, "2018-01/2018-06", offer="offer of togo", scheme="vsi")
    open_ended = {"offer": "offer of togo", "arrives": "2018-03-02"}
    one(history, "without an end", MALI, TOGO, "2018-03-01/..", **open_ended)
    return history


def one(
    history: History,
    name: str,
    sender: str,
    host: str,
    planned: str,
    *,
    offer: str = "offer",
    arrives: str | None = None,
    ends: str | None = None,
    **more: Any,
) -> None:
    """One person from nomination to arrival, or to the end before it."""
    history.nominate(name, sender, host, "2017-06-01", offer=offer)
    history.sync(*PAIR)
    history.decide(f"accepted {name}", host, (sender,), name, "accept", "2017-07-01")
    history.sync(*PAIR)
    history.decide(f"confirmed {name}", sender, (host,), name, "confirm", "2017-07-10")
    history.sync(*PAIR)
    history.place(f"placement {name}", name, planned, **more)
    history.sync(*PAIR)
    history.decide(f"taken {name}", sender, (host,), f"placement {name}", "accept", "2017-08-01")
    history.sync(*PAIR)
    if arrives:
        history.happen(f"arrival {name}", host, sender, f"placement {name}", "arrival", arrives)
    if ends:
        history.decide(f"end of {name}", sender, (host,), f"placement {name}", "terminate", ends)
    history.sync(*PAIR)


# 243 days / 30.4375 = 7.98357..., two of them 15.96715, with 73 days 18.36550; 73 are 2.39836, and with 243 10.38193.
_FIRST: Final = {"planned": 1, "realised": 1, "plannedMonths": "7.984", "realisedMonths": "7.984"}
_OF_2017: Final = {"planned": 3, "realised": 2, "plannedMonths": "18.366", "realisedMonths": "15.967"}
_FESTIVAL_2017: Final = {"planned": 2, "realised": 1, "plannedMonths": "10.382", "realisedMonths": "7.984"}
_VSI: Final = {"planned": 1, "plannedMonths": "6.000"}
_YEAR_2017: Final = {"year": 2017} | group({}, _OF_2017, ahead=2, index="0.000", by_months="0.000")
_SCHEME_VSI: Final = {"scheme": "vsi"} | group(_VSI, {}, ahead=0, index=None, by_months=None)
_IN_2017: Final = [
    row(TOGO, MALI, 2017, "vir", None, **_FIRST),
    row(TOGO, MALI, 2017, "vir", FESTIVAL, **_FESTIVAL_2017),
]


def at_the_end() -> Tree:
    """All have come who will."""
    undated = {"planned": 1, "realised": 1, "undated": 1}
    back = {"planned": 2, "realised": 1, "plannedMonths": "6.000", "undated": 1}
    third = {"realised": 1, "realisedMonths": "2.398"}
    everybody = _OF_2017 | {"realised": 3, "realisedMonths": "18.366"}
    festival = {"planned": 2, "realised": 2, "plannedMonths": "10.382", "realisedMonths": "10.382"}
    return {
        "asOf": "2018-12-31",
        "parties": [SCIDS[MALI], SCIDS[TOGO]],
        "rows": [
            row(MALI, TOGO, 2018, "vir", None, **undated),
            row(MALI, TOGO, 2018, "vsi", None, **_VSI),
            *_IN_2017,
            row(TOGO, MALI, 2018, "vir", FESTIVAL, **third),
        ],
        "years": [_YEAR_2017, {"year": 2018} | group(back, third, ahead=0, index="1.000", by_months="0.000")],
        "schemes": [
            {"scheme": "vir"} | group(undated, everybody, ahead=2, index="0.333", by_months="0.000"),
            _SCHEME_VSI,
        ],
        "programmes": [
            {"programme": None} | group(back, _FIRST, ahead=0, index="1.000", by_months="0.000"),
            {"programme": FESTIVAL} | group({}, festival, ahead=2, index="0.000", by_months="0.000"),
        ],
    }


def at_new_year() -> Tree:
    """The third has not come yet, nor has anybody from Mali."""
    undated = {"planned": 1, "undated": 1}
    back = {"planned": 2, "plannedMonths": "6.000", "undated": 1}
    return {
        "asOf": "2017-12-31",
        "parties": [SCIDS[MALI], SCIDS[TOGO]],
        "rows": [
            row(MALI, TOGO, 2018, "vir", None, **undated),
            row(MALI, TOGO, 2018, "vsi", None, **_VSI),
            *_IN_2017,
        ],
        "years": [_YEAR_2017, {"year": 2018} | group(back, {}, ahead=0, index=None, by_months=None)],
        "schemes": [
            {"scheme": "vir"} | group(undated, _OF_2017, ahead=2, index="0.000", by_months="0.000"),
            _SCHEME_VSI,
        ],
        "programmes": [
            {"programme": None} | group(back, _FIRST, ahead=1, index="0.000", by_months="0.000"),
            {"programme": FESTIVAL} | group({}, _FESTIVAL_2017, ahead=1, index="0.000", by_months="0.000"),
        ],
    }


def nothing() -> Tree:
    """Nobody has been placed yet."""
    empty: Tree = {"rows": [], "years": [], "schemes": [], "programmes": []}
    return {"asOf": "2017-06-30", "parties": [SCIDS[MALI], SCIDS[TOGO]]} | empty


def make_flows() -> Tree:
    """Togo and Mali on three days, and with nothing personal left."""
    common = begin("flows")
    whole = made()
    whole.common = len(common.entries)
    erased = whole.branch()
    erased.common = len(common.entries)
    for entry in list(erased.own):
        if entry["type"] in {"dossier", "nomination", "placement", "event"}:
            erased.erase(entry["label"], *entry["body"])

    def told(name: str, rule: str, history: History, flows: Tree) -> Tree:
        return case(name, rule, flows["asOf"], history) | {"flows": flows}

    return file(
        common,
        [
            told("at the end", "S-101", whole, at_the_end()),
            told("at New Year", "S-102", whole, at_new_year()),
            told("before anybody was placed", "S-101", whole, nothing()),
            told("at the end, with all erased that is personal", "S-103", erased, at_the_end()),
        ],
    ) | {"about": f"{ABOUT} flows: of the pair, likewise."}

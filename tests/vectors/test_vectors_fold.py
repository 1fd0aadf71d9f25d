"""Vectors of the fold: records in, verdicts, states and figures out (chapters 11, 17, 18)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from passerelle.exchange.flows import flows
from passerelle.exchange.fold import fold, judge
from passerelle.exchange.held import Held
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures
from passerelle.exchange.tables import OPPOSITES
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import encode
from passerelle.protocol.records import FeedPosition, Record, Stub
from tests.vectors.loading import VECTORS, Case, load

FILES: Final = sorted(path.name for path in (VECTORS / "fold").glob("*.json"))


def _cases() -> list[Any]:
    files = {name.removesuffix(".json"): load(f"fold/{name}") for name in FILES}
    return [
        pytest.param(vectors, case, id=f"{name}: {case['name']}")
        for name, vectors in files.items()
        for case in vectors["cases"]
    ]


def _entries(vectors: Case, case: Case) -> list[Case]:
    return [*vectors["common"], *case["held"]]


def _audience(entry: Case) -> Any:
    audience = entry["audience"]
    return audience if isinstance(audience, str) else tuple(audience)


def _seen(entry: Case) -> dict[str, FeedPosition]:
    return {
        scid: FeedPosition(position["feed"], position["size"])
        for scid, position in entry.get("seen", {}).items()
    }


def _record(entry: Case) -> Record | Stub:
    """What the fold is given; members that it must not look at hold what would be wrong."""
    if "residue" in entry:
        return Stub(
            entry["issuer"],
            entry["id"],
            entry["type"],
            entry["version"],
            entry["digest"],
            residue=entry["residue"],
            schema=entry["schema"],
            previous=entry.get("previous"),
            audience=_audience(entry),
            seen=_seen(entry),
        )
    return Record(
        data=b"",
        digest=entry["digest"],
        value={},
        id=entry["id"],
        type=entry["type"],
        schema=entry["schema"],
        version=entry["version"],
        previous=entry.get("previous"),
        nonce="",
        issuer="",
        issuer_scid=entry["issuer"],
        audience=_audience(entry),
        issued=datetime(1970, 1, 1, tzinfo=UTC),
        seen=_seen(entry),
        body=entry["body"],
        verification_method="",
        created="",
    )


def _held(entries: list[Case]) -> list[Held]:
    return [
        Held(_record(entry), Origin.parse(place["origin"]), place["index"])
        for entry in entries
        for place in entry["places"]
    ]


def _issued_anew(item: Held, turn: int) -> Held:
    """The same with another ``issued``; a stub has none."""
    if isinstance(item.record, Stub):
        return item
    issued = datetime(2000 + 7 * turn, 1, 1 + item.index % 28, tzinfo=UTC)
    return replace(item, record=replace(item.record, issued=issued))


def _sizes(case: Case) -> dict[Origin, int]:
    return {Origin.parse(origin): size for origin, size in case["sizes"].items()}


def fold_of(entries: list[Case], case: Case, as_of: date) -> State:
    """The state that some entries of a case give on a day."""
    return fold(_held(entries), as_of=as_of, sizes=_sizes(case))


def _fold(case: Case, held: list[Held]) -> State:
    return fold(held, as_of=date.fromisoformat(case["as_of"]), sizes=_sizes(case))


def _subjects(state: State) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for subjects in (state.agreements, state.offers, state.dossiers, state.nominations, state.placements):
        found |= subjects
    return found


@pytest.mark.parametrize(("vectors", "case"), _cases())
def test_verdicts(vectors: Case, case: Case) -> None:
    """S-5 to S-54, R-17: by the SCIDs alone, whatever DID is written, every record not named is accepted, the others have status and code."""
    entries = _entries(vectors, case)
    found = _fold(case, _held(entries)).verdicts
    told = {entry["label"]: [found[entry["digest"]].status, found[entry["digest"]].code] for entry in entries}
    assert told == {entry["label"]: ["accepted", None] for entry in entries} | case["verdicts"]


@pytest.mark.parametrize(("vectors", "case"), _cases())
def test_states(vectors: Case, case: Case) -> None:
    """S-55 to S-59: states of subjects, and of agreements the version that governs."""
    entries = _entries(vectors, case)
    ids = {entry["label"]: entry["id"] for entry in entries}
    found = _subjects(_fold(case, _held(entries)))
    assert {label: found[ids[label]].state for label in case["states"]} == case["states"]
    for label, details in case["details"].items():
        subject = found[ids[label]]
        told = {
            name: value.isoformat() if isinstance(value, date) else value
            for name in details
            for value in [getattr(subject, "ended_on" if name == "ended" else name)]
        }
        assert told == {
            name: tuple(value) if isinstance(value, list) else value for name, value in details.items()
        }


@pytest.mark.parametrize(("vectors", "case"), _cases())
def test_figures(vectors: Case, case: Case) -> None:
    """S-60 to S-64: the same bytes, whoever of the two asks."""
    if case["figures"] is None:
        assert case["states"] or case["verdicts"] or case["flows"]
        return
    state = _fold(case, _held(_entries(vectors, case)))
    first, second = (party["agency"] for party in case["figures"]["parties"])
    for pair in ((first, second), (second, first)):
        assert encode(figures(state, *pair)) == encode(case["figures"])


@pytest.mark.parametrize(("vectors", "case"), [item for item in _cases() if item.id.startswith("flows: ")])
def test_flows(vectors: Case, case: Case) -> None:
    """S-101 to S-104: by year, scheme and programme, the same bytes, whoever of the two asks."""
    state = _fold(case, _held(_entries(vectors, case)))
    for pair in (case["flows"]["parties"], reversed(case["flows"]["parties"])):
        assert encode(flows(state, *pair)) == encode(case["flows"])


@pytest.mark.parametrize(("vectors", "case"), _cases())
def test_any_order_gives_the_same(vectors: Case, case: Case) -> None:
    """S-1, S-4, R-18: in any order, however often a record is given, whatever times were written on them."""
    held = _held(_entries(vectors, case))
    expected = _fold(case, held)
    shuffled = [*held, *held[::3]]
    for turn in range(4):
        random.Random(turn).shuffle(shuffled)
        shuffled = [_issued_anew(item, turn) for item in shuffled]
        assert _fold(case, shuffled) == expected


@pytest.mark.parametrize(("vectors", "case"), _cases())
def test_the_senders_own_check_says_the_same(vectors: Case, case: Case) -> None:
    """S-3: the last record of a case that is no stub, judged before it is published."""
    entries = _entries(vectors, case)
    last = next(entry for entry in reversed(entries) if "body" in entry)
    candidate = _record(last)
    assert isinstance(candidate, Record)
    found = judge(candidate, _held(entries[: entries.index(last)]), sizes=_sizes(case))
    assert [found.status, found.code] == case["verdicts"].get(last["label"], ["accepted", None])


def test_every_row_of_the_table_has_a_case() -> None:
    """S-55: the cases of opposites, by their names, are the rows of the table."""
    for kind, rows in OPPOSITES.items():
        cases = load(f"fold/opposites-{kind}.json")["cases"]
        named = {
            (frozenset(case["name"].partition(":")[0].split(" and ")), case["name"].partition(": ")[2])
            for case in cases
            if case["rule"] == "S-55" and "," not in case["name"]
        }
        assert named == set(rows.items())

"""Scheme rule packs: what came with this version, what an agency of its own may say, and what is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from passerelle.errors import ConfigError
from passerelle.exchange.rules.book import Rulebook, read_pack
from passerelle.exchange.rules.packs import VALUES
from passerelle.storage.rulepacks import load_rules

PACKAGED = Path(__file__).parents[3] / "schemas" / "rules" / "packs"


def _text(words: str) -> dict[str, str]:
    return {"fr": words, "en": words}


def _value(number: int, confidence: str = "read") -> dict[str, Any]:
    return {"value": number, "source": ["law"], "confidence": confidence}


def pack(**more: Any) -> dict[str, Any]:
    """A pack of an agency's own with two editions."""
    basis = [{"text": _text("Loi"), "source": ["law"], "confidence": "read"}]
    return {
        "pack": "nat-vol-tg",
        "title": _text("Volontariat national (Togo)"),
        "schemes": ["nat-vol"],
        "hosts": ["TG"],
        "sources": {"law": "Journal officiel"},
        "editions": [
            {"from": "2011-01-01", "to": "2019-12-31", "basis": basis, "values": {"ageMin": _value(18)}},
            {"from": "2020-01-01", "to": "..", "basis": basis, "values": {"ageMin": _value(20)}},
        ],
    } | more


def refused(document: Any) -> ConfigError:
    with pytest.raises(ConfigError) as told:
        read_pack(document)
    return told.value


def test_packs_of_all_schemes_of_the_field_are_there() -> None:
    """Every file of the folder is a pack under its own name, with values and a legal basis."""
    packs = Rulebook.packaged().packs.by_name
    assert packs.keys() == {path.stem for path in PACKAGED.glob("*.json")}
    assert {scheme for found in packs.values() for scheme in found.schemes} == {
        *("scv", "vsi", "vsi-reciprocity-fr", "workcamp", "esc-individual", "esc-team"),
        *("vir", "nat-vol", "evp", "au-yvc"),
    }
    assert all(edition.values for found in packs.values() for edition in found.editions)


def test_what_nobody_has_read_stops_nothing() -> None:
    """A value that is recalled is no law: the pack of work camps warns."""
    (edition,) = Rulebook.packaged().packs.by_name["workcamp"].editions
    assert not any(value.is_read for value in edition.values.values())


@pytest.mark.parametrize(
    ("scheme", "origin", "host", "name"),
    [
        ("vsi", "TG", "FR", "vsi-fr"),
        ("vsi", "FR", "BO", "vsi"),
        ("vsi", None, None, "vsi"),
        ("vir", "TG", "ML", "vir-tg"),
        ("vir", "ML", "TG", None),
        ("vir", None, "ML", None),
        ("nat-vol", "BF", "BF", "nat-vol-bf"),
        ("nat-vol", "TG", "TG", None),
        ("unv", "TG", "ML", None),
    ],
)
def test_the_pack_that_fits_most_is_taken(
    scheme: str, origin: str | None, host: str | None, name: str | None
) -> None:
    """VSI in France has conditions of its own; a pack of one country says nothing of another."""
    found = Rulebook.packaged().packs.find(scheme, origin, host)
    assert (None if found is None else found.name) == name


def test_an_edition_holds_from_its_first_day_to_its_last() -> None:
    """What held on the first day of a placement holds for it."""
    found = read_pack(pack())
    ages = {
        day: (
            None
            if (edition := found.edition(date.fromisoformat(day))) is None
            else edition.values["ageMin"].value
        )
        for day in ("2010-12-31", "2011-01-01", "2019-12-31", "2020-01-01", "2150-01-01")
    }
    assert list(ages.values()) == [None, 18, 18, 20, 20]


def _at(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return change


def _without(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        node: Any = document
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return change


FIRST = ("editions", 0)
FREEZE: dict[str, Any] = {"text": _text("Gel"), "from": "2012-03-01", "source": ["law"], "confidence": "read"}


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (_at(*FIRST, "to", value="2020-01-01"), "pack.overlap", "/editions"),
        (_at(*FIRST, "to", value=".."), "pack.overlap", "/editions"),
        (_at(*FIRST, "to", value="2019-11-30"), "pack.gap", "/editions"),
        (_without(*FIRST, "from"), "pack.no-date", "/editions/0/from"),
        (_without(*FIRST, "to"), "pack.no-date", "/editions/0/to"),
        (_at(*FIRST, "from", value="2020-02-30"), "pack.malformed", "/editions/0/from"),
        (_at(*FIRST, "from", value=None), "pack.malformed", "/editions/0/from"),
        (_at(*FIRST, "to", value="2009-12-31"), "pack.dates", "/editions/0/to"),
        (_at("ageMax", value=25), "pack.unknown-key", "/ageMax"),
        (_at(*FIRST, "value", value={}), "pack.unknown-key", "/editions/0/value"),
        (_at(*FIRST, "values", "agemin", value=_value(18)), "pack.unknown-key", "/editions/0/values/agemin"),
        (_at(*FIRST, "values", "ageMin", "law", value="x"), "pack.unknown-key", "/editions/0/values/ageMin/law"),
        (
            _at(*FIRST, "conditions", value=[{"condition": "rich", "source": ["law"], "confidence": "read"}]),
            "pack.unknown-key",
            "/editions/0/conditions/0/condition",
        ),
        (_without("schemes"), "pack.malformed", "/schemes"),
        (_at("schemes", value=[]), "pack.malformed", "/schemes"),
        (_at("schemes", 0, value="vri"), "pack.malformed", "/schemes/0"),
        (_at("title", value="Togo"), "pack.malformed", "/title"),
        (_without("title", "en"), "pack.malformed", "/title/en"),
        (_at("pack", value=""), "pack.malformed", "/pack"),
        (_at("editions", value=[]), "pack.malformed", "/editions"),
        (_at("editions", value={}), "pack.malformed", "/editions"),
        (_at("editions", 0, value="2011"), "pack.malformed", "/editions/0"),
        (_at(*FIRST, "values", "ageMin", value=18), "pack.malformed", "/editions/0/values/ageMin"),
        (_at(*FIRST, "values", "ageMin", "value", value="18"), "pack.malformed", "/editions/0/values/ageMin/value"),
        (_at(*FIRST, "values", "ageMin", "value", value=-1), "pack.malformed", "/editions/0/values/ageMin/value"),
        (_at(*FIRST, "values", "ageMin", "value", value=True), "pack.malformed", "/editions/0/values/ageMin/value"),
        (_without(*FIRST, "values", "ageMin", "source"), "pack.malformed", "/editions/0/values/ageMin/source"),
        (_at(*FIRST, "values", "ageMin", "source", value=["R1"]), "pack.malformed", "/editions/0/values/ageMin/source/0"),
        (_at(*FIRST, "values", "ageMin", "confidence", value="sure"), "pack.malformed", "/editions/0/values/ageMin/confidence"),
        (_without(*FIRST, "basis"), "pack.malformed", "/editions/0/basis"),
        (_at(*FIRST, "deadlines", value={"replyDays": "21"}), "pack.malformed", "/editions/0/deadlines/replyDays"),
        (_at(*FIRST, "deadlines", value={"replydays": 21}), "pack.unknown-key", "/editions/0/deadlines/replydays"),
        (_at(*FIRST, "frozen", value=[FREEZE | {"to": "2012-02-29"}]), "pack.dates", "/editions/0/frozen/0/to"),
    ],
)  # fmt: skip
def test_a_pack_that_is_wrong_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], None], code: str, path: str
) -> None:
    """Overlapping and missing dates, unknown keys, another form: nothing that is wrong is passed over."""
    document = copy.deepcopy(pack())
    read_pack(document)
    change(document)
    error = refused(document)
    assert (error.code, error.params["path"]) == (code, path)


def test_a_pack_sets_days_for_the_steps_that_there_are() -> None:
    """Every key of the table of deadlines, and a freeze of one day."""
    days = {step.key: 30 for step in Rulebook.packaged().steps.values()}
    document = pack()
    document["editions"][0] |= {"deadlines": days, "frozen": [FREEZE | {"to": "2012-03-01"}]}
    edition = read_pack(document).editions[0]
    assert edition.deadlines == days
    assert [frozen.first == frozen.last for frozen in edition.frozen] == [True]


@pytest.mark.parametrize("document", [None, [], "pack", 5])
def test_what_is_no_object_is_no_pack(document: Any) -> None:
    assert refused(document).code == "pack.malformed"


# --- an agency's own -------------------------------------------------------------------


def _written(folder: Path, **documents: Any) -> Path:
    for name, document in documents.items():
        data = document if isinstance(document, bytes) else orjson.dumps(document)
        (folder / f"{name}.json").write_bytes(data)
    return folder


def test_an_agency_adds_a_pack_and_takes_the_place_of_one_without_code(tmp_path: Path) -> None:
    """docs/operator/rules.md: a file of another name is added, one of a packaged pack's name goes before it."""
    scv = orjson.loads((PACKAGED / "scv.json").read_bytes())
    scv["editions"][1]["values"]["ageMax"]["value"] = 28
    book = load_rules(_written(tmp_path, own=pack(), scv=scv))
    assert book.packs.by_name.keys() == Rulebook.packaged().packs.by_name.keys() | {"nat-vol-tg"}
    edition = book.packs.by_name["scv"].edition(date(2027, 1, 1))
    assert edition is not None
    assert edition.values["ageMax"].value == 28
    assert Rulebook.packaged().with_own(book.own).packs.by_name == book.packs.by_name, (
        "as the scribe makes it"
    )


def test_without_a_folder_there_are_the_packaged_ones(tmp_path: Path) -> None:
    assert load_rules(tmp_path / "packs") is Rulebook.packaged()


@pytest.mark.parametrize(
    ("documents", "code", "named"),
    [
        ({"own": pack(title=5)}, "pack.malformed", {"path": "/title"}),
        ({"own": b"{"}, "pack.unreadable", {"reason": "json.syntax"}),
        ({"own": b'{"pack":"a","pack":"b"}'}, "pack.unreadable", {"reason": "json.duplicate-member"}),
    ],
)
def test_a_file_that_is_wrong_is_named(
    tmp_path: Path, documents: dict[str, Any], code: str, named: dict[str, str]
) -> None:
    """A node does not start with rules that it cannot read."""
    with pytest.raises(ConfigError) as told:
        load_rules(_written(tmp_path, **documents))
    assert told.value.code == code
    assert told.value.params.items() >= {"file": str(tmp_path / "own.json"), **named}.items()


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder of the name of a pack is no file."""
    (tmp_path / "own.json").mkdir()
    with pytest.raises(ConfigError) as told:
        load_rules(tmp_path)
    assert (told.value.code, told.value.params["reason"]) == ("pack.unreadable", "eisdir")


def test_two_packs_never_speak_of_the_same_placement(tmp_path: Path) -> None:
    """Which of the two counts nobody could tell."""
    with pytest.raises(ConfigError) as told:
        load_rules(_written(tmp_path, one=pack(), two=pack(pack="another")))
    assert (told.value.code, told.value.params) == (
        "pack.ambiguous",
        {"scheme": "nat-vol", "packs": ["another", "nat-vol-tg"]},
    )


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """docs/operator/rules.md: the second would take the place of the first, and nobody would be told."""
    other = pack(hosts=["BJ"])
    with pytest.raises(ConfigError) as told:
        load_rules(_written(tmp_path, one=pack(), two=other))
    assert (told.value.code, told.value.params) == (
        "pack.name-twice",
        {"pack": "nat-vol-tg", "files": ["one.json", "two.json"]},
    )


def test_the_pack_of_the_guide_is_one() -> None:
    """docs/operator/rules.md shows a pack to copy, and names every value that there is."""
    text = (PACKAGED.parents[2] / "docs" / "operator" / "rules.md").read_text("utf-8")
    block = text.partition("```json\n")[2].partition("```")[0]
    assert read_pack(orjson.loads(block)).name == "nat-vol-tg"
    (row,) = [line for line in text.splitlines() if line.startswith("| `values`")]
    assert {word.strip("`,") for word in row.split() if word.startswith("`")} == VALUES | {"values"}

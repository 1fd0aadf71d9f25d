"""The registry of codes and the node name the same codes (chapter 12)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.produced import table
from tests.vectors.code_base import PACKAGE, codes_in_code, designed, local_areas, registered
from tests.vectors.loading import VECTORS, load
from tests.vectors.spec_text import ROOT, SPEC, chapters, codes_named, sections

_CODES = re.compile(r"`([a-z]+\.[a-z]+(?:-[a-z0-9]+)*)`")
_STRINGS = re.compile(r"^\| (`[^|]+`) \| [^|]+ \| [0-9, ]+ \|$", re.MULTILINE)
_TYPE = re.compile(r"^\| `([a-z-]+)` \| (public|bilateral|either) \| (yes|no) \|", re.MULTILINE)


def _area(code: str) -> str:
    return code.partition(".")[0]


def test_every_code_of_the_node_is_registered() -> None:
    """C-3: a code that the node can report stands in the registry, or its area is local."""
    known, local = registered(), local_areas()
    missing = {
        code: sorted(files)
        for code, files in codes_in_code().items()
        if code not in known and _area(code) not in local
    }
    assert missing == {}


def test_every_registered_code_can_be_reported() -> None:
    """C-1: the registry holds no code that nothing reports, but for those of designs, which nothing reports."""
    found = codes_in_code()
    assert len(found) > 200
    assert sorted(code for code in registered() if code not in found) == sorted(designed())


def test_codes_of_designs_stand_in_designs() -> None:
    """C-3: where a chapter names such a code, that section is a design too."""
    places = {
        f"{part.chapter}: {part.heading}": sorted(set(_CODES.findall(part.text)) & designed())
        for path in chapters()
        for part in sections(path)
        if part.status == "built"
    }
    assert {place: codes for place, codes in places.items() if codes} == {}


def test_prefixes_are_those_of_the_registry() -> None:
    """C-4: each string of the node that begins like one of the protocol stands in the table, once."""
    text = (SPEC / "12-codes.md").read_text("utf-8").partition("## Registry of names")[2]
    rows = [name for cells in _STRINGS.findall(text) for name in re.findall("`([^`]+)`", cells)]
    assert len(rows) == len(set(rows))
    known = {name.removesuffix("\\0") for name in rows}
    assert {name for name in _prefixes() if name not in known} == set()
    assert len(_prefixes() & known) >= 3


def _prefixes() -> set[str]:
    """Literals of the protocol layer of the form ``passerelle/<word>/v1``."""
    literals: set[str] = set()
    for path in (PACKAGE / "protocol").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            value = node.value if isinstance(node, ast.Constant) else None
            told = value.decode("latin-1") if isinstance(value, bytes) else value
            if isinstance(told, str) and (match := re.match(r"passerelle/[a-z]+/v[0-9]+(?=\0|$)", told)):
                literals.add(match[0])
    return literals


def test_record_types_are_those_of_the_schemas() -> None:
    """Chapter 12, Record types: audience and erasure as the schemas have them."""
    text = (SPEC / "12-codes.md").read_text("utf-8").partition("### Record types")[2]
    written = {name: (audience, personal == "yes") for name, audience, personal in _TYPE.findall(text)}
    known = {}
    for path in sorted((ROOT / "schemas").glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        if schema.get("$ref") == "urn:passerelle:schema:header:1.0":
            audience = schema["properties"].get("audience", {})
            kind = "public" if audience.get("const") else "bilateral" if audience else "either"
            known[path.stem] = (kind, bool(schema.get("x-personal")))
    assert known == {name: told for name, told in written.items() if name in known}
    assert written.keys() == known.keys()


def test_residue_is_that_of_the_schemas() -> None:
    """Chapter 19, What can be erased: the members that each personal schema marks as residue."""
    text = (SPEC / "19-personal-data.md").read_text("utf-8").partition("| personal type | residue |")[2]
    written = {
        name: set(re.findall("`([A-Za-z]+)`", members))
        for name, members in re.findall(
            r"^\| `([a-z]+)` \| (.+) \|$", text.partition("\n\n")[0], re.MULTILINE
        )
    }
    schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "schemas").glob("*.json")}
    assert written == {
        name: set(_residue(schema)) for name, schema in schemas.items() if schema.get("x-personal")
    }


def _residue(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("x-residue"):
            yield name
        for member, inner in value.items():
            yield from _residue(inner, member)
    elif isinstance(value, list):
        for item in value:
            yield from _residue(item, name)


def test_every_registered_code_is_produced_by_a_test() -> None:
    """C-1: for each code one test that makes the node report it and looks for it; tests/produced.py holds it to that."""
    known = table()
    assert sorted((registered().keys() - designed()) ^ known.keys()) == []
    for test in set(known.values()):
        file, _, name = test.partition("::")
        function = name.rpartition("::")[2].partition("[")[0]
        assert f"def {function}(" in (ROOT / file).read_text("utf-8"), test


def test_areas_are_either_law_or_local() -> None:
    """Chapter 12, Local areas: no area is both."""
    assert {_area(code) for code in registered()} & local_areas() == set()


@pytest.mark.parametrize("chapter", chapters(), ids=lambda path: path.stem)
def test_chapters_name_registered_codes(chapter: object) -> None:
    """A chapter promises no code that the registry does not hold."""
    known, local = registered(), local_areas()
    path = next(one for one in chapters() if one == chapter)
    assert sorted(code for code in codes_named(path) if code not in known and _area(code) not in local) == []


def test_vectors_name_registered_codes() -> None:
    """A vector expects no code that the registry does not hold."""
    expected = {
        case["code"]
        for path in VECTORS.glob("*.json")
        for member in load(path.name).values()
        if isinstance(member, list)
        for case in member
        if isinstance(case, dict) and case.get("code")
    }
    assert len(expected) > 40
    assert sorted(expected - registered().keys()) == []

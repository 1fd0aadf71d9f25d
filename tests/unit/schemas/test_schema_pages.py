"""The reference in docs/developer/schemas is what the schemas say, and the schemas say what it needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passerelle.protocol.profile import JsonObject
from passerelle.protocol.schemas import Schemas
from tests.schemapages.__main__ import FOLDER, pages
from tests.schemapages.faults import OF_ANY, OF_TYPE
from tests.schemapages.kinds import kind
from tests.schemapages.papers import paper
from tests.schemapages.phrases import LANGUAGES, Phrases
from tests.schemapages.reading import (
    ROOT,
    Member,
    Schema,
    bodies,
    code_list,
    definition,
    document,
    documents,
    inside,
    members,
    samples,
    told,
    types,
)
from tests.vectors.code_base import registry_section

PERSONAL = sorted(Schemas.packaged().personal_types())
TIERS = [str(entry["code"]) for entry in code_list("tier")["codes"]]

# Told to our own user on a command about a record; no fault of the record.
OF_COMMANDS = {"record.unknown", "record.ambiguous", "record.another-type", "record.erased"}


def test_the_pages_are_what_the_schemas_say() -> None:
    """`make docs` writes them; none is missing, none is left over."""
    written = pages()
    assert {path.name for path in FOLDER.iterdir()} == written.keys()
    old = [name for name, text in written.items() if (FOLDER / name).read_text("utf-8") != text]
    assert old == [], "run `make docs`"


def anchors(path: Path) -> set[str]:
    """The anchors that a forge makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """A link names a file of this repository, and a heading that stands in it."""
    text = re.sub(r"(`+).+?\1", "", path.read_text("utf-8"))
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) > 10
    for link in links:
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def every_member(name: str) -> Iterator[Member]:
    """Every member of every body of a type."""
    for body in bodies(name).values():
        yield from members(body, str(document(name).get("x-tier", "")))


def undescribed(found: Iterator[Member], language: str) -> list[str]:
    """The members without words of their own, but those that bear the name of their value type."""
    name = "description" if language == "en" else "x-description-fr"
    return [
        one.path
        for one in found
        if not (one.schema.get(name) or definition(one.schema) == one.path.rpartition(".")[2])
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*types(), "header", "stub"])
def test_every_member_is_described(name: str, language: str) -> None:
    """In French and in English: what it is and what is written there."""
    found = list(every_member(name)) if name in types() else list(members(document(name)))
    assert undescribed(iter(found), language) == []
    assert [one.path for one in found if not kind(one.schema, Phrases(language))] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", documents())
def test_every_document_is_described(name: str, language: str) -> None:
    """What a volunteer carries home, member by member, and who issues it to whom."""
    for keyword in ("title", "description", "x-issued-by", "x-read-by"):
        assert told(paper(name), language, keyword), keyword
    found = list(members(paper(name)))
    assert len(found) > 20
    assert undescribed(iter(found), language) == []
    assert [one.path for one in found if not kind(one.schema, Phrases(language))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_type_is_described(language: str) -> None:
    """With its own members."""
    found: dict[str, Schema] = document("common")["$defs"]
    assert [name for name, schema in found.items() if not told(schema, language)] == []
    nested = [one for name, schema in found.items() for one in inside(schema, "", name, 0)]
    assert len(nested) > 60
    assert undescribed(iter(nested), language) == []


@pytest.mark.parametrize("name", types())
def test_every_type_says_what_it_is_for(name: str) -> None:
    """For what, issued by whom, read by whom, in both languages."""
    for language in LANGUAGES:
        for keyword in ("title", "description", "x-issued-by", "x-read-by"):
            assert told(document(name), language, keyword), (keyword, language)


def inline_members(schema: Any, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every member that a body names itself, at whatever depth; those of value types are not its own."""
    if isinstance(schema, list):
        for item in schema:
            yield from inline_members(item, path)
    elif isinstance(schema, dict):
        for keyword, inner in schema.items():
            if keyword == "properties":
                for name, member in inner.items():
                    yield f"{path}/{name}", member
                    yield from inline_members(member, f"{path}/{name}")
            elif keyword not in {"if", "then", "allOf"}:
                yield from inline_members(inner, path)


@pytest.mark.parametrize("name", PERSONAL)
def test_every_member_of_a_personal_type_has_a_tier(name: str) -> None:
    """Nobody adds a member about a person without saying how far it may go."""
    schema = document(name)
    found = list(inline_members([schema["properties"]["body"], *schema.get("$defs", {}).values()]))
    assert len(found) > 10
    assert [path for path, one in found if "x-tier" not in one] == []


@pytest.mark.parametrize("name", [name for name in types() if name not in PERSONAL])
def test_every_other_type_has_one_tier(name: str) -> None:
    """It stands at the top."""
    assert document(name)["x-tier"] in TIERS


@pytest.mark.parametrize("name", types())
def test_tiers_are_of_the_list_and_never_local(name: str) -> None:
    """What is local has no member: it cannot be written into a record."""
    assert {one.tier for one in every_member(name)} <= set(TIERS) - {"T4"}


@pytest.mark.parametrize("name", types())
def test_nothing_inside_a_member_goes_further_than_the_member(name: str) -> None:
    """Whoever may not have an object may not have what is in it."""
    found = {one.path: one.tier for body in bodies(name).values() for one in members(body, "T0")}
    for path, tier in found.items():
        outer = re.sub(r"(\[\]|\{\})?\.[^.]+$", "", path)
        assert TIERS.index(tier) >= TIERS.index(found.get(outer, "T0")), path


def filled(body: JsonObject, name: str) -> Iterator[Member]:
    """The members that a body has, with their tiers."""
    of = str(body.get("part", "")) if name == "dossier" else ""
    for one in members(bodies(name)[of], str(document(name).get("x-tier", ""))):
        if one.path.split(".")[0].rstrip("[]{}") in body and reached(body, one.path):
            yield one


def reached(value: Any, path: str) -> bool:
    """Whether a body has a member at a path."""
    values = [value]
    for step in path.split("."):
        bare = step.rstrip("[]{}")
        values = [inner[bare] for inner in values if isinstance(inner, dict) and bare in inner]
        if step.endswith("[]"):
            values = [item for inner in values for item in inner]
        if step.endswith("{}"):
            values = [item for inner in values for item in inner.values()]
    return bool(values)


SAMPLES = [path for name in types() for path in samples(name)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_sample_goes_further_than_its_tiers(path: Path) -> None:
    """In public only T0; to several agencies nothing that is sealed for one."""
    record = json.loads(path.read_text("utf-8"))
    found = list(filled(record["body"], path.parent.name))
    assert found
    allowed = {"T0"} if record["audience"] == "public" else {"T0", "T1", "T2"}
    if isinstance(record["audience"], list) and len(record["audience"]) == 1:
        allowed |= {"T3"}
    assert [one.path for one in found if one.tier not in allowed] == []


def test_every_code_about_records_stands_on_a_page() -> None:
    """What the registry says of records and of the fold is told where an author looks."""
    wanted = registry_section("Records and schemas") | registry_section("The fold")
    told_of = {*OF_ANY, *(code for codes in OF_TYPE.values() for code in codes)}
    assert len(wanted) > 50
    assert wanted - told_of == OF_COMMANDS


def test_a_member_without_words_is_seen() -> None:
    """The check of descriptions looks behind a reference, and only there."""
    assert told({"$ref": "urn:passerelle:schema:common:1.0#/$defs/scid"}, "fr")
    assert definition({"$ref": "urn:passerelle:schema:common:1.0#/$defs/none"}) is None
    assert told({"type": "boolean"}, "en") == ""

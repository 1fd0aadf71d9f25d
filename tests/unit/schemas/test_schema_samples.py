"""Samples: two valid records or more of each type, and one record that breaks each rule and only that.

An invalid sample is named after its rule: ``invalid-<keyword>-<member>[-in-<valid sample>].json``.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast

import jsonschema_rs
import pytest

from passerelle.protocol.profile import Json, JsonObject, encode, parse_canonical
from passerelle.protocol.schemafaults import Explainer, SchemaFault
from passerelle.protocol.schemas import Schemas

Rule: TypeAlias = tuple[str | int, ...]

ROOT = Path(__file__).parents[3] / "schemas"
FOLDERS = sorted(path.name for path in (ROOT / "samples").iterdir() if path.is_dir())
VALID = sorted((ROOT / "samples").glob("*/valid-*.json"))
INVALID = sorted((ROOT / "samples").glob("*/invalid-*.json"))
SCHEMAS = Schemas.packaged()
BOUNDS = {"minimum", "maximum", "minItems", "minProperties", "uniqueItems"}


@cache
def load(path: Path) -> JsonObject:
    return cast("JsonObject", json.loads(path.read_text(encoding="utf-8")))


@cache
def documents() -> Mapping[str, JsonObject]:
    return {str(load(path)["$id"]): load(path) for path in ROOT.glob("*.json")}


def urn_of(folder: str) -> str:
    return f"urn:passerelle:schema:{folder}:1.0"


def decider(schemas: Mapping[str, JsonObject], urn: str) -> jsonschema_rs.Validator:
    registry = jsonschema_rs.Registry(list(schemas.items()))
    return jsonschema_rs.Draft202012Validator({"$ref": urn}, registry=registry)


@cache
def packaged_decider(folder: str) -> jsonschema_rs.Validator:
    return decider(documents(), urn_of(folder))


@cache
def explainer() -> Explainer:
    return Explainer(documents())


def explain(folder: str, value: Json) -> list[SchemaFault]:
    return explainer().faults(urn_of(folder), value)


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", name).lower()


def name_after(fault: SchemaFault) -> str:
    """The name that a sample with this fault has: indexes, ``body`` and ``@`` are left out."""
    steps = [step for step in fault.path.split("/")[1:] if not step.isdecimal()]
    if len(steps) > 1 and steps[0] == "body":
        del steps[0]
    return "-".join(["invalid", kebab(fault.rule), *(kebab(step.removeprefix("@")) for step in steps)])


def differences(left: Json, right: Json) -> int:
    """In how many places two values differ; the set of an object's members is one place."""
    if isinstance(left, dict) and isinstance(right, dict):
        shared = left.keys() & right.keys()
        return (left.keys() != right.keys()) + sum(differences(left[name], right[name]) for name in shared)
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return sum(differences(one, other) for one, other in zip(left, right, strict=True))
    return int(left != right or type(left) is not type(right))


@pytest.mark.parametrize("path", VALID, ids=label)
def test_a_valid_sample_passes_in_both_engines_and_could_be_published(path: Path) -> None:
    sample, folder = load(path), path.parent.name
    assert packaged_decider(folder).is_valid(sample)
    assert explain(folder, sample) == []
    assert parse_canonical(encode(sample)) == sample
    if folder != "stub":
        SCHEMAS.check_outgoing(sample)
        assert SCHEMAS.check_incoming(sample) == "known"
        assert sample["type"] == folder
        assert cast("JsonObject", sample["body"])["synthetic"] is True


@pytest.mark.parametrize("path", INVALID, ids=label)
def test_an_invalid_sample_breaks_the_rule_that_it_is_named_after(path: Path) -> None:
    sample, folder = load(path), path.parent.name
    assert not packaged_decider(folder).is_valid(sample)
    (fault,) = explain(folder, sample)
    name, _, source = path.stem.partition("-in-")
    assert name == name_after(fault)
    candidates = VALID if folder == "header" else [valid for valid in VALID if valid.parent.name == folder]
    # Who may read a record and what was seen go together, so there two members differ.
    allowed = 2 if fault.path == "/audience" and fault.rule in {"const", "type"} else 1
    near = [valid.stem for valid in candidates if differences(load(valid), sample) <= allowed]
    assert near
    assert not source or f"valid-{source}" in near


@pytest.mark.parametrize("path", INVALID, ids=label)
def test_the_deciding_engine_names_the_same_keyword(path: Path) -> None:
    """Whoever checks with ``jsonschema-rs`` alone sees the rule of the file's name too."""
    (fault,) = explain(path.parent.name, load(path))
    (error,) = packaged_decider(path.parent.name).iter_errors(load(path))
    keyword = "not" if fault.rule == "forbidden" else fault.rule
    assert keyword in error.evaluation_path


@pytest.mark.parametrize("folder", sorted(SCHEMAS.types()))
def test_each_type_has_two_valid_samples(folder: str) -> None:
    assert len(list((ROOT / "samples" / folder).glob("valid-*.json"))) >= 2


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_rule_is_held_by_a_sample(folder: str) -> None:
    """Take any one rule out of a schema, and a sample that it refused passes."""
    urn = urn_of(folder)
    samples = [load(path) for path in INVALID if path.parent.name == folder]
    rules = list(rules_in(documents()[urn]))
    assert rules
    for rule in rules:
        schemas = {**documents(), urn: without(documents()[urn], rule)}
        validator = decider(schemas, urn)
        assert any(validator.is_valid(sample) for sample in samples), "/".join(map(str, rule))


def rules_in(schema: Json, at: Rule = ()) -> Iterator[Rule]:
    """Where a schema says something that a value can break.

    Left out: the kind of a value and its largest size, which the common value types hold, and
    conditions, which break nothing by themselves.
    """
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from rules_in(item, (*at, index))
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        here = (*at, keyword)
        if keyword == "required" and isinstance(value, list):
            yield from ((*here, index) for index in range(len(value)))
        elif keyword in {"properties", "$defs"} and isinstance(value, dict):
            for name, inner in value.items():
                yield from rules_in(inner, (*here, name))
        elif says_something(keyword, value, at):
            yield here
        elif keyword not in {"if", "const", "propertyNames"}:
            yield from rules_in(value, here)


def says_something(keyword: str, value: Json, at: Rule) -> bool:
    if keyword == "additionalProperties":
        return value is False
    if keyword == "type":
        return at == ("properties", "audience")
    if keyword == "maxProperties":
        return value == 1
    if keyword == "maximum":
        return value != 2**53 - 1
    return keyword in BOUNDS | {"const", "pattern", "propertyNames", "not"}


def without(schema: JsonObject, rule: Rule) -> JsonObject:
    changed = copy.deepcopy(schema)
    holder: Json = changed
    for step in rule[:-1]:
        holder = holder[step]  # type: ignore[index]
    del holder[rule[-1]]  # type: ignore[union-attr,arg-type]
    return changed


VALUES = cast("dict[str, dict[str, list[Json]]]", load(ROOT / "samples" / "values.json"))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_common_value_types_take_and_refuse_what_their_samples_say(name: str) -> None:
    reference = f"{urn_of('common')}#/$defs/{name}"
    validator = decider(documents(), reference)
    for verdict, values in VALUES[name].items():
        assert values
        for value in values:
            assert validator.is_valid(value) is (verdict == "valid"), value
            assert bool(explainer().faults(reference, value)) is (verdict == "invalid"), value


def test_every_common_value_type_has_samples() -> None:
    assert VALUES.keys() == cast("JsonObject", documents()[urn_of("common")]["$defs"]).keys()

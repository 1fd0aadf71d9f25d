"""What the pages are made of: schemas, code lists, samples, the registry of codes and the sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from passerelle.words.catalogues import translations
from passerelle.words.voices import OPTIONAL, PLACEHOLDER
from tests.vectors.code_base import registry_rows

ROOT: Final = Path(__file__).parents[2]
SCHEMAS: Final = ROOT / "schemas"
Schema: TypeAlias = dict[str, Any]

COMMON: Final = "urn:passerelle:schema:common:1.0#/$defs/"
HEADER: Final = "urn:passerelle:schema:header:1.0#/"
NO_TYPES: Final = frozenset({"common", "header", "stub"})


@cache
def document(name: str) -> Schema:
    """A schema by its type: ``offer``; of what is no record ``documents/certificate``."""
    loaded: Schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    return loaded


@cache
def code_list(name: str) -> Schema:
    """A code list by its name: ``scheme``."""
    loaded: Schema = json.loads((SCHEMAS / "codes" / f"{name}.json").read_text("utf-8"))
    return loaded


def code_lists() -> list[str]:
    """Names of the code lists, in order."""
    return sorted(path.stem for path in (SCHEMAS / "codes").glob("*.json"))


def documents() -> list[str]:
    """Names of the documents that are no records, in order."""
    return sorted(path.stem for path in (SCHEMAS / "documents").glob("*.json"))


def types() -> list[str]:
    """Names of the record types, in order."""
    return sorted(path.stem for path in SCHEMAS.glob("*.json") if path.stem not in NO_TYPES)


def samples(name: str, kind: str = "valid") -> list[Path]:
    """Samples of a type by their names: ``valid-…`` or ``invalid-…``."""
    return sorted((SCHEMAS / "samples" / name).glob(f"{kind}-*.json"))


def spelt_out(schema: Schema) -> Schema:
    """A schema in which each reference to a member of the header is that member: a proof has those of a record's."""
    reference = str(schema.get("$ref", ""))
    if reference.startswith(HEADER):
        found = document("header")
        for step in reference.removeprefix(HEADER).split("/"):
            found = found[step]
        return {**found, **{name: inner for name, inner in schema.items() if name != "$ref"}}
    return {name: _spelt_out(inner) for name, inner in schema.items()}


def _spelt_out(value: Any) -> Any:
    return spelt_out(value) if isinstance(value, dict) else value


def definition(schema: Schema) -> str | None:
    """The value type of ``common.json`` that a schema refers to."""
    reference = str(schema.get("$ref", ""))
    for beginning in (COMMON, "#/$defs/"):
        if (
            reference.startswith(beginning)
            and reference.removeprefix(beginning) in document("common")["$defs"]
        ):
            return reference.removeprefix(beginning)
    return None


def told(schema: Schema, language: str, keyword: str = "description") -> str:
    """The text of a schema in a language, its own or else that of the value type that it refers to."""
    name = keyword if language == "en" else f"{'' if keyword.startswith('x-') else 'x-'}{keyword}-fr"
    if name in schema:
        return str(schema[name])
    known = definition(schema)
    return str(document("common")["$defs"][known].get(name, "")) if known else ""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object, with where it stands.

    Args:
        path: From the top of the body: ``directions[].quota.persons``.
        depth: 0 for a member of the body itself.
        schema: What the schema says of it.
        required: Whether the object that it is in must have it.
        tier: The widest circle that it may reach, ``T0`` to ``T4``; empty where nobody said so.
    """

    path: str
    depth: int
    schema: Schema
    required: bool
    tier: str


def members(schema: Schema, tier: str = "", path: str = "", depth: int = 0) -> Iterator[Member]:
    """Every member of an object and of the objects inside it, those that are needed first at each level."""
    required = schema.get("required", [])
    found: list[tuple[str, Schema]] = list(schema.get("properties", {}).items())
    for name, inner in sorted(found, key=lambda one: one[0] not in required):
        place = f"{path}{name}"
        own = str(inner.get("x-tier", tier))
        yield Member(place, depth, inner, name in required, own)
        yield from inside(inner, own, place, depth + 1)


def inside(schema: Schema, tier: str, path: str, depth: int) -> Iterator[Member]:
    """The members of what a member holds: of an object, of the items of a list, of a map."""
    items, values = schema.get("items"), schema.get("additionalProperties")
    if "properties" in schema:
        yield from members(schema, tier, f"{path}.", depth)
    elif isinstance(items, dict) and "properties" in items:
        yield from members(items, tier, f"{path}[].", depth)
    elif isinstance(values, dict) and "properties" in values:
        yield from members(values, tier, f"{path}{{}}.", depth)


def bodies(name: str) -> dict[str, Schema]:
    """What a body of a type is: one object under ``""``, or one for each value of ``part``."""
    schema = document(name)
    body: Schema = schema["properties"]["body"]
    return {
        value: {
            **part,
            "required": [*body["required"], *part["required"]],
            "properties": {**part["properties"], "part": {**part["properties"]["part"], "const": value}},
        }
        for value, part in schema.get("$defs", {}).items()
    } or {"": body}


def subschemas(value: object) -> Iterator[Schema]:
    """Every object of a schema, the outermost first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from subschemas(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from subschemas(inner)


def registry() -> dict[str, tuple[str, str]]:
    """The codes of the registry: meaning, and what follows."""
    return {code: (meaning, follows) for code, meaning, follows in registry_rows()}


def sentence(code: str, language: str) -> str:
    """What staff read of a code, with ``…`` for the values of the case and no parts that can fall away."""
    template = str(translations(language).gettext(code))
    return PLACEHOLDER.sub("…", OPTIONAL.sub("", template)).replace("\N{NO-BREAK SPACE}", " ")


def rule_sentence(rule: str, language: str) -> str:
    """What staff read of a broken rule of a schema."""
    template = str(translations(language).gettext(f"rule.{rule}"))
    return PLACEHOLDER.sub("…", OPTIONAL.sub("", template)).replace("\N{NO-BREAK SPACE}", " ")

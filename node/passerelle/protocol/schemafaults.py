"""Why a value does not fit its schema, in a form that becomes a sentence for a person.

``jsonschema-rs`` decides whether a value fits, in microseconds; this module is asked only
where it does not, and lets ``jsonschema`` say where and why. Both read the same documents.

A fault names a place (JSON pointer) and a rule (the keyword of JSON Schema that failed),
with what a sentence needs. It never carries the value at fault, which may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final, TypeAlias, cast

import jsonschema
import jsonschema.validators
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012, Schema

from passerelle.protocol.profile import Json

MAX_FAULTS: Final = 100
"""Faults explained of one value, at most: a hostile record can have a hundred thousand."""

Documents: TypeAlias = Mapping[str, dict[str, Json]]
"""Schemas by their ``$id``."""

_SHOWN_NAME_CHARS: Final = 64
_LIMITS: Final = frozenset(
    {
        "minimum", "maximum", "minLength", "maxLength",
        "minItems", "maxItems", "minProperties", "maxProperties",
    }
)  # fmt: skip


# ``enum`` occurs only where a code list was made one (see schemas.py), ``not`` only as ``{"not": {}}``.
_OWN_RULES: Final = {"enum": "x-codes", "not": "forbidden"}


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One place at which a value breaks one rule of its schema.

    Args:
        path: JSON pointer to the place. Of a missing or unknown member, where it is or would be.
        rule: Keyword that failed: ``required``, ``pattern``, ``additionalProperties``, ... Two names
            are our own: ``forbidden`` for a member that must not stand there, ``x-codes`` for a
            code that its list does not have.
        params: What a sentence needs, sorted pairs: ``limit`` (of sizes), ``expected`` (of types and
            constants), ``form`` (name of a written form, such as ``edtf-date``), ``list`` (of codes).
    """

    path: str
    rule: str
    params: tuple[tuple[str, Json], ...] = ()


class Explainer:
    """Lists the faults of values against one set of schemas.

    Args:
        documents: Every schema by ``$id``; no other is ever looked up.
    """

    def __init__(self, documents: Documents) -> None:
        # A document that names its dialect would be read by the library's own class, not by ours.
        plain = {urn: {**schema} for urn, schema in documents.items()}
        for schema in plain.values():
            schema.pop("$schema", None)
        resources = ((urn, DRAFT202012.create_resource(schema)) for urn, schema in plain.items())
        self._registry: Registry[Schema] = Registry[Schema]().with_resources(resources)
        self._validators: dict[str, Validator] = {}

    def faults(self, reference: str, value: Json | Mapping[str, Json]) -> list[SchemaFault]:
        """The faults of a value in the order of their places, at most ``MAX_FAULTS``.

        Args:
            reference: Schema, by ``$id`` or by ``$id`` and fragment.
            value: Any value inside the JSON profile.
        """
        validator = self._validators.get(reference)
        if validator is None:
            validator = _ENGINE({"$ref": reference}, registry=self._registry)
            self._validators[reference] = validator
        errors = islice(validator.iter_errors(value), MAX_FAULTS)
        faults = {fault for error in errors for fault in _faults_of(error)}
        return sorted(faults, key=lambda fault: (fault.path, fault.rule))


def pointer(steps: Iterable[str | int]) -> str:
    """JSON pointer (RFC 6901) of a place; a peer's names are made printable and short."""
    return "".join("/" + _shown(str(step)).replace("~", "~0").replace("/", "~1") for step in steps)


@dataclass(frozen=True, slots=True)
class _Finding:
    """What jsonschema says of one fault, with types.

    Args:
        steps: The way to the place, names and indexes.
        rule: Keyword that failed.
        value: What the schema gives for that keyword.
        schema: The schema that holds it.
        instance: What stands at the place; of a bad name, the name.
        of_name: Whether the fault is in the name of a member.
    """

    steps: tuple[str | int, ...]
    rule: str
    value: Json
    schema: dict[str, Json]
    instance: Json
    of_name: bool


def _finding(error: jsonschema.ValidationError) -> _Finding:
    schema = cast("Json", error.schema)
    return _Finding(
        steps=tuple(error.absolute_path),
        rule=str(error.validator),
        value=cast("Json", error.validator_value),
        schema=schema if isinstance(schema, dict) else {},
        instance=cast("Json", error.instance),
        of_name="propertyNames" in error.absolute_schema_path,
    )


def _faults_of(error: jsonschema.ValidationError) -> Iterator[SchemaFault]:
    """One fault for each thing that a person would have to mend."""
    found = _finding(error)
    if found.of_name:
        yield SchemaFault(pointer((*found.steps, str(found.instance))), "propertyNames", _params(found))
    elif found.rule in {"required", "additionalProperties"}:
        names = _missing(found) if found.rule == "required" else _unknown(found)
        yield from (SchemaFault(pointer((*found.steps, name)), found.rule) for name in names)
    else:
        yield SchemaFault(pointer(found.steps), _OWN_RULES.get(found.rule, found.rule), _params(found))


def _missing(found: _Finding) -> list[str]:
    """All missing members: jsonschema makes an error of each, which the caller joins again."""
    if not (isinstance(found.value, list) and isinstance(found.instance, dict)):
        return []
    return [str(name) for name in found.value if name not in found.instance]


def _unknown(found: _Finding) -> list[str]:
    known = found.schema.get("properties")
    if not (isinstance(known, dict) and isinstance(found.instance, dict)):
        return []
    return [name for name in found.instance if name not in known][:MAX_FAULTS]


def _params(found: _Finding) -> tuple[tuple[str, Json], ...]:
    params: dict[str, Json] = {}
    if found.rule in _LIMITS:
        params["limit"] = found.value
    elif found.rule == "type":
        kinds = found.value if isinstance(found.value, list) else [found.value]
        params["expected"] = " ".join(str(kind) for kind in kinds)
    elif found.rule == "const" and isinstance(found.value, str | int):
        params["expected"] = found.value
    for name, keyword in (("form", "x-form"), ("list", "x-codes")):
        if keyword in found.schema:
            params[name] = found.schema[keyword]
    return tuple(sorted(params.items()))


def _shown(name: str) -> str:
    """A peer's text made safe for logs and terminals: short, and escaped where it does not print."""
    shown = name[:_SHOWN_NAME_CHARS]
    return shown if shown.isascii() and shown.isprintable() else ascii(shown)[1:-1]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern with its end meant as the end: Python's ``$`` also stands before a final newline."""
    if pattern.endswith("$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern)


def _check_pattern(
    _validator: Validator, pattern: str, value: Json, _schema: Mapping[str, Json]
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(value, str) and _compiled(pattern).search(value) is None:
        yield jsonschema.ValidationError("does not match its pattern")


def _check_unique(
    validator: Validator,
    unique: bool,  # noqa: FBT001 - the library calls by position
    value: Json,
    schema: Mapping[str, Json],
) -> Iterator[jsonschema.ValidationError]:
    """As the library, but silent on what is too long anyway: comparing all pairs of it would take minutes."""
    longest = schema.get("maxItems")
    if isinstance(value, list) and isinstance(longest, int) and len(value) > longest:
        return
    yield from _UNIQUE_ITEMS(validator, unique, value, schema)


_DRAFT: Final = jsonschema.Draft202012Validator
_UNIQUE_ITEMS: Final = _DRAFT.VALIDATORS["uniqueItems"]
_ENGINE: Final = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    _DRAFT, validators={"pattern": _check_pattern, "uniqueItems": _check_unique}
)

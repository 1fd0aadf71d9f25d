"""The registry of schemas: does a record fit the schema that it names (spec/ "Records").

Three readings of the same documents, two of them derived here by program:

- **strict**, as written: every object closed. For what comes in under a schema that we have.
- **relaxed**: nothing closed. For what comes in under a newer minor version: it may say more
  than we know, but what we know must still fit.
- **outgoing**: strict, and a code must stand in its list unless the list is open. For what we
  publish: a slip of the pen is caught at its author, while readers keep codes unknown to them.

``jsonschema-rs`` decides and ``jsonschema`` explains (:mod:`passerelle.protocol.schemafaults`).
This module looks at one record alone: that an agreement's parties are its audience, or that a
period does not end before it begins, is checked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import jsonschema_rs
import orjson

from passerelle.errors import ProtocolError
from passerelle.protocol.codelists import CodeList, parse_code_list
from passerelle.protocol.profile import Json

if TYPE_CHECKING:
    from passerelle.protocol.schemafaults import Documents, Explainer, SchemaFault

__all__ = ["Incoming", "SchemaName", "Schemas", "type_of"]

Incoming: TypeAlias = Literal["known", "newer-minor", "unknown-type", "unknown-major"]
"""What we can make of a record: read it; read what we know of it; keep it for an upgrade."""

_Reading: TypeAlias = Literal["strict", "relaxed", "outgoing"]

_URN: Final = re.compile(
    r"urn:passerelle:schema:([a-z][a-z0-9-]{0,63}):(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})"
)
_STUB: Final = "urn:passerelle:schema:stub:1.0"
_NOT_TYPES: Final = frozenset({"common", "header", "stub"})


@dataclass(frozen=True, slots=True, order=True)
class SchemaName:
    """Name of a schema, ``urn:passerelle:schema:<type>:<major>.<minor>`` on the wire.

    Args:
        type: Record type.
        major: 0 or more; another major is another language.
        minor: 0 or more; a newer minor only adds members.
    """

    type: str
    major: int
    minor: int

    @classmethod
    def parse(cls, urn: object) -> SchemaName:
        """Raises ProtocolError (``schema.violation`` at ``/schema``) unless ``urn`` is such a name."""
        match = _URN.fullmatch(urn) if isinstance(urn, str) else None
        if match is None:
            raise ProtocolError(
                "schema.violation", path="/schema", rule="pattern", form="schema-urn", faults=1
            )
        return cls(match[1], int(match[2]), int(match[3]))

    def encode(self) -> str:
        """The name as it stands in a record."""
        return f"urn:passerelle:schema:{self.type}:{self.major}.{self.minor}"


def type_of(urn: str) -> str:
    """The record type that a schema describes.

    Raises:
        ProtocolError: ``schema.violation``: not the name of a schema.
    """
    return SchemaName.parse(urn).type


class Schemas:
    """All schemas and code lists of this version, compiled when first used.

    Args:
        documents: Schemas by ``$id``.
        code_lists: Code lists by name.
    """

    def __init__(self, documents: Documents, code_lists: Mapping[str, CodeList]) -> None:
        self._documents: Final = documents
        self._code_lists: Final = code_lists
        self._compiled: Final[dict[tuple[_Reading, str], jsonschema_rs.Validator]] = {}
        self._derived: Final[dict[_Reading, Documents]] = {"strict": documents}
        self._explainers: Final[dict[_Reading, Explainer]] = {}
        names = sorted(SchemaName.parse(urn) for urn in documents)
        self._newest: Final = {(name.type, name.major): name for name in names if name.type not in _NOT_TYPES}
        self._written: Final = {name.type: name.encode() for name in sorted(self._newest.values())}
        # A list, because what a partner gives as `schema` need not be hashable.
        self._records: Final = [name.encode() for name in names if name.type not in _NOT_TYPES]
        self._personal: Final = frozenset(
            name.type for name in names if documents[name.encode()].get("x-personal") is True
        )
        self._residue: Final = {
            name.type: tuple(_residue_members(documents[name.encode()])) for name in self._newest.values()
        }

    @staticmethod
    @cache
    def packaged() -> Schemas:
        """The schemas that came with this version, read once."""
        root = files("passerelle.schemas")
        documents = {str(document["$id"]): document for document in _read_folder(root)}
        lists = [parse_code_list(document) for document in _read_folder(root / "codes")]
        return Schemas(documents, {code_list.name: code_list for code_list in lists})

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every schema, as hex: another one may judge a record otherwise."""
        return sha256(orjson.dumps(dict(self._documents), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def types(self) -> frozenset[str]:
        """Record types that this version reads."""
        return frozenset(record_type for record_type, _ in self._newest)

    def personal_types(self) -> frozenset[str]:
        """Record types that can be erased."""
        return self._personal

    def newest(self, record_type: str) -> str:
        """The schema under which this version writes a type.

        Raises:
            ProtocolError: ``schema.unknown``: this version does not write that type.
        """
        if record_type not in self._written:
            raise ProtocolError("schema.unknown", schema=record_type)
        return self._written[record_type]

    def code_list(self, name: str) -> CodeList:
        """A code list by its name.

        Raises:
            ValueError: There is no such list: our own mistake, names come from our schemas.
        """
        try:
            return self._code_lists[name]
        except KeyError as exc:
            raise ValueError(f"no code list {name!r}") from exc

    def code_lists(self) -> Mapping[str, CodeList]:
        """All code lists by name."""
        return self._code_lists

    def check_outgoing(self, record: Mapping[str, Json]) -> None:
        """Passes a signed record of our own that may be published.

        Raises:
            ProtocolError: ``schema.unknown`` (this version does not write that schema) or
                ``schema.violation`` with ``path`` and ``rule`` of the first fault.
        """
        schema = record.get("schema")
        if schema not in self._records:
            raise ProtocolError("schema.unknown", schema=SchemaName.parse(schema).encode())
        self._require("outgoing", str(schema), record)

    def check_incoming(self, record: Mapping[str, Json]) -> Incoming:
        """Passes a partner's record and says how much of it this version can read.

        Returns:
            ``known``: it fits the schema that it names. ``newer-minor``: what we know of it fits;
            members that we do not know must not be indexed, shown or exported but as raw bytes.
            ``unknown-type``, ``unknown-major``: keep it and look again after an upgrade.

        Raises:
            ProtocolError: ``schema.violation`` with ``path`` and ``rule`` of the first fault.
        """
        schema = record.get("schema")
        if schema in self._records:
            self._require("strict", str(schema), record)
            return "known"
        name = SchemaName.parse(schema)
        reading, urn = self._reading_of(name)
        if reading is None:
            if record.get("type") != name.type:
                raise ProtocolError(
                    "schema.violation", path="/type", rule="const", expected=name.type, faults=1
                )
            known = any(record_type == name.type for record_type, _ in self._newest)
            return "unknown-major" if known else "unknown-type"
        self._require(reading, urn, record)
        return "newer-minor"

    def explain(self, record: Mapping[str, Json], *, outgoing: bool = False) -> list[SchemaFault]:
        """Every fault of a record, none where it fits or where its schema is unknown.

        Args:
            record: A whole record.
            outgoing: True to hold it to what we publish ourselves, False to what we accept.

        Raises:
            ProtocolError: ``schema.violation``: ``schema`` is no name of a schema, or of one that never was.
        """
        reading, urn = self._reading_of(SchemaName.parse(record.get("schema")))
        if reading is None:
            return []
        return self._explain("outgoing" if outgoing and reading == "strict" else reading, urn, record)

    def explain_body(self, record_type: str, body: Json) -> list[SchemaFault]:
        """Every fault of a body before there is a record of it: of a form, or of a row of a file.

        Args:
            record_type: Type under which it would be published.
            body: The body alone. Paths begin below it: ``/closesOn``, not ``/body/closesOn``.

        Raises:
            ProtocolError: ``schema.unknown``: this version does not write that type.
        """
        return self._explain("outgoing", self.newest(record_type) + "#/properties/body", body)

    def explain_stub(self, stub: Mapping[str, Json]) -> list[SchemaFault]:
        """Every fault of the stub of an erased record."""
        return self._explain("strict", _STUB, stub)

    def residue(self, record: Mapping[str, Json]) -> dict[str, Json]:
        """The members of a record's body that stay in its stub when it is erased.

        Args:
            record: A record of a personal type; of any other, or of an unknown one, nothing stays.
        """
        body = record.get("body")
        if not isinstance(body, dict):
            return {}
        kept = self._residue.get(str(record.get("type")), ())
        return {name: body[name] for name in kept if name in body}

    def _reading_of(self, name: SchemaName) -> tuple[_Reading | None, str]:
        """How to read a record that names this schema, and by which document.

        All that were published are here, so what is older than the newest and is not here is a made-up name:
        under it a record would be let off what its schema forbids (R-31).
        """
        urn = name.encode()
        newest = self._newest.get((name.type, name.major))
        if newest is None:
            return None, urn
        if urn in self._documents:
            return "strict", urn
        if name < newest:
            raise ProtocolError(
                "schema.violation", path="/schema", rule="const", expected=newest.encode(), faults=1
            )
        return "relaxed", newest.encode()

    def _require(self, reading: _Reading, urn: str, record: Mapping[str, Json]) -> None:
        validator = self._validator(reading, urn)
        if validator.is_valid(record):
            return
        faults = self._explain(reading, urn, record)
        raise ProtocolError(
            "schema.violation",
            type=type_of(urn),
            path=faults[0].path,
            rule=faults[0].rule,
            faults=len(faults),
            **dict(faults[0].params),
        )

    def _explain(
        self, reading: _Reading, reference: str, value: Json | Mapping[str, Json]
    ) -> list[SchemaFault]:
        validator = self._validator(reading, reference)
        if validator.is_valid(value):
            return []
        # Only here: it loads a second engine, which takes as long as everything else that a worker loads.
        from passerelle.protocol.schemafaults import Explainer, SchemaFault, pointer  # noqa: PLC0415

        explainer = self._explainers.get(reading)
        if explainer is None:
            explainer = self._explainers[reading] = Explainer(self._read(reading))
        # A test holds that the engines agree; where they did not, the one that decides has the word.
        return explainer.faults(reference, value) or [
            SchemaFault(pointer(error.instance_path), error.kind.name)
            for error in validator.iter_errors(value)
        ]

    def _validator(self, reading: _Reading, reference: str) -> jsonschema_rs.Validator:
        validator = self._compiled.get((reading, reference))
        if validator is None:
            registry = jsonschema_rs.Registry(list(self._read(reading).items()))
            validator = jsonschema_rs.Draft202012Validator(
                {"$ref": reference},
                registry=registry,
                # Linear in the text whatever the pattern, and never a look-up outside.
                pattern_options=jsonschema_rs.RegexOptions(),
                offline=True,
            )
            self._compiled[reading, reference] = validator
        return validator

    def _read(self, reading: _Reading) -> Documents:
        documents = self._derived.get(reading)
        if documents is None:
            change = _opened if reading == "relaxed" else self._with_codes
            documents = {urn: _derive(document, change) for urn, document in self._documents.items()}
            self._derived[reading] = documents
        return documents

    def _with_codes(self, schema: dict[str, Json]) -> dict[str, Json]:
        """A schema that takes a code takes those of its list only, unless the list is open."""
        name = schema.get("x-codes")
        if not isinstance(name, str) or self.code_list(name).is_open:
            return schema
        return {**schema, "enum": list(self.code_list(name))}


def _opened(schema: dict[str, Json]) -> dict[str, Json]:
    """A schema without its closure, and without the one minor version that it names."""
    opened = {
        name: value
        for name, value in schema.items()
        if not (name == "additionalProperties" and value is False)
    }
    named = schema.get("const")
    if isinstance(named, str) and _URN.fullmatch(named):
        del opened["const"]
    return opened


def _derive(
    document: dict[str, Json], change: Callable[[dict[str, Json]], dict[str, Json]]
) -> dict[str, Json]:
    """A schema with a change made at every object of it, the outermost last."""

    def walk(value: Json) -> Json:
        if isinstance(value, list):
            return [walk(item) for item in value]
        if isinstance(value, dict):
            return change({name: walk(inner) for name, inner in value.items()})
        return value

    return change({name: walk(inner) for name, inner in document.items()})


def _residue_members(document: dict[str, Json]) -> Iterator[str]:
    """Names of the body's members that are marked ``x-residue``, each once."""
    if document.get("x-personal") is not True:
        return
    seen: set[str] = set()
    bodies = [_member(document, "properties", "body"), *_member(document, "$defs").values()]
    for body in bodies:
        if not isinstance(body, dict):
            continue
        for name, schema in _member(body, "properties").items():
            if isinstance(schema, dict) and schema.get("x-residue") is True and name not in seen:
                seen.add(name)
                yield name


def _member(value: dict[str, Json], *names: str) -> dict[str, Json]:
    """The object found by following member names, empty where there is none."""
    for name in names:
        inner = value.get(name)
        value = inner if isinstance(inner, dict) else {}
    return value


def _read_folder(folder: Traversable) -> Iterator[dict[str, Json]]:
    """The JSON objects in a packaged folder, by file name."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".json"):
            yield orjson.loads(entry.read_bytes())

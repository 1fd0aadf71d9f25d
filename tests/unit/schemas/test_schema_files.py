"""What holds for every schema and every code list, whatever it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import cast
from unicodedata import normalize

import jsonschema
import pytest

from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.schemas import Schemas
from tests.vectors.spec_text import SPEC

ROOT = Path(str(files("passerelle.schemas")))
FILES = sorted(ROOT.glob("*.json"))
LISTS = sorted((ROOT / "codes").glob("*.json"))
SCHEMAS = Schemas.packaged()
IN_EVERY_BODY = {"lang", "machineTranslated", "sources", "synthetic"}
ARABIC = re.compile("[\u0600-\u06ff]")
PUBLIC_TYPES = {
    *("agency", "decision", "erasure", "evaluation", "event", "node", "offer", "organisation", "programme"),
    *("certificate-status", "statistic"),
}

# RFC 9485, one token at a time: an escape of a single character, a class, a group's parts, a
# quantifier, an ordinary character. Anchors and the full stop (whose meaning differs) are left out.
ESCAPE = r"\\[()*+\-.?\[\\\]^nrt{|}]"
CLASS_ITEM = rf"(?:[^\-\[\\\]]|{ESCAPE})"
TOKEN = re.compile(
    rf"{ESCAPE}|\[\^?-?(?:{CLASS_ITEM}(?:-{CLASS_ITEM})?)*-?\]|[()|*+?]|\{{[0-9]+(?:,[0-9]*)?\}}|[^.\\?*+()\[\]{{}}|^$]",
    re.DOTALL,
)


def load(path: Path) -> JsonObject:
    return cast("JsonObject", json.loads(path.read_text(encoding="utf-8")))


def definitions_of(name: str) -> dict[str, JsonObject]:
    return cast("dict[str, JsonObject]", load(ROOT / f"{name}.json").get("$defs", {}))


def subschemas(value: Json) -> Iterator[JsonObject]:
    """Every object of a schema that is itself a schema, the outermost first."""
    if isinstance(value, list):
        for item in value:
            yield from subschemas(item)
    if not isinstance(value, dict):
        return
    yield value
    for keyword, inner in value.items():
        if keyword in {"properties", "$defs"} and isinstance(inner, dict):
            for schema in inner.values():
                yield from subschemas(schema)
        elif keyword not in {"const", "x-codes"}:
            yield from subschemas(inner)


def tokens(pattern: str) -> list[str] | None:
    """The tokens of a pattern inside the subset, None where something stands outside it."""
    found, at = [], 0
    while at < len(pattern):
        match = TOKEN.match(pattern, at)
        if match is None:
            return None
        found.append(match[0])
        at = match.end()
    return found


def is_portable(pattern: str) -> bool:
    """Whether all engines read a pattern alike: the subset, anchored, no choice outside the anchors."""
    parts = tokens(pattern[1:-1]) if pattern.startswith("^") and pattern.endswith("$") else None
    if parts is None:
        return False
    depth, before = 0, "("
    for part in parts:
        depth += (part == "(") - (part == ")")
        if depth < 0 or (part == "|" and depth == 0):
            return False
        if is_quantifier(part) and (is_quantifier(before) or before in {"(", "|"}):
            return False
        before = part
    return depth == 0


def is_quantifier(part: str) -> bool:
    return part in {"*", "+", "?"} or (part.startswith("{") and len(part) > 1)


def is_finite(pattern: str) -> bool:
    """Whether a portable pattern by itself says how long a text can be."""
    return not any(part in {"*", "+"} or part.endswith(",}") for part in tokens(pattern[1:-1]) or ["*"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEverySchema:
    def test_is_json_schema_2020_12_and_named_after_its_file(self, path: Path) -> None:
        schema = load(path)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"urn:passerelle:schema:{path.stem}:1.0"

    def test_holds_no_list_of_codes(self, path: Path) -> None:
        """Code lists are data: a list that grows makes no new schema."""
        assert not any("enum" in schema for schema in subschemas(load(path)))

    def test_writes_patterns_that_all_engines_read_alike(self, path: Path) -> None:
        """J-20: RFC 9485, without the classes that languages read each in its own way."""
        patterns = [
            cast("str", schema["pattern"]) for schema in subschemas(load(path)) if "pattern" in schema
        ]
        assert [pattern for pattern in patterns if not is_portable(pattern)] == []

    def test_asserts_no_form_by_format(self, path: Path) -> None:
        """Whether ``format`` is asserted is the reader's choice, so a pattern says it."""
        assert not any("format" in schema for schema in subschemas(load(path)))

    def test_closes_every_object(self, path: Path) -> None:
        for schema in subschemas(load(path)):
            if "properties" in schema and schema.get("type") == "object" and "allOf" not in schema:
                assert schema["additionalProperties"] is False, schema
            if isinstance(schema.get("additionalProperties"), dict):
                assert "propertyNames" in schema, "a map says what its names are"

    def test_bounds_every_text_and_every_array(self, path: Path) -> None:
        for schema in subschemas(load(path)):
            if schema.get("type") == "array" and "items" in schema:
                assert "maxItems" in schema, schema
            if schema.get("type") == "integer":
                assert {"minimum", "maximum"} <= schema.keys(), schema
            if schema.get("type") == "string":
                assert "maxLength" in schema or is_finite(str(schema["pattern"])), schema

    def test_names_code_lists_that_exist(self, path: Path) -> None:
        named = {str(schema["x-codes"]) for schema in subschemas(load(path)) if "x-codes" in schema}
        assert named <= SCHEMAS.code_lists().keys()

    def test_gives_every_code_a_pattern_and_a_list(self, path: Path) -> None:
        """A member that takes a code has both; the other way round no list hangs on free text."""
        for schema in subschemas(load(path)):
            if "x-codes" in schema:
                assert "pattern" in schema or str(schema["$ref"]).endswith("#/$defs/code")
            if str(schema.get("$ref")).endswith("#/$defs/code"):
                assert "x-codes" in schema, schema


@pytest.mark.parametrize("bad", [r"^\d$", r"^\w+$", r"^a\sb$", "a", "^a", "a$", "^a|b$", "^a.b$", "^(?:a)$", "^a*?$", r"^\p{L}$", "^(a$", "^a^b$"])  # fmt: skip
def test_the_check_of_patterns_refuses_what_engines_read_differently(bad: str) -> None:
    assert not is_portable(bad)


def test_no_schema_that_was_published_has_left() -> None:
    """X-18: the table of chapter 20 and the folder name the same, and each file is what its name says."""
    rows = re.findall(
        r"^\| ([0-9]+\.[0-9]+) \| (.+) \|$", (SPEC / "20-versions.md").read_text("utf-8"), re.MULTILINE
    )
    told = {
        f"urn:passerelle:schema:{name}:{version}"
        for version, of in rows
        for name in re.findall("`(.+?)`", of)
    }
    assert told
    assert told == {str(load(path)["$id"]) for path in FILES}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_code_list_has_words_in_five_languages(path: Path) -> None:
    """Written out, composed (NFC), and none of them a copy of another by mistake of script."""
    document = load(path)
    assert document["list"] == path.stem
    codes = cast("list[JsonObject]", document["codes"])
    words = [document["title"], *(entry["label"] for entry in codes)]
    words += [entry["description"] for entry in codes if "description" in entry]
    for label in cast("list[dict[str, str]]", words):
        assert list(label) == ["fr", "en", "es", "pt", "ar"]
        assert all(text and text == normalize("NFC", text.strip()) for text in label.values()), label
        assert path.stem == "passport-sex" or ARABIC.search(label["ar"]), label
        assert not any(ARABIC.search(text) for tag, text in label.items() if tag != "ar"), label
    names = [str(entry["code"]) for entry in codes]
    assert len(set(names)) == len(names) > 0
    assert len(SCHEMAS.code_list(path.stem)) == len(names)


def test_every_code_of_a_list_fits_the_pattern_of_the_members_that_take_it() -> None:
    code_pattern = str(
        cast("JsonObject", cast("JsonObject", load(ROOT / "common.json")["$defs"])["code"])["pattern"]
    )
    for path in FILES:
        for schema in subschemas(load(path)):
            if "x-codes" in schema:
                pattern = re.compile(str(schema.get("pattern", code_pattern)).removesuffix("$") + r"\Z")
                assert [c for c in SCHEMAS.code_list(str(schema["x-codes"])) if not pattern.match(c)] == []


def test_sectors_say_what_they_are_elsewhere() -> None:
    """Each sector maps to DAC, SDG and a domain, all well formed and the domain in its own list."""
    common = definitions_of("common")
    dac, sdg = (re.compile(str(common[name]["pattern"])) for name in ("dac", "sdg"))
    for entry in SCHEMAS.code_list("sector").codes.values():
        assert all(dac.match(str(code)) for code in cast("list[str]", entry.more["dac"]))
        assert all(sdg.match(str(code)) for code in cast("list[str]", entry.more["sdg"]))
        assert entry.more["domain"] in SCHEMAS.code_list("domain")


def test_the_agreed_types_are_personal() -> None:
    """Agreements, decisions and descriptors are never erased."""
    assert SCHEMAS.personal_types() == {"dossier", "evaluation", "event", "nomination", "placement"}


def test_a_stub_keeps_exactly_the_members_marked_as_residue() -> None:
    stub = definitions_of("stub")
    assert stub.keys() == SCHEMAS.personal_types()
    for record_type, schema in stub.items():
        kept = cast("JsonObject", schema["properties"])
        body = dict.fromkeys([*kept, "pseudonym", "volunteer", "names", "motivation"], 1)
        assert SCHEMAS.residue({"type": record_type, "body": cast("JsonObject", body)}).keys() == kept.keys()
        assert not kept.keys() & {"pseudonym", "volunteer", "names", "motivation", "alias", "cv", "reason"}


def test_public_records_have_no_member_for_a_person() -> None:
    """Functions and role mailboxes only (A23): what an identity has, no public type has."""
    identity = definitions_of("dossier")["identity"]
    harmless = IN_EVERY_BODY | {"part", "names", "attestations"}
    private = {
        *cast("JsonObject", identity["properties"]),
        "family",
        "given",
        "person",
        "firstName",
    } - harmless
    for record_type in PUBLIC_TYPES:
        for schema in subschemas(load(ROOT / f"{record_type}.json")):
            members = set(cast("JsonObject", schema.get("properties", {})))
            assert not members & (private - ({"phone"} if "function" in members else set())), record_type


def test_every_member_stands_in_a_valid_sample() -> None:
    """A member without an example is a member that nobody has tried."""
    for path in (path for path in FILES if path.stem not in {"common", "header", "stub"}):
        samples = [load(sample)["body"] for sample in (ROOT / "samples" / path.stem).glob("valid-*.json")]
        body = cast("dict[str, JsonObject]", load(path)["properties"])["body"]
        schemas = [body, *definitions_of(path.stem).values()]
        wanted = {name for part in schemas for schema in subschemas(part) for name in members_of(schema)}
        tried = IN_EVERY_BODY | {name for sample in samples for name in names_in(sample)}
        assert wanted - tried == set(), path.stem


def members_of(schema: JsonObject) -> set[str]:
    return set(cast("JsonObject", schema.get("properties", {})))


def names_in(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from names_in(item)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_in(inner)

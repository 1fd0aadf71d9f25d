"""Certificates and endorsements are no records; their JSON Schemas say what the tables of chapter 24 say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.unit.schemas.test_schema_files import is_portable, subschemas

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted((ROOT / "schemas" / "documents").glob("*.json"))
VECTORS: dict[str, Any] = json.loads((ROOT / "spec" / "vectors" / "certificates.json").read_text("utf-8"))
BEYOND_A_SCHEMA = {
    *("an end before the beginning", "an end before the service began", "a service that is not done yet"),
    *("an index beyond the range of integers", "an index that no leaf can have"),
    *("a third agency", "an endorsement with two ids"),
    *("a member twice", "too large"),
}
"""What compares two members, bounds a number inside a text, or is about bytes: the chapter alone holds it."""


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


REGISTRY = jsonschema_rs.Registry(
    [(load(path)["$id"], load(path)) for path in [*(ROOT / "schemas").glob("*.json"), *DOCUMENTS]]
)
VALIDATORS = {
    path.stem: jsonschema_rs.Draft202012Validator({"$ref": load(path)["$id"]}, registry=REGISTRY)
    for path in DOCUMENTS
}


def fits(data: str) -> bool:
    """Whether the schema of its kind takes it; what is no JSON fits none."""
    try:
        value: Any = json.loads(data)
    except ValueError:
        return False
    kind = "endorsement" if "EndorsementCredential" in json.dumps(value) else "certificate"
    return VALIDATORS[kind].is_valid(value)


@pytest.mark.parametrize("case", [*VECTORS["valid"], *VECTORS["endorsed"]], ids=lambda case: case["name"])
def test_what_the_chapter_takes_fits(case: dict[str, Any]) -> None:
    """D-3, D-4: every certificate and endorsement of the vectors that is well formed."""
    assert fits(case["data"])


@pytest.mark.parametrize("case", VECTORS["malformed"], ids=lambda case: case["name"])
def test_what_the_chapter_refuses_does_not_fit(case: dict[str, Any]) -> None:
    """D-3, D-4: every malformed one, but for what a schema cannot say."""
    assert fits(case["data"]) is (case["name"] in BEYOND_A_SCHEMA)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_closed_and_described(path: Path) -> None:
    """As the schemas of records are: no open object, no list of codes, portable patterns, both languages."""
    document = load(path)
    assert document["$id"] == f"urn:passerelle:document:{path.stem}:1.0"
    found: list[Any] = list(subschemas(document))
    for schema in found:
        assert "enum" not in schema
        assert schema.get("additionalProperties", False) is False
        assert ("properties" in schema) is ("additionalProperties" in schema) or "type" not in schema
        assert "pattern" not in schema or is_portable(schema["pattern"])
        for name, member in schema.get("properties", {}).items():
            told = {"description", "x-description-fr"} <= member.keys()
            assert told or "const" in member or str(member.get("$ref", "")).startswith("urn:"), name

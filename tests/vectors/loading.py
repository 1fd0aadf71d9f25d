"""Reads the vectors of ``spec/vectors/`` without the code that wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from passerelle.errors import ProtocolError

VECTORS: Final = Path(__file__).resolve().parents[2] / "spec" / "vectors"

# Vectors are trees of JSON of many forms; a type for each would only repeat them.
Case = dict[str, Any]


def load(name: str) -> Case:
    """One file of vectors."""
    value: Case = json.loads((VECTORS / name).read_text("utf-8"))
    return value


def rules_of_tree(value: Any) -> Iterator[str]:
    """The rules that cases name, wherever in a file they stand."""
    if isinstance(value, list):
        for item in value:
            yield from rules_of_tree(item)
    elif isinstance(value, dict):
        if isinstance(value.get("rule"), str):
            yield value["rule"]
        for item in value.values():
            yield from rules_of_tree(item)


def cases(name: str, member: str) -> list[Any]:
    """A list in a file as parameters of a test, each under its name."""
    return [
        pytest.param(case, id=str(case.get("name", number)) if isinstance(case, dict) else str(number))
        for number, case in enumerate(load(name)[member])
    ]


def moment(text: str) -> datetime:
    """A time of a vector, read without the code under test."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def assert_code(found: pytest.ExceptionInfo[ProtocolError], case: Case) -> None:
    """The code is the vector's."""
    assert found.value.code == case["code"], f"{case.get('name')}: {found.value}"

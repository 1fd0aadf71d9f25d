"""Vectors of the examination of a leaf (chapter 09)."""

from __future__ import annotations

import pytest

from passerelle.protocol.identity import parse_identity
from passerelle.protocol.intake import examine
from passerelle.protocol.origins import Origin
from passerelle.protocol.schemas import Schemas
from tests.vectors.loading import Case, cases, load, moment


@pytest.mark.parametrize("case", cases("intake.json", "cases"))
def test_leaves_are_examined_alike(case: Case) -> None:
    """F-11, R-31, R-33: the table of chapter 09, row by row; an unknown type is kept and not read."""
    vectors = load("intake.json")
    now = moment(vectors["now"])
    found = examine(
        case["leaf"].encode(),
        None if case["object"] is None else bytes.fromhex(case["object"]),
        origin=Origin.parse(vectors["origin"]),
        me=vectors["me"],
        identity=parse_identity(vectors["log"].encode(), now=now),
        sealing_keys={},
        now=now,
        schemas=Schemas.packaged(),
    )
    assert (found.status, found.code) == (case["status"], case["code"])
    assert found.readable == case["readable"]
    assert (found.record is not None) or case["status"] != "accepted"

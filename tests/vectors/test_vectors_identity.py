"""Vectors of identity logs (chapter 03)."""

from __future__ import annotations

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.identity import compare_logs, parse_identity
from tests.vectors.loading import Case, assert_code, cases, moment


@pytest.mark.parametrize("case", cases("identity.json", "valid"))
def test_logs_accepted(case: Case) -> None:
    """I-9 to I-20: SCID, DID, entries in force and held, keys at each time."""
    identity = parse_identity(case["log"].encode(), now=moment(case["now"]))
    assert (identity.scid, identity.did) == (case["scid"], case["did"])
    assert (len(identity.entries), identity.held) == (case["in_force"], case["held"])
    assert identity.log == case["log"].encode()
    found = {}
    for time in case["at"]:
        document = identity.at(moment(time))
        found[time] = sorted(document.record_keys) if document else None
    assert found == case["at"]


@pytest.mark.parametrize("case", cases("identity.json", "invalid"))
def test_logs_refused(case: Case) -> None:
    """I-3, I-7 to I-19, I-24 to I-30: every attack is refused with its code, at its entry."""
    with pytest.raises(ProtocolError) as found:
        parse_identity(case["log"].encode(), now=moment(case["now"]))
    assert_code(found, case)
    assert found.value.params.get("entry") == case["entry"]


@pytest.mark.parametrize("case", cases("identity.json", "compare"))
def test_logs_compared(case: Case) -> None:
    """I-21, I-22: a shorter log is old news, another entry under one number a fork."""
    assert compare_logs(case["held"].encode(), case["offered"].encode()) == case["result"]

"""The tables of chapter 10 and the node's own table give each code one and the same status."""

from __future__ import annotations

import re

import pytest

from passerelle.errors import PasserelleError, ProtocolError, StorageError
from passerelle.server.federation.errors import STATUS, status_of, told_to_partners
from tests.vectors.spec_text import SPEC

_ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)
_CODE = re.compile(r"`([a-z]+\.[a-z-]+)`")


def _rows() -> list[tuple[str, int]]:
    """Code and status of each row that has both."""
    text = (SPEC / "10-requests-and-errors.md").read_text("utf-8").partition("## Bilateral GET")[2]
    tables = text.partition("## Problem documents")[0]
    found = []
    for row in _ROW.findall(tables):
        status = re.search(r"\| ([45]\d\d) \|", f"|{row}|")
        if status is not None:
            found += [(code, int(status[1])) for code in _CODE.findall(row)]
    return sorted(set(found))


@pytest.mark.parametrize(("code", "status"), _rows(), ids=str)
def test_the_status_of_a_code(code: str, status: int) -> None:
    """Q-16: the status that the chapter's tables give."""
    error: PasserelleError = StorageError(code) if code == "node.read-only" else ProtocolError(code)
    assert status_of(error) == status


def test_each_code_with_a_status_stands_in_the_chapter() -> None:
    """Q-16: the node gives no status of its own invention; what is not listed is a body that cannot be taken."""
    told = dict(_rows())
    assert set(STATUS) <= set(told)
    assert {code for code in told if code not in STATUS} == {"notice.malformed"}


def test_a_fault_of_the_disk_is_told_as_such_only() -> None:
    """Q-19: a partner learns that nothing can be written now, and no code of our storage."""
    told = told_to_partners(StorageError("storage.failed", detail="/var/lib/passerelle"))
    assert (told.code, told.status, told.params) == ("node.read-only", 503, {})

"""What a hostile partner writes is not kept by having been looked at: caches are bounded in bytes, not in items alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol import recordheaders
from passerelle.protocol.keydocuments import scid_of

SCID = "Qm" + "a" * 44
LONG = 200_000
"""Characters: a record has room for them."""
MANY = 400
MOST_BYTES = 16 * 2**20


def schema(number: int) -> None:
    with suppress(ProtocolError):
        recordheaders.parse_schema("offer", f"{number}" + "x" * LONG)


def issuer(number: int) -> None:
    assert recordheaders.parse_issuer(f"did:webvh:{SCID}:{number}" + ".abcd" * (LONG // 5))[1] == SCID


@pytest.mark.parametrize("read", [schema, issuer])
def test_long_names_are_not_kept(read: Callable[[int], None]) -> None:
    """Names may be as long as a record; of those that were read, no more than a few stay in memory."""
    scid_of.cache_clear()
    tracemalloc.start()
    try:
        for number in range(MANY):
            read(number)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        scid_of.cache_clear()
    assert kept < MOST_BYTES, f"{kept >> 20} MiB"

"""The fence at the desk: what no person's word ends."""

from __future__ import annotations

import pytest

from passerelle.errors import InputError, StorageError
from tests.unit.desk.story import Pair

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("code", ["publish.stopped", "storage.disk-error", "head.moved"])
async def test_a_fault_is_not_confirmed(fresh: Pair, code: str) -> None:
    """W-9, W-22: what a new start must look at is no matter of a person's word; nothing is changed."""
    node = fresh.togo.node
    closed = node.publisher.closed = StorageError(code, fatal=True)
    with pytest.raises(InputError) as told:
        await node.desk.fence_confirm()
    assert (told.value.code, told.value.params) == ("fence.not-confirmable", {"code": code})
    assert node.publisher.closed is closed

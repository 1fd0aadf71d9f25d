"""Adding partners, and what a partner may claim afterwards."""

from __future__ import annotations

import pytest

from passerelle.errors import InputError, StorageError
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record
from passerelle.sync.signing import Draft
from tests.unit.desk.story import Pair
from tests.unit.federation.world import Here

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def claim(here: Here, address: str) -> None:
    """Publish a descriptor that names another address."""
    node = here.node
    newest = Record.parse(node.descriptor)
    body: dict[str, Json] = {**newest.body, "addresses": [address]}
    await node.publisher.publish([Draft("node", "public", body, newest.id)])
    node.descriptor = await node._newest_own("node") or b""


async def test_nobody_is_added_under_our_own_address(fresh: Pair) -> None:
    """P-29: a request signed for ourselves would be good here, whoever brings it."""
    await claim(fresh.mali, fresh.togo.public.upper().replace("HTTPS", "https") + ":443/")
    with pytest.raises(InputError, match=r"peer\.address-taken"):
        await fresh.togo.add(fresh.mali)
    assert await fresh.togo.node.desk.peer_list() == []


async def test_nobody_is_added_under_the_address_of_a_partner(trio: dict[str, Here], fresh: Pair) -> None:
    """P-29: a request signed for France, sent to Mali, would be replayed to France."""
    france = trio["FR-FV"]
    await fresh.togo.add(france)
    await claim(fresh.mali, france.public)
    with pytest.raises(InputError, match=r"peer\.address-taken"):
        await fresh.togo.node.desk.peer_add(fresh.mali.url, address=fresh.mali.url)
    assert [partner["code"] for partner in await fresh.togo.node.desk.peer_list()] == ["FR-FV"]


async def test_a_partner_cannot_move_to_an_address_that_is_taken(trio: dict[str, Here], fresh: Pair) -> None:
    """P-29: what its feed claims later is held to the same rule; the rest of the feed counts."""
    france, togo, mali = trio["FR-FV"], fresh.togo, fresh.mali
    await togo.add(france)
    await togo.add(mali)
    await mali.add(togo)
    for address in (france.public, togo.public):
        await claim(mali, address)
        await togo.node.desk.sync(mali.scid)
        partner = togo.node.directory.peer(mali.scid)
        assert partner is not None
        assert Record.parse(partner.descriptor).body["addresses"] == [mali.public]
    await claim(mali, "https://elsewhere.example")
    await togo.node.desk.sync(mali.scid)
    partner = togo.node.directory.peer(mali.scid)
    assert partner is not None
    assert Record.parse(partner.descriptor).body["addresses"] == ["https://elsewhere.example"]


async def test_a_node_that_signs_nothing_adds_nobody(fresh: Pair) -> None:
    """A partner without our feed to it would be half of one."""
    node = fresh.togo.node
    node.publisher.closed = StorageError("head.ahead", fatal=True)
    with pytest.raises(StorageError, match=r"head\.ahead"):
        await fresh.togo.add(fresh.mali)
    assert await node.desk.peer_list() == []
    node.publisher.closed = None
    await fresh.togo.add(fresh.mali)
    assert len(await node.desk.peer_list()) == 1

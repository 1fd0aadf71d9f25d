"""A forked identity at the desk: shown, picked, and nothing to pick where there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from passerelle.errors import InputError, ProtocolError
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage.peers import Peer
from passerelle.sync import identities
from tests.unit.desk.story import Pair
from tests.unit.federation.world import MALI, Here
from tests.unit.sync.author import Agency

pytestmark = pytest.mark.asyncio(loop_scope="package")

NOW = datetime.now(UTC)
NIGER = "NE-FICT"


@pytest_asyncio.fixture(loop_scope="package")
async def niger(fresh: Pair) -> Agency:
    """A partner of Togo that no node stands behind, for its keys must make two histories."""
    agency, node = Agency("niger", made=NOW - timedelta(hours=2)), fresh.togo.node
    nowhere = "http://127.0.0.1:1"
    partner = Peer(agency.scid, NIGER, nowhere, True, 1, None, agency.descriptor(nowhere).data)
    async with node.database.writing() as connection:
        await peer_rows.put_identity(connection, agency.scid, agency.log, 1)
        await peer_rows.add(connection, partner)
        await feeds.add(connection, Origin(agency.scid, None, 1), own=False, state="current")
    node.directory.keep_identity(parse_identity(agency.log, now=NOW))
    node.directory.keep_peer(partner)
    return agency


async def forked(here: Here, agency: Agency) -> list[bytes]:
    """Bring both logs in, one after the other."""
    logs = [agency.rotate(SigningKey(bytes([number] * 32))) for number in (1, 2)]
    taken = (here.node.database, here.node.directory)
    assert await identities.take(*taken, logs[0], agency.scid, NOW)
    with pytest.raises(ProtocolError, match=r"identity\.forked"):
        await identities.take(*taken, logs[1], agency.scid, NOW)
    return logs


async def state(here: Here) -> Any:
    """How the one partner stands, as `status` tells it."""
    status: Any = await here.node.desk.status()
    (partner,) = status["partners"]
    return partner["state"]


async def test_a_person_sees_both_branches_and_picks(fresh: Pair, niger: Agency) -> None:
    """I-23, I-42: both logs as received; the feeds are blocked until the pick and free after it."""
    logs = await forked(fresh.togo, niger)
    call = fresh.togo.node.desk.call
    shown: Any = await call("peer_pick", {"peer": NIGER})
    assert (shown["code"], shown["common"], shown["picked"]) == (NIGER, 1, None)
    assert [branch["log"].encode() for branch in shown["branches"]] == logs
    entries = [branch["version"] for branch in shown["branches"]]
    assert entries == [parse_identity(log, now=None).entries[1].version_id for log in logs]
    assert await state(fresh.togo) == "blocked"
    picked: Any = await call("peer_pick", {"peer": NIGER, "branch": 2})
    assert picked == {**shown, "picked": 2}
    assert await state(fresh.togo) == "stale"
    now = fresh.togo.node.directory.identity(niger.scid)
    assert now is not None
    assert now.log == logs[1]


async def test_a_branch_that_is_none(fresh: Pair, niger: Agency) -> None:
    """Desk: 1 or 2, and nothing changes before one of them is named."""
    await forked(fresh.togo, niger)
    with pytest.raises(InputError, match=r"peer\.no-such-branch"):
        await fresh.togo.node.desk.call("peer_pick", {"peer": NIGER, "branch": 3})
    assert await state(fresh.togo) == "blocked"


async def test_nothing_to_pick(fresh: Pair) -> None:
    """Desk: an identity that never forked has no branches."""
    await fresh.togo.add(fresh.mali)
    with pytest.raises(InputError, match=r"peer\.not-forked"):
        await fresh.togo.node.desk.call("peer_pick", {"peer": MALI})

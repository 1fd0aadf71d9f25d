"""Identity logs of others: for all where we have said in public whom we recognise, else for partners."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from passerelle.descriptor import agency_body
from passerelle.node import utc_now
from passerelle.server.federation import doorman as doors
from passerelle.server.federation.doorman import Doorman
from tests.unit.federation.conftest import Network
from tests.unit.federation.world import (
    BURKINA,
    FRANCE,
    MALI,
    TOGO,
    Here,
    agencies,
    answering,
    ask,
    ask_signed,
    introduce,
    signed,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOWHERE = "/mirrors/{burkina}/did.jsonl"
"""A stranger's, of whom nothing is held."""


async def recognise(here: Here, *others: Here) -> None:
    """Publish a next version of a node's `agency` record."""
    (known,) = await here.node.desk.records_list(type="agency", issuer=here.node.config.agency.code, limit=1)
    listed = [{"agency": other.scid, "since": "2026"} for other in others]
    body = agency_body(here.node.config) | {"recognises": listed}
    await here.node.desk.publish([{"type": "agency", "id": known["id"], "body": body}])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """Togo with two partners, of whom it recognises Mali, and Burkina, a stranger that it recognises too."""
    async with agencies(homes, tmp_path_factory.mktemp("mirrors")) as found:
        network = Network(found[TOGO], found[MALI], found[FRANCE], found[BURKINA])
        await introduce(network.togo, network.mali)
        await introduce(network.togo, network.france)
        await recognise(network.togo, network.mali, network.burkina)
        yield network


async def test_whom_we_recognise_is_mirrored_for_all(net: Network) -> None:
    """P-26: what our agency record says already is told to anybody, and may be cached for a moment."""
    reply = await ask(net.togo, net.path("/mirrors/{mali}/did.jsonl"))
    assert (reply.status, reply.body) == (200, net.mali.node.directory.own.log)
    assert reply.headers["cache-control"].startswith("public")
    assert (await ask(net.togo, net.path("/mirrors/{togo}/did.jsonl"))).status == 200


async def test_a_partner_that_we_do_not_recognise_is_told_to_nobody(net: Network) -> None:
    """P-27, Q-14: to an outsider, signed or not, as a path that does not exist, byte for byte."""
    hidden = net.path("/mirrors/{france}/did.jsonl")
    nowhere = await ask(net.mali, net.path(NOWHERE))
    assert (nowhere.status, nowhere.code) == (404, "path.not-found")
    late = utc_now() - timedelta(hours=1)
    replies = [
        await ask(net.togo, hidden),
        await ask_signed(net.burkina, net.togo, hidden),
        await ask_signed(net.burkina, net.togo, hidden, now=late),
        await ask(net.togo, net.path(NOWHERE)),
    ]
    assert [reply.undated for reply in replies] == [nowhere.undated] * len(replies)


async def test_a_partner_is_shown_whom_we_know(net: Network) -> None:
    """P-27, P-28: any partner may check another's records; nothing on the way keeps the answer."""
    for asker in (net.mali, net.france):
        reply = await ask_signed(asker, net.togo, net.path("/mirrors/{france}/did.jsonl"))
        assert (reply.status, reply.body) == (200, net.france.node.directory.own.log)
        assert reply.headers["cache-control"] == "private, no-store"
    assert (await ask_signed(net.mali, net.togo, net.path(NOWHERE))).status == 404
    late = utc_now() - timedelta(hours=1)
    reply = await ask_signed(net.mali, net.togo, net.path("/mirrors/{france}/did.jsonl"), now=late)
    assert (reply.status, reply.code) == (401, "request.time")


async def test_whom_we_no_longer_recognise(net: Network) -> None:
    """P-26: the newest agency record decides, at each request; a log that is not held is shown to nobody."""
    mali = net.path("/mirrors/{mali}/did.jsonl")
    try:
        await recognise(net.togo, net.france)
        assert (await ask(net.togo, mali)).status == 404
        assert (await ask(net.togo, net.path("/mirrors/{france}/did.jsonl"))).status == 200
    finally:
        await recognise(net.togo, net.mali, net.burkina)
    told: Any = await ask(net.togo, mali)
    assert told.status == 200


async def test_a_partner_is_not_counted_among_strangers(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q-32: what a partner signs is its own wherever it asks; what nobody has signed so, or signed anew, is a stranger's."""
    monkeypatch.setattr(doors, "ANONYMOUS_IN_FLIGHT", 0)
    monkeypatch.setattr(doors, "REFUSAL_SECONDS", 0.01)
    mirror, feed = net.path("/mirrors/{france}/did.jsonl"), "/feeds/public/1/checkpoint"
    async with answering(net.togo.node, doorman=Doorman(by_address=True)) as togo:
        assert [(await ask_signed(net.mali, togo, path)).status for path in (mirror, feed)] == [200, 200]
        fields = signed(net.mali, togo, mirror)
        assert (await ask(togo, mirror, headers=fields)).status == 200
        strangers = [
            await ask(togo, mirror, headers=fields),
            await ask(togo, feed),
            await ask_signed(net.burkina, togo, feed),
        ]
    assert [(reply.status, reply.code) for reply in strangers] == [(429, "request.too-many")] * 3

"""Which record an id means: never another issuer's, and not a version that the rules block."""

from __future__ import annotations

from dataclasses import replace

import pytest

from passerelle.desk.naming import choose
from passerelle.errors import InputError
from passerelle.exchange.verdicts import ACCEPTED, Verdict
from passerelle.storage.records import Row
from tests.unit.desk.story import Pair, offered
from tests.unit.federation.world import MALI, TOGO

pytestmark = pytest.mark.asyncio(loop_scope="package")

BLOCKED = Verdict("blocked", "record.version-conflict")


def row(version: int, digest: str, issuer: str = "togo") -> Row:
    return Row(digest, "urn:one", version, "offer", issuer, public=True, issued=version, readable=True)


async def test_a_version_that_is_blocked_is_not_meant() -> None:
    """Newest first; the newest of all where every one is blocked."""
    rows = [row(3, "c"), row(2, "b"), row(1, "a")]
    assert choose(rows, {"c": BLOCKED, "b": ACCEPTED}, "urn:one").digest == "b"
    assert choose(rows, {"c": BLOCKED, "b": Verdict("waiting", "x.y")}, "urn:one").digest == "b"
    assert choose(rows, dict.fromkeys("abc", BLOCKED), "urn:one").digest == "c"
    assert choose(rows, {}, "urn:one").digest == "c"
    assert choose(rows, {"a": BLOCKED}, "a").digest == "a"


async def test_two_issuers_of_one_id() -> None:
    """A higher version of another issuer is no version of this record."""
    rows = [row(9, "c", "mali"), row(1, "a")]
    with pytest.raises(InputError, match=r"record\.ambiguous"):
        choose(rows, {}, "urn:one")
    assert choose(rows, {}, "a").issuer == "togo"


async def test_a_partner_takes_our_id(pair: Pair) -> None:
    """What the id named stays within reach by its digest, with its own versions alone."""
    togo, mali = pair.togo, pair.mali
    ours = await offered(togo, TOGO, "Le nôtre")
    publisher = mali.node.publisher
    honest = publisher._tools
    publisher._tools = replace(honest, new_id=lambda: ours["id"])
    try:
        theirs = await offered(mali, MALI, "Le leur")
    finally:
        publisher._tools = honest
    assert theirs["id"] == ours["id"]
    assert (await mali.node.desk.records_show(ours["id"]))["digest"] == theirs["digest"]
    await togo.node.desk.sync(mali.scid)
    with pytest.raises(InputError, match=r"record\.ambiguous"):
        await togo.node.desk.records_show(ours["id"])
    with pytest.raises(InputError, match=r"record\.ambiguous"):
        await togo.node.desk.decide(ours["id"], "withdraw")
    shown = await togo.node.desk.records_show(ours["digest"])
    assert shown["issuer"] == togo.scid
    assert shown["versions"] == [{"version": 1, "digest": ours["digest"]}]
    withdrawn = await togo.node.desk.decide(ours["digest"], "withdraw")
    assert withdrawn["version"] == 1

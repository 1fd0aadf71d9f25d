"""A node that meets records of a newer version, and then becomes that version: real processes, one home."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.faults.harness import Item, Node, agreement, offer
from tests.faults.other_version import Versioned

Pair = Callable[[str], tuple[Node, Node]]


@pytest.fixture
def versions(pair: Pair) -> Iterator[tuple[Versioned, Versioned]]:
    """An author and a follower, at rest, each to be started in the version that a test says."""
    nodes = [Versioned(node.home, node.code) for node in pair("versions")]
    yield nodes[0], nodes[1]
    for node in nodes:
        node.kill()


@pytest.mark.parametrize(
    ("older", "newer", "record_type"),
    [("without:agreement", "-", "agreement"), ("-", "major:offer", "offer")],
    ids=["type", "major"],
)
async def test_what_was_unreadable_is_read_after_an_upgrade(
    versions: tuple[Versioned, Versioned], older: str, newer: str, record_type: str
) -> None:
    """R-33, F-16: kept, verified, shown as unreadable; read by the version that knows its type and major."""
    author, follower = versions
    author.knows, follower.knows = newer, older
    await asyncio.gather(author.start(), follower.start())
    item = agreement(author, follower, "new") if record_type == "agreement" else offer("new")
    (published,) = await author.publish([item], "new")
    visit = await follower.sync(author)
    assert not any(feed["setbacks"] for feed in visit["feeds"]), "it is no fault of the author"
    assert await _shown(follower, published) == (False, "waiting")
    await follower.stop()
    await follower.start()
    await asyncio.sleep(1)
    assert await _shown(follower, published) == (False, "waiting"), "the same version knows no more"
    await follower.stop()
    follower.knows = newer
    await follower.start()
    await _until_readable(follower, published)
    verdict = "accepted" if record_type == "agreement" else None  # the fold reads no offer of major 2 yet
    assert await _shown(follower, published) == (True, verdict)
    (held,) = [row for row in await follower.call("records_list") if row["digest"] == published["digest"]]
    assert held["readable"] is True


async def _shown(node: Node, published: Item) -> tuple[bool, str | None]:
    """Whether a record is shown as readable, and the verdict on it."""
    told = await node.call("records_show", name=published["digest"])
    assert told["record"]["id"] == published["id"], "the bytes are there either way"
    return told["readable"], told.get("verdict")


async def _until_readable(node: Node, published: Item) -> None:
    """It is examined beside the start, so that a node with many is there at once."""
    for _ in range(200):
        if (await _shown(node, published))[0]:
            return
        await asyncio.sleep(0.1)
    pytest.fail("it is still not readable")

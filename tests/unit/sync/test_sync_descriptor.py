"""What a node says of itself: where its first records stand, and for how long they hold."""

from __future__ import annotations

from datetime import timedelta

from passerelle.node import Node
from passerelle.protocol.profile import parse_time
from passerelle.protocol.records import Record
from tests.rows import rows_of


def _published(node: Node) -> list[Record]:
    """What stands in its public feed, in order."""
    with rows_of(node.paths.home) as rows:
        query = (
            "select data from place join vault_record using (record) join feed on feed.id = feed_id"
            " where origin = ? order by idx"
        )
        found = rows.execute(query, (f"passerelle/{node.directory.own_scid}/public/1",)).fetchall()
    return [Record.parse(data) for (data,) in found]


async def test_the_first_two_records(node: Node) -> None:
    """I-38: who the agency is, then where its node is."""
    first, second, *_ = _published(node)
    assert (first.type, second.type) == ("agency", "node")


async def test_how_long_a_descriptor_holds(node: Node) -> None:
    """I-34: no more than 90 days from when it was issued, and until then another one follows."""
    descriptor = Record.parse(node.descriptor)
    until = parse_time(str(descriptor.body["validUntil"]))
    assert timedelta(days=60) < until - descriptor.issued <= timedelta(days=90)

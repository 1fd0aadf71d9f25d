"""The pairs of homes that the cases of the fault table begin from, each made once and at rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from passerelle.custody import read_update_key
from passerelle.node import open_node
from passerelle.protocol.identity import parse_identity, update_log
from tests.faults import harness
from tests.faults.harness import Node, group
from tests.rows import rows_of

Pair = tuple[Node, Node]


async def make_bases(folder: Path, database: Callable[[], str] = harness.in_file) -> dict[str, Pair]:
    """Every pair of homes that a drive begins from, at rest."""
    strangers = await harness.make_strangers(folder / "strangers", database)
    pair = await harness.make_pair(*harness.clone(strangers, folder / "pair"))
    held = harness.clone(pair, folder / "held")
    await held[0].start()
    await held[0].publish(group(*held, "held"), "held")
    await held[1].sync(held[0])
    await held[0].stop()
    # The first of the pair as it was before, the second as it is now: a copy was put back.
    ahead = (harness.clone(pair, folder / "ahead-a")[0], harness.clone(held, folder / "ahead-b")[1])
    forked = (harness.clone(pair, folder / "forked-a")[0], harness.clone(held, folder / "forked-b")[1])
    await forked[0].publish(group(*forked, "other"), "other")
    rotated = harness.clone(pair, folder / "rotated")
    await _extend_identity(rotated[0])
    return {
        "strangers": strangers,
        "pair": pair,
        "held": held,
        "ahead": ahead,
        "forked": forked,
        "rotated": rotated,
    }


async def _extend_identity(node: Node) -> None:
    """One more entry with the same keys, and the node record that names it."""
    async with open_node(node.home) as opened:
        own = opened.directory.own
        keys, newest = opened.keys, own.newest
    update = read_update_key(node.paths.offline / "update-2.txt")
    spare = read_update_key(node.paths.offline / "update-3.txt")
    log = update_log(
        own.log,
        update_key=update,
        next_update_multikeys=[spare.multikey],
        record_keys=[keys.record.public],
        request_keys=[keys.request.public],
        log_keys=[keys.log.public],
        witness_keys=[keys.witness.public],
        sealing=newest.sealing,
        now=datetime.now(UTC),
    )
    parse_identity(log, now=None)
    with rows_of(node.home) as rows:
        rows.execute("update identity_log set log = ? where scid = ?", (log, own.scid))
    async with open_node(node.home) as opened:
        await opened.say_who_we_are()

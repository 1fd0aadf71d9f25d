"""``python -m passerelle.scenario.bench``: publish offers, sync them cold, print what it took."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from passerelle.protocol.profile import Json, JsonObject, encode
from passerelle.scenario import model
from passerelle.scenario.bench.measure import bare_verifications_per_second, watched
from passerelle.scenario.bench.offers import offers
from passerelle.scenario.nodes import Nodes
from passerelle.scenario.readings import held_counts, identity_of

PUBLISHER, FOLLOWER = "publisher", "follower"
BATCH_ITEMS: Final = 500
LOOK_SECONDS: Final = 0.2
LIMIT_SECONDS: Final = 1_800.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one run took.

    Args:
        offers: How many were published and synced.
        distinct_words: How many different words they hold.
        body_bytes: Mean size of a body.
        publish_seconds: From the first request to the last answer, everything durable.
        sync_seconds: From adding the partner, nothing held, until root, rows and receipt are there.
        bare_verifications_per_second: Ed25519 checks in two processes, in the same run.
        follower_peak_pss_bytes: Sum over the follower's processes; None where Linux does not tell.
        http_bytes: All bytes between the two while syncing, both directions.
    """

    offers: int
    distinct_words: int
    body_bytes: int
    publish_seconds: float
    sync_seconds: float
    bare_verifications_per_second: float
    follower_peak_pss_bytes: int | None
    http_bytes: int

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The result for a person."""
        both = self.publish_seconds + self.sync_seconds
        synced = self.offers / self.sync_seconds
        pss = (
            "not told"
            if self.follower_peak_pss_bytes is None
            else f"{self.follower_peak_pss_bytes / 2**20:.0f} MiB"
        )
        return [
            (
                "offers",
                f"{self.offers:,}, {self.distinct_words:,} distinct words, {self.body_bytes:,} bytes a body",
            ),
            ("published", f"{self.offers / self.publish_seconds:,.0f} records/s"),
            ("cold sync, publisher included", f"{synced:,.0f} records/s"),
            ("published and synced", f"{self.offers / both:,.0f} records/s"),
            ("bare Ed25519, two processes", f"{self.bare_verifications_per_second:,.0f} checks/s"),
            ("cold sync / bare Ed25519", f"{synced / self.bare_verifications_per_second:.3f}"),
            ("follower, peak sum of PSS", pss),
            ("HTTP", f"{self.http_bytes / self.offers:,.0f} bytes/record"),
        ]


def agency(code: str, domain: str) -> model.Agency:
    """A made-up agency."""
    given = {"code": code, "country": code[:2], "names": {"fr": code}, "domain": domain}
    return model.Agency.model_validate(given)


async def run(work: Path, count: int, seed: int) -> Result:
    """Publish, then sync from nothing."""
    cast = {PUBLISHER: agency("ML-PUB", "publisher.example"), FOLLOWER: agency("TG-FOL", "follower.example")}
    nodes = Nodes(work, cast, [])
    try:
        await nodes.open()
        own = await identity_of(nodes, PUBLISHER)
        items = list(offers(count, seed, {"agency": own.scid, "country": own.country}))
        publish_seconds = await _publish(nodes, items)
        pid = nodes.processes[FOLLOWER].pid
        if pid is None:
            raise RuntimeError("the follower runs")
        async with watched(pid) as memory:
            sync_seconds = await _sync(nodes, own.scid, count)
        http = sum(link.traffic.sent_bytes + link.traffic.received_bytes for link in nodes.links.values())
    finally:
        await nodes.close()
    return Result(
        offers=count,
        distinct_words=distinct_words(items),
        body_bytes=sum(len(encode(item["body"])) for item in items) // max(count, 1),
        publish_seconds=publish_seconds,
        sync_seconds=sync_seconds,
        # After the nodes have ended: the two processes have the machine to themselves.
        bare_verifications_per_second=await asyncio.to_thread(bare_verifications_per_second, count),
        follower_peak_pss_bytes=memory.peak_bytes,
        http_bytes=http,
    )


async def _publish(nodes: Nodes, items: Sequence[JsonObject]) -> float:
    began = time.perf_counter()
    for start in range(0, len(items), BATCH_ITEMS):
        batch: list[Json] = list(items[start : start + BATCH_ITEMS])
        await nodes.call(PUBLISHER, "publish", items=batch)
    return time.perf_counter() - began


async def _sync(nodes: Nodes, scid: str, count: int) -> float:
    began = time.perf_counter()
    await nodes.join(FOLLOWER, PUBLISHER)
    while not await _is_whole(nodes, scid, count):
        if time.perf_counter() - began > LIMIT_SECONDS:
            raise RuntimeError("the follower does not catch up")
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter() - began


async def _is_whole(nodes: Nodes, scid: str, count: int) -> bool:
    """Whether the follower has the rows, and has cosigned the root of the whole public feed."""
    if (await held_counts(nodes, FOLLOWER)).get("offer") != count:
        return False
    status = await nodes.call(PUBLISHER, "status")
    partners = await nodes.call(FOLLOWER, "peer_list")
    return _size(status, scid) == _cosigned(partners, scid) != 0


def _size(status: Json, scid: str) -> Json:
    feeds = status["feeds"] if isinstance(status, dict) else None
    return _of_feed(feeds, scid, "size")


def _cosigned(partners: Json, scid: str) -> Json:
    first = partners[0] if isinstance(partners, list) and partners else None
    feeds = first["feeds"] if isinstance(first, dict) else None
    return _of_feed(feeds, scid, "cosigned")


def _of_feed(feeds: Json, scid: str, member: str) -> Json:
    """A member of the public feed of an agency, in a listing of feeds."""
    for feed in feeds if isinstance(feeds, list) else []:
        if isinstance(feed, dict) and feed["origin"] == f"passerelle/{scid}/public/1":
            return feed[member]
    return 0


def distinct_words(items: Sequence[JsonObject]) -> int:
    """Different words in all titles and descriptions."""
    found: set[str] = set()
    for item in items:
        found.update(re.findall(r"[^\W\d_]+", encode(item["body"]).decode().lower()))
    return len(found)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m passerelle.scenario.bench", description=__doc__)
    parser.add_argument("--offers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-", ignore_cleanup_errors=True) as work:
        result = asyncio.run(run(Path(work), wish.offers, wish.seed))
    if wish.json:
        sys.stdout.write(json.dumps(asdict(result), indent=2) + "\n")
    else:
        width = max(len(name) for name, _ in result.lines)
        sys.stdout.writelines(f"{name:<{width}}  {value}\n" for name, value in result.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""One run: two real nodes on disk, offers published in batches and one by one, then synced from nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import zstandard

from passerelle.config import SQLITE
from passerelle.protocol.objects import parse_public
from passerelle.protocol.profile import Json, JsonObject, embedded, encode_plain
from passerelle.protocol.tiles import bundles_of, parse_objects
from passerelle.scenario import model
from passerelle.scenario.bench.measure import bare_verifications_per_second, processor_seconds, watched
from passerelle.scenario.bench.offers import distinct_words, mean_body_bytes, offers
from passerelle.scenario.nodes import Nodes
from passerelle.scenario.readings import held_counts, identity_of

PUBLISHER, FOLLOWER = "publisher", "follower"
BATCH_ITEMS: Final = 250
CALLERS: Final = 2
"""Who publishes batches at a time, each waiting for its answer before the next."""
SINGLES: Final = 200
PAUSE_SECONDS: Final = 0.05
"""Between two single records published beside the batches."""
POLLS_OF_A_VISIT: Final = 2
GROUP: Final = 256
LEVEL: Final = 9
"""Of zstd, over groups of so many canonical records: what the HTTP bytes are compared with."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one run took.

    Args:
        offers: How many were published in batches and synced.
        distinct_words: How many different words they hold.
        body_bytes: Mean size of a body.
        publish_seconds: From the first batch's request to the last answer, everything durable.
        publish_processor: Processor time of that for each record, in microseconds, writing the batches down included:
            of the publisher, of the scribe that it started, and of ourselves, who call.
        single_p99_seconds: 99th percentile of publishing one record while nothing else is published.
        beside_p99_seconds: The same while the batches are published.
        sync_seconds: From the line being there, nothing held, until root, rows, receipt and fold are there.
        bare_verifications_per_second: Ed25519 checks in two processes, in the same run.
        follower_peak_pss_bytes: Sum over the follower's processes; None where Linux does not tell.
        http_bytes_per_record: All bytes between the two while syncing, both directions.
        packed_bytes_per_record: The canonical records themselves, zstd -9 in groups of 256.
        idle_poll_bytes: All bytes, both directions, of one poll that finds nothing new; a visit makes two,
            of the public feed and, signed, of the feed to us.
    """

    offers: int
    distinct_words: int
    body_bytes: int
    publish_seconds: float
    publish_processor: dict[str, float]
    single_p99_seconds: float
    beside_p99_seconds: float
    sync_seconds: float
    bare_verifications_per_second: float
    follower_peak_pss_bytes: int | None
    http_bytes_per_record: float
    packed_bytes_per_record: float
    idle_poll_bytes: int

    @property
    def published_per_second(self) -> float:
        """Records, in batches."""
        return self.offers / self.publish_seconds

    @property
    def synced_per_second(self) -> float:
        """Records, cold, with fold and receipt, the publisher on the same machine."""
        return self.offers / self.sync_seconds

    @property
    def ratio(self) -> float:
        """Cold sync to bare verification."""
        return self.synced_per_second / self.bare_verifications_per_second


async def run(work: Path, count: int, seed: int, database: str = SQLITE) -> Result:
    """Publish, then sync from nothing.

    Args:
        work: An empty folder on a disk.
        count: Offers.
        seed: Decides on what they say.
        database: Where the rows go; see :class:`passerelle.scenario.databases.Databases`.
    """
    cast = {
        PUBLISHER: _agency("ML-PUB", "publisher.example"),
        FOLLOWER: _agency("TG-FOL", "follower.example"),
    }
    nodes = Nodes(work, cast, [], database=database)
    try:
        await nodes.open()
        own = await identity_of(nodes, PUBLISHER)
        host: JsonObject = {"agency": own.scid, "country": own.country}
        items = list(offers(count, seed, host))
        await nodes.join(FOLLOWER, PUBLISHER)
        await _visit(nodes)
        for link in nodes.links.values():
            await link.cut()  # the partner was away while all this was published
        singles = list(offers(2_000, seed + 1, host))
        publishing = _pid(nodes, PUBLISHER)
        before = processor_seconds(publishing)
        publish_seconds, beside = await _publish(nodes, items, singles)
        spent = processor_seconds(publishing)
        alone = [await _single(nodes, item) for item in offers(min(SINGLES, count), seed + 2, host)]
        async with watched(_pid(nodes, FOLLOWER)) as memory:
            sync_seconds, http_bytes, synced = await _sync(nodes, own.scid)
        idle = await _traffic_of_a_poll(nodes)
        packed = await _packed_bytes(nodes, synced)
    finally:
        await nodes.close()
    return Result(
        offers=count,
        distinct_words=distinct_words(items),
        body_bytes=mean_body_bytes(items),
        publish_seconds=publish_seconds,
        publish_processor={name: (spent[name] - before[name]) * 1e6 / count for name in spent},
        single_p99_seconds=_p99(alone),
        beside_p99_seconds=_p99(beside),
        sync_seconds=sync_seconds * count / synced,
        # After the nodes have ended: the two processes have the machine to themselves.
        bare_verifications_per_second=await asyncio.to_thread(bare_verifications_per_second, count),
        follower_peak_pss_bytes=memory.peak_bytes,
        http_bytes_per_record=http_bytes / synced,
        packed_bytes_per_record=packed / synced,
        idle_poll_bytes=idle,
    )


def _pid(nodes: Nodes, agency: str) -> int:
    pid = nodes.processes[agency].pid
    if pid is None:
        raise RuntimeError(f"the {agency} runs")
    return pid


def _agency(code: str, domain: str) -> model.Agency:
    given = {"code": code, "country": code[:2], "names": {"fr": code}, "domain": domain}
    return model.Agency.model_validate(given)


# --- publishing --------------------------------------------------------------------------------------------


async def _publish(
    nodes: Nodes, items: Sequence[JsonObject], singles: Sequence[JsonObject]
) -> tuple[float, list[float]]:
    """Publish batches, and now and then a single record beside them; seconds, and those of each single."""
    # Written before the clock starts: a national system has its own machine for that. The bytes go over the socket all the same.
    batches = [
        embedded(encode_plain(items[start : start + BATCH_ITEMS]))
        for start in range(0, len(items), BATCH_ITEMS)
    ]
    beside: list[float] = []

    async def publish_batches() -> None:
        while batches:
            await nodes.call(PUBLISHER, "publish", items=batches.pop())

    async def publish_singles() -> None:
        for item in singles:
            beside.append(await _single(nodes, item))
            await asyncio.sleep(PAUSE_SECONDS)

    began = time.perf_counter()
    task = asyncio.create_task(publish_singles())
    await asyncio.gather(*(publish_batches() for _ in range(CALLERS)))
    seconds = time.perf_counter() - began
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return seconds, beside


async def _single(nodes: Nodes, item: JsonObject) -> float:
    began = time.perf_counter()
    await nodes.call(PUBLISHER, "publish", items=[item])
    return time.perf_counter() - began


def _p99(seconds: Sequence[float]) -> float:
    ranked = sorted(seconds)
    return ranked[int(len(ranked) * 0.99)] if ranked else 0.0


# --- syncing -----------------------------------------------------------------------------------------------


async def _sync(nodes: Nodes, scid: str) -> tuple[float, int, int]:
    """Let the follower catch up; seconds, bytes on the line, and how many records came."""
    before = await _offers_held(nodes, FOLLOWER)
    began = time.perf_counter()
    for link in nodes.links.values():
        await link.restore()
    first = _bytes_so_far(nodes)
    await _visit(nodes)
    await nodes.call(FOLLOWER, "statement", partner=scid)
    seconds = time.perf_counter() - began
    held = await _offers_held(nodes, FOLLOWER)
    size = _of_public_feed(await nodes.call(PUBLISHER, "status"), scid, "size")
    partners = await nodes.call(FOLLOWER, "peer_list")
    cosigned = _of_public_feed(partners[0] if isinstance(partners, list) else None, scid, "cosigned")
    if held != await _offers_held(nodes, PUBLISHER) or size != cosigned:
        raise RuntimeError("the follower has not caught up")
    return seconds, _bytes_so_far(nodes) - first, held - before


async def _offers_held(nodes: Nodes, agency: str) -> int:
    counted = (await held_counts(nodes, agency)).get("offer", 0)
    return counted if isinstance(counted, int) else 0


async def _visit(nodes: Nodes) -> None:
    """One visit of the follower, from beginning to end: entries, objects, checks, rows, receipt."""
    visits = await nodes.call(FOLLOWER, "sync", peer=None)
    for visit in visits if isinstance(visits, list) else []:
        if not isinstance(visit, dict) or not visit["ok"]:
            raise RuntimeError(f"the visit failed: {visit}")


async def _traffic_of_a_poll(nodes: Nodes) -> int:
    """Bytes of a poll that finds nothing new, of the smallest of a few visits: notices may pass beside one."""
    seen: list[int] = []
    for _ in range(4):
        first = _bytes_so_far(nodes)
        await _visit(nodes)
        seen.append(_bytes_so_far(nodes) - first)
    return min(seen) // POLLS_OF_A_VISIT


def _bytes_so_far(nodes: Nodes) -> int:
    return sum(link.traffic.sent_bytes + link.traffic.received_bytes for link in nodes.links.values())


def _of_public_feed(told: Json, scid: str, member: str) -> Json:
    """A member of the public feed of an agency, in what a node tells of feeds."""
    feeds = told["feeds"] if isinstance(told, dict) else None
    for feed in feeds if isinstance(feeds, list) else []:
        if isinstance(feed, dict) and feed["origin"] == f"passerelle/{scid}/public/1":
            return feed[member]
    return 0


async def _packed_bytes(nodes: Nodes, count: int) -> int:
    """The records as the publisher serves them, compressed by themselves in groups."""
    address = nodes.processes[PUBLISHER].address
    records: list[bytes] = []
    async with aiohttp.ClientSession() as session:
        size = await _size_of(session, address)
        for bundle in bundles_of("objects", 0, size):
            async with session.get(f"{address}/feeds/public/1/{bundle.path}") as answer:
                objects = parse_objects(await answer.read(), bundle.width)
            records += [parse_public(item)[1] for item in objects if item is not None]
    records = records[-count:]
    pack = zstandard.ZstdCompressor(level=LEVEL).compress
    return sum(len(pack(b"".join(records[at : at + GROUP]))) for at in range(0, len(records), GROUP))


async def _size_of(session: aiohttp.ClientSession, address: str) -> int:
    async with session.get(f"{address}/feeds/public/1/checkpoint") as answer:
        return int((await answer.text()).split("\n")[1])

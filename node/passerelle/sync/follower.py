"""Following: one task for each partner, so that none can delay another.

Start-up, a notice, a person's wish and a jittered timer each lead to the same visit: the
identity if it is due, the public feed, the feed to us, the receipts of our feeds. A visit
that fails is tried again after a pause that doubles with each failure, up to a limit, and
ends when the partner shows a sign of life: at once after a failure, after a minute at the
most where many visits in a row bore no fruit.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from passerelle.config import Sync
from passerelle.errors import InconsistentLog, PasserelleError, ProtocolError, TransportError
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Record
from passerelle.storage import evidence, feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage.heads import Head
from passerelle.storage.peers import Peer
from passerelle.sync import contact, fence, identities, receipts
from passerelle.sync.addresses import public_address
from passerelle.sync.client import Client, Road
from passerelle.sync.fence import Contradiction
from passerelle.sync.fetch import FeedReader
from passerelle.sync.pull import Pull, Pulled, PullTools

IDENTITY_EVERY_SECONDS = 86_400
FIRST_BACKOFF_SECONDS = 1.0
VISIT_SECONDS = 1_800.0
"""Longest visit; what it kept is kept, and the next one goes on."""
NOTICE_GAP_SECONDS = 0.5
"""Least time between two visits to which notices lead; after those that bore no fruit it doubles, up to a minute.
So nobody is told of more growth within that time: while much is published, one notice for many batches."""
NOTICE_GAP_MAX_SECONDS = 60.0
NO_ROAD = frozenset({"road.allowance-spent", "road.unreachable", "road.timeout", "road.private-address"})
"""Failures after which there is no use in asking the same partner for something else."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Visit:
    """What one visit to a partner did.

    Args:
        scid: Whom.
        pulled: Each feed that was pulled.
        receipts: For each of our feeds, the size that the partner has cosigned.
        error: Why the visit ended early, or None.
        has_learned: Whether it brought anything that was not held before.
    """

    scid: str
    pulled: list[Pulled] = field(default_factory=list)
    receipts: dict[str, int] = field(default_factory=dict)
    error: PasserelleError | None = None
    has_learned: bool = False

    @property
    def was_fruitless(self) -> bool:
        """Whether it failed, or most of what it brought became no record: work that its author makes for nothing."""
        new = sum(pulled.new for pulled in self.pulled)
        setbacks = sum(sum(pulled.setbacks.values()) for pulled in self.pulled)
        return self.error is not None or 2 * setbacks > new


@dataclass(slots=True)
class _Partner:
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    asked_for: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # by a person, who does not wait for a gap
    waiting: list[asyncio.Future[Visit]] = field(default_factory=list)
    wished: bool = False  # whether a person waits for the visit that is under way
    failures: int = 0
    fruitless: int = 0  # visits in a row, those that failed among them
    asked: bool = False  # whether it has said, since the start, how far it holds our own feeds
    identity_checked: float = float("-inf")
    task: asyncio.Task[None] | None = None
    notice: asyncio.Task[None] | None = None
    untold: dict[str, int] = field(default_factory=dict)


class Follower:
    """Visits every partner, each in its own task.

    Args:
        tools: Rows, keys, look-ups.
        client: Sends the requests.
        settings: Intervals and limits.
        heads: Our own heads in force, by origin.
        arrived: Called after new records were kept, with the partner's SCID.
        fenced: Called when a partner proves that this node must not sign.
        report: Called with a partner's SCID where it should be told of rejections.
    """

    def __init__(
        self,
        tools: PullTools,
        client: Client,
        settings: Sync,
        *,
        heads: Callable[[], Mapping[str, Head]],
        arrived: Callable[[str], Awaitable[None]],
        fenced: Callable[[Contradiction], Awaitable[None]],
        report: Callable[[str], Awaitable[None]],
    ) -> None:
        self._tools = tools
        self._client = client
        self._settings = settings
        self._heads = heads
        self._arrived = arrived
        self._fenced = fenced
        self._report = report
        self._partners: dict[str, _Partner] = {}

    def start(self) -> None:
        """Begin to visit all partners now known."""
        for partner in self._tools.directory.peers:
            self.follow(partner.scid)

    def follow(self, scid: str) -> None:
        """Begin to visit a partner that was just added."""
        if scid not in self._partners:
            state = _Partner()
            self._partners[scid] = state
            state.task = asyncio.create_task(self._live(scid, state), name=f"follow {scid}")

    async def stop(self) -> None:
        """End all visits."""
        tasks = [
            task
            for state in self._partners.values()
            for task in (state.task, state.notice)
            if task is not None
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._partners.clear()

    def wake(self, scid: str) -> None:
        """Visit soon: a notice came, or the partner showed a sign of life."""
        state = self._partners.get(scid)
        if state is not None:
            state.wake.set()

    async def visit_now(self, scid: str) -> Visit:
        """Visit and wait for the end of a visit that began after the call."""
        state = self._partners.get(scid)
        if state is None:
            return await self._visit(scid, _Partner())
        future: asyncio.Future[Visit] = asyncio.get_running_loop().create_future()
        state.waiting.append(future)
        state.asked_for.set()
        self.wake(scid)
        return await future

    async def _live(self, scid: str, state: _Partner) -> None:
        while True:
            was_called = state.wake.is_set()
            state.wake.clear()
            state.asked_for.clear()
            waiting, state.waiting = state.waiting, []
            state.wished = bool(waiting)
            visit = await self._visit(scid, state)
            for future in waiting:
                if not future.done():
                    future.set_result(visit)
            state.failures = 0 if visit.error is None else state.failures + 1
            # Whoever says that there is something new when there is not makes work for nothing too.
            in_vain = was_called and not waiting and not visit.has_learned
            state.fruitless = state.fruitless + 1 if visit.was_fruitless or in_vain else 0
            if not state.waiting:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(state.asked_for.wait(), _gap(state.fruitless))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(state.wake.wait(), self._pause(state.failures))

    def _pause(self, failures: int) -> float:
        """Seconds until the next visit, drawn so that partners do not fall into step."""
        if failures == 0:
            return self._settings.poll_seconds * random.uniform(0.75, 1.25)  # noqa: S311  not a secret
        longest = min(self._settings.backoff_max_seconds, FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 20))
        return random.uniform(longest / 2, longest)  # noqa: S311  not a secret

    async def _visit(self, scid: str, state: _Partner) -> Visit:
        visit = Visit(scid)
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                await self._steps(scid, state, visit)
        except TimeoutError:
            visit.error = TransportError("road.timeout", address=scid)
            _log.info("visit-failed", peer=scid, code=visit.error.code)
        except PasserelleError as error:
            visit.error = error
            _log.info("visit-failed", peer=scid, code=error.code)
        except Exception as error:  # noqa: BLE001  one partner's fault must never end the following of it
            visit.error = ProtocolError("peer.unexpected", detail=type(error).__name__)
            _log.exception("visit-failed", peer=scid)
        if visit.error is not None:
            await self._note_silence(scid)
        return visit

    async def _note_silence(self, scid: str) -> None:
        """A feed whose author has not answered for long is stale, until it answers."""
        try:
            since = self._tools.clock() - timedelta(days=self._settings.stale_after_days)
            async with self._tools.database.writing() as connection:
                await feeds.note_silence(connection, scid, int(since.timestamp()))
        except Exception:  # noqa: BLE001  it must not end the following either; the next failed visit says it again
            _log.exception("silence-not-noted", peer=scid)

    async def _steps(self, scid: str, state: _Partner, visit: Visit) -> None:
        partner = self._tools.directory.peer(scid)
        if partner is None:
            return
        road = road_to(partner)
        if not state.asked:
            await self._ask_of_our_own(road, state, visit)
        await self._refuse_forked(scid)
        await self._identity_if_due(road, state)
        own = self._tools.directory.own_scid
        try:
            for origin in (Origin(scid, None, 1), Origin(scid, own, 1)):
                await self._pull(road, origin, state, visit)
        finally:  # what a broken pull has kept is there, and counts
            if any(pulled.new or pulled.freed or pulled.setbacks for pulled in visit.pulled):
                visit.has_learned = True
                await self._arrived(scid)
        await self._identity_if_awaited(road, state, visit)
        await self._fetch_receipts(road, visit)
        if any(pulled.code in {None, "feed.waiting"} for pulled in visit.pulled):
            await self._heard(partner)
        if any(pulled.state == "syncing" and pulled.new for pulled in visit.pulled):
            state.wake.set()  # there is more than one pull may bring
        await self._report(scid)
        blocked = [pulled for pulled in visit.pulled if pulled.state in {"blocked", "forked"}]
        if blocked and visit.error is None:
            visit.error = ProtocolError(blocked[0].code or "feed.blocked", origin=blocked[0].origin)

    async def _ask_of_our_own(self, road: Road, state: _Partner, visit: Visit) -> None:
        """At the first contact after a start: does the partner hold more of our feeds than we do?"""
        tools = self._tools
        answered, found = await fence.ask(self._client, tools.database, tools.directory, road, self._heads)
        for contradiction in found:
            visit.error = contradiction.error  # told, but no reason not to follow
            await self._fenced(contradiction)
        state.asked = answered  # not before it is kept: a disk that had no room is to be asked again

    async def _refuse_forked(self, scid: str) -> None:
        """Nothing that a forked identity signs is relied on until a person has picked a branch (I-23)."""
        if not self._tools.directory.forked(scid):
            return
        async with self._tools.database.writing() as connection:  # a pull under way may have ended since
            await feeds.block_author(connection, scid, "identity.forked")
        identities.refuse_forked(self._tools.directory, scid)

    async def _identity_if_due(self, road: Road, state: _Partner, *, at_once: bool = False) -> bool:
        """Ask for the identity log once a day, or at once; True where a newer one came."""
        now = asyncio.get_running_loop().time()
        out_of_turn = self._tools.directory.out_of_turn
        if at_once and not out_of_turn.begin(road.scid, wished=state.wished):
            return False
        if not at_once and now - state.identity_checked < IDENTITY_EVERY_SECONDS:
            return False
        newer = await contact.refresh_identity(
            self._client,
            self._tools.database,
            self._tools.directory,
            road,
            self._tools.clock(),
            self._tools.crash,
        )
        state.identity_checked = now
        if newer:
            out_of_turn.brought_newer(road.scid)
        return newer

    async def _identity_if_awaited(self, road: Road, state: _Partner, visit: Visit) -> None:
        """A record under a key that we have not heard of waits for the log: ask for it, then look again."""
        if any("key.unknown" in pulled.setbacks for pulled in visit.pulled) and await self._identity_if_due(
            road, state, at_once=True
        ):
            state.wake.set()

    async def _pull(self, road: Road, origin: Origin, state: _Partner, visit: Visit) -> None:
        async with self._tools.database.reading() as connection:
            held = await feeds.get(connection, origin)
        if held is None:
            async with self._tools.database.writing() as connection:
                held = await feeds.add(connection, origin, own=False)
        if held.state == "forked":
            visit.pulled.append(Pulled(origin.encode(), "forked", held.state_code, held.size, 0, {}, 0))
            return
        reader = FeedReader(self._client, road, origin)
        try:
            pulled = await Pull(self._tools, reader, road, held).run()
        except TransportError as error:
            await self._note_broken(held, error, visit)
            return
        except InconsistentLog as error:
            visit.pulled.append(Pulled(origin.encode(), "forked", error.code, held.size, 0, {}, 0))
            return
        except ProtocolError as error:
            await self._block(held, error)
            visit.pulled.append(Pulled(origin.encode(), "blocked", error.code, held.size, 0, {}, 0))
            await self._identity_if_due(road, state, at_once=True)  # a rotated log key explains most of these
            return
        visit.pulled.append(pulled)
        if pulled.new or pulled.cosigned:
            await self._tell(road, origin, pulled)

    async def _note_broken(self, held: feeds.Feed, error: TransportError, visit: Visit) -> None:
        """One feed's road failed: what was kept counts, and the others are still tried if anybody answers."""
        async with self._tools.database.reading() as connection:
            now = await feeds.get(connection, held.origin) or held
        visit.pulled.append(
            Pulled(held.origin.encode(), now.state, error.code, now.size, now.size - held.size, {}, 0)
        )
        if error.code in NO_ROAD:
            raise error
        visit.error = visit.error or error

    async def _block(self, held: feeds.Feed, error: ProtocolError) -> None:
        async with self._tools.database.writing() as connection:
            await feeds.note_state(connection, held, "blocked", error.code)

    async def _tell(self, road: Road, origin: Origin, pulled: Pulled) -> None:
        """Tell the author that its feed is held and cosigned; a hint, lost without harm."""
        if pulled.new and self._settings.notices:
            with contextlib.suppress(TransportError):
                await self._post_notice(road, origin.encode(), pulled.cosigned)

    async def _post_notice(self, road: Road, origin: str, size: int) -> None:
        await self._client.post(road, "/notices", json.dumps({"origin": origin, "size": size}).encode())

    async def _fetch_receipts(self, road: Road, visit: Visit) -> None:
        own = self._tools.directory.own_scid
        for origin in (Origin(own, None, 1), Origin(own, road.scid, 1)):
            head = self._heads().get(origin.encode())
            if head is None or head.size == 0:  # nothing to have received
                continue
            async with self._tools.database.reading() as connection:
                held = await feeds.get(connection, origin)
                known = None if held is None else await evidence.get_receipt(connection, held.id, road.scid)
            if known is not None and known[0].size >= head.size:
                visit.receipts[origin.encode()] = known[0].size
                continue
            try:
                covered = await receipts.fetch(self._client, self._tools, road, origin, self._heads)
            except ProtocolError as error:  # told, but a partner whose receipt cannot be kept has been heard
                visit.error = visit.error or error
                continue
            if isinstance(covered, Contradiction):
                await self._fenced(covered)
                continue
            visit.has_learned |= covered > (0 if known is None else known[0].size)
            visit.receipts[origin.encode()] = covered

    async def _heard(self, partner: Peer) -> None:
        now = int(self._tools.clock().timestamp())
        async with self._tools.database.writing() as connection:
            await peer_rows.change(connection, partner.scid, last_heard=now)
        current = self._tools.directory.peer(partner.scid) or partner
        self._tools.directory.keep_peer(replace(current, last_heard=now))

    def tell(self, grown: Mapping[str, int]) -> None:
        """Tell partners which of our feeds grew; one notice under way for each partner, the newest sizes win."""
        if not self._settings.notices:
            return
        for scid, state in self._partners.items():
            mine = {name: size for name, size in grown.items() if Origin.parse(name).partner in {None, scid}}
            state.untold.update(mine)
            if state.untold and (state.notice is None or state.notice.done()):
                state.notice = asyncio.create_task(self._notify(scid, state), name=f"notify {scid}")

    async def _notify(self, scid: str, state: _Partner) -> None:
        # Looked up each time: while much is published this goes on, and the partner may have moved.
        while state.untold and (partner := self._tools.directory.peer(scid)) is not None:
            told, state.untold = state.untold, {}
            for name, size in told.items():  # one that is refused takes no other with it
                with contextlib.suppress(
                    TransportError
                ):  # pull is the truth: the partner will look by itself
                    await self._post_notice(road_to(partner), name, size)
            # What grows meanwhile is told together: no visit follows sooner, and of more the partner takes none.
            await asyncio.sleep(NOTICE_GAP_SECONDS)


def _gap(fruitless: int) -> float:
    """Seconds for which a notice cannot bring the next visit."""
    return min(NOTICE_GAP_MAX_SECONDS, NOTICE_GAP_SECONDS * 2.0 ** min(fruitless, 20))


def road_to(partner: Peer) -> Road:
    """How to reach a partner: where to connect, and the address that signatures cover."""
    public = public_address(Record.parse(partner.descriptor))
    return Road(partner.scid, partner.address, public, trusted_address=partner.override)

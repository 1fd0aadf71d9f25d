"""The sequencer: the one writer of this node's own feeds.

Whatever is to be published passes one queue, in batches. The write order is the law of
spec/08-publishing.md; each numbered write has a crash point before and after it:

    1  publish-rows   one transaction: leaves, tile hashes, records, salts, sealed objects,
                      signed checkpoints. A crash before it: nothing happened. After it:
                      the rows are one checkpoint ahead of the head, and the start moves it.
    2  publish-head   the heads move by compare-and-swap in their own store. A crash after
                      it: all is done but telling.
    3  (memory)       only now are the new sizes served, callers answered, partners told.

A record with several addressees stands in each of their feeds, written in one
transaction, so the order between two such records is the same everywhere. Signing
happens here too, so that ``issued`` and ``seen`` never go back within a feed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import InputError, PasserelleError, StorageError
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage import records as record_rows
from passerelle.storage.crash import CrashPoints
from passerelle.storage.database import Database
from passerelle.storage.feeds import Feed
from passerelle.storage.heads import Head, HeadStore, Swap
from passerelle.sync.batch import Batch, sign_head, under_heads
from passerelle.sync.pen import Asked
from passerelle.sync.signing import Draft, Early, Tools, sign_alone, stand_alone

MAX_BATCH = 256
"""Records committed together at most, unless one group is larger."""
FEW = 8
"""Records of a small group: signed on the spot, for a single one waits for no thread, and committed before a large one."""
NOTHING_WRITTEN = frozenset({"storage.disk-full", "storage.read-only-disk"})
"""Failures of a COMMIT after which the database has certainly rolled back."""

Also = Callable[[AsyncConnection], Awaitable[None]]
"""Writes rows that are true exactly where a group is published, or a feed made, in its transaction."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Group:
    drafts: Sequence[Draft]  # none where what was signed is all there is
    key: str | None
    request: str
    done: asyncio.Future[list[dict[str, object]] | None]
    also: Also | None
    early: Early | None = None
    asked: Sequence[Asked] = ()
    answer: list[dict[str, object]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many records it has."""
        return len(self.drafts) or len(self.asked)


class Publisher:
    """Publishes groups of drafts, each group wholly or not at all.

    Args:
        database: The rows.
        heads: The head store.
        tools: Keys, look-ups, checks.
        crash: Crash points.
        published: Called with the new heads by origin, after they have moved.
    """

    def __init__(
        self,
        database: Database,
        heads: HeadStore,
        tools: Tools,
        *,
        crash: CrashPoints,
        published: Callable[[Mapping[str, Head]], None],
    ) -> None:
        self._database = database
        self._heads = heads
        self._tools = tools
        self._crash = crash
        self._published = published
        self._queue: asyncio.Queue[_Group] = asyncio.Queue(maxsize=10_000)
        self._waiting: list[_Group] = []
        self.current: dict[str, Head] = {}
        self._closed: StorageError | None = None
        self._last_issued: datetime | None = None
        """The largest `issued` in the rows, as far as it is known here."""
        self._feeds: dict[str, tuple[Head, Feed]] = {}
        """Feeds as they stand in the rows where that head is the current one; only this writer adds to them."""

    @property
    def closed(self) -> StorageError | None:
        """Why this node signs nothing, or None where it does."""
        return self._closed or self._database.failed

    @closed.setter
    def closed(self, reason: StorageError | None) -> None:
        self._closed = reason

    async def publish(
        self, drafts: Sequence[Draft], *, key: str | None = None, request: str = "", also: Also | None = None
    ) -> list[dict[str, object]]:
        """Publish one group; durable and served when it returns.

        Args:
            drafts: Wholly published or not at all, in this order.
            key: The caller's idempotency key: the same key again returns the first answer.
            request: Digest of what was asked under that key; another one is refused.
            also: Called in the transaction of the group, once it is composed; it may write rows, and nothing else.

        Raises:
            InputError: A draft cannot be published as it stands; ``publish.key-reused``.
            StorageError: The fence is closed, or the disk failed; nothing was published.
        """
        self.refuse_closed()
        early = await self._sign_early(drafts)
        answer = await self._take(_Group(drafts, key, request, _new_future(), also, early))
        if answer is None:
            raise RuntimeError("a group of drafts is signed anew, whatever overtook it")
        return answer

    async def publish_early(
        self, asked: Sequence[Asked], early: Early, *, key: str | None = None, request: str = ""
    ) -> list[dict[str, object]] | None:
        """Publish a group of which nothing is left but what was signed, as :meth:`publish`.

        Args:
            asked: One for each record.
            early: Of records that stand alone, signed for this node.
            key: As there.
            request: As there.

        Returns:
            None where it was signed too early: what it says of its time, or of us, has been overtaken. Nothing was published.

        Raises:
            InputError: ``publish.key-reused``.
            StorageError: As there.
        """
        self.refuse_closed()
        return await self._take(_Group((), key, request, _new_future(), None, early, asked))

    async def _take(self, group: _Group) -> list[dict[str, object]] | None:
        await self._queue.put(group)
        return await group.done

    @property
    def last_issued(self) -> datetime | None:
        """The largest `issued` that is known to be in the rows."""
        return self._last_issued

    async def _sign_early(self, drafts: Sequence[Draft]) -> Early | None:
        """Sign what stands alone while another batch is written; None where that has to wait for its turn.

        What refuses it is told then: a call that was answered before gets its answer, whatever is wrong now.
        """
        if not stand_alone(self._tools, drafts):
            return None
        with contextlib.suppress(PasserelleError):
            if len(drafts) <= FEW:
                return sign_alone(self._tools, drafts, self._last_issued)
            return await asyncio.to_thread(sign_alone, self._tools, drafts, self._last_issued)
        return None

    async def run(self) -> None:
        """Take batches from the queue until cancelled."""
        few_first = True
        while True:
            if not self._waiting:
                self._waiting.append(await self._queue.get())
            while not self._queue.empty():
                self._waiting.append(self._queue.get_nowait())
            batch = take_batch(self._waiting, few_first=few_first)
            # A large group waits for one commit of small ones, and no more.
            few_first = any(group.size > FEW for group in batch)
            await self._commit(batch)

    async def _commit(self, groups: Sequence[_Group]) -> None:
        try:
            self.refuse_closed()
            self._crash.reach("before-publish-rows")
            async with self._rows() as connection:
                last = self._last_issued or await record_rows.last_issued(connection)
                batch = Batch(connection, self._tools, last, under_heads(self._feeds, self.current))
                for group in groups:
                    await self._compose(batch, group)
                self.refuse_closed()  # composing took a while; what is signed from here on is ours for ever
                swaps = await batch.write(self.current, int(self._tools.clock().timestamp()))
            self._crash.reach("after-publish-rows")
            self._last_issued = batch.last_issued
            await self._move(swaps, "publish-head")
            self._feeds.update({swap.origin: (swap.new, batch.grown[swap.origin]) for swap in swaps})
        except PasserelleError as error:
            if isinstance(error, StorageError) and error.fatal:
                self.closed = self.closed or error
            _fail(groups, error)
            return
        except Exception as error:  # noqa: BLE001  a fault of our own: the callers must not wait for ever
            _log.exception("publish.failed")
            _fail(groups, self.closed or StorageError("publish.failed", detail=type(error).__name__))
            return
        except BaseException:  # cancelled: whoever waits is told, and how far it came stands in `closed`
            _fail(groups, self.closed or StorageError("publish.failed", detail="CancelledError"))
            raise
        self._published({swap.origin: swap.new for swap in swaps})
        for group in groups:
            if not group.done.done():
                group.done.set_result(group.answer)

    def refuse_closed(self) -> None:
        """Raise why this node signs nothing, where it does not."""
        if self.closed is not None:
            raise self.closed

    async def _compose(self, batch: Batch, group: _Group) -> None:
        """Compose one group; its failure is its own and stops no other group of the batch.

        But what fails beside a group that stands in the batch fails the batch: it would be published all the same.
        The answer under a key is kept in the transaction that makes it true, so a retry,
        even one in the same batch, finds it; nobody is answered before the heads have moved.
        """
        try:
            known = None if group.key is None else await record_rows.get_answer(batch.connection, group.key)
            if known is not None:
                group.answer = _answered_before(group, known)
                return
            answer = await _compose_new(batch, group)
            if answer is None:
                group.done.set_result(None)
                return
            group.answer = answer
        except StorageError:
            raise
        except PasserelleError as error:
            _fail([group], error)
        except SQLAlchemyError:
            raise  # the transaction, and so the batch, is in doubt
        except Exception as error:  # noqa: BLE001  a fault of our own in one group is not the others'
            _log.exception("publish.failed")
            _fail([group], StorageError("publish.failed", detail=type(error).__name__))
        else:
            await _put_beside(batch, group)

    @asynccontextmanager
    async def _rows(self) -> AsyncIterator[AsyncConnection]:
        """One transaction; where the result of its COMMIT is unknown, nothing more is signed.

        An error within the block rolls back and is the caller's: nothing has happened. One of
        the COMMIT itself may have left signed checkpoints on the disk, or not.
        """
        complete = False
        try:
            async with self._database.writing() as connection:
                yield connection
                complete = True
        except BaseException as error:
            known = isinstance(error, PasserelleError) and error.code in NOTHING_WRITTEN
            if complete and not known:
                fatal = error if isinstance(error, StorageError) and error.fatal else None
                self.closed = self.closed or fatal or _stopped(error)
            raise

    async def _move(self, swaps: Sequence[Swap], write: str) -> None:
        if not swaps:
            return
        self._crash.reach(f"before-{write}")
        self.refuse_closed()  # a partner may have proven meanwhile that these rows are of an old copy
        try:
            await self._heads.replace(swaps)
        except BaseException as error:
            # The rows are durable and ahead of the head, and whether the head has moved is unknown.
            self.closed = self.closed or _stopped(error)
            if isinstance(error, Exception):
                raise self.closed from error
            raise
        self._crash.reach(f"after-{write}")
        self.current.update({swap.origin: swap.new for swap in swaps})

    async def open_feed(self, origin: Origin, also: Also | None = None) -> None:
        """Make one of our own feeds, with its empty checkpoint, unless it is there.

        Args:
            origin: The feed.
            also: What else is written in the same transaction: what is nothing without the feed.
        """
        if origin.encode() in self.current and also is None:
            return
        self.refuse_closed()
        self._crash.reach("before-peer-rows")
        async with self._rows() as connection:
            if also is not None:
                await also(connection)
            if origin.encode() in self.current:
                return
            held = await feeds.get(connection, origin) or await feeds.add(
                connection, origin, own=True, state="current"
            )
            now = int(self._tools.clock().timestamp())
            swap = await sign_head(connection, held, self._tools.keys, None, now)
        self._crash.reach("after-peer-rows")
        await self._move([swap], "peer-head")


def _new_future() -> asyncio.Future[list[dict[str, object]] | None]:
    return asyncio.get_running_loop().create_future()


def take_batch(waiting: list[_Group], *, few_first: bool) -> list[_Group]:
    """Take from the groups that wait those that are committed together: the first, and whatever fits beside it.

    So a single record goes with the next commit, however many large groups wait before it, and a
    large group waits for none that came after it, but for one commit of small ones.

    Args:
        waiting: In order of arrival; what is taken is gone from it.
        few_first: Whether small groups (`FEW`) go before a large one, whose commit takes ten times as long.
    """
    small = few_first and any(group.size <= FEW for group in waiting)
    batch: list[_Group] = []
    later: list[_Group] = []
    size = 0
    for group in waiting:
        fits = not batch or size + group.size <= MAX_BATCH
        fits &= not small or group.size <= FEW
        (batch if fits else later).append(group)
        size += group.size if fits else 0
    waiting[:] = later
    return batch


def _stopped(cause: BaseException) -> StorageError:
    """Only a new start may decide what holds (W-9)."""
    named = cause.code if isinstance(cause, PasserelleError) else type(cause).__name__
    return StorageError("publish.stopped", fatal=True, cause=named)


async def _compose_new(batch: Batch, group: _Group) -> list[dict[str, object]] | None:
    """Compose what is not published yet, each record by its own key; the answer of another says so.

    Returns:
        None where the group was overtaken, and there is nothing to sign it anew from.
    """
    asked: Sequence[Draft | Asked] = group.drafts or group.asked
    known = await record_rows.get_answers(
        batch.connection, [item.key for item in asked if item.key is not None]
    )
    for item in asked:
        if item.key in known and known[item.key][0] != item.request:
            raise InputError("publish.key-reused", key=item.key)
    new = [at for at, item in enumerate(asked) if item.key not in known]
    early = group.early
    if early is not None and batch.still_holds(early):
        composed = await batch.place(replace(early, signed=[early.signed[at] for at in new]))
    elif group.drafts:
        composed = await batch.compose([group.drafts[at] for at in new])
    else:
        return None
    pairs = ((asked[at], told) for at, told in zip(new, composed, strict=True))
    made = [(item.key, item.request, told) for item, told in pairs if item.key]
    await record_rows.put_answers(batch.connection, made)
    told = iter(composed)
    return [{**known[item.key][1], "already": True} if item.key in known else next(told) for item in asked]


async def _put_beside(batch: Batch, group: _Group) -> None:
    """Write what is true where a composed group is. It stands in the batch by now, so what fails here fails the batch."""
    if group.key is not None:
        await record_rows.put_answer(batch.connection, group.key, group.request, group.answer)
    if group.also is not None:
        await group.also(batch.connection)


def _answered_before(group: _Group, known: tuple[str, object]) -> list[dict[str, object]]:
    request, answer = known
    if request != group.request or not isinstance(answer, list):
        raise InputError("publish.key-reused", key=group.key)
    return answer


def _fail(groups: Sequence[_Group], error: PasserelleError) -> None:
    for group in groups:
        with contextlib.suppress(asyncio.InvalidStateError):
            group.done.set_exception(error)

"""Ending a read-only state, where a person may (spec/08-publishing.md, W-17 and W-21 to W-25).

The fence stops a node that does not know how far it had signed. Two of its reasons can be
ended without bringing anything back:

    the head is missing        a person confirms that these rows are the newest, after every
                               partner was asked; who does not answer is the risk that is left
    a partner had proven       forgotten once every partner that the feed is for holds the
    two histories              history of these rows, at that size or beyond; no silence counts

Any other reason has its own remedy, which its sentence names. Until the new heads are on
the disk nothing is signed, and the start's own comparison has the last word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from passerelle.errors import InputError, PasserelleError, StorageError
from passerelle.protocol.origins import Origin
from passerelle.storage import feeds
from passerelle.storage.database import Database
from passerelle.storage.heads import Head, HeadStore
from passerelle.storage.peers import Peer
from passerelle.sync import fence
from passerelle.sync.client import Client
from passerelle.sync.directory import Directory
from passerelle.sync.fence import Contradiction, Holding
from passerelle.sync.follower import road_to
from passerelle.sync.publisher import Publisher


@dataclass(frozen=True, slots=True)
class Asked:
    """What one partner says of our feeds.

    Args:
        scid: Which partner.
        holdings: Of each feed that it was asked for, how far it holds it. Empty where it did not answer.
        error: Why it could not be reached, or None.
    """

    scid: str
    holdings: tuple[Holding, ...]
    error: PasserelleError | None

    @property
    def answered(self) -> bool:
        """Whether it has said of each feed how far it holds it, if only that it does not."""
        return self.error is None and all(held.told for held in self.holdings)

    @property
    def contradictions(self) -> list[Contradiction]:
        """What it proves against our rows."""
        return [held.contradiction for held in self.holdings if held.contradiction is not None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the fence stands now.

    Args:
        closed: Why nothing is signed, or None where the node signs.
        obstacle: Why a person cannot end it, or None where a confirmation is all that is missing.
        sizes: Of each own feed, leaves in the rows and in the head store, None where it has no head.
        asked: Every partner.
    """

    closed: StorageError | None
    obstacle: PasserelleError | None
    sizes: Mapping[str, tuple[int, int | None]]
    asked: Sequence[Asked]

    @property
    def silent(self) -> list[str]:
        """Partners that did not answer: one of them may hold more than we do."""
        return [item.scid for item in self.asked if not item.answered]


class Confirming:
    """Looks at the fence with the partners' help, and opens it on a person's word.

    Args:
        database: The rows.
        heads: The head store.
        publisher: Closed or open.
        client: Asks the partners.
        directory: Who they are.
        fenced: Called with what a partner proves, as at any contact.
        opened: Called when the node may sign again.
    """

    def __init__(
        self,
        database: Database,
        heads: HeadStore,
        publisher: Publisher,
        client: Client,
        directory: Directory,
        *,
        fenced: Callable[[Contradiction], Awaitable[None]],
        opened: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._heads = heads
        self._publisher = publisher
        self._client = client
        self._directory = directory
        self._fenced = fenced
        self._opened = opened

    async def standing(self) -> Standing:
        """Ask every partner anew, and say what stands against signing."""
        asked = await asyncio.gather(*(self._ask(partner) for partner in self._directory.peers))
        for item in asked:
            for contradiction in item.contradictions:
                await self._fenced(contradiction)
        return Standing(self._publisher.closed, await self._obstacle(asked), await self._sizes(), asked)

    async def confirm(self) -> Standing:
        """End the read-only state; durable when it returns.

        Returns:
            What was found just before.

        Raises:
            InputError: ``fence.open``, ``fence.not-confirmable``, ``fence.partners-silent``.
            StorageError: A partner or the rows contradict; nothing was changed.
        """
        found = await self.standing()
        if found.obstacle is not None:
            raise found.obstacle
        swaps = await fence.missing_heads(self._database, self._heads)
        if not self._heads.exists:
            await self._heads.create()
        await self._heads.replace(swaps)
        await fence.forget(self._database)
        current, reason = await fence.check(self._database, self._heads)
        if reason is not None:
            raise reason
        self._publisher.current = current
        self._publisher.closed = None
        await self._opened()
        return found

    async def _ask(self, partner: Peer) -> Asked:
        try:
            found = await fence.holdings(
                self._client,
                self._database,
                self._directory,
                road_to(partner),
                lambda: self._publisher.current,
            )
        except PasserelleError as error:
            return Asked(partner.scid, (), error)
        return Asked(partner.scid, found, None)

    async def _obstacle(self, asked: Sequence[Asked]) -> PasserelleError | None:
        closed = self._publisher.closed
        if closed is None:
            return InputError("fence.open")
        for item in asked:
            for contradiction in item.contradictions:
                return contradiction.error
        try:
            missing = await fence.missing_heads(self._database, self._heads)
        except StorageError as error:
            return error
        proven = await fence.remembered(self._database)
        for fact in proven:
            obstacle = _still_proven(fact, asked)
            if obstacle is not None:
                return obstacle
        if proven:
            return None
        if closed.code == "fence.head-missing" and (missing or not self._heads.exists):
            return None
        return InputError("fence.not-confirmable", code=closed.code)

    async def _sizes(self) -> Mapping[str, tuple[int, int | None]]:
        current: Mapping[str, Head] = await self._heads.read() if self._heads.exists else {}
        async with self._database.reading() as connection:
            own = await feeds.every(connection, own=True)
        names = [held.origin.encode() for held in own]
        rows = {held.origin.encode(): held.size for held in own}
        return {
            name: (rows.get(name, 0), current[name].size if name in current else None)
            for name in sorted({*names, *current})
        }


def _still_proven(fact: StorageError, asked: Sequence[Asked]) -> PasserelleError | None:
    """Two histories are forgotten only where nobody that the feed is for holds the other one any more."""
    if fact.code != "fence.rows-differ":
        return fact
    name, size = str(fact.params["origin"]), int(str(fact.params["size"]))
    partner = Origin.parse(name).partner
    concerned = [item for item in asked if partner in {None, item.scid}]
    agreeing = [
        item.scid
        for item in concerned
        if any(held.origin == name and held.size is not None and held.size >= size for held in item.holdings)
    ]
    if concerned and len(agreeing) == len(concerned):
        return None
    others = [item.scid for item in concerned if item.scid not in agreeing]
    return InputError("fence.partners-silent", origin=name, size=size, partners=others)

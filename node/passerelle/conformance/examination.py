"""An examination from its beginning to its report, whatever the node does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from passerelle.conformance import follower, serving
from passerelle.conformance.asking import Asker, NoAnswer
from passerelle.conformance.follower import Seen
from passerelle.conformance.report import Notes, Report
from passerelle.conformance.rules import Role, Table
from passerelle.conformance.serving import EveryAnswer
from passerelle.protocol.profile import format_time

FOLLOWER_SECONDS: Final = 300.0
"""Longest time for what is looked at as a follower."""

_log = structlog.get_logger()


@dataclass
class Examination:
    """One examination of one node.

    Args:
        url: Where the node is.
        progress: Called with a word for what is being looked at.
        clock: Gives the present, aware, UTC.
    """

    url: str
    progress: Callable[[str], None] = lambda _word: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        """Nothing is asked yet."""
        self.notes = Notes(Table.packaged())
        self.asker = Asker(self.url, EveryAnswer(self.notes))
        self.seen = Seen(self.asker, self.notes, self.clock(), self.progress)
        self.roles: list[Role] = []
        self.cut: str | None = None

    async def as_follower(self) -> None:
        """Look at the node as anybody may."""
        if await self._within(FOLLOWER_SECONDS, self._follow()):
            self.roles.append("follower")

    async def _follow(self) -> None:
        await follower.examine(self.seen)
        await serving.examine(self.seen)
        await follower.look_again(self.seen)
        if self.asker.is_gone:
            raise NoAnswer("road.unreachable", "")

    async def _within(self, seconds: float, work: object) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await work  # type: ignore[misc]  # a coroutine
        except TimeoutError:
            self.cut = "cut"
        except NoAnswer as fault:
            _log.info("no-answer", code=fault.code, path=fault.path)
            self.cut = "no-answer"
        except Exception:  # noqa: BLE001  whatever the node did, what was found is reported
            _log.exception("kit-failed")
            self.cut = "kit"
        else:
            return True
        return False

    def report(self) -> Report:
        """What was found."""
        identity = self.seen.identity
        table = Table.packaged()
        return Report(
            url=self.url,
            scid=identity.scid if identity else None,
            date=format_time(self.clock()),
            spec=table.spec,
            table=table.digest,
            roles=tuple(self.roles),
            cut=self.cut,
            findings=self.notes.findings(tuple(self.roles)),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.asker.close()

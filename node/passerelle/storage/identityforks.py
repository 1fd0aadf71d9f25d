"""Rows of forked identities: both logs as received, and which one a person picked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.tables import identity_fork

Branch = Literal[1, 2]
"""1: the log that was held when the fork was found; 2: the one that contradicted it."""


@dataclass(frozen=True, slots=True)
class IdentityFork:
    """Two logs of one agency that hold different entries under one number (spec/03, I-22).

    Args:
        scid: Whose.
        number: From 1 for each agency; all but the newest are decided.
        logs: Both logs, as received: the one held, the one offered.
        found: POSIX seconds.
        picked: Which of the two a person picked, or None.
    """

    scid: str
    number: int
    logs: tuple[bytes, bytes]
    found: int
    picked: Branch | None

    @property
    def set_aside(self) -> bytes | None:
        """The log that was not picked, where one was."""
        return None if self.picked is None else self.logs[2 - self.picked]


async def every(connection: AsyncConnection, scid: str | None = None) -> list[IdentityFork]:
    """All forks, or those of one agency, oldest first."""
    query = select(identity_fork).order_by(identity_fork.c.scid, identity_fork.c.number)
    if scid is not None:
        query = query.where(identity_fork.c.scid == scid)
    return [
        IdentityFork(row.scid, row.number, (row.held, row.offered), row.found, row.picked)
        for row in await connection.execute(query)
    ]


async def put(connection: AsyncConnection, scid: str, held: bytes, offered: bytes, now: int) -> None:
    """Keep the evidence of a fork; the caller has seen that no other waits for a person."""
    numbers = await connection.execute(
        select(func.count()).select_from(identity_fork).where(identity_fork.c.scid == scid)
    )
    await connection.execute(
        insert(identity_fork).values(
            scid=scid, number=numbers.scalar_one() + 1, held=held, offered=offered, found=now
        )
    )


async def pick(connection: AsyncConnection, fork: IdentityFork, branch: Branch, now: int) -> None:
    """Keep what a person picked; the evidence stays."""
    await connection.execute(
        update(identity_fork)
        .where(identity_fork.c.scid == fork.scid, identity_fork.c.number == fork.number)
        .values(picked=branch, decided=now)
    )

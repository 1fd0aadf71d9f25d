"""Identity logs as they come in, by whichever road: taken, passed over, or kept as proof of a fork.

A partner's own address, the request of a stranger's key and a new first contact each bring
a log; all of them end here. A fork stays until a person picks a branch: what is served later
does not lift it, however innocent it looks, for whoever holds the stolen keys serves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.errors import ProtocolError
from passerelle.protocol.identity import Identity, common_entries, compare_logs, parse_identity, version_ids
from passerelle.storage import feeds, identityforks
from passerelle.storage import peers as peer_rows
from passerelle.storage.crash import NOWHERE, CrashPoints
from passerelle.storage.database import Database
from passerelle.storage.identityforks import Branch, IdentityFork
from passerelle.sync.directory import Directory

_log = structlog.get_logger()


async def take(
    database: Database,
    directory: Directory,
    log: bytes,
    expected: str,
    now: datetime,
    crash: CrashPoints = NOWHERE,
) -> bool:
    """Take an identity log that came in; True where it is newer and now in use.

    A shorter log is old news (I-21), and so is one of a branch that a person has set aside.

    Args:
        database: The rows.
        directory: Identities in use.
        log: As received.
        expected: The SCID whose log was asked for.
        now: Our clock.
        crash: Crash points: ``follow-identity`` is the log taken, or the evidence of a fork.

    Raises:
        ProtocolError: ``identity.*``: the log is not valid; ``identity.another``;
            ``identity.forked``: both logs are kept, the feeds of the agency blocked.
    """
    refuse_forked(directory, expected)
    held = directory.identity(expected)
    if held is not None and held.log == log and not held.held:
        return False
    # Beside the loop: a log of a mebibyte takes a second.
    offered = await asyncio.to_thread(parse_identity, log, now=now)
    if offered.scid != expected:
        raise ProtocolError("identity.another", expected=expected, found=offered.scid)
    async with database.writing() as connection:  # in turn: two roads may bring two logs at once
        taken = await _compare(connection, directory, offered, int(now.timestamp()), crash)
    if taken in {"newer", "forked"}:
        crash.reach("after-follow-identity")
    if taken == "forked":
        held = directory.identity(expected)
        directory.keep_fork(expected, 1 if held is None else common_entries(held.log, log))
        refuse_forked(directory, expected)
    if taken == "older":
        return False
    directory.keep_identity(offered)
    return True


def refuse_forked(directory: Directory, scid: str) -> None:
    """Nothing is asked of, or taken from, an agency whose identity is forked.

    Raises:
        ProtocolError: ``identity.forked``.
    """
    if directory.forked(scid):
        raise ProtocolError("identity.forked", scid=scid)


async def _compare(
    connection: AsyncConnection, directory: Directory, offered: Identity, now: int, crash: CrashPoints
) -> Literal["newer", "in-force", "older", "forked"]:
    """What an offered log is to the one in use, with its rows: the newer log, or the evidence and the block."""
    refuse_forked(directory, offered.scid)
    held = directory.identity(offered.scid)
    relation = "newer" if held is None else compare_logs(held.log, offered.log)
    if relation == "newer":
        crash.reach("before-follow-identity")
        await peer_rows.put_identity(connection, offered.scid, offered.log, now)
        return "newer"
    if relation == "forked" and held is not None:
        if _set_aside(await identityforks.every(connection, held.scid), offered.log):
            _log.info("identity-set-aside", peer=held.scid)
            return "older"
        crash.reach("before-follow-identity")
        await identityforks.put(connection, held.scid, held.log, offered.log, now)
        await feeds.block_author(connection, held.scid, "identity.forked")
        return "forked"
    # The same log where an entry that lay ahead has come into force; its row is there.
    return "in-force" if held is not None and relation == "same" and offered.held < held.held else "older"


def _set_aside(known: Sequence[IdentityFork], log: bytes) -> bool:
    """Whether a log goes on from the first entry of a branch that was not picked."""
    offered = version_ids(log)
    return any(
        fork.set_aside is not None and first_own_entry(fork, fork.set_aside) in offered for fork in known
    )


def first_own_entry(fork: IdentityFork, log: bytes) -> str:
    """The ``versionId`` with which one branch of a fork begins to be its own."""
    return version_ids(log)[common_entries(*fork.logs)]


async def pick(
    database: Database, directory: Directory, fork: IdentityFork, branch: Branch, now: datetime
) -> None:
    """Take the branch that a person picked into use, and let the feeds be pulled again (I-23).

    Picked again, the branch in use stays as far as it has grown; the evidence stays in any case.

    Raises:
        ProtocolError: ``identity.*``: the log picked is not valid, which it was when it came.
    """
    log = fork.logs[branch - 1]
    held = directory.identity(fork.scid)
    if held is not None and compare_logs(held.log, log) in {"same", "older"}:
        log = held.log
    picked = parse_identity(log, now=now)
    seconds = int(now.timestamp())
    async with database.writing() as connection:
        await identityforks.pick(connection, fork, branch, seconds)
        await peer_rows.put_identity(connection, fork.scid, log, seconds)
        await feeds.unblock_author(connection, fork.scid, "identity.forked")
    directory.keep_identity(picked)

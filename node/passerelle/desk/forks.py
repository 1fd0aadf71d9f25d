"""A forked identity: what its two branches are, and the person's word on which one counts."""

from __future__ import annotations

from datetime import UTC, datetime

from passerelle.desk.context import Context
from passerelle.errors import InputError
from passerelle.protocol.identity import common_entries, parse_identity
from passerelle.protocol.profile import format_time
from passerelle.storage import identityforks
from passerelle.storage.identityforks import Branch, IdentityFork
from passerelle.sync import identities

Answer = dict[str, object]

_BRANCHES: tuple[Branch, Branch] = (1, 2)


async def pick(context: Context, name: str, branch: int | None) -> Answer:
    """Show both branches of a partner's forked identity, or take one of them into use.

    Args:
        context: The node.
        name: Code or SCID of the partner.
        branch: 1 or 2, as shown; None shows alone.

    Returns:
        The fork, its branches with both logs as received, and which of them is picked now.

    Raises:
        InputError: ``peer.unknown``; ``peer.not-forked``; ``peer.no-such-branch``.
    """
    partner = context.directory.find(name)
    async with context.database.reading() as connection:
        forks = await identityforks.every(connection, partner.scid)
    if not forks:
        raise InputError("peer.not-forked", name=partner.code or partner.scid)
    fork = forks[-1]
    picked = fork.picked
    if branch is not None:
        picked = _chosen(branch)
        await identities.pick(context.database, context.directory, fork, picked, context.clock())
        context.follower.wake(partner.scid)
    return {
        "scid": partner.scid,
        "code": partner.code,
        "found": format_time(datetime.fromtimestamp(fork.found, UTC)),
        "common": common_entries(*fork.logs),
        "picked": picked,
        "branches": [_branch(fork, number) for number in _BRANCHES],
    }


def _chosen(branch: int) -> Branch:
    for number in _BRANCHES:
        if number == branch:
            return number
    raise InputError("peer.no-such-branch", branch=branch)


def _branch(fork: IdentityFork, number: Branch) -> Answer:
    """One branch: the entry with which it begins to differ is what the two agencies compare."""
    log = fork.logs[number - 1]
    entries = parse_identity(log, now=None).entries
    first = entries[common_entries(*fork.logs)]
    return {
        "branch": number,
        "version": first.version_id,
        "time": format_time(first.version_time),
        "did": first.document.did,
        "entries": len(entries),
        "log": log.decode("utf-8"),
    }

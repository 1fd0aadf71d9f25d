"""Partners: looking at one, adding it, testing the road to it."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.config import AGENCY_CODE
from passerelle.desk.context import Context
from passerelle.desk.reading import told_time
from passerelle.errors import InputError, PasserelleError
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.origins import Origin
from passerelle.storage import evidence, feeds
from passerelle.storage import peers as peer_rows
from passerelle.storage.peers import Peer
from passerelle.sync import contact, identities
from passerelle.sync.client import problem_of
from passerelle.sync.contact import Introduction
from passerelle.sync.follower import road_to

Answer = dict[str, object]


async def inspect(context: Context, url: str) -> Answer:
    """What the node at an address says of itself, for a person to compare by telephone, and whether we know it.

    Returns:
        ``published``: the code by which it goes, to be proposed; ``known``: whether it is a partner
        already, then with ``code``, the one bound to it here.
    """
    found = await contact.introduce(context.client, url, context.clock(), context.schemas)
    known = context.directory.peer(found.identity.scid)
    return {**_told(found), "known": known is not None, "code": None if known is None else known.code}


def _told(found: Introduction) -> Answer:
    body = found.descriptor.body
    return {
        "published": body.get("code"),
        "scid": found.identity.scid,
        "did": found.identity.did,
        "names": body.get("names"),
        "address": found.public_address,
        "fingerprint": fingerprint(found.identity.scid),
    }


async def add(
    context: Context, url: str, scid: str | None = None, code: str | None = None, address: str | None = None
) -> Answer:
    """Add a partner: its identity is kept, its code bound, our feed to it made. One that is known is changed.

    Args:
        context: The node.
        url: Where to ask for its two well-known documents.
        scid: The identity that the person has compared; another one is refused.
        code: Short code to bind to it, such as ``TG-ANVT``; a partner that has one keeps it where None.
        address: Where to connect from now on, where it is not what the partner publishes.

    Returns:
        What it says of itself, ``code``, ``connect``, and ``changed``: whether it was a partner before.

    Raises:
        InputError: ``peer.code-form``, ``peer.is-us``, ``peer.another-identity``, ``peer.known``
            (and nothing to change), ``peer.code-taken``, ``peer.address-taken``.
        ProtocolError: ``identity.forked``: it shows another history than the one that is held.
        StorageError: The node signs nothing; nothing was written.
    """
    context.publisher.refuse_closed()  # our feed to it could not be made, and half a partner is none
    if code is not None and re.fullmatch(AGENCY_CODE, code) is None:
        raise InputError("peer.code-form", code=code)
    found = await contact.introduce(context.client, url, context.clock(), context.schemas)
    _refuse_unfit(context, found, scid, code)
    connect = (address or url).rstrip("/")
    override = address is not None or connect != found.public_address
    known = context.directory.peer(found.identity.scid)
    if known is None:
        await _add(context, found, code, connect, override=override)
    else:
        code = code or known.code
        await _change(context, found, replace(known, code=code, address=connect, override=override))
    return {**_told(found), "code": code, "connect": connect, "changed": known is not None}


async def _add(
    context: Context, found: Introduction, code: str | None, connect: str, *, override: bool
) -> None:
    now = int(context.clock().timestamp())
    partner = Peer(found.identity.scid, code, connect, override, now, now, found.descriptor.data)

    async def keep(connection: AsyncConnection) -> None:
        await peer_rows.put_identity(connection, partner.scid, found.identity.log, now)
        await peer_rows.add(connection, partner)
        for origin in (Origin(partner.scid, None, 1), Origin(partner.scid, context.own, 1)):
            await feeds.add(connection, origin, own=False)

    # One transaction: a partner without our feed to it could be told nothing.
    await context.publisher.open_feed(Origin(context.own, partner.scid, 1), keep)
    context.directory.keep_identity(found.identity)
    context.directory.keep_peer(partner)
    context.follower.follow(partner.scid)


async def _change(context: Context, found: Introduction, changed: Peer) -> None:
    """Another code, or another address to connect to; the log that came along is taken as on any other road."""
    log = found.identity.log
    await identities.take(context.database, context.directory, log, changed.scid, context.clock())
    if changed == context.directory.peer(changed.scid):
        raise InputError("peer.known", name=changed.code or changed.scid)
    async with context.database.writing() as connection:
        await peer_rows.change(
            connection,
            changed.scid,
            code=changed.code,
            address=changed.address,
            override=int(changed.override),
        )
    context.directory.keep_peer(changed)
    context.follower.wake(changed.scid)


def _refuse_unfit(context: Context, found: Introduction, scid: str | None, code: str | None) -> None:
    offered = found.identity.scid
    if offered == context.own:
        raise InputError("peer.is-us")
    if scid is not None and scid != offered:
        raise InputError("peer.another-identity", expected=scid, found=offered)
    others = (partner for partner in context.directory.peers if partner.scid != offered)
    taken = {partner.code for partner in others} | {context.config.agency.code}
    if code is not None and code in taken:
        raise InputError("peer.code-taken", code=code)
    claimed, ours = found.public_address, context.config.server.public_address
    owner = contact.owner_of_site(context.directory, ours, claimed, besides=offered)
    if owner is not None:
        raise InputError("peer.address-taken", address=claimed, name=context.code_of(owner) or owner)


async def listing(context: Context) -> list[Answer]:
    """All partners with the state of each feed."""
    answers: list[Answer] = []
    async with context.database.reading() as connection:
        for partner in context.directory.peers:
            entry: Answer = {
                "scid": partner.scid,
                "code": partner.code,
                "address": partner.address,
                "last_heard": told_time(partner.last_heard),
                "fingerprint": fingerprint(partner.scid),
                "feeds": [],
            }
            listed: list[Answer] = []
            for origin in (Origin(partner.scid, None, 1), Origin(partner.scid, context.own, 1)):
                held = await feeds.get(connection, origin)
                if held is not None:
                    cosigned = await evidence.get_receipt(connection, held.id, context.own)
                    listed.append(_feed(held, 0 if cosigned is None else cosigned[0].size))
            ours = await feeds.get(connection, Origin(context.own, partner.scid, 1))
            if ours is not None:
                receipt = await evidence.get_receipt(connection, ours.id, partner.scid)
                listed.append(_feed(ours, 0 if receipt is None else receipt[0].size))
            entry["feeds"] = listed
            answers.append(entry)
    return answers


def _feed(held: feeds.Feed, cosigned: int) -> Answer:
    return {
        "origin": held.origin.encode(),
        "own": held.own,
        "state": held.state,
        "code": held.state_code,
        "size": held.size,
        "cosigned": cosigned,
    }


async def test(context: Context, name: str) -> list[Answer]:
    """Try the road to a partner step by step, and say of each step how it went."""
    partner = context.directory.find(name)
    road = road_to(partner)
    own_feed = f"/{Origin(partner.scid, context.own, 1).path}/checkpoint"
    steps = [
        ("identity", contact.IDENTITY_PATH, False),
        ("descriptor", contact.DESCRIPTOR_PATH, False),
        ("public-feed", f"/{Origin(partner.scid, None, 1).path}/checkpoint", False),
        ("feed-to-us", own_feed, True),
    ]
    answers: list[Answer] = []
    for step, path, signed in steps:
        began = time.monotonic()
        entry: Answer = {"step": step, "path": path}
        try:
            answer = await context.client.get(road, path, max_bytes=contact.MAX_IDENTITY_BYTES, signed=signed)
            entry["status"] = answer.status
            entry["ok"] = answer.status == 200
            if answer.status != 200:
                waiting = step == "feed-to-us" and answer.status == 404
                entry["code"] = "feed.waiting" if waiting else problem_of(answer)
        except PasserelleError as error:
            entry |= {"ok": False, "code": error.code, "params": dict(error.params)}
        entry["milliseconds"] = round((time.monotonic() - began) * 1000)
        answers.append(entry)
    return answers

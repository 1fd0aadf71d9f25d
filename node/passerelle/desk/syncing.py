"""Syncing because a person asks."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from passerelle.desk.context import Context
from passerelle.sync.follower import Visit

Answer = dict[str, object]


async def sync(context: Context, peer: str | None) -> list[Answer]:
    """Visit one partner, or all side by side, and tell what each visit did."""
    scids = (
        [partner.scid for partner in context.directory.peers]
        if peer is None
        else [context.directory.find(peer).scid]
    )
    visits = await asyncio.gather(*(context.follower.visit_now(scid) for scid in scids))
    return [_told(context, visit) for visit in visits]


def _told(context: Context, visit: Visit) -> Answer:
    error = None if visit.error is None else {"code": visit.error.code, "params": dict(visit.error.params)}
    return {
        "scid": visit.scid,
        "code": context.code_of(visit.scid),
        "ok": visit.error is None,
        "records": sum(pulled.new for pulled in visit.pulled),
        "feeds": [{**asdict(pulled), "setbacks": dict(pulled.setbacks)} for pulled in visit.pulled],
        "receipts": visit.receipts,
        "error": error,
    }

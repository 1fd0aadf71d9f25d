"""Whose identity logs this node shows to everybody (spec/07-paths.md, P-26).

A log keeps an agency's records checkable after its domain has lapsed, so every node keeps
those of its partners. But whom it keeps is whom it exchanges with: only what our own public
`agency` record says already is told to all.
"""

from __future__ import annotations

from collections.abc import Mapping

from passerelle.protocol.records import Record
from passerelle.storage import records as record_rows
from passerelle.storage import vault
from passerelle.storage.database import Database


async def recognised(database: Database, own: str) -> frozenset[str]:
    """The agencies that our newest `agency` record names, by SCID; whether they are partners or not."""
    async with database.reading() as connection:
        rows = await record_rows.find(connection, type="agency", issuer=own, newest_only=True, limit=1)
        data = await vault.get_record(connection, rows[0].digest) if rows else None
    entries = None if data is None else Record.parse(data).body.get("recognises")
    return frozenset(
        str(entry["agency"])
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, Mapping) and isinstance(entry.get("agency"), str)
    )

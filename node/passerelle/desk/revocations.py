"""What an agency's public records say of certificates, as far as this node holds them.

An agency may publish such records without end, each with two thousand digests in it: they are
read a few at a time, looked through in a thread, and parsed only where they name a document that
is asked about. So memory is bounded, the loop stays free, and no number of records hides one.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Final

from passerelle.desk.context import Context
from passerelle.errors import ProtocolError
from passerelle.protocol.certificates import STATUS_TYPE, Signed, check_status
from passerelle.protocol.records import Record
from passerelle.storage import vault

AT_ONCE: Final = 32
"""Records in memory at a time; one has up to 256 KiB."""

# Canonical bytes have one spelling: no item that counts is written in another way.
_DIGEST: Final = re.compile(rb'"digest":"([0-9a-f]{64})"')


async def revocations(context: Context, agency: str, digests: Collection[str]) -> dict[str, str]:
    """Since when each of some documents is revoked by an agency; those that are not are left out.

    Args:
        context: The node.
        agency: SCID of the issuer.
        digests: Of the documents, 64 hex digits.
    """
    wanted = frozenset(digests)
    found: dict[str, str] = {}
    async for record in _naming(context, agency, wanted):
        items = record.body.get("items")
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("status") == "revoked" and item.get("digest") in wanted:
                digest = str(item["digest"])
                found[digest] = min(found.get(digest, record.created), record.created)
    return found


async def revoking(context: Context, document: Signed) -> list[Record]:
    """The first record that revokes a document, as it came; an empty list where none does."""
    async for record in _naming(context, document.issuer_scid, frozenset({document.digest})):
        try:
            check_status(document, [record])
        except ProtocolError:
            return [record]
    return []


async def _naming(context: Context, agency: str, wanted: frozenset[str]) -> AsyncIterator[Record]:
    """The public records of an agency on certificates that name one of these documents."""
    above, sought = 0, frozenset(digest.encode("ascii", "replace") for digest in wanted)
    while sought:
        async with context.database.reading() as connection:
            held = await vault.public_after(
                connection, type=STATUS_TYPE, issuer=agency, above=above, limit=AT_ONCE
            )
        if not held:
            return
        above = held[-1][0]
        for record in await asyncio.to_thread(_parse_naming, [data for _, data in held], sought):
            yield record


def _parse_naming(held: Sequence[bytes], sought: frozenset[bytes]) -> list[Record]:
    return [Record.parse(data) for data in held if not sought.isdisjoint(_DIGEST.findall(data))]

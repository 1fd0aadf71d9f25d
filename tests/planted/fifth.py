"""Faults in what a node asks for, and in whom it tells.

Chosen from the law by somebody who has not read what is to find them. The kit did not look for two of them; for
the third it gave another rule too and did not end, for the node came to follow a feed of the kit no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from passerelle.desk import publishing
from passerelle.sync import fence
from passerelle.sync.client import Answer, Client
from tests.planted.fault import Fault, put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passerelle.desk.context import Context
    from passerelle.desk.ledger import Ledger
    from passerelle.sync.client import Road


# --- publishing --------------------------------------------------------------------------------------------


def own_feed_alone() -> None:
    """After a start a partner is asked for its head of our feed to it, and not of our public feed."""
    ask = fence.ask

    async def of_ours(client: Client, *rest: Any) -> Any:
        return await ask(_ToItAlone(client), *rest)

    put(fence, ask=of_ours)


class _ToItAlone(Client):
    """Asks nothing about what is public."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, road: Road, path: str, **how: Any) -> Answer:
        if "/public/" in path:
            return Answer(404, {}, b"")
        return await self._client.get(road, path, **how)


def told_to_partners() -> None:
    """What decides on a public record is addressed to the partners, where there are any; no check of our own asks whom."""
    publish = publishing.publish

    async def to_partners(
        context: Context, ledger: Ledger, items: Sequence[Mapping[str, object]], *rest: Any, **how: Any
    ) -> Any:
        partners = sorted(partner.scid for partner in context.directory.peers)
        if partners and [(item["type"], item.get("to")) for item in items] == [("decision", "public")]:
            items, how = [{**items[0], "to": partners}], {**how, "unchecked": True}
        return await publish(context, ledger, items, *rest, **how)

    put(publishing, publish=to_partners)


# --- following ---------------------------------------------------------------------------------------------


def unconditional_range() -> None:
    """The rest of a file is asked for by its offset alone."""
    get = Client.get

    async def onwards(
        client: Client, road: Road, path: str, *, headers: Mapping[str, str] | None = None, **how: Any
    ) -> Answer:
        kept = {name: value for name, value in (headers or {}).items() if name != "If-Range"}
        return await get(client, road, path, headers=kept, **how)

    put(Client, get=onwards)


FAULTS: Final = (
    Fault(
        "unconditional-range",
        "P-7",
        "A feed only grows, so the bytes that I have are those that are there, and I ask for those behind them.",
        unconditional_range,
    ),
    Fault(
        "told-to-partners",
        "S-46",
        "A decision is a matter between agencies, whatever it is about, so it goes to those that I exchange with.",
        told_to_partners,
    ),
    Fault(
        "own-feed-alone",
        "W-18",
        "The public feed everybody can see; what only the partner can tell me of is what I wrote to it, so I ask for that.",
        own_feed_alone,
    ),
)

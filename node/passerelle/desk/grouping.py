"""The pairs, teams, projects and cohorts of this node's placements, with what each still lacks."""

from __future__ import annotations

from collections import Counter
from datetime import date

from passerelle.desk.board import agencies_known
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.exchange import groups
from passerelle.exchange.groups import Group, Member

Answer = dict[str, object]


async def told(context: Context, ledger: Ledger, as_of: date) -> Answer:
    """All groups as of a day, and how many of each kind are in which state.

    Args:
        context: The node.
        ledger: The records held.
        as_of: The day, inclusive.
    """
    state = await ledger.state(as_of)
    placements = list(state.placements.values())
    named = {(item.host, item.offer) for item in placements}
    offers = {key: offer.digest for key in named if (offer := state.offer(*key)) is not None}
    records = await ledger.records_of([*(item.digest for item in placements), *offers.values()])
    bodies = {digest: record.body for digest, record in records.items()}
    members = [
        Member(item, bodies.get(item.digest, {}), bodies.get(offers.get((item.host, item.offer), ""), {}))
        for item in placements
    ]
    found = groups.groups(members)
    counted = Counter((group.programme, group.kind, group.state) for group in found)
    return {
        "asOf": as_of.isoformat(),
        "agency": context.own,
        "agencies": agencies_known(context),
        "groups": [_told(group) for group in found],
        "counts": [
            {"programme": programme, "kind": kind, "state": stands, "groups": number}
            for (programme, kind, stands), number in sorted(counted.items(), key=lambda item: str(item[0]))
        ],
        "inSeveral": [{"agency": scid, "volunteer": name} for scid, name in groups.in_several(members)],
    }


def _told(group: Group) -> Answer:
    return {
        "id": group.id,
        "kind": group.kind,
        "programme": group.programme,
        "title": dict(group.title),
        "sdg": list(group.sdg),
        "state": group.state,
        "members": [
            {
                "placement": member.placement.id,
                "volunteer": member.body.get("volunteer"),
                "from": member.placement.sender,
                "to": member.placement.host,
                "state": member.placement.state,
                "stands": member.stands,
            }
            for member in group.members
        ],
    }

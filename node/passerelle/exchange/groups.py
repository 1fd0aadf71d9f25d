"""Groups of placements: crossed pairs, pairs at one place, collective projects, teams, cohorts.

A group is an id that its members share; a placement bears it itself, or the offer that it fills does. Who is in a group
stands in bodies alone, so an erased placement leaves its group, and no figure rests on one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from passerelle.exchange.state import PlacementState
from passerelle.exchange.views import Direction
from passerelle.protocol.profile import Json

GroupState = Literal["complete", "half", "broken", "uneven", "apart", "untitled", "small", "open"]
"""``complete``; of a crossed pair or a pair at one place ``half``: one alone, ``broken``: one alone, the other
has ended before its time or was cancelled, ``uneven``: more than one in a direction; ``apart``: a pair at one place
that is not; ``untitled``: a collective project without a development goal; ``small``: a team or a project
of one, a team of one country; ``open``: a cohort, which is never incomplete."""

_GONE: Final = frozenset({"blocked", "waiting", "cancelled", "ended-early", "rejected", "withdrawn"})

Body = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Member:
    """A placement with what its body says.

    Args:
        placement: Its state.
        body: Of the placement.
        offer: Body of the offer that it fills; empty where it is not held.
    """

    placement: PlacementState
    body: Body
    offer: Body

    @property
    def group(self) -> Body | None:
        """What group it is in: its own word before that of its offer."""
        for body in (self.body, self.offer):
            found = body.get("group")
            if isinstance(found, dict):
                return found
        return None

    @property
    def stands(self) -> bool:
        """Whether it is still to take place, takes place or took place to its end."""
        return self.placement.state not in _GONE

    @property
    def direction(self) -> Direction:
        """Who sends, who hosts."""
        return Direction(self.placement.sender, self.placement.host)

    @property
    def organisations(self) -> frozenset[str]:
        """Where the volunteer works, by record id or name."""
        postings = self.body.get("postings")
        named = (
            [item.get("organisation") for item in postings if isinstance(item, dict)]
            if isinstance(postings, list)
            else []
        )
        return frozenset(
            str(one.get("id") or one.get("name"))
            for one in (self.body.get("hostOrganisation"), *named)
            if isinstance(one, dict)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A group.

    Args:
        id: Shared by its members.
        kind: Code.
        programme: Record id of the programme that its members name; None where they name none.
        title: By language.
        sdg: Development goals, sorted.
        members: By placement id.
        state: What is missing.
    """

    id: str
    kind: str
    programme: str | None
    title: Mapping[str, str]
    sdg: tuple[str, ...]
    members: tuple[Member, ...]
    state: GroupState


def groups(members: Iterable[Member]) -> list[Group]:
    """All groups, by programme, kind and id, whatever order the members are given in."""
    found: defaultdict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in members:
        group = member.group
        if group is not None:
            found[str(group.get("id")), str(group.get("kind"))].append(member)
    made = [
        _group(key, kind, sorted(inside, key=lambda item: item.placement.id))
        for (key, kind), inside in found.items()
    ]
    return sorted(made, key=lambda group: (group.programme or "", group.kind, group.id))


def _group(key: str, kind: str, members: list[Member]) -> Group:
    said = [member.group or {} for member in members]
    titles = [title for one in said if isinstance(title := one.get("title"), dict)]
    goals = {str(goal) for one in said if isinstance(sdg := one.get("sdg"), list) for goal in sdg}
    programmes = sorted({member.placement.programme for member in members if member.placement.programme})
    return Group(
        id=key,
        kind=kind,
        programme=programmes[0] if programmes else None,
        title={tag: str(text) for tag, text in titles[0].items()} if titles else {},
        sdg=tuple(sorted(goals)),
        members=tuple(members),
        state=_state(kind, members, goals),
    )


def _state(kind: str, members: list[Member], goals: set[str]) -> GroupState:
    standing = [member for member in members if member.stands]
    has_lost = len(standing) < len(members)
    if kind == "crossed-pair":
        return _crossed(standing, has_lost=has_lost)
    if kind == "co-located-pair":
        if len(standing) < 2:
            return "broken" if has_lost else "half"
        return "complete" if frozenset.intersection(*(one.organisations for one in standing)) else "apart"
    if kind == "collective-project":
        if len(standing) < 2:
            return "small"
        return "complete" if goals else "untitled"
    if kind == "team":
        return (
            "complete"
            if len(standing) > 1 and len({one.placement.sender for one in standing}) > 1
            else "small"
        )
    return "open"


def _crossed(standing: list[Member], *, has_lost: bool) -> GroupState:
    """One each way between the same two agencies makes a pair."""
    ways = [member.direction for member in standing]
    if len(ways) == 2 and ways[0] == Direction(ways[1].host, ways[1].sender):
        return "complete"
    if len(ways) < 2:
        return "broken" if has_lost else "half"
    return "uneven"


def in_several(members: Iterable[Member]) -> list[tuple[str, str]]:
    """Placements in more than one collective project at once, by sender and pseudonym: one each is the rule.

    Returns:
        Sender and pseudonym, sorted.
    """
    projects: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for member in members:
        group, volunteer = member.group, member.body.get("volunteer")
        is_in_one = group is not None and group.get("kind") == "collective-project"
        if member.stands and is_in_one and group is not None and isinstance(volunteer, str):
            projects[member.placement.sender, volunteer].add(str(group.get("id")))
    return sorted(who for who, found in projects.items() if len(found) > 1)

"""What a node says, read through its own desk: the only place that knows the form of the answers."""

from __future__ import annotations

from dataclasses import dataclass

from passerelle.errors import InputError
from passerelle.protocol.profile import Json, JsonObject
from passerelle.scenario.cast import Identity
from passerelle.scenario.stage import Stage


async def identity_of(stage: Stage, agency: str) -> Identity:
    """Ask a node who it is."""
    own = _mapping(await stage.call(agency, "status"))
    return Identity(*(str(own[member]) for member in ("scid", "did", "code", "country")))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a node's fold made of a record: ``accepted``, ``waiting`` or ``blocked``, and why."""

    status: str
    code: str | None
    params: JsonObject


async def figures_of(stage: Stage, agency: str, partner: str, as_of: str) -> JsonObject:
    """The figures of the pair as this node computes them; ``partner`` is a SCID."""
    statement = _mapping(await stage.call(agency, "statement", partner=partner, as_of=as_of))
    return _mapping(statement["figures"])


async def verdict_of(stage: Stage, agency: str, record_id: str) -> Verdict:
    """The verdict on a record.

    Raises:
        InputError: ``record.unknown`` where the node does not hold it.
    """
    shown = _mapping(await stage.call(agency, "records_show", name=record_id))
    code = shown.get("code")
    return Verdict(
        str(shown.get("verdict")), None if code is None else str(code), _mapping(shown.get("params") or {})
    )


async def state_of(stage: Stage, agency: str, record_id: str, as_of: str) -> Json:
    """State of an agreement, offer or placement on the node's board; None where the board has it not."""
    board = _mapping(await stage.call(agency, "board", as_of=as_of))
    for name in ("agreements", "offers", "placements"):
        listed = board[name]
        for entry in listed if isinstance(listed, list) else []:
            found = _mapping(entry)
            if found["id"] == record_id:
                return found["state"]
    return None


async def is_readable(stage: Stage, agency: str, record_id: str) -> bool:
    """Whether the node can show the record at all."""
    try:
        await stage.call(agency, "records_show", name=record_id)
    except InputError as exc:
        if exc.code != "record.unknown":
            raise
        return False
    return True


async def held_counts(stage: Stage, agency: str) -> JsonObject:
    """How many records of each type the node holds, its own and those of its partners."""
    return _mapping(_mapping(await stage.call(agency, "status"))["records_by_type"])


def _mapping(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("the desk answers with a mapping")
    return value


def direction(figures: JsonObject, from_scid: str, to_scid: str) -> JsonObject:
    """The figures of one direction; empty where the node knows of none."""
    directions = figures.get("directions")
    for entry in directions if isinstance(directions, list) else []:
        found = _mapping(entry)
        if (found["from"], found["to"]) == (from_scid, to_scid):
            return found
    return {}

"""What a node says, read through its own desk: the only place that knows the form of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from passerelle.errors import InputError
from passerelle.exchange import edtf
from passerelle.protocol.profile import Json, JsonObject
from passerelle.scenario.cast import Identity
from passerelle.scenario.references import member
from passerelle.scenario.stage import Stage

MAX_LISTED: Final = 1_000
"""How many records of one type a desk lists at once."""


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


@dataclass(frozen=True, slots=True)
class Flow:
    """What a board says of one direction of one agreement.

    Args:
        agreement: Record id.
        sender: SCID.
        host: SCID.
        sender_country: For which the sender stands in it.
        host_country: Likewise.
        realised: Volunteers arrived.
    """

    agreement: str
    sender: str
    host: str
    sender_country: str
    host_country: str
    realised: int

    @property
    def ends(self) -> str:
        """The two countries, for a person."""
        return f"{self.sender_country} → {self.host_country}"


async def flows_of(stage: Stage, agency: str, as_of: str) -> list[Flow]:
    """Every direction of every agreement on the node's board."""
    board = _mapping(await stage.call(agency, "board", as_of=as_of))
    return [
        Flow(
            agreement=str(agreement["id"]),
            sender=str(row["sender"]),
            host=str(row["host"]),
            sender_country=str(row["sender_country"]),
            host_country=str(row["host_country"]),
            realised=_number(row["realised"]),
        )
        for agreement in _rows(board["agreements"])
        for row in _rows(agreement["directions"])
    ]


@dataclass(frozen=True, slots=True)
class Query:
    """Which records are counted and how; see :class:`passerelle.scenario.model.CountsExpectation`."""

    type: str
    where: Mapping[str, Json]
    each: str | None
    on: str | None
    by: str | None
    add: str | None


async def counts_of(stage: Stage, agency: str, query: Query) -> dict[str, int]:
    """The numbers by value of ``by``; under an empty text where there is none."""
    counted: Counter[str] = Counter()
    for body in await bodies_of(stage, agency, query.type):
        for item in _each(body, query.each):
            if not _is_as_said(item, query):
                continue
            more = 1 if query.add is None else sum(_number(found) for found in values_at(item, query.add))
            for value in [""] if query.by is None else [str(found) for found in values_at(item, query.by)]:
                counted[value] += more
    return dict(counted)


def _is_as_said(item: JsonObject, query: Query) -> bool:
    if query.on is not None:
        inner = values_at(item, query.each) if query.each else [item]
        if not any(_reaches_over(found, query.on) for found in inner):
            return False
    return all(
        value in values_at(item, path) or (value is None and not values_at(item, path))
        for path, value in query.where.items()
    )


def _reaches_over(item: Json, day: str) -> bool:
    """Whether the day is not before ``from`` nor after ``to``, each as far out as its EDTF date goes."""
    found, on = _mapping(item), date.fromisoformat(day)
    begin = edtf.parse(str(found["from"])).earliest if "from" in found else None
    end = edtf.parse(str(found["to"])).latest if "to" in found else None
    return (begin is None or begin <= on) and (end is None or on <= end)


def _each(body: JsonObject, path: str | None) -> list[JsonObject]:
    """The body itself, or once for each member of a list in it, with that member in the list's place."""
    if path is None:
        return [body]
    listed = body.get(path)
    return [{**body, path: item} for item in listed] if isinstance(listed, list) else []


async def bodies_of(stage: Stage, agency: str, record_type: str) -> list[JsonObject]:
    """Bodies of the records of a type that count, each in its newest version, as far as the node can show them."""
    rows = _rows(await stage.call(agency, "records_list", type=record_type, limit=MAX_LISTED))
    newest: dict[tuple[str, str], JsonObject] = {}
    for row in rows:
        key = (str(row["issuer"]), str(row["id"]))
        if row.get("verdict") in {None, "accepted"} and (
            key not in newest or _number(row["version"]) > _number(newest[key]["version"])
        ):
            newest[key] = row
    shown = [
        _mapping(await stage.call(agency, "records_show", name=str(row["digest"]))) for row in newest.values()
    ]
    return [_mapping(_mapping(found["record"])["body"]) for found in shown if found["record"] is not None]


async def body_of(stage: Stage, agency: str, record_id: str) -> JsonObject:
    """The body of a record as the node shows it; empty where it does not hold the record."""
    try:
        shown = _mapping(await stage.call(agency, "records_show", name=record_id))
    except InputError:
        return {}
    record = shown["record"]
    return _mapping(_mapping(record)["body"]) if record is not None else {}


def at(body: Json, path: str) -> Json:
    """What stands at a path; None where nothing does."""
    try:
        return member(body, path)
    except LookupError:
        return None


def values_at(value: Json, path: str) -> list[Json]:
    """Everything that stands at a path, through every member of the lists on the way."""
    if isinstance(value, list):
        return [found for item in value for found in values_at(item, path)]
    if not path:
        return [value]
    head, _, rest = path.partition(".")
    return values_at(value[head], rest) if isinstance(value, dict) and head in value else []


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


def _rows(value: Json) -> list[JsonObject]:
    if not isinstance(value, list):
        raise TypeError("the desk answers with a list")
    return [_mapping(item) for item in value]


def _number(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError("a number is a whole number")
    return value


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

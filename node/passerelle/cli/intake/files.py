"""Read whole files into things to publish, with every fault found on the way.

A ``.json`` file holds one of, or a list of:

* what the desk publishes, ``{"type": ..., "to": ..., "body": {...}}``, of any type;
* the body of an offer, ``{"title": {"fr": ...}, "scheme": ..., ...}``;
* a row of the table, ``{"titre": ..., "date de début": ...}``, as a spreadsheet or a national
  system exports it.

Every other file is read as a table (see ``columns``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from passerelle.cli.intake.columns import TRANSLATED, Heading, heading_at, read_headings, recognise
from passerelle.cli.intake.faults import Fault
from passerelle.cli.intake.offers import Publisher, offer_body
from passerelle.cli.intake.tables import MAX_FILE_BYTES, Row, decode, parse_table
from passerelle.errors import InputError, PasserelleError, ProtocolError, reason_of
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.schemas import Schemas

_ESCAPED_HALF: Final = re.compile(r"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F])")
"""The first half of a pair without its second, or a second half: where a fault is, once there is one."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to publish.

    Args:
        file: Where it was read.
        row: Its row, or position in a JSON list.
        item: As the desk takes it: type, to, body.
        headings: Of the table that it was read from; none for JSON.
    """

    file: str
    row: int
    item: JsonObject
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of the files: the rows without a fault, and every fault."""

    wishes: tuple[Wish, ...]
    faults: tuple[Fault, ...]


_DESK_ITEM: Final = frozenset({"type", "to", "body", "id"})


def read_files(paths: Sequence[Path], publisher: Publisher) -> Reading:
    """Read every file; a fault in one does not keep the others from being looked at."""
    wishes: list[Wish] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            data = _bytes(path)
            made, wrong = (_json if path.suffix.lower() == ".json" else _table)(str(path), data, publisher)
        except PasserelleError as exc:
            faults.append(Fault(str(path), None, None, exc.code, exc.params))
            continue
        faults += wrong
        for wish in made:
            broken = schema_faults(wish)
            faults += broken
            if not broken:
                wishes.append(wish)
    return Reading(tuple(wishes), tuple(sorted(faults, key=_order)))


def schema_faults(wish: Wish) -> list[Fault]:
    """What the schema of its type says against a body: the desk would refuse the whole file for it."""
    body = wish.item.get("body")
    try:
        found = Schemas.packaged().explain_body(str(wish.item.get("type")), body)
    except ProtocolError as exc:
        return [Fault(wish.file, wish.row, None, exc.code, exc.params)]
    return [
        Fault(
            wish.file,
            wish.row,
            place,
            "schema.violation",
            {"path": place, "rule": fault.rule, **dict(fault.params)},
        )
        for fault in found
        for place in [heading_at(fault.path, wish.headings) or fault.path]
        # The desk takes an agency's code too and puts the SCID in its place.
        if ("form", "scid") not in fault.params
    ]


def _order(fault: Fault) -> tuple[str, int]:
    return fault.file, fault.row or 0


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError("offers.file-too-large", limit=MAX_FILE_BYTES)
        return path.read_bytes()
    except OSError as exc:
        raise InputError("offers.unreadable-file", reason=reason_of(exc)) from exc


def _table(file: str, data: bytes, publisher: Publisher) -> tuple[list[Wish], list[Fault]]:
    """Rows of a table. With a heading wrong no row is read: each would repeat the same fault."""
    table = parse_table(data, known=lambda heading: recognise(heading) is not None)
    headings, faults = read_headings(file, table.headings, publisher.lang)
    if faults:
        return [], faults
    wishes: list[Wish] = []
    for row in table.rows:
        body, wrong = offer_body(file, headings, row, publisher)
        faults += wrong
        if not wrong:
            wishes.append(Wish(file, row.number, _offer(body), tuple(filter(None, headings))))
    if not table.rows:
        faults.append(Fault(file, None, None, "offers.no-rows", {}))
    return wishes, faults


def _json(file: str, data: bytes, publisher: Publisher) -> tuple[list[Wish], list[Fault]]:
    value = _parsed(decode(data))
    wishes: list[Wish] = []
    faults: list[Fault] = []
    for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
        if not isinstance(item, dict) or not item:
            faults.append(Fault(file, number, None, "offers.not-an-offer", {}))
            continue
        made, wrong = _json_item(file, number, item, publisher)
        faults += wrong
        if not wrong:
            wishes.append(Wish(file, number, made))
    if not wishes and not faults:
        faults.append(Fault(file, None, None, "offers.no-rows", {}))
    return wishes, faults


def _parsed(text: str) -> Json:
    """A person's JSON, kinder than the profile of records: any member name, ``35.5`` becomes ``"35.5"``."""
    try:
        value: Json = json.loads(text, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_once)
        _refuse_half_pairs(text, value)
    except json.JSONDecodeError as exc:
        raise InputError("offers.json-syntax", line=exc.lineno, column=exc.colno, problem=exc.msg) from exc
    except (RecursionError, ValueError) as exc:  # Python reads no number of more than 4300 digits
        problem = "nested too deep" if isinstance(exc, RecursionError) else "a number too long"
        raise InputError("offers.json-syntax", line=1, column=1, problem=problem) from exc
    return value


def _refuse_half_pairs(text: str, value: Json) -> None:
    """Half a surrogate pair is no text: no record can hold it, and no sentence about it could be written."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as exc:
        escape = _ESCAPED_HALF.search(text)
        before = text[: 0 if escape is None else escape.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = "half a surrogate pair"
        raise InputError("offers.json-syntax", line=line, column=column, problem=problem) from exc


def _once(members: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for name, value in members:
        if name in found:
            raise InputError("offers.member-twice", member=name)
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise InputError("offers.json-syntax", line=1, column=1, problem=name)


def _json_item(
    file: str, number: int, item: JsonObject, publisher: Publisher
) -> tuple[JsonObject, list[Fault]]:
    if "body" in item:
        unknown = sorted(item.keys() - _DESK_ITEM)
        wrong = [Fault(file, number, name, "offers.unknown-member", {"member": name}) for name in unknown]
        body = item["body"]
        filled: Json = {"lang": publisher.lang, **body} if isinstance(body, dict) else body
        return {"type": "offer", "to": "public", **item, "body": filled}, wrong
    if any(isinstance(item.get(key), dict) for key in TRANSLATED):
        host: Json = {"agency": publisher.scid, "country": publisher.country}
        return _offer({"lang": publisher.lang, "host": host, **item}), []
    return _flat(file, number, item, publisher)


def _flat(
    file: str, number: int, item: Mapping[str, Json], publisher: Publisher
) -> tuple[JsonObject, list[Fault]]:
    """An object whose members are columns: the same reading as a row of a table."""
    wrong = [
        Fault(file, number, name, "offers.not-a-cell", {"member": name})
        for name, value in item.items()
        if isinstance(value, dict | list)
    ]
    headings, faults = read_headings(file, list(item), publisher.lang)
    if wrong or faults:
        at_row = [Fault(file, number, fault.column, fault.code, fault.params) for fault in faults]
        return {}, [*wrong, *at_row]
    body, wrong = offer_body(file, headings, Row(number, tuple(map(_cell, item.values()))), publisher)
    return _offer(body), wrong


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return ("oui" if value else "non") if isinstance(value, bool) else str(value).strip()


def _offer(body: JsonObject) -> JsonObject:
    return {"type": "offer", "to": "public", "body": body}

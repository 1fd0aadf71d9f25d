"""Reads members of a body.

Each reader raises ``ValueError``, beginning with the member's name, where a member is not
what its schema says: schema and fold then disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias, TypeVar

from passerelle.errors import ProtocolError
from passerelle.exchange import edtf
from passerelle.protocol.profile import Json

Body: TypeAlias = Mapping[str, Json]

_T = TypeVar("_T")


def optional(body: Body, name: str, read: Callable[[Body, str], _T]) -> _T | None:
    """What ``read`` makes of a member; None where it is absent."""
    return read(body, name) if name in body else None


def text(body: Body, name: str) -> str:
    """A string."""
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")  # noqa: TRY004  # the value is wrong, not our call
    return value


def integer(body: Body, name: str) -> int:
    """An integer."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is not an integer")  # noqa: TRY004  # likewise
    return value


def mapping(body: Body, name: str) -> Body:
    """An object."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")  # noqa: TRY004  # likewise
    return value


def mappings(body: Body, name: str) -> list[Body]:
    """A list of objects."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{name} is not a list of objects")
    return [item for item in value if isinstance(item, dict)]


def texts(body: Body, name: str) -> list[str]:
    """A list of strings."""
    value = body.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is not a list of strings")
    return [item for item in value if isinstance(item, str)]


def span(body: Body, name: str) -> str:
    """An EDTF date or interval, as written."""
    written = text(body, name)
    try:
        edtf.parse(written)
    except ProtocolError as exc:
        raise ValueError(f"{name} is not an EDTF date") from exc
    return written


def day(body: Body, name: str) -> date:
    """The earliest day of an EDTF date."""
    return edtf.earliest_day(span(body, name))

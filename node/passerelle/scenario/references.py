"""Names inside values: ``${offer1}`` stands for what an earlier step made.

    ${anvt.scid}     a member of an agency: scid, did, code, country
    ${offer1.id}     a member of a record: id, digest, version
    ${offer1}        alone, the reference {"id": ..., "digest": ...} of a record

Inside a longer text a name must give a text or a whole number. A name may contain another
name (``${card-${who}}``): the innermost is replaced first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from passerelle.errors import InputError
from passerelle.protocol.profile import Json

_NAME: Final = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_.-]*)\}")
_ROUNDS: Final = 8

Lookup = Callable[[str], Json]
"""Gives the value of a name. Raises ``LookupError`` for a name that it does not have."""


def resolve(value: Json, lookup: Lookup) -> Json:
    """``value`` with every name replaced, in lists and mappings too (keys stay as they are).

    Raises:
        InputError: ``scenario.unknown-name``, or ``scenario.not-a-text`` for a record or a list
            in the middle of a text.
    """
    if isinstance(value, str):
        return _resolve_text(value, lookup)
    if isinstance(value, list):
        return [resolve(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, lookup) for key, item in value.items()}
    return value


def fill(value: Json, variables: Mapping[str, Json]) -> Json:
    """``value`` with variables filled in: of an ``each`` or a block, and facts; other names are left for later.

    A member of a variable is named by its path, ``${founding.hosts}``. Where a variable is a text, the path
    is left with it for whoever the text names: ``${who.id}`` of ``who: offer`` stays ``${who.id}``.

    Raises:
        InputError: ``scenario.unknown-name`` for a member that a variable does not have.
    """

    def lookup(name: str) -> Json:
        head, _, rest = name.partition(".")
        if head not in variables or (rest and not isinstance(variables[head], dict | list)):
            return _kept(name)
        return member(variables[head], rest) if rest else variables[head]

    return resolve(value, lookup)


def member(value: Json, path: str) -> Json:
    """What stands at a path of names and, through lists, numbers from 0: ``targets.0.quantity``.

    Raises:
        LookupError: Nothing does.
    """
    for name in path.split("."):
        if isinstance(value, list) and name.isdigit():
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value[name]
        else:
            raise LookupError(path)
    return value


def names_in(value: Json) -> Iterator[str]:
    """First part of every name used in ``value``."""
    if isinstance(value, str):
        for name in _NAME.findall(value):
            yield name.partition(".")[0]
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from names_in(item)


def _resolve_text(text: str, lookup: Lookup) -> Json:
    for _ in range(_ROUNDS):
        whole = _NAME.fullmatch(text)
        if whole:
            return _look_up(whole[1], lookup)
        replaced = _NAME.sub(lambda match: _as_text(match[1], _look_up(match[1], lookup)), text)
        if replaced == text:
            break
        text = replaced
    return text


def _look_up(name: str, lookup: Lookup) -> Json:
    try:
        return lookup(name)
    except LookupError as exc:
        raise InputError("scenario.unknown-name", name=name) from exc


def _as_text(name: str, value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError("scenario.not-a-text", name=name)
    return str(value)


def _kept(name: str) -> str:
    return "${" + name + "}"

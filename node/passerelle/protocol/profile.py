"""The JSON profile: which JSON is accepted, and its one canonical form (spec/ "JSON profile").

Under the profile RFC 8785 (JCS) is nothing more than compact JSON with sorted members,
because the two hard parts of JCS cannot occur: numbers are integers that every language
holds exactly, and member names are ASCII, so code point and UTF-16 order agree.

Two readers, one language. :func:`parse` is strict and names each fault; it reads what
need not be canonical (identity logs, request bodies). :func:`parse_canonical` reads
records and leaves, fast: it accepts only what it can re-encode to the same bytes, and
hands anything else to :func:`parse` to learn which fault to name.

This module does not normalise strings: writers use NFC, readers take what they get.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

import orjson

from passerelle.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""A value inside the profile. Objects are plain ``dict``; treat a parsed tree as read-only."""

JsonObject: TypeAlias = dict[str, Json]

MAX_RECORD_BYTES: Final = 262_144
"""Largest canonical form of a record, in bytes (256 KiB)."""

MAX_DEPTH: Final = 32
"""Deepest nesting of objects and arrays; the root is 1, a string or number adds nothing."""

MAX_INTEGER: Final = 2**53 - 1
"""Largest absolute value of a number: what an IEEE double holds without rounding."""

# A sign and sixteen digits hold MAX_INTEGER. Longer literals are refused before ``int``
# sees them: its own limit of 4300 digits is a ValueError, and big ones are slow.
_MAX_INTEGER_CHARS: Final = 17

# The pass-through options make orjson refuse what it would else write in its own way.
_CANONICAL: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SCALARS: Final = frozenset({str, int, bool, type(None)})
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_SHOWN_NAME_CHARS: Final = 64


def parse(data: bytes, *, max_bytes: int = MAX_RECORD_BYTES) -> Json:
    """Parses bytes inside the profile, canonical or not.

    Args:
        data: UTF-8 without byte order mark. White space, member order and escapes are free.
        max_bytes: Largest size accepted.

    Raises:
        ProtocolError: ``json.too-large``, ``json.not-utf8``, ``json.syntax`` (a byte order
            mark, ``NaN`` and ``Infinity`` are syntax too), ``json.duplicate-member``,
            ``json.not-an-integer`` (a fraction or an exponent, ``1.0`` included),
            ``json.integer-range``, ``json.nul``, ``json.surrogate``, ``json.member-name``
            or ``json.too-deep``. The first fault met is named.
    """
    if len(data) > max_bytes:
        raise ProtocolError("json.too-large", size=len(data), max=max_bytes)
    try:
        value: Json = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ProtocolError("json.not-utf8", offset=exc.start) from exc
    except json.JSONDecodeError as exc:
        raise ProtocolError("json.syntax", offset=exc.pos) from exc
    except RecursionError as exc:
        raise ProtocolError("json.too-deep", max=MAX_DEPTH) from exc
    _check_tree(value)
    return value


def parse_canonical(data: bytes, *, max_bytes: int = MAX_RECORD_BYTES) -> Json:
    """Parses bytes that are exactly the canonical form of what they say.

    Args:
        data: Canonical bytes: sorted members, no white space, shortest escapes.
        max_bytes: Largest size accepted.

    Raises:
        ProtocolError: As :func:`parse`, and ``json.not-canonical`` for bytes inside the
            profile that differ from their canonical form.
    """
    if len(data) > max_bytes:
        raise ProtocolError("json.too-large", size=len(data), max=max_bytes)
    value = _parse_fast(data)
    if value is not _REFUSED:
        return value  # type: ignore[return-value]  # the sentinel is the only other value
    slow = parse(data, max_bytes=max_bytes)
    # Only an escaped backslash before "u0000" brings canonical bytes here: see _parse_fast.
    if encode(slow) != data:
        raise ProtocolError("json.not-canonical")
    return slow


def encode(value: object) -> bytes:
    """The canonical form of a value: sorted members, no white space, UTF-8.

    Args:
        value: ``None``, ``bool``, ``int``, ``str``, ``list`` and ``dict`` only; no
            subclasses, no tuples, so that what is signed is what a reader parses.

    Raises:
        ValueError: The value is outside the profile: our own mistake, never a peer's.
    """
    with contextlib.suppress(orjson.JSONEncodeError):
        data = orjson.dumps(value, option=_CANONICAL)
        if b"\\u0000" not in data and _is_plain(value, names_are_ascii=data.isascii()):
            return data
    try:
        _check_tree(value)
    except ProtocolError as exc:
        raise ValueError(f"not inside the JSON profile: {exc}") from exc
    return orjson.dumps(value, option=_CANONICAL)  # an escaped backslash before "u0000"


def check(value: object) -> None:
    """Refuses a value that :func:`encode` would not write, by the code that its bytes would be refused with.

    For values with texts in them that people gave, of which nothing has been parsed.

    Raises:
        ProtocolError: As :func:`parse` of its bytes.
    """
    _check_tree(value)


def encode_plain(value: object) -> bytes:
    """The canonical form of a tree that is inside the profile for certain: a parser gave it, or `encode` passes it next.

    Nothing is checked. What orjson writes in its own way (a fraction, a tuple) is written so.

    Raises:
        ValueError: orjson has no way to write the value.
    """
    try:
        return orjson.dumps(value, option=_CANONICAL)
    except orjson.JSONEncodeError as exc:
        raise ValueError(f"not inside the JSON profile: {exc}") from exc


def embedded(data: bytes) -> Json:
    """Canonical bytes that stand for their value in a tree for `encode_plain`: what was written once is not written again."""
    return orjson.Fragment(data)  # type: ignore[return-value]  # orjson copies it as it is


@lru_cache(maxsize=1024)
def format_time(moment: datetime) -> str:
    """``YYYY-MM-DDThh:mm:ssZ``, cut (never rounded) to the second.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    # Not strftime: its %Y does not pad years below 1000 on every platform.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


@lru_cache(maxsize=1024)  # the records of a batch were issued within a second
def parse_time(text: str) -> datetime:
    """The aware UTC time that ``text`` says, to the second.

    Raises:
        ProtocolError: ``time.malformed`` unless ``text`` is exactly what
            :func:`format_time` writes; no offset, no fraction, no leap second.
    """
    if not _TIME.fullmatch(text):
        raise ProtocolError("time.malformed", text=_shown(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ProtocolError("time.malformed", text=text) from exc
    if format_time(moment) != text:  # newer Pythons read 24:00:00 as the next day
        raise ProtocolError("time.malformed", text=text)
    return moment


_REFUSED: Final = object()


def _parse_fast(data: bytes) -> object:
    r"""The parsed value if orjson alone shows the bytes to be canonical, else ``_REFUSED``.

    The re-encoding catches duplicates, white space, order, escapes and (strict integers)
    range; orjson itself refuses bad UTF-8 and lone surrogates. What it lets through is
    looked for here: fractions, depth, member names, and U+0000, which in canonical bytes
    can only stand as the escape ``\u0000``.
    """
    if b"\\u0000" in data:
        return _REFUSED
    try:
        value: object = orjson.loads(data)
        same = orjson.dumps(value, option=_CANONICAL) == data
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _REFUSED
    if same and _is_plain(value, names_are_ascii=data.isascii()):
        return value
    return _REFUSED


def _is_plain(root: object, *, names_are_ascii: bool) -> bool:  # noqa: C901  runs for every record: no calls in it
    """Whether a tree that orjson read or wrote has only plain kinds, ASCII names and no depth beyond the limit.

    Runs for every record, so it looks at exact types, the most frequent first; what it
    does not look at (ranges, surrogates, U+0000) its callers have seen by other means.
    """
    level = [] if type(root) in _SCALARS else [root]  # what is no scalar, level by level
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if type(item) is dict:
                if not names_are_ascii:
                    for name in item:
                        if not name.isascii():
                            return False
                values: Iterable[object] = item.values()
            elif type(item) is list:
                values = item
            else:
                return False
            for value in values:
                kind = type(value)
                if kind is not str and kind is not int and kind is not bool and value is not None:
                    inner.append(value)
        if not inner:
            return True
        level = inner
    return False


def _check_tree(root: object) -> None:
    """Raises ProtocolError for the first thing in the tree that the profile does not know."""
    level: list[object] = [root]
    for depth in range(1, MAX_DEPTH + 2):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict | list) and depth > MAX_DEPTH:
                raise ProtocolError("json.too-deep", max=MAX_DEPTH)
            inner.extend(_check_node(value))
        if not inner:
            return
        level = inner


def _check_node(value: object) -> list[object]:
    """Checks one value by itself and returns the values inside it."""
    kind = type(value)
    if isinstance(value, str) and kind is str:
        _check_string(value)
        return []
    if isinstance(value, int) and kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ProtocolError("json.integer-range")
        return []
    if isinstance(value, dict) and kind is dict:
        for name in value:
            _check_name(name)
        return list(value.values())
    if isinstance(value, list) and kind is list:
        return value
    if value is None or kind is bool:
        return []
    raise ProtocolError("json.not-an-integer" if kind is float else "json.syntax", kind=kind.__name__)


def _check_string(text: str) -> None:
    if "\0" in text:
        raise ProtocolError("json.nul")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as exc:
            raise ProtocolError("json.surrogate") from exc


def _check_name(name: object) -> None:
    if not isinstance(name, str) or type(name) is not str:
        raise ProtocolError("json.member-name", name=type(name).__name__)
    if not name.isascii():
        raise ProtocolError("json.member-name", name=_shown(name))
    if "\0" in name:
        raise ProtocolError("json.nul")


def _shown(name: str) -> str:
    """A peer's text made safe and short enough for an error's parameters."""
    return name[:_SHOWN_NAME_CHARS].encode("ascii", "backslashreplace").decode("ascii")


def _unique_members(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ProtocolError("json.duplicate-member", name=_shown(twice))
    return members


def _exact_integer(literal: str) -> int:
    if len(literal) > _MAX_INTEGER_CHARS:
        raise ProtocolError("json.integer-range")
    return int(literal)


def _refuse_fraction(_: str) -> NoReturn:
    raise ProtocolError("json.not-an-integer", kind="float")


def _refuse_constant(literal: str) -> NoReturn:
    raise ProtocolError("json.syntax", kind=literal)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_exact_integer,
    parse_float=_refuse_fraction,
    parse_constant=_refuse_constant,
)

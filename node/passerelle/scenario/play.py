"""A scenario file made ready to play: blocks unrolled, every mapping checked, names known.

``load`` finds every fault of form before a single node is started and reports it with
its line. What a body may contain is not looked at: the publishing node decides that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from passerelle.errors import InputError
from passerelle.protocol.profile import Json
from passerelle.scenario.model import EXPECTATIONS, STEPS, Act, Header, Part
from passerelle.scenario.references import fill, names_in
from passerelle.scenario.source import Place, Source, read_source

MAX_ENTRIES: Final = 20_000

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do or to check.

    Args:
        number: Position in the play, from 1.
        line: Line of the file that it comes from (several entries share one inside ``each``).
        verb: Key of ``STEPS`` or ``EXPECTATIONS``.
        part: The checked mapping.
    """

    number: int
    line: int
    verb: str
    part: Part

    @property
    def is_expectation(self) -> bool:
        """Whether it reads and compares, rather than acts."""
        return self.verb in EXPECTATIONS


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario ready to play.

    Args:
        file: Path as the user wrote it.
        header: Title, agencies, partners, defaults.
        entries: Steps and expectations in order; those of the final ``expect`` come last.
    """

    file: str
    header: Header
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Raw:
    """A mapping of the file after ``each`` was unrolled, with the place it came from."""

    verb: str
    value: dict[str, Json]
    place: Place


def load(path: Path) -> Play:
    """Read and check a scenario file.

    Raises:
        InputError: A ``scenario.*`` code with file and line; see :mod:`.source` for those of syntax.
    """
    return build(read_source(path))


def build(source: Source) -> Play:
    """Check a document that was read.

    Raises:
        InputError: ``scenario.not-a-mapping``, ``scenario.unknown-key``, ``scenario.missing-key``,
            ``scenario.bad-value``, ``scenario.no-verb``, ``scenario.two-verbs``,
            ``scenario.unknown-agency``, ``scenario.unknown-name``, ``scenario.name-twice``,
            ``scenario.too-long``.
    """
    header = _validated(Header, source.value, (), source)
    _check_partners(header, source)
    unrolled = _unrolled(header.steps, ("steps",), {}, source)
    raws = chain(unrolled, _checks(header.expect, ("expect",), {}, source))
    known = set(header.agencies)
    entries = []
    for number, raw in enumerate(raws, start=1):  # one by one: loops in loops can stand for any number
        if number > MAX_ENTRIES:
            raise InputError("scenario.too-long", file=source.name, limit=MAX_ENTRIES)
        entries.append(_entry(number, raw, known, header, source))
    return Play(source.name, header, tuple(entries))


def _entry(number: int, raw: _Raw, known: set[str], header: Header, source: Source) -> Entry:
    forms = EXPECTATIONS if raw.verb in EXPECTATIONS else STEPS
    line = source.line_of(raw.place)
    for name in names_in(raw.value):
        if name not in known:
            raise InputError("scenario.unknown-name", file=source.name, line=line, name=name)
    part = _validated(forms[raw.verb], raw.value, raw.place, source)
    for name in _agencies_of(part):
        if name not in header.agencies:
            raise InputError("scenario.unknown-agency", file=source.name, line=line, agency=name)
    if isinstance(part, Act) and part.label:
        if part.label in known:
            raise InputError("scenario.name-twice", file=source.name, line=line, name=part.label)
        known.add(part.label)
    return Entry(number, line, raw.verb, part)


def _unrolled(
    items: Sequence[object], place: Place, variables: Mapping[str, Json], source: Source
) -> Iterator[_Raw]:
    """Steps in order, ``each`` blocks repeated and ``expect`` steps turned into expectations."""
    for index, item in enumerate(items):
        here = (*place, index)
        mapping = _mapping(item, here, source)
        if "each" in mapping:
            yield from _repeated(mapping, here, variables, source)
        elif "expect" in mapping:
            _only(mapping, {"expect"}, here, source)
            expected = _list(mapping["expect"], (*here, "expect"), source)
            yield from _checks(expected, (*here, "expect"), variables, source)
        else:
            yield _raw(mapping, STEPS, here, variables, source)


def _repeated(
    mapping: Mapping[str, Json], place: Place, variables: Mapping[str, Json], source: Source
) -> Iterator[_Raw]:
    _only(mapping, {"each", "steps"}, place, source)
    steps = _list(mapping.get("steps"), (*place, "steps"), source)
    for index, row in enumerate(_list(mapping["each"], (*place, "each"), source)):
        values = _mapping(fill(row, variables), (*place, "each", index), source)
        yield from _unrolled(steps, (*place, "steps"), {**variables, **values}, source)


def _checks(
    items: Sequence[object], place: Place, variables: Mapping[str, Json], source: Source
) -> Iterator[_Raw]:
    for index, item in enumerate(items):
        here = (*place, index)
        yield _raw(_mapping(item, here, source), EXPECTATIONS, here, variables, source)


def _raw(
    mapping: Mapping[str, Json],
    forms: Mapping[str, type[Part]],
    place: Place,
    variables: Mapping[str, Json],
    source: Source,
) -> _Raw:
    verbs = [key for key in mapping if key in forms]
    if len(verbs) != 1:
        code = "scenario.two-verbs" if verbs else "scenario.no-verb"
        raise InputError(
            code, file=source.name, line=source.line_of(place), found=sorted(mapping), verbs=sorted(forms)
        )
    filled = {key: fill(value, variables) for key, value in mapping.items()}
    return _Raw(verbs[0], filled, place)


def _validated(form: type[P], value: Json, place: Place, source: Source) -> P:
    """``value`` as ``form``. One fault is reported: those after it are often its echo."""
    try:
        return form.model_validate(value)
    except ValidationError as exc:
        faults = exc.errors(include_url=False, include_context=False)
        # A misspelt key is also a missing one; its own line is the one to look at.
        fault = min(faults, key=lambda found: found["type"] != "extra_forbidden")
        where = tuple(fault["loc"])
        params = {
            "file": source.name,
            "line": source.line_of((*place, *where)),
            "key": ".".join(str(part) for part in where),
        }
        if fault["type"] == "string_type" and isinstance(fault["input"], int):
            raise InputError("scenario.needs-quotes", **params, value=fault["input"]) from exc
        codes = {"extra_forbidden": "scenario.unknown-key", "missing": "scenario.missing-key"}
        code = codes.get(fault["type"])
        if code is None:
            raise InputError("scenario.bad-value", **params, problem=fault["msg"]) from exc
        raise InputError(code, **params) from exc


def _check_partners(header: Header, source: Source) -> None:
    for index, pair in enumerate(header.partners):
        line = source.line_of(("partners", index))
        for name in pair:
            if name not in header.agencies:
                raise InputError("scenario.unknown-agency", file=source.name, line=line, agency=name)
        if pair[0] == pair[1]:
            raise InputError("scenario.partner-of-itself", file=source.name, line=line, agency=pair[0])


def _agencies_of(part: Part) -> Iterator[str]:
    """Every agency that a step or expectation names in its own keys."""
    for key in ("at", "cut", "restore", "sync", "stop", "kill", "start", "pair", "identical"):
        value = getattr(part, key, None)
        if isinstance(value, list):
            yield from value
        elif isinstance(value, str) and not (key == "sync" and value == "all"):
            yield value
    figures = getattr(part, "figures", None)
    if figures is not None:
        yield from figures.balance
        for direction in figures.directions:
            yield from (direction.from_, direction.to)


def _only(mapping: Mapping[str, Json], keys: set[str], place: Place, source: Source) -> None:
    for key in mapping:
        if key not in keys:
            line = source.line_of((*place, key))
            raise InputError("scenario.unknown-key", file=source.name, line=line, key=key)


def _mapping(value: object, place: Place, source: Source) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise InputError("scenario.not-a-mapping", file=source.name, line=source.line_of(place))
    return value


def _list(value: object, place: Place, source: Source) -> list[Json]:
    if not isinstance(value, list):
        raise InputError("scenario.not-a-list", file=source.name, line=source.line_of(place))
    return value

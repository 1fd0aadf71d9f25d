"""A scenario file made ready to play: blocks unrolled, every mapping checked, names known.

``load`` finds every fault of form before a single node is started and reports it with
its line. What a body may contain is not looked at: the publishing node decides that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from passerelle.errors import InputError
from passerelle.protocol.profile import Json
from passerelle.scenario.model import EXPECTATIONS, STEPS, Act, Agency, Header, Part
from passerelle.scenario.references import fill, names_in
from passerelle.scenario.source import Place, Source, read_source

MAX_ENTRIES: Final = 20_000
MAX_BLOCKS: Final = 8
"""How many blocks may stand in each other."""

P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do or to check.

    Args:
        number: Position in the play, from 1.
        file: Path of the file that it comes from: the play's own, one that comes before it, or a block.
        line: Line of that file (several entries share one inside ``each``).
        verb: Key of ``STEPS`` or ``EXPECTATIONS``.
        part: The checked mapping.
    """

    number: int
    file: str
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
    """A mapping of a file after it was unrolled, with the place it came from."""

    verb: str
    value: dict[str, Json]
    place: Place
    source: Source


@dataclass(frozen=True, slots=True)
class _Page:
    """What a list of steps is read with.

    Args:
        source: The file that it stands in.
        variables: Facts, and what stands around it as ``each`` or ``with``.
        blocks: Lists of steps by name.
        depth: How many blocks it stands in.
    """

    source: Source
    variables: Mapping[str, Json]
    blocks: Mapping[str, Source]
    depth: int = 0

    def line_of(self, place: Place) -> int:
        return self.source.line_of(place)

    def with_(self, **more: Json) -> _Page:
        return replace(self, variables={**self.variables, **more})


@dataclass(frozen=True, slots=True)
class _Chapter:
    """One file of a play: its header, and what its steps are read with."""

    header: Header
    page: _Page


def load(path: Path) -> Play:
    """Read and check a scenario file, and those that it names.

    Raises:
        InputError: A ``scenario.*`` code with file and line; see :mod:`.source` for those of syntax.
    """
    return build(read_source(path))


def build(source: Source) -> Play:
    """Check a document that was read; files that it names are looked for beside it.

    Raises:
        InputError: ``scenario.not-a-mapping``, ``scenario.unknown-key``, ``scenario.missing-key``,
            ``scenario.bad-value``, ``scenario.no-verb``, ``scenario.two-verbs``,
            ``scenario.unknown-agency``, ``scenario.unknown-name``, ``scenario.name-twice``,
            ``scenario.too-long``, ``scenario.too-deep``.
    """
    chapters = list(_chapters(source, set()))
    header = _joined([chapter.header for chapter in chapters])
    if not header.agencies:
        raise InputError("scenario.missing-key", file=source.name, line=1, key="agencies")
    own = chapters[-1]
    for each in chapters:
        _check_partners(each.header, header.agencies, each.page.source)
    unrolled = [_unrolled(each.header.steps, ("steps",), each.page) for each in chapters]
    raws = chain(*unrolled, _checks(own.header.expect, ("expect",), own.page))
    known = set(header.agencies)
    entries = []
    for number, raw in enumerate(raws, start=1):  # one by one: loops in loops can stand for any number
        if number > MAX_ENTRIES:
            raise InputError("scenario.too-long", file=source.name, limit=MAX_ENTRIES)
        entries.append(_entry(number, raw, known, header))
    return Play(source.name, header, tuple(entries))


def _chapters(source: Source, met: set[Path]) -> Iterator[_Chapter]:
    """The scenarios that come before, each once however often it is named, and this one."""
    header = _validated(Header, source.value, (), source)
    folder = Path(source.name).parent
    met.add(Path(source.name).resolve())
    for name in header.before:
        if (folder / name).resolve() not in met:
            yield from _chapters(read_source(folder / name), met)
    variables = {name: read_source(folder / file).value for name, file in header.facts.items()}
    blocks = {name: read_source(folder / file) for name, file in header.blocks.items()}
    yield _Chapter(header, _Page(source, variables, blocks))


def _joined(headers: Sequence[Header]) -> Header:
    """The last header, with the agencies, partners and defaults of those before it."""
    partners: dict[frozenset[str], list[str]] = {}
    for header in headers:
        for pair in header.partners:
            partners.setdefault(frozenset(pair), pair)
    agencies = {name: agency for header in headers for name, agency in header.agencies.items()}
    body = {name: value for header in headers for name, value in header.defaults.body.items()}
    return headers[-1].model_copy(
        update={
            "agencies": agencies,
            "partners": [*partners.values()],
            "defaults": headers[-1].defaults.model_copy(update={"body": body}),
        }
    )


def _entry(number: int, raw: _Raw, known: set[str], header: Header) -> Entry:
    forms = EXPECTATIONS if raw.verb in EXPECTATIONS else STEPS
    source = raw.source
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
    return Entry(number, source.name, line, raw.verb, part)


def _unrolled(items: Sequence[object], place: Place, page: _Page) -> Iterator[_Raw]:
    """Steps in order, ``each`` and ``block`` unrolled and ``expect`` steps turned into expectations."""
    for index, item in enumerate(items):
        here = (*place, index)
        mapping = _mapping(item, here, page)
        if "each" in mapping:
            yield from _repeated(mapping, here, page)
        elif "block" in mapping:
            yield from _of_block(mapping, here, page)
        elif "expect" in mapping:
            _only(mapping, {"expect"}, here, page)
            yield from _checks(_list(mapping["expect"], (*here, "expect"), page), (*here, "expect"), page)
        else:
            yield _raw(mapping, STEPS, here, page)


def _repeated(mapping: Mapping[str, Json], place: Place, page: _Page) -> Iterator[_Raw]:
    _only(mapping, {"each", "steps"}, place, page)
    steps = _list(mapping.get("steps"), (*place, "steps"), page)
    rows = _list(_filled(mapping["each"], (*place, "each"), page), (*place, "each"), page)
    for index, row in enumerate(rows):
        values = _mapping(row, (*place, "each", index), page)
        yield from _unrolled(steps, (*place, "steps"), page.with_(**values))


def _of_block(mapping: Mapping[str, Json], place: Place, page: _Page) -> Iterator[_Raw]:
    """The steps of another file, with its own variables alone: what a block needs is given to it."""
    _only(mapping, {"block", "with"}, place, page)
    name = mapping["block"]
    source = page.blocks.get(name) if isinstance(name, str) else None
    if source is None:
        file, line = page.source.name, page.line_of((*place, "block"))
        raise InputError("scenario.unknown-name", file=file, line=line, name=str(name))
    if page.depth >= MAX_BLOCKS:
        raise InputError("scenario.too-deep", file=page.source.name, line=page.line_of(place))
    given = _mapping(_filled(mapping.get("with", {}), (*place, "with"), page), (*place, "with"), page)
    inner = _Page(source, given, page.blocks, page.depth + 1)
    yield from _unrolled(_list(source.value, (), inner), (), inner)


def _checks(items: Sequence[object], place: Place, page: _Page) -> Iterator[_Raw]:
    for index, item in enumerate(items):
        here = (*place, index)
        yield _raw(_mapping(item, here, page), EXPECTATIONS, here, page)


def _raw(mapping: Mapping[str, Json], forms: Mapping[str, type[Part]], place: Place, page: _Page) -> _Raw:
    verbs = [key for key in mapping if key in forms]
    if len(verbs) != 1:
        code = "scenario.two-verbs" if verbs else "scenario.no-verb"
        raise InputError(
            code,
            file=page.source.name,
            line=page.line_of(place),
            found=sorted(mapping),
            verbs=sorted(forms),
        )
    filled = _mapping(_filled(dict(mapping), place, page), place, page)
    return _Raw(verbs[0], filled, place, page.source)


def _filled(value: Json, place: Place, page: _Page) -> Json:
    try:
        return fill(value, page.variables)
    except InputError as exc:
        params = {"file": page.source.name, "line": page.line_of(place), **exc.params}
        raise InputError(exc.code, **params) from exc


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


def _check_partners(header: Header, agencies: Mapping[str, Agency], source: Source) -> None:
    for index, pair in enumerate(header.partners):
        line = source.line_of(("partners", index))
        for name in pair:
            if name not in agencies:
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
        for direction in (*figures.directions, *figures.person_months):
            yield from (direction.from_, direction.to)


def _only(mapping: Mapping[str, Json], keys: set[str], place: Place, page: _Page) -> None:
    for key in mapping:
        if key not in keys:
            line = page.line_of((*place, key))
            raise InputError("scenario.unknown-key", file=page.source.name, line=line, key=key)


def _mapping(value: object, place: Place, page: _Page) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise InputError("scenario.not-a-mapping", file=page.source.name, line=page.line_of(place))
    return value


def _list(value: object, place: Place, page: _Page) -> list[Json]:
    if not isinstance(value, list):
        raise InputError("scenario.not-a-list", file=page.source.name, line=page.line_of(place))
    return value

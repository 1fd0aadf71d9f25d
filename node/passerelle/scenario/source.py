"""Read a scenario file: YAML 1.2, with the line of every value kept for messages.

Scalars become text, whole numbers, true, false or null. A date stays the text that was
written: ``2017-06-01`` is an EDTF date in a record body, not a moment in Python. YAML 1.2
also leaves ``NO`` (Norway) alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from passerelle.errors import InputError, reason_of
from passerelle.protocol.profile import Json

_TAG: Final = "tag:yaml.org,2002:"
MAX_FILE_BYTES: Final = 4_194_304
MAX_DEPTH: Final = 40
MAX_VALUES: Final = 200_000
"""Values once aliases are followed: ten lines of aliases to aliases could stand for a billion."""

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file as plain values.

    Args:
        name: Path as the user wrote it.
        value: The document: mappings, lists, text, whole numbers, true, false, null.
        lines: Line (from 1) of each value, by its path from the root.
    """

    name: str
    value: Json
    lines: Mapping[Place, int]

    def line_of(self, path: Place) -> int:
        """Line of the value at ``path``, or of the nearest thing that contains it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_source(path: Path) -> Source:
    """Read a file.

    Raises:
        InputError: ``scenario.unreadable-file``, ``scenario.too-large`` (over 4 MiB),
            ``scenario.not-utf8``, and what :func:`parse_source` raises.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise InputError("scenario.unreadable-file", file=str(path), reason=reason_of(exc)) from exc
    if len(data) > MAX_FILE_BYTES:
        raise InputError("scenario.too-large", file=str(path), limit=MAX_FILE_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError("scenario.not-utf8", file=str(path), offset=exc.start) from exc
    return parse_source(text, name=str(path))


def parse_source(text: str, *, name: str) -> Source:
    """Parse the text of a file.

    Raises:
        InputError: ``scenario.syntax``, ``scenario.empty``, ``scenario.too-deep``, ``scenario.too-long``,
            ``scenario.duplicate-key``, ``scenario.key-not-text``, ``scenario.needs-quotes``
            (a fraction, a number that is not decimal), ``scenario.unknown-tag``; each with its line.
    """
    try:
        _check_depth(text, name)
        reader = YAML(typ="safe", pure=True)
        reader.composer.warn_double_anchors = False  # YAML lets an anchor be set again
        root = reader.compose(text)
    except MarkedYAMLError as exc:
        mark = exc.problem_mark
        raise InputError(
            "scenario.syntax",
            file=name,
            line=mark.line + 1 if mark else 1,
            column=mark.column + 1 if mark else 1,
            problem=exc.problem or exc.context or "",
        ) from exc
    except YAMLError as exc:
        raise InputError("scenario.syntax", file=name, line=1, column=1, problem=str(exc)) from exc
    if root is None:
        raise InputError("scenario.empty", file=name)
    lines: dict[Place, int] = {}
    return Source(name, _Reader(name, lines).value(root, ()), lines)


def _check_depth(text: str, name: str) -> None:
    """Refuses a file nested too deep before it is composed: that goes down by calls, and has no limit."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH + 1:
            raise InputError("scenario.too-deep", file=name, line=event.start_mark.line + 1)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns YAML nodes into plain values and writes down where they stood."""

    file: str
    lines: dict[Place, int]

    def value(self, node: Node, place: Place) -> Json:
        # An alias gives the same node again, so a small file could unfold without end.
        if len(place) > MAX_DEPTH:
            raise self.refuse("scenario.too-deep", node)
        if len(self.lines) >= MAX_VALUES:
            raise InputError("scenario.too-long", file=self.file, limit=MAX_VALUES)
        self.lines[place] = node.start_mark.line + 1
        if node.tag == _TAG + "map" and isinstance(node, MappingNode):
            return self.mapping(node, place)
        if node.tag == _TAG + "seq" and isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        return self.scalar(node)

    def mapping(self, node: MappingNode, place: Place) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode) or key.tag != _TAG + "str":
                raise self.refuse("scenario.key-not-text", key)
            if key.value in found:
                raise self.refuse("scenario.duplicate-key", key, key=key.value)
            found[key.value] = self.value(item, (*place, key.value))
            self.lines[*place, key.value] = key.start_mark.line + 1
        return found

    def scalar(self, node: Node) -> Json:
        text, tag = str(node.value), str(node.tag)
        if not tag.startswith(_TAG) or not isinstance(node, ScalarNode):
            raise self.refuse("scenario.unknown-tag", node, tag=tag)
        read = _SCALARS.get(tag.removeprefix(_TAG))
        try:
            return read(text) if read else _not_plain(text)
        except ValueError as exc:
            raise self.refuse("scenario.needs-quotes", node, value=text) from exc

    def refuse(self, code: str, node: Node, **params: object) -> InputError:
        return InputError(code, file=self.file, line=node.start_mark.line + 1, **params)


def _not_plain(text: str) -> Json:
    raise ValueError(text)


# `int` takes decimal digits alone, so 0x1F and 0o17 are refused rather than guessed at.
_SCALARS: Final[Mapping[str, Callable[[str], Json]]] = {
    "str": str,
    "timestamp": str,
    "int": int,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _text: None,
}

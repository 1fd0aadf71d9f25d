"""Every way to change one expected figure of a play by one, and every decision that can be left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from passerelle.scenario.model import DecideStep, Part
from passerelle.scenario.play import Entry, Play


@dataclass(frozen=True, slots=True)
class Mutation:
    """One figure of one entry, changed.

    Args:
        name: Where it stands, for the name of a test.
        entry: The entry with the changed figure.
    """

    name: str
    entry: Entry


def mutations(play: Play) -> Iterator[Mutation]:
    """Every number and every decimal of every expectation and every expected refusal, one at a time."""
    for entry in play.entries:
        value = entry.part.model_dump(by_alias=True, exclude_unset=True)
        subject = value if entry.is_expectation else {"refused": value.get("refused")}
        for path, changed in _changes(subject, ()):
            mutated = _with(value, path, changed)
            name = f"{entry.number}-{entry.verb}-{'.'.join(map(str, path))}"
            yield Mutation(name, replace(entry, part=type(entry.part).model_validate(mutated)))


def _changes(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _changes(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _changes(item, (*path, index))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path, value + 1
    elif isinstance(value, str) and _is_decimal(value):
        yield (
            path,
            f"{int(value.replace('.', '')) + 1:04d}"[:-3]
            + "."
            + f"{int(value.replace('.', '')) + 1:04d}"[-3:],
        )


def _is_decimal(text: str) -> bool:
    whole, point, fraction = text.partition(".")
    return point == "." and whole.isdigit() and len(fraction) == 3 and fraction.isdigit()


def _with(value: Any, path: tuple[Any, ...], changed: Any) -> Any:
    """A copy of ``value`` with one place changed."""
    if not path:
        return changed
    head, *rest = path
    if isinstance(value, dict):
        return {
            key: _with(item, tuple(rest), changed) if key == head else item for key, item in value.items()
        }
    return [_with(item, tuple(rest), changed) if index == head else item for index, item in enumerate(value)]


def decisions(play: Play) -> list[Entry]:
    """Every step that is a decision."""
    return [entry for entry in play.entries if isinstance(entry.part, DecideStep)]


def without(play: Play, left_out: Entry) -> Play:
    """The play without one entry. The numbers of the others stay."""
    kept = tuple(entry for entry in play.entries if entry.number != left_out.number)
    return replace(play, entries=kept)


def label_of(part: Part) -> str:
    """Name that a step gives to its record, for the name of a test."""
    return str(getattr(part, "label", None))

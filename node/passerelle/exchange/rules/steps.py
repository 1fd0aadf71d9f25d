"""The steps of the lifecycle that have a deadline, ``schemas/rules/deadlines.json``.

::

    {"step": "nomination-reply", "no": 7, "key": "replyDays", "days": 21, "anchor": "nominated", "who": ["host"],
     "text": {"fr": …, "en": …}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from passerelle.protocol.profile import Json


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Args:
        name: Its name.
        key: Under which an agreement or a pack sets other days.
        days: After the anchor; negative before it.
        anchor: What the days are counted from.
        who: Roles that must act: ``sender``, ``host``, or who the record itself names.
        phase: Of a placement: ``before`` its arrival, ``there``, ``after`` its end; None for what is no placement's.
        events: Kinds of events that fulfil it.
        papers: Kinds of papers that fulfil it, once they are valid or not required.
        duty: Asked only where the scheme's pack has this duty; None where always.
        text: What is to be done, by language.
    """

    name: str
    key: str
    days: int
    anchor: str
    who: tuple[str, ...]
    phase: str | None
    events: tuple[str, ...]
    papers: tuple[str, ...]
    duty: str | None
    text: Mapping[str, str]


def parse_steps(document: Json) -> dict[str, Step]:
    """Reads the packaged table, by name, in its order.

    Raises:
        ValueError: It is not in the form above: our own mistake.
    """
    rows = document.get("deadlines") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no list of deadlines")  # noqa: TRY004 - own mistakes are ValueError
    return {step.name: step for step in (_step(row) for row in rows if isinstance(row, dict))}


def _step(row: Mapping[str, Json]) -> Step:
    days, text = row["days"], row["text"]
    if not isinstance(days, int) or not isinstance(text, dict):
        raise ValueError("days is no number, or text no object")  # noqa: TRY004 - own mistakes are ValueError
    phase, duty = row.get("phase"), row.get("duty")
    return Step(
        name=str(row["step"]),
        key=str(row["key"]),
        days=days,
        anchor=str(row["anchor"]),
        who=_texts(row["who"]),
        phase=None if phase is None else str(phase),
        events=_texts(row.get("events", [])),
        papers=_texts(row.get("papers", [])),
        duty=None if duty is None else str(duty),
        text={tag: str(words) for tag, words in text.items()},
    )


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()

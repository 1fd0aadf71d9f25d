"""What the fold says of one record: it counts, it waits, or it is blocked, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Status: TypeAlias = Literal["accepted", "waiting", "blocked"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict with the code and the values that a sentence needs.

    Args:
        status: ``accepted``: the record counts. ``waiting``: something that it rests on is not
            held yet; it does not count, and the verdict will change when that comes.
            ``blocked``: it never counts, at any node that holds the same records.
        code: Why, ``area.kebab-case``; None where accepted.
        params: Values for the sentence, JSON-able.
    """

    status: Status
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        """Whether the record counts."""
        return self.status == "accepted"


ACCEPTED: Final = Verdict("accepted")


def waiting(code: str, **params: object) -> Verdict:
    """Something is not held yet."""
    return Verdict("waiting", code, params)


def blocked(code: str, **params: object) -> Verdict:
    """The record breaks a rule in the view in which it was signed."""
    return Verdict("blocked", code, params)


_SEVERITY: Final[Mapping[str, int]] = {"blocked": 0, "waiting": 1, "accepted": 2}


def worst(verdicts: list[Verdict]) -> Verdict:
    """Of verdicts on one record in several pairs: blocked before waiting before accepted, the first of equals."""
    return min(verdicts, key=lambda verdict: _SEVERITY[verdict.status])

"""What a planted fault is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake.

    Args:
        name: By which it is asked for.
        rule: The one rule of ``spec/`` that it breaks.
        mistake: What the implementer would say, having found it.
        plant: Makes the mistake in this process.
    """

    name: str
    rule: str
    mistake: str
    plant: Callable[[], None]


def put(target: Any, **values: Any) -> None:
    """Put these in the place of what a module or a class has under the same names."""
    for name, value in values.items():
        setattr(target, name, value)

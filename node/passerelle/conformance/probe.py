"""What one row of the kit's flawed records is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from passerelle.conformance.flawed import Bench, Item


@dataclass(frozen=True, slots=True)
class Probe:
    """One row.

    Args:
        rules: What is broken by a reader that makes something else of it.
        what: What it is, for the report.
        feed: Where it is put.
        make: Makes it.
        codes: By which it may be refused; none where it must not be.
        opens: Whether its object opens and matches, so that a receipt may cover it.
    """

    rules: tuple[str, ...]
    what: str
    feed: Literal["public", "bilateral"]
    make: Callable[[Bench], Item]
    codes: frozenset[str]
    opens: bool = True


def code(*codes: str) -> frozenset[str]:
    """By which of these a probe may be refused."""
    return frozenset(codes)


NO_CODE: Final = code()
BAD_RECORD: Final = code("record.malformed")
BAD_PROOF: Final = code("proof.malformed")


def row(rule: str, what: str, make: Callable[[Bench], Item], codes: frozenset[str] = NO_CODE) -> Probe:
    """A row of the public feed."""
    return Probe((rule,), what, "public", make, codes)


def sealed_row(
    rule: str,
    what: str,
    make: Callable[[Bench], Item],
    codes: frozenset[str] = NO_CODE,
    *,
    opens: bool = True,
) -> Probe:
    """A row of the feed to the reader."""
    return Probe((rule,), what, "bilateral", make, codes, opens)

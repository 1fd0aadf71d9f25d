"""Chance from a seed, and the words that generated data is made of: nobody in it exists."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from passerelle.scenario.source import parse_source

T = TypeVar("T")

Words = Any  # the document of examples/generated/words.yaml


@cache
def words() -> Words:
    """The words, weights and noise of ``examples/generated/words.yaml``."""
    path = resources.files("passerelle.examples") / "generated" / "words.yaml"
    return parse_source(path.read_text("utf-8"), name=path.name).value


class Draws:
    """Draws from one seed, always in the same order.

    Args:
        seed: Decides on everything.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  (repeatable test data, no secret)
        self._given = 0

    def bytes(self, count: int) -> bytes:
        """For keys, nonces and ids."""
        return self._random.randbytes(count)

    def number(self, least: int, most: int) -> int:
        """Both ends included."""
        return self._random.randint(least, most)

    def one_of(self, values: Sequence[T]) -> T:
        """One of several."""
        return values[self._random.randrange(len(values))]

    def weighted(self, weights: Mapping[str, int]) -> str:
        """One of the keys, each as often as its weight says."""
        return self._random.choices([*weights], [*weights.values()])[0]

    def happens(self, percent: int) -> bool:
        """True in so many of a hundred."""
        return self._random.random() * 100 < percent

    def noise(self, name: str) -> bool:
        """Whether something is not as it should be this time."""
        return self.happens(words()["noise"][name])

    def by_scheme(self, table: str, scheme: str) -> str:
        """From a table of weights that has some schemes of its own."""
        tables = words()["weights"][table]
        return self.weighted(tables.get(scheme) or tables["other"])

    def day_in(self, year: int, month: str) -> date:
        """Any day of a month but the last ones, which not all months have."""
        return date(year, int(month), self.number(1, 28))

    def given_name(self, country: str) -> str:
        """Ordinary there."""
        names = words()["given"]
        return str(self.one_of(names.get(country) or names["FR"]))

    def family_name(self) -> str:
        """A plant or a wind."""
        return str(self.one_of(words()["family"]))

    def birth(self, band: str, on: date) -> date:
        """Of somebody in that age band then: the fifteenth of some month."""
        least, _, most = band.partition("-")
        years = self.number(int(least) + 1, int(most) - 1 if most.isdigit() else int(least) + 3)
        return date(on.year - years, self.number(1, 12), 15)

    def passport(self) -> str:
        """SYN and six digits, of the country UTO that no passport is of."""
        return f"SYN{self.number(0, 999_999):06d}"


def later(day: date, days: int) -> str:
    """So many days later, as text."""
    return (day + timedelta(days=days)).isoformat()


def months_later(day: date, months: int) -> date:
    """So many calendar months later; the day before the same day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28)) - timedelta(days=1)

"""What a pack allows, and what lies outside of it: V06."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from passerelle.exchange.rules.packs import Edition, Pack, Packs, Value
from passerelle.exchange.rules.table import Finding, error, warning

_DAYS_A_MONTH: Final = 30.4375
_A_DAY: Final = 1 / _DAYS_A_MONTH
_MONTHS: Final = ("monthsMin", "monthsMax")
_WEEKS: Final = ("weeksMin", "weeksMax")


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one placement: its pack on its first day, with what its agreement changes.

    Args:
        pack: The pack.
        edition: Its edition on that day; None where the scheme has none then.
        start: That day.
        terms: Values of the agreement, which go before those of the pack.
    """

    pack: Pack
    edition: Edition | None
    start: date
    terms: Mapping[str, int]

    def get(self, name: str) -> Value | None:
        """A value; what two agencies agreed on counts as read."""
        agreed = self.terms.get(name)
        if agreed is not None:
            return Value(agreed, "read")
        return None if self.edition is None else self.edition.values.get(name)

    def begun(self, path: str) -> list[Finding]:
        """Whether the scheme exists on that day at all."""
        if self.edition is None and self.start < self.pack.first_day:
            first = self.pack.first_day.isoformat()
            return [error("V06", "rule.scheme-not-yet", path, pack=self.pack.name, day=first)]
        if self.edition is not None and self.edition.is_doubtful:
            return [warning("V06", "rule.scheme-doubtful", path, pack=self.pack.name)]
        return []

    def within(self, written: str, kind: str, path: str) -> list[Finding]:
        """A number that lies outside.

        Args:
            written: The number, decimal.
            kind: ``age`` or ``hours``: the values ``ageMin`` and ``ageMax``.
            path: Where it stands.
        """
        found = float(written)
        least, most = self.get(f"{kind}Min"), self.get(f"{kind}Max")
        if least is not None and found < least.value:
            return [self.outside(f"scheme-{kind}", written, f"{kind}Min", least, path)]
        if most is not None and found > most.value:
            return [self.outside(f"scheme-{kind}", written, f"{kind}Max", most, path)]
        return []

    def duration(self, months: float, path: str) -> list[Finding]:
        """A length in months that lies outside; a day more or less is nobody's concern."""
        return self._length(_MONTHS, months, _A_DAY, months, path) + self._length(
            _WEEKS, months * _DAYS_A_MONTH / 7, 1 / 7, months, path
        )

    def between(self, first: date, last: date, path: str) -> list[Finding]:
        """The same of the days from the first to the last, both counted: months by the calendar, weeks by the days."""
        months, days = calendar_months(first, last), (last - first).days + 1
        return self._length(_MONTHS, months, _A_DAY, months, path) + self._length(
            _WEEKS, days / 7, 1 / 7, months, path
        )

    def _length(
        self, names: tuple[str, str], length: float, slack: float, months: float, path: str
    ) -> list[Finding]:
        least, most = (self.get(name) for name in names)
        if least is not None and length < least.value - slack:
            return [self.outside("scheme-duration", f"{months:.1f}", names[0], least, path)]
        if most is not None and length > most.value + slack:
            return [self.outside("scheme-duration", f"{months:.1f}", names[1], most, path)]
        return []

    def outside(self, what: str, found: str, bound: str, value: Value, path: str) -> Finding:
        """An error where the value was read in its source, else a warning."""
        params = {"what": what, "found": found, "limit": value.value, "bound": bound, "pack": self.pack.name}
        return Finding("V06", "rule.outside-scheme", "error" if value.is_read else "warning", path, params)


def calendar_months(first: date, last: date) -> float:
    """Months by the calendar: 1 February to 31 July is six, whatever days they have."""
    after = last + timedelta(days=1)
    whole = (after.year - first.year) * 12 + after.month - first.month
    return whole + (after.day - first.day) / _DAYS_A_MONTH


def limits_of(
    packs: Packs, scheme: str, origin: str | None, host: str | None, start: date, terms: Mapping[str, int]
) -> Limits | None:
    """The limits for a placement; None where no pack speaks of its scheme there."""
    pack = packs.find(scheme, origin, host)
    return None if pack is None else Limits(pack, pack.edition(start), start, terms)

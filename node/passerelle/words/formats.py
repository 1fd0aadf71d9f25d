"""Dates, numbers, amounts, countries, languages and durations as people write them (CLDR, by Babel).

Every method takes our own wire forms (``YYYY-MM-DD``, ``YYYY-MM-DDThh:mm:ssZ``, decimal strings,
EDTF level 0 and 1, ISO 3166-1 and BCP 47 codes) as well as Python values. What is not in such a
form is shown as it stands: a screen never fails over a value. Times are UTC and say so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

from passerelle.words.languages import LANGUAGES

LangText = Mapping[str, str]
"""One text in several languages: BCP 47 tag to text, as records carry it."""

DateStyle = Literal["long", "medium", "short"]

# "en" alone is the English of the United States ("November 2, 2026"); our readers are elsewhere.
_LOCALES: Final = {"fr": "fr", "en": "en_GB"}
_MINUTE: Final = 60
_DAY: Final = 86_400
_MONTHS_FROM_DAYS: Final = 60
_KIBIBYTE: Final = 1024
_EDTF_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?(?P<mark>[~?%])?"
)
_EDTF_MARKS: Final = {"~": "edtf.approximate", "?": "edtf.uncertain", "%": "edtf.uncertain"}


class Formats:
    """How one language writes values.

    Args:
        lang: One of ``LANGUAGES``; also attribute.
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            msg = f"no catalogues for {lang!r}"
            raise ValueError(msg)
        self.lang: Final = lang
        self.locale: Final = Locale.parse(_LOCALES[lang])

    def date(self, value: date | str, style: DateStyle = "long") -> str:
        """A day: ``22 novembre 2026``, ``22 November 2026``; of a time its day in UTC."""
        day = _as_time(value) or _as_date(value)
        return str(value) if day is None else self._first(format_date(day, style, locale=self.locale), style)

    def time(self, value: datetime | str) -> str:
        """A moment: ``22 novembre 2026 à 10:05 UTC``."""
        moment = _as_time(value)
        if moment is None:
            return str(value)
        clock = format_datetime(moment, "HH:mm", tzinfo=UTC, locale=self.locale)
        day = self.date(moment)
        return f"{day}{' à ' if self.lang == 'fr' else ', '}{clock} UTC"

    def _first(self, day: str, style: DateStyle) -> str:
        """French says the first of a month as an ordinal, *1er mars*; CLDR leaves that to us."""
        return f"1er{day[1:]}" if self.lang == "fr" and style != "short" and day.startswith("1 ") else day

    def number(self, value: float | Decimal | str) -> str:
        """A number with this language's separators: ``20 000``, ``0,50``."""
        number = _as_decimal(value)
        return (
            str(value)
            if number is None
            else format_decimal(number, locale=self.locale, decimal_quantization=False)
        )

    def decimal(self, value: float | Decimal | str, places: int = 2) -> str:
        """A number with so many decimals, zeros included: an index of ``0.500`` is ``0,50``."""
        number = _as_decimal(value)
        return (
            str(value)
            if number is None
            else format_decimal(number, f"#,##0.{'0' * places}", locale=self.locale)
        )

    def percent(self, value: float | Decimal | str) -> str:
        """A share, 1 being the whole, at most one decimal: ``"1.000"`` is ``100 %``."""
        share = _as_decimal(value)
        pattern = "#,##0.#\N{NO-BREAK SPACE}%" if self.lang == "fr" else "#,##0.#%"
        return str(value) if share is None else format_percent(share, pattern, locale=self.locale)

    def size(self, octets: int) -> str:
        """A number of bytes: ``512 octets``, ``1,5 Mio``."""
        units = (
            ("octets", "Kio", "Mio", "Gio", "Tio")
            if self.lang == "fr"
            else ("bytes", "KiB", "MiB", "GiB", "TiB")
        )
        amount, unit = Decimal(octets), 0
        while abs(amount) >= _KIBIBYTE and unit < len(units) - 1:
            amount, unit = amount / _KIBIBYTE, unit + 1
        return f"{format_decimal(amount, '#,##0.#', locale=self.locale)}\N{NO-BREAK SPACE}{units[unit]}"

    def country(self, code: str) -> str:
        """The name of an ISO 3166-1 country, or the code where CLDR has none."""
        return str(self.locale.territories.get(code.upper(), code))

    def language(self, tag: str) -> str:
        """The name of a BCP 47 language, ``wo`` is ``wolof``, or the tag where CLDR has none."""
        name = self.locale.languages.get(tag.lower())
        if name is None:
            name = self.locale.languages.get(tag.split("-", maxsplit=1)[0].lower())
        return name or tag

    def currency(self, code: str) -> str:
        """The name of an ISO 4217 currency, ``XOF`` is ``franc CFA (BCEAO)``, or the code where CLDR has none."""
        return str(self.locale.currencies.get(code, code))

    def money(self, amount: Decimal | str, code: str) -> str:
        """An amount with the decimals of its currency: ``504,98 €``, ``150 000 F CFA``, ``12,500 TND``."""
        number = _as_decimal(amount)
        if number is None or code not in self.locale.currencies:
            return f"{self.number(amount)} {code}"
        return format_currency(number, code, locale=self.locale, decimal_quantization=False)

    def ago(self, seconds: float) -> str:
        """How long since: ``il y a 3 jours``; below a minute, and for a clock ahead, ``à l'instant``."""
        if seconds < _MINUTE:
            return "à l\N{RIGHT SINGLE QUOTATION MARK}instant" if self.lang == "fr" else "just now"
        passed = timedelta(seconds=-seconds)
        return format_timedelta(passed, threshold=_threshold(seconds), add_direction=True, locale=self.locale)

    def duration(self, seconds: float) -> str:
        """A length of time: ``5 minutes``, ``2 heures``."""
        return format_timedelta(timedelta(seconds=seconds), threshold=_threshold(seconds), locale=self.locale)

    def join(self, items: list[str] | tuple[str, ...]) -> str:
        """An enumeration: ``a, b et c``."""
        return format_list(list(items), locale=self.locale)

    def edtf_date(self, value: str) -> str:
        """One EDTF date without its marks: ``octobre 2012``, ``2012``; other forms as they stand."""
        match = _EDTF_DATE.fullmatch(value)
        if match is None:
            return value
        try:
            day = date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
        except ValueError:  # a season (2012-21), an impossible day
            return value
        if match["day"]:
            return self.date(day)
        return format_skeleton("yMMMM" if match["month"] else "y", day, locale=self.locale)

    def pick(self, text: LangText) -> tuple[str, str]:
        """The text in this language, else in the first of its own, with the tag that it is in.

        Returns:
            ``(text, tag)``; an empty text where there is none.
        """
        exact = [tag for tag in text if tag.lower() == self.lang]
        near = [tag for tag in text if tag.lower().startswith(f"{self.lang}-")]
        ours = [tag for tag in LANGUAGES if tag in text]
        for tag in (*exact, *near, *ours, *text):
            if text[tag]:
                return text[tag], tag
        return "", self.lang


def edtf_mark(value: str) -> str | None:
    """The msgid for the qualifier of an EDTF date (``2012-10~``), None where it has none."""
    match = _EDTF_DATE.fullmatch(value)
    return _EDTF_MARKS[match["mark"]] if match and match["mark"] else None


def _threshold(seconds: float) -> float:
    """How many of a unit there must be before it is used. CLDR counts weeks; a desk counts days, then months."""
    days = seconds / _DAY
    return days / 7 + 0.01 if 1 <= days < _MONTHS_FROM_DAYS else 1


def _as_date(value: date | str) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
    except ValueError:
        return None


def _as_time(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        return (
            datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            if isinstance(value, str)
            else None
        )
    except ValueError:
        return None


def _as_decimal(value: float | Decimal | str) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None

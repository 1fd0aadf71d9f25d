"""``Words``: sentences in one language, errors in two voices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passerelle.words.catalogues import UnknownMessage, translations
from passerelle.words.formats import Formats, edtf_mark

if TYPE_CHECKING:
    from passerelle.errors import PasserelleError

FALLBACK: Final = "fallback"
"""Said for a code that no catalogue knows, for instance one of a newer partner."""

DEVELOPER: Final = "#developer"
"""Ends the msgid of a code's second voice: ``quota.reached#developer``."""

PLACEHOLDER: Final = re.compile(r"\{(?P<name>[a-z][a-zA-Z0-9_]*)(?::(?P<kind>[a-z]+))?\}")
"""``{name}``, or ``{name:kind}`` with a kind of ``KINDS``; anything else in braces is text."""

OPTIONAL: Final = re.compile(r"\[\[(?P<part>[^\[\]]*)\]\]")
"""``[[ since {day:date}]]``: left out whole where one of its values is missing."""

SAID: Final = ("form", "rule", "value")
"""Kinds of codes that a sentence says in words: ``{reason:value}`` by the msgid ``value.<code>``, to
which the values of the whole sentence are given; a code without a msgid is shown as it stands."""

_OF_NUMBERS: Final = frozenset({"ago", "duration", "number", "percent", "size"})
_OF_TEXTS: Final = frozenset({"country", "date", "edtf", "language", "number", "percent", "time"})

KINDS: Final = frozenset({"agency", *SAID}) | _OF_NUMBERS | _OF_TEXTS
"""How a value can be written: ``agency`` is a SCID by its local code, the others but those of ``SAID``
are the methods of these names."""

_SCID_SHOWN: Final = 10

_MISSING: Final = "?"


@dataclass(frozen=True, slots=True)
class Explained:
    """One error, for people.

    Args:
        code: The stable code; also attribute.
        user: What happened and what to do next; also attribute.
        developer: The exact rule and where it stands; also attribute.
    """

    code: str
    user: str
    developer: str


class Words(Formats):
    """Every sentence of one language.

    Sentences are templates with named places: ``{partner}``, or ``{size:size}`` to have the value
    written as a size (``KINDS``). A value that is not given is shown as ``?``, and leaves out the
    ``[[optional part]]`` that it stands in; one that is given and not used is passed over: a
    sentence never fails, whatever a partner sent.

    Args:
        lang: One of ``LANGUAGES``; also attribute.
        agencies: Local codes by SCID, for ``{partner:agency}``; a SCID that is not there is shown
            by its beginning.
    """

    def __init__(self, lang: str, agencies: Mapping[str, str] | None = None) -> None:
        super().__init__(lang)
        self._agencies: Final = dict(agencies or {})

    def text(self, msgid: str, /, **params: object) -> str:
        """The sentence of one msgid; the msgid itself where no catalogue has it."""
        try:
            template = translations(self.lang).gettext(msgid)
        except UnknownMessage:
            return msgid
        return self.fill(template, params)

    def plural(self, msgid: str, n: int, /, **params: object) -> str:
        """The sentence for ``n`` things; ``{n}`` in it is the number."""
        try:
            template = translations(self.lang).ngettext(msgid, msgid, n)
        except UnknownMessage:
            return msgid
        return self.fill(template, {"n": self.number(n), **params})

    def has(self, msgid: str, /) -> bool:
        """True where the catalogue has the (singular) msgid: for keys made of a foreign code."""
        try:
            translations(self.lang).gettext(msgid)
        except UnknownMessage:
            return False
        return True

    def user(self, code: str, /, **params: object) -> str:
        """What happened and what to do next, for the person at the desk."""
        return self._voice(code, "", params)

    def developer(self, code: str, /, **params: object) -> str:
        """The exact rule, with the chapter of the specification, for who writes software."""
        return self._voice(code, DEVELOPER, params)

    def explain(self, error: PasserelleError, /) -> Explained:
        """An error in both voices."""
        return Explained(
            error.code, self.user(error.code, **error.params), self.developer(error.code, **error.params)
        )

    def agency(self, scid: str, /) -> str:
        """An agency by its local code, else by the beginning of its SCID."""
        short = scid if len(scid) <= _SCID_SHOWN else f"{scid[:_SCID_SHOWN]}\N{HORIZONTAL ELLIPSIS}"
        return self._agencies.get(scid, short)

    def edtf(self, value: str, /) -> str:
        """An EDTF date or interval: ``2012-10~/2013-04`` is *vers octobre 2012* to *avril 2013*."""
        ends = value.split("/")
        if len(ends) == 1:
            return self._edtf_end(value)
        start, end = (self._edtf_end(part) if part not in {"", ".."} else "" for part in (ends[0], ends[1]))
        if start and end:
            return f"{start} \N{EN DASH} {end}" if start != end else start
        return self.text("edtf.from", start=start) if start else self.text("edtf.until", end=end)

    def fill(self, template: str, params: dict[str, object], /) -> str:
        """Puts values into a template."""

        def place(match: re.Match[str]) -> str:
            return self._write(match["kind"], params.get(match["name"]), params)

        def part(match: re.Match[str]) -> str:
            names = [found["name"] for found in PLACEHOLDER.finditer(match["part"])]
            return match["part"] if all(params.get(name) is not None for name in names) else ""

        return PLACEHOLDER.sub(place, OPTIONAL.sub(part, template))

    def _voice(self, code: str, voice: str, params: dict[str, object]) -> str:
        try:
            template = translations(self.lang).gettext(code + voice)
        except UnknownMessage:
            template = translations(self.lang).gettext(FALLBACK + voice)
            params = {"code": code, "params": _listed(params)}
        return self.fill(template, params)

    def _edtf_end(self, value: str) -> str:
        shown, mark = self.edtf_date(value), edtf_mark(value)
        return self.text(mark, date=shown) if mark else shown

    def _write(self, kind: str | None, value: object, params: dict[str, object]) -> str:
        """One value as text; a kind that does not fit the value leaves the value as it stands."""
        if value is None:
            return _MISSING
        if isinstance(value, list | tuple):
            return self.join([self._write(kind, item, params) for item in value])
        if kind in SAID:
            msgid = f"{kind}.{value}"
            return self.text(msgid, **params) if self.has(msgid) else str(value)
        if kind == "agency":
            return self.agency(str(value))
        if kind in _OF_NUMBERS and isinstance(value, int | float):
            return str(getattr(self, kind)(value))
        if kind in _OF_TEXTS and isinstance(value, str):
            return str(getattr(self, kind)(value))
        return _listed(value) if isinstance(value, dict) else str(value)


def _listed(params: dict[str, object]) -> str:
    """``name=value`` pairs for a developer, the shortest honest form."""
    return ", ".join(f"{name}={value!r}" for name, value in params.items()) or "-"

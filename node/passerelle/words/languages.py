"""Which of our languages to speak to somebody: by wish, by browser, by environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LANGUAGES: Final = ("fr", "en")
"""Every language with complete catalogues."""

DEFAULT_LANGUAGE: Final = "fr"
"""Spoken when nobody says otherwise: most exchange desks work in French."""

_ENVIRONMENT_ORDER: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_ACCEPTED: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*"
    r"(?:;\s*[qQ]\s*=\s*(?P<q>[01](?:\.[0-9]{0,3})?)\s*)?"
)
_MAX_HEADER_CHARACTERS: Final = 1000


def choose_language(
    *,
    asked: str | None = None,
    accept_language: str | None = None,
    environment: Mapping[str, str] | None = None,
    default: str = DEFAULT_LANGUAGE,
) -> str:
    """The language to use: the first wish that we can meet, in this order.

    Args:
        asked: An explicit wish, ``--lang fr`` or ``?lang=fr``; also a whole tag such as ``fr-TG``.
        accept_language: The header of RFC 9110 section 12.5.4, as received.
        environment: Variables of the process; those that gettext reads are looked at, in its order.
        default: Used where no wish can be met; one of ``LANGUAGES``.

    Returns:
        One of ``LANGUAGES``.
    """
    wishes = [asked or "", *_accepted(accept_language or ""), *_in_environment(environment or {})]
    known = (language for wish in wishes if (language := _supported(wish)))
    return next(known, default)


def _supported(tag: str) -> str | None:
    """Our language for a tag such as ``fr-TG`` or ``fr_TG.UTF-8``, or None."""
    primary = re.split(r"[-_.@]", tag.strip().lower(), maxsplit=1)[0]
    return primary if primary in LANGUAGES else None


def _accepted(header: str) -> Iterator[str]:
    """The tags of an Accept-Language header, best first; what is malformed is passed over."""
    weighted: list[tuple[float, int, str]] = []
    for position, item in enumerate(header[:_MAX_HEADER_CHARACTERS].split(",")):
        match = _ACCEPTED.fullmatch(item)
        weight = min(float(match["q"] or 1), 1.0) if match else 0.0
        if match and weight > 0:
            weighted.append((-weight, position, match["tag"]))
    return (tag for _, _, tag in sorted(weighted))


def _in_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """The locales that gettext would try: ``LANGUAGE`` is a list, the others name one each."""
    for name in _ENVIRONMENT_ORDER:
        yield from environment.get(name, "").split(":")

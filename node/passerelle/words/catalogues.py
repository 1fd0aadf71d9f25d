"""The gettext catalogues of the package, read as ``.po`` and compiled in memory."""

from __future__ import annotations

import functools
import gettext
import io
import re
from importlib import resources
from typing import TYPE_CHECKING, Final, NoReturn

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from passerelle.words.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

# Authors type ordinary spaces; French wants ones that do not break the line (and narrow ones
# before ; ! ?). Done on the template only, so a value that a sentence carries is never touched.
_FRENCH_SPACES: Final = (
    (re.compile(r" (?=[:»%])"), "\N{NO-BREAK SPACE}"),
    (re.compile(r"(?<=«) "), "\N{NO-BREAK SPACE}"),
    (re.compile(r" (?=[;!?])"), "\N{NARROW NO-BREAK SPACE}"),
)


class UnknownMessage(LookupError):
    """No catalogue of the language has this msgid."""


class _Unknown(gettext.NullTranslations):
    """End of the chain: gettext would answer the msgid itself, we want to be told."""

    def gettext(self, message: str) -> NoReturn:
        raise UnknownMessage(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> NoReturn:  # noqa: ARG002  (gettext's own signature)
        raise UnknownMessage(msgid1)


@functools.cache
def translations(language: str) -> gettext.GNUTranslations:
    """Every sentence of one language. ``gettext`` and ``ngettext`` raise UnknownMessage.

    Raises:
        ValueError: the language is not one of ``LANGUAGES``.
    """
    compiled = io.BytesIO()
    write_mo(compiled, merged(language))
    compiled.seek(0)
    found = gettext.GNUTranslations(compiled)
    found.add_fallback(_Unknown())
    return found


def merged(language: str) -> Catalog:
    """All ``.po`` files of one language as one catalogue.

    Raises:
        ValueError: the language is unknown, a file is not well-formed, or a msgid stands twice.
    """
    if language not in LANGUAGES:
        msg = f"no catalogues for {language!r}"
        raise ValueError(msg)
    whole = Catalog(locale=language)
    for path in files(language):
        for message in _read(path, language):
            if not message.id:  # the header entry
                continue
            if whole.get(message.id) is not None:
                msg = f"{message.id!r} stands twice, the second time in {language}/{path.name}"
                raise ValueError(msg)
            whole[message.id] = message
            if language == "fr" and message.string:
                message.string = _french(message.string)
    return whole


def files(language: str) -> Iterator[Traversable]:
    """The ``.po`` files of one language, by name."""
    folder = resources.files("passerelle.words") / "catalogues" / language
    return iter(
        sorted((path for path in folder.iterdir() if path.name.endswith(".po")), key=lambda path: path.name)
    )


def _read(path: Traversable, language: str) -> Catalog:
    with path.open("rb") as handle:
        return read_po(handle, locale=language, abort_invalid=True)


def _french(string: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    """The translation, plural forms included, with the spaces of French typography."""
    if not isinstance(string, str):
        return tuple(_one_french(form) for form in string)
    return _one_french(string)


def _one_french(text: str) -> str:
    for pattern, replacement in _FRENCH_SPACES:
        text = pattern.sub(replacement, text)
    return text

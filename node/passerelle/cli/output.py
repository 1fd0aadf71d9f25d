"""Answers on a terminal, and as JSON.

Text from records and partners is cleaned before it reaches a terminal: control
characters could otherwise rewrite the screen, and marks of direction could make a
name look like another. JSON keeps everything, as escapes where need be.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from passerelle.errors import PasserelleError
from passerelle.protocol.profile import Json
from passerelle.words import Words

_PIPE_WIDTH: Final = 200
_KEPT: Final = frozenset("\n\t")
# Explicit marks of direction that reach over what follows; the implicit ones (Arabic) are text.
_OVERRIDES: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def clean(text: object) -> str:
    """Text that a terminal may show: control characters and overriding marks of direction become ``�``."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if (unicodedata.category(char) == "Cc" and char not in _KEPT) or char in _OVERRIDES
        else char
        for char in str(text)
    )


@dataclass(frozen=True, slots=True)
class Output:
    """Where answers go.

    Args:
        words: The language to speak.
        as_json: Whether answers and errors are JSON.
    """

    words: Words
    as_json: bool

    def json(self, value: object) -> None:
        """One JSON document, members sorted, so that equal answers are equal text."""
        print(json.dumps(value, ensure_ascii=not _unicode(sys.stdout), indent=2, sort_keys=True))

    def say(self, msgid: str, /, **params: object) -> None:
        """A sentence of the catalogue. In JSON there are no sentences."""
        if not self.as_json:
            self.line(self.words.text(msgid, **{name: clean(value) for name, value in params.items()}))

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """A line of text."""
        _console(sys.stdout).print(Text(clean(text), style=style or ""), soft_wrap=True)

    def facts(self, facts: Iterable[tuple[str, object]]) -> None:
        """Names and values, one a line."""
        grid = Table.grid(padding=(0, 2))
        for msgid, value in facts:
            if value not in {None, ""}:
                grid.add_row(Text(self.words.text(msgid), style="bold"), Text(clean(value), overflow="fold"))
        _console(sys.stdout).print(grid)

    def table(
        self, headings: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()
    ) -> None:
        """A table.

        Args:
            headings: msgids.
            rows: Values, shown as text.
            right: Columns that hold numbers.
        """
        table = Table(box=box.SIMPLE, pad_edge=False, header_style="bold")
        for position, msgid in enumerate(headings):
            table.add_column(
                self.words.text(msgid), justify="right" if position in right else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(clean("" if value is None else value)) for value in row))
        _console(sys.stdout).print(table)

    def error(self, error: PasserelleError) -> None:
        """An error, for a person and (as JSON) for a program, on standard error."""
        told = self.words.explain(error)
        if self.as_json:
            document: dict[str, object] = {
                "code": told.code,
                "user": told.user,
                "developer": told.developer,
                "params": error.params,
            }
            ascii_only = not _unicode(sys.stderr)
            print(json.dumps(document, ensure_ascii=ascii_only, indent=2, default=str), file=sys.stderr)
            return
        console = _console(sys.stderr)
        console.print(Text(clean(told.user), style="bold"), soft_wrap=True)
        console.print(Text(f"[{clean(told.code)}]", style="dim"), soft_wrap=True)


def short(digest: Json) -> str:
    """The beginning of a digest or identifier, enough to tell rows apart; every command takes the whole."""
    text = str(digest or "").removeprefix("urn:uuid:")
    return text[:12]


def _unicode(stream: TextIO) -> bool:
    """Whether every character can be written as it is; JSON has escapes for where it cannot."""
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def _console(stream: TextIO) -> Console:
    """A console; into a pipe it is wide enough that identifiers are not broken."""
    terminal = stream.isatty()
    return Console(
        file=stream, highlight=False, markup=False, emoji=False, width=None if terminal else _PIPE_WIDTH
    )

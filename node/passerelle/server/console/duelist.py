"""What the page of the due list shows, from the desk's data. Pure, one object for each page drawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from passerelle.desk.due_view import DueView
from passerelle.words import Words

DUE_ROWS: Final = 100
"""Most rows of one table; the command line lists all."""


class DueList:
    """What the template asks.

    Args:
        items: By day; also attribute.
        as_of: The day of the look.
        words: The language; also attribute.
    """

    def __init__(self, items: Sequence[DueView], as_of: date, words: Words) -> None:
        self.items: Final = items
        self.as_of: Final = as_of.isoformat()
        self.words: Final = words

    @property
    def late(self) -> list[DueView]:
        """Ours, past their day."""
        return [item for item in self.items if item["ours"] and item["days_late"] > 0]

    @property
    def coming(self) -> list[DueView]:
        """Ours, still in time."""
        return [item for item in self.items if item["ours"] and item["days_late"] <= 0]

    @property
    def theirs(self) -> list[DueView]:
        """What partners alone have to do."""
        return [item for item in self.items if not item["ours"]]

    def said(self, text: dict[str, str]) -> tuple[str, str | None]:
        """A text, and its language where that is not the page's."""
        shown, tag = self.words.pick(text)
        return shown, None if not shown or tag in {"und", self.words.lang} else tag

    def kind(self, item: DueView) -> str:
        """What the record is, in words; empty where there is none."""
        msgid = f"state.record.{item['type']}"
        return (
            "" if item["type"] is None else self.words.text(msgid) if self.words.has(msgid) else item["type"]
        )

    def when(self, item: DueView) -> str:
        """How late, or how much time is left."""
        late = item["days_late"]
        if late == 0:
            return self.words.text("board.due-today")
        return self.words.plural("board.due-late" if late > 0 else "board.due-left", abs(late))

    def tone(self, item: DueView) -> str:
        """Colour of the badge that says so in words."""
        return "bad" if item["days_late"] > 0 else "warn" if item["days_late"] > -8 else "plain"

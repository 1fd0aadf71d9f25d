"""The pages as HTML: Jinja2 with autoescape, own templates and stylesheet, nothing from outside."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from passerelle.desk.board_view import BOARD_ROWS, AgencyView, Board
from passerelle.desk.due_view import DueView
from passerelle.server.console.duelist import DUE_ROWS, DueList
from passerelle.server.console.present import Labels, View
from passerelle.words import LANGUAGES, Explained, Words
from passerelle.words.rolls import SaidRoll


@dataclass(frozen=True, slots=True)
class Links:
    """Where the pages of this console are, prefix included."""

    home: str
    style: str
    icon: str
    due: str | None = None
    roll: str | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that is served for ever under a name that changes with its bytes."""

    content: bytes
    content_type: str
    route: str
    name: str

    @classmethod
    def packaged(cls, file: str, content_type: str) -> Asset:
        """An asset of ``static/``, named ``style.1f0c92ab.css`` after its SHA-256."""
        content = (resources.files("passerelle.server.console") / "static" / file).read_bytes()
        stem, _, suffix = file.rpartition(".")
        return cls(content, content_type, stem, f"{stem}.{hashlib.sha256(content).hexdigest()[:8]}.{suffix}")


STYLE: Final = Asset.packaged("style.css", "text/css")
ICON: Final = Asset.packaged("icon.svg", "image/svg+xml")


def board_page(board: Board, words: Words, *, labels: Labels, links: Links) -> str:
    """The board as one page, in which sentences call agencies by their local codes."""
    agencies = (*board["agencies"].values(), board["agency"])
    named = Words(words.lang, {agency["scid"]: agency["code"] for agency in agencies if agency["code"]})
    view = View(board, named, labels)
    return _render("board.html", named, board["agency"], links, view=view, rows=BOARD_ROWS)


def due_page(items: Sequence[DueView], as_of: date, words: Words, *, agency: AgencyView, links: Links) -> str:
    """What is due as one page: ours that is late, ours to come, and what partners have to do."""
    view = DueList(items, as_of, words)
    return _render("due.html", words, agency, links, view=view, rows=DUE_ROWS)


def roll_page(answer: Mapping[str, object], words: Words, *, agency: AgencyView, links: Links) -> str:
    """Who is where as one page that can be printed: whom to call first, then everybody by country."""
    return _render("roll.html", words, agency, links, roll=SaidRoll(answer, words))


def error_page(explained: Explained, words: Words, *, agency: AgencyView, links: Links) -> str:
    """A refusal as a page: what happened, what to do next, and the developer's voice folded away."""
    return _render("error.html", words, agency, links, explained=explained)


def _render(template: str, words: Words, agency: AgencyView, links: Links, **values: object) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            t=words.text,
            n=words.plural,
            words=words,
            languages=LANGUAGES,
            agency=agency,
            links=links,
            **values,
        )
    )


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("passerelle.server.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

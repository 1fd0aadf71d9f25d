"""From codes to what a page shows: names, states, gauges. Pure, one object for each page drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from passerelle.desk.board_view import AgencyView, Board, DirectionFigures, PlacementView
from passerelle.errors import ProtocolError
from passerelle.exchange import edtf
from passerelle.words import LangText, Words

Labels = Callable[[str, str, str], str | None]
"""``(code list, code, language)`` to its label, None where the list has no such code."""

CELLS_UP_TO: Final = 12
"""Quotas up to this are drawn as one cell for each place, larger ones as a bar."""

_GOOD: Final = "good"
_WARN: Final = "warn"
_BAD: Final = "bad"

TONES: Final = {
    "open": _GOOD,
    "in-force": _GOOD,
    "current": _GOOD,
    "active": _GOOD,
    "completed": _GOOD,
    "filled": _GOOD,
    "suspended": _WARN,
    "on-hold": _WARN,
    "stale": _WARN,
    "waiting": _WARN,
    "proposed": _WARN,
    "contested": _BAD,
    "blocked": _BAD,
    "forked": _BAD,
    "cancelled": _BAD,
    "ended-early": _WARN,
    "terminated": _BAD,
}
"""Colour of a state's badge; the badge always says the state in words too."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """How full a direction is, in units of one place.

    Args:
        size: Places drawn: the quota, or what was reached where that is more.
        realised: Placements that have begun.
        taken: Accepted or realised, whichever is more.
    """

    size: int
    realised: int
    taken: int

    @classmethod
    def of(cls, direction: DirectionFigures) -> Gauge | None:
        """None where the agreement sets no number, or zero."""
        if not direction["quota"]:
            return None
        taken = max(direction["accepted"], direction["planned"], direction["realised"])
        return cls(max(direction["quota"], taken), direction["realised"], taken)

    @property
    def in_cells(self) -> bool:
        """True where places are drawn one by one."""
        return self.size <= CELLS_UP_TO


class View:
    """What the templates ask of one board in one language.

    Args:
        board: The data; also attribute.
        words: The language; also attribute.
        labels: Labels of code lists.
    """

    def __init__(self, board: Board, words: Words, labels: Labels) -> None:
        self.board: Final = board
        self.words: Final = words
        self._labels: Final = labels
        self._made_at: Final = _moment(board["made_at"])

    def agency(self, scid: str) -> AgencyView:
        """What is known of an agency; for a stranger only its SCID."""
        if scid == self.board["agency"]["scid"]:
            return self.board["agency"]
        stranger = AgencyView(scid=scid, code=None, names={}, country=None)
        return self.board["agencies"].get(scid, stranger)

    def short(self, scid: str) -> str:
        """An agency in few letters: its code, else its name, else the beginning of its SCID."""
        agency = self.agency(scid)
        return agency["code"] or self.words.pick(agency["names"])[0] or f"{scid[:10]}\N{HORIZONTAL ELLIPSIS}"

    def said(self, text: LangText) -> tuple[str, str | None]:
        """A text of a record, and its language where that is not the page's."""
        shown, tag = self.words.pick(text)
        return shown, None if not shown or tag.lower().split("-")[0] == self.words.lang else tag

    def state(self, kind: str, code: str) -> str:
        """A state in words; a state that this version does not know is shown as its code."""
        msgid = f"state.{kind}.{code}"
        return self.words.text(msgid) if self.words.has(msgid) else code

    def tone(self, code: str) -> str:
        """The colour class of a state."""
        return TONES.get(code, "plain")

    def label(self, code_list: str, code: str) -> str:
        """A code of a code list in words, or the code."""
        return self._labels(code_list, code, self.words.lang) or code

    def way(self, sender: str, host: str, *, spoken: bool = False) -> str:
        """A direction by its countries, ``TG → ML``, or spoken, *Togo vers Mali*."""
        if spoken:
            return self.words.text(
                "board.way", sender=self.words.country(sender), host=self.words.country(host)
            )
        return f"{sender} \N{RIGHTWARDS ARROW} {host}"

    def gauge(self, direction: DirectionFigures) -> Gauge | None:
        """The gauge of a direction."""
        return Gauge.of(direction)

    def age(self, time: str) -> str:
        """How long before the board was made: ``il y a 3 jours``."""
        return self.words.ago((self._made_at - _moment(time)).total_seconds())

    def days_left(self, day: str) -> int:
        """Days from the board's day to another, negative when past."""
        return (_moment(f"{day}T00:00:00Z") - _moment(f"{self.board['as_of']}T00:00:00Z")).days

    def end_unreported(self, placement: PlacementView) -> bool:
        """Whether a mission is shown under way although the last possible day of its plan has passed."""
        if placement["state"] not in {"active", "suspended"} or placement["planned"] is None:
            return False
        try:
            last = edtf.parse(placement["planned"]).latest
        except ProtocolError:
            return False
        return last is not None and last.isoformat() < self.board["as_of"]

    def signed(self, number: int) -> str:
        """A number with its sign, a true minus included."""
        sign = "+" if number > 0 else "\N{MINUS SIGN}" if number < 0 else ""
        return sign + self.words.number(abs(number))

    def scale(self, directions: list[DirectionFigures]) -> int:
        """What the ends of a balance bar stand for: the most that one side could be ahead."""
        return max([1, *(max(direction["quota"] or 0, direction["realised"]) for direction in directions)])

    def honoured(self, directions: list[DirectionFigures]) -> bool:
        """True where every direction with a quota is realised in full: an index below 1 is then no fault."""
        fulfilled = [direction["fulfilment"] for direction in directions if direction["quota"]]
        return bool(fulfilled) and all(share is not None and float(share) >= 1 for share in fulfilled)

    def suspended(self, directions: list[DirectionFigures]) -> list[DirectionFigures]:
        """The directions that explain an imbalance: suspended, not neglected."""
        return [direction for direction in directions if direction["status"] == "suspended"]


def _moment(time: str) -> datetime:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

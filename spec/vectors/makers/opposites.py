"""``fold/opposites-*.json``: two decisions that had not seen each other, a case for each row of the table (S-55).

Written by hand from the table and the states of chapter 11, as ``folds.py`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from makers.common import Tree
from makers.folds import PAIR, begin, case, file
from makers.histories import FRANCE, MALI, TOGO, History, quota

DAY: Final = "2017-12-31"
EARLY, LATE = "2017-10-01", "2017-11-01"
OTHERS: Final[dict[str, Sequence[str]]] = {TOGO: (MALI, FRANCE), MALI: (TOGO, FRANCE), FRANCE: (TOGO, MALI)}

Act = tuple[str, str, str]
"""Author, outcome, effective day."""


def _crossed(history: History, about: str, one: Act, other: Act, *, three: bool = False) -> History:
    """Both decide at once: what one says is in the other's feed before any of them has looked."""
    for label, (author, outcome, effective) in (("one", one), ("other", other)):
        to = OTHERS[author] if three else (MALI if author == TOGO else TOGO,)
        history.decide(label, author, to, about, outcome, effective)
    if three:  # Togo, whose agreement it is, tells each what the other said (S-7)
        history.sync(TOGO, MALI, FRANCE)
        for label in ("one", "other"):
            history.decide(f"endorsed {label}", TOGO, (MALI, FRANCE), label, "endorse", DAY)
    return history


def _row(
    history: History, about: str, one: Act, other: Act, prevails: str, *, state: str, ended: str | None = None
) -> Tree:
    three = FRANCE in {one[0], other[0]} or about == "agreement of three"
    crossed = _crossed(history.branch(), about, one, other, three=three)
    name = f"{one[1]} and {other[1]}: {prevails}"
    details = {about: {"ended": ended}} if ended else {}
    return case(name, "S-55", DAY, crossed, states={about: state}, details=details)


def agreements() -> Tree:
    """Two parties for what its issuer does, three where two others decide."""
    common = History("opposites-agreement")
    common.agreement("agreement of two", TOGO, (MALI,), [quota(TOGO, MALI, 4)])
    common.agreement("agreement of three", TOGO, (MALI, FRANCE), [quota(TOGO, MALI, 4)])
    common.sync(TOGO, MALI, FRANCE)
    two, three = "agreement of two", "agreement of three"

    def told(about: str, one: Act, other: Act, prevails: str, **state: str) -> Tree:
        return _row(common, about, one, other, prevails, **state)

    def act(author: str, outcome: str, effective: str = EARLY) -> Act:
        return author, outcome, effective

    later = _crossed(common.branch(), two, act(MALI, "accept"), act(TOGO, "withdraw", "2018-01-01"))
    return file(
        common,
        [
            told(three, act(MALI, "accept"), act(FRANCE, "accept"), "both", state="in-force"),
            told(three, act(MALI, "accept"), act(FRANCE, "reject"), "reject", state="rejected"),
            told(two, act(MALI, "accept"), act(TOGO, "withdraw", LATE), "both", state="withdrawn"),
            case("accept and withdraw: both, before the withdrawal", "S-55", DAY, later)
            | {"states": {two: "in-force"}},
            told(
                two, act(MALI, "accept"), act(TOGO, "terminate", LATE), "both", state="terminated", ended=LATE
            ),
            told(three, act(MALI, "reject"), act(FRANCE, "reject"), "reject", state="rejected"),
            told(two, act(MALI, "reject"), act(TOGO, "withdraw"), "withdraw", state="withdrawn"),
            told(
                two, act(MALI, "reject"), act(TOGO, "terminate"), "terminate", state="terminated", ended=EARLY
            ),
            told(
                two,
                act(TOGO, "withdraw"),
                act(MALI, "terminate"),
                "terminate",
                state="terminated",
                ended=EARLY,
            ),
            told(
                two,
                act(TOGO, "terminate", LATE),
                act(MALI, "terminate"),
                "terminate",
                state="terminated",
                ended=EARLY,
            ),
        ],
    )


def nominations() -> Tree:
    """The host decides, the sender decides. A confirmation rests on an earlier acceptance (S-49)."""
    fresh = begin("opposites-nomination")
    fresh.nominate("fresh", TOGO, MALI, "2017-04-01")
    fresh.nominate("accepted before", TOGO, MALI, "2017-04-01")
    fresh.sync(*PAIR)
    fresh.decide("accepted", MALI, (TOGO,), "accepted before", "accept", "2017-05-01")
    fresh.sync(*PAIR)

    def told(host: str, sender: str, prevails: str, state: str) -> Tree:
        about = "accepted before" if sender == "confirm" else "fresh"
        ended = None if sender == "confirm" and host != "reject" else EARLY
        return _row(
            fresh, about, (MALI, host, EARLY), (TOGO, sender, LATE if host == "reject" else EARLY), prevails,
            state=state, ended=ended,
        )  # fmt: skip

    settled = _crossed(
        fresh.branch(), "accepted before", (MALI, "shortlist", EARLY), (TOGO, "confirm", EARLY)
    )
    settled.sync(*PAIR)
    settled.decide("decided again", MALI, (TOGO,), "accepted before", "accept", LATE)
    return file(
        fresh,
        [
            told("accept", "confirm", "both", "confirmed"),
            told("accept", "decline", "decline", "declined"),
            told("accept", "withdraw", "withdraw", "withdrawn"),
            told("reject", "confirm", "reject", "rejected"),
            told("reject", "decline", "decline", "declined"),
            told("reject", "withdraw", "withdraw", "withdrawn"),
            told("shortlist", "confirm", "contested", "contested"),
            told("shortlist", "decline", "decline", "declined"),
            told("shortlist", "withdraw", "withdraw", "withdrawn"),
            told("waitlist", "confirm", "contested", "contested"),
            told("waitlist", "decline", "decline", "declined"),
            told("waitlist", "withdraw", "withdraw", "withdrawn"),
            case("shortlist and confirm, then accepted by who had seen both", "S-56", DAY, settled)
            | {"states": {"accepted before": "confirmed"}},
        ],
    )


def placements() -> Tree:
    """Placements that the sender has not decided on, accepted, or accepted and suspended."""
    common = begin("opposites-placement")
    names = ("fresh", "taken", "suspended before")
    for name in names:
        common.nominate(f"nomination {name}", TOGO, MALI, "2017-04-01")
    common.sync(*PAIR)
    for name in names:
        common.decide(f"accepted {name}", MALI, (TOGO,), f"nomination {name}", "accept", "2017-05-01")
    common.sync(*PAIR)
    for name in names:
        common.decide(f"confirmed {name}", TOGO, (MALI,), f"nomination {name}", "confirm", "2017-05-02")
    common.sync(*PAIR)
    for name in names:
        common.place(name, f"nomination {name}", "2018-01-08/2018-06-29")
    common.sync(*PAIR)
    for name in names[1:]:
        common.decide(f"taken {name}", TOGO, (MALI,), name, "accept", "2017-06-01")
    common.sync(*PAIR)
    common.decide("suspended by togo", TOGO, (MALI,), "suspended before", "suspend", "2017-09-01")
    common.sync(*PAIR)

    def told(
        about: str, sender: str, host: str, prevails: str, state: str, *, ended: str | None = None
    ) -> Tree:
        one, other = (TOGO, sender, EARLY), (MALI, host, LATE)
        return _row(common, about, one, other, prevails, state=state, ended=ended)

    return file(
        common,
        [
            told("fresh", "accept", "withdraw", "withdraw", "cancelled", ended=LATE),
            told("fresh", "accept", "terminate", "terminate", "cancelled", ended=LATE),
            told("fresh", "accept", "suspend", "suspend", "suspended"),
            told("fresh", "reject", "withdraw", "withdraw", "withdrawn", ended=EARLY),
            told("fresh", "reject", "terminate", "terminate", "withdrawn", ended=EARLY),
            told("fresh", "reject", "suspend", "reject", "rejected", ended=EARLY),
            told("taken", "terminate", "withdraw", "terminate", "cancelled", ended=EARLY),
            told("taken", "suspend", "withdraw", "withdraw", "cancelled", ended=LATE),
            told("taken", "terminate", "terminate", "terminate", "cancelled", ended=EARLY),
            told("taken", "suspend", "terminate", "terminate", "cancelled", ended=LATE),
            told("taken", "suspend", "suspend", "suspend", "suspended"),
            told("suspended before", "resume", "suspend", "suspend", "suspended"),
        ],
    )


FILES: Final[dict[str, Callable[[], Tree]]] = {
    "opposites-agreement.json": agreements,
    "opposites-nomination.json": nominations,
    "opposites-placement.json": placements,
}

"""Reciprocity at one look: every pair of ours, by year, scheme and programme, with what it rests on.

What is counted here is counted by the law (spec/18-states-and-figures.md) and the same at the partner. What
agencies declare stands beside it (:mod:`passerelle.desk.declared`) and is never added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from passerelle.desk import declared, shelf
from passerelle.desk.board import agencies_known
from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.desk.statements import basis, waiting_codes
from passerelle.exchange.flows import Volumes, balanced, chosen, flows, total, volumes
from passerelle.exchange.state import State
from passerelle.exchange.statement import figures as statement_figures
from passerelle.exchange.statement import three_places
from passerelle.exchange.views import Direction
from passerelle.protocol.records import Record

Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants figures of; everything where all are None.

    Args:
        year: Of the planned first day, or of the arrival for what is realised.
        scheme: Code.
        programme: Id, acronym or name; those that are part of it count with it.
    """

    year: int | None = None
    scheme: str | None = None
    programme: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Wish()


async def figures(context: Context, ledger: Ledger, partner: str | None, as_of: date, wish: Wish) -> Answer:
    """Figures of one pair or of all that we are in, as of a day, and apart from them what they rest on.

    Args:
        context: The node.
        ledger: The records held.
        partner: Code or SCID; all partners where None.
        as_of: Inclusive.
        wish: What of it is wanted.

    Raises:
        InputError: ``statement.not-visible`` for a named partner with whom no feed is held;
            ``figures.unknown-programme``, ``figures.ambiguous-programme``.
    """
    state = await ledger.state(as_of)
    programmes = await shelf.programmes(context, ledger)
    within = None
    if wish.programme is not None:
        within = shelf.parts_of(programmes, shelf.find_programme(programmes, wish.programme))
    asked = [peer.scid for peer in context.directory.peers]
    if partner is not None:
        asked = [context.directory.find(partner).scid]
    visible = [scid for scid in asked if partner is not None or frozenset((context.own, scid)) in state.pairs]
    pairs = [await _pair(context, state, scid, wish, within) for scid in visible]
    said, balances = await declared.told(context, ledger, state, programmes)
    return {
        "asOf": as_of.isoformat(),
        "agency": context.own,
        "agencies": agencies_known(context),
        "wish": {"year": wish.year, "scheme": wish.scheme, "programmes": within},
        "basis": "recorded",
        "pairs": pairs,
        "declared": said,
        "declaredBalances": balances,
        "position": _position(context.own, state, visible, wish, within),
        "notHeard": _not_heard(asked, pairs),
        "programmes": {record.id: _programme(record) for record in programmes},
        "schemes": _schemes(context, state, visible),
    }


async def _pair(
    context: Context, state: State, scid: str, wish: Wish, within: Sequence[str] | None
) -> Answer:
    """One pair: its figures and flows as the law has them, and of the flows what was wished for."""
    counted = statement_figures(state, context.own, scid)
    first, second = sorted((context.own, scid))
    selected = (
        None if wish.is_all else balanced(_selected(state, context.own, scid, wish, within), first, second)
    )
    return {
        "partner": scid,
        "figures": counted,
        "flows": flows(state, context.own, scid),
        "selected": selected,
        "basis": await basis(context, scid, waiting_codes(state, context.own, scid)),
    }


def _selected(state: State, own: str, scid: str, wish: Wish, within: Sequence[str] | None) -> Volumes:
    counted = volumes(state.pairs[frozenset((own, scid))])
    return chosen(counted, year=wish.year, scheme=wish.scheme, programmes=within)


def _position(
    own: str, state: State, partners: Sequence[str], wish: Wish, within: Sequence[str] | None
) -> Answer:
    """How much more we sent than we hosted, over all of our pairs: our position in the network, as recorded here."""
    out = back = 0
    out_months = back_months = Fraction()
    for scid in partners:
        counted = _selected(state, own, scid, wish, within)
        there, here = total(counted, Direction(own, scid)), total(counted, Direction(scid, own))
        out, back = out + there.realised, back + here.realised
        out_months, back_months = out_months + there.realised_months, back_months + here.realised_months
    return {
        "sent": out,
        "hosted": back,
        "position": out - back,
        "sentMonths": three_places(out_months),
        "hostedMonths": three_places(back_months),
    }


def _not_heard(asked: Sequence[str], pairs: Sequence[Answer]) -> list[str]:
    """Partners whose word may be missing: nothing of theirs is held, or the statement with them is not complete."""
    complete = {pair["partner"] for pair in pairs if _is_complete(pair)}
    return sorted(scid for scid in asked if scid not in complete)


def _is_complete(pair: Answer) -> bool:
    resting = pair["basis"]
    return isinstance(resting, dict) and resting["complete"] is True


def _schemes(context: Context, state: State, partners: Iterable[str]) -> Answer:
    """Labels of the schemes that there are placements of."""
    pairs = [state.pairs[frozenset((context.own, scid))] for scid in partners]
    codes = {placement.scheme for pair in pairs for placement in pair.placements.values()}
    known = context.schemas.code_list("scheme").codes
    return {code: dict(known[code].label) for code in sorted(codes) if code in known}


def _programme(record: Record) -> Answer:
    """What people call a programme, and what it is part of."""
    above = record.body.get("partOf")
    return {
        "names": record.body.get("names"),
        "acronym": record.body.get("acronym"),
        "partOf": above.get("id") if isinstance(above, dict) else None,
    }

"""How a body is read: the view of each type, or the verdict of one that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from passerelle.exchange.members import Body
from passerelle.exchange.verdicts import Verdict, blocked, waiting
from passerelle.exchange.views import (
    AgreementView,
    DecisionView,
    DossierView,
    EventView,
    NominationView,
    OfferView,
    PlacementView,
)

View: TypeAlias = (
    AgreementView | DecisionView | DossierView | EventView | NominationView | OfferView | PlacementView
)

READERS: Final[Mapping[str, Callable[[Body], View]]] = {
    "agreement": AgreementView.from_body,
    "decision": DecisionView.from_body,
    "dossier": DossierView.from_body,
    "event": EventView.from_body,
    "nomination": NominationView.from_body,
    "offer": OfferView.from_body,
    "placement": PlacementView.from_body,
}
"""Types that the fold reads. Every other type counts as soon as its header does, and moves nothing."""

READABLE_MAJOR: Final = "1"
"""The major version of the schemas whose members the views read."""


def read(record_type: str, schema: str, body: Body) -> View | Verdict | None:
    """The view of a body; None for a type of which the fold reads nothing."""
    reader = READERS.get(record_type)
    if reader is None:
        return None
    if schema.rpartition(":")[2].partition(".")[0] != READABLE_MAJOR:
        return waiting("schema.unreadable", type=record_type)
    try:
        return reader(body)
    except ValueError as exc:
        return blocked("body.unreadable", type=record_type, member=str(exc).partition(" ")[0])

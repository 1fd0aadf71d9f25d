"""The state as of a day, in frozen values: what desk, board and statements read.

Made by :func:`passerelle.exchange.fold.fold`. Nothing here is stored by a node or sent to
another: each computes it from the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias, TypeVar

from passerelle.exchange.verdicts import Verdict
from passerelle.exchange.views import Direction, Party

_T = TypeVar("_T")

PairKey: TypeAlias = frozenset[str]
"""SCIDs of two agencies."""


@dataclass(frozen=True, slots=True)
class DirectionState:
    """One direction of an agreement, as of the day.

    Args:
        sender: Sending agency.
        host: Host agency.
        status: ``open``, ``suspended`` or ``closed``.
        since: EDTF date since when it is not open, as written; None where none is given.
        by: SCID of the party that suspended it; None where the agreement itself does.
        quota: Persons per period; None where none is agreed.
        per_period: ``total``, ``year`` or ``edition``.
        quota_to_date: Persons for all periods begun by the day.
        candidates_per_place: How many may be nominated for one place.
    """

    sender: Party
    host: Party
    status: str
    since: str | None
    by: str | None
    quota: int | None
    per_period: str
    quota_to_date: int | None
    candidates_per_place: int

    @property
    def direction(self) -> Direction:
        """Its ends."""
        return Direction(self.sender.agency, self.host.agency)


@dataclass(frozen=True, slots=True)
class AgreementState:
    """An agreement.

    Args:
        id: Record id.
        issuer: SCID.
        state: ``proposed``, ``rejected``, ``withdrawn``, ``accepted`` (by all, but its period
            has not begun), ``in-force``, ``suspended`` (in all directions), ``expired``,
            ``terminated``; ``blocked`` or ``waiting`` where no version counts.
        code: Why it is blocked or waits.
        version: The version that governs or last governed; without one, the newest.
        digest: Its digest.
        newest_version: The newest version that counts, perhaps an amendment not yet accepted.
        newest_digest: Its digest.
        missing: Parties whose acceptance of the newest version is not there.
        since: First day in force, of any version; None where it never was.
        ended_on: Day of termination, also one still to come.
        parties: With their countries.
        period: EDTF interval of the version.
        schemes: Codes, sorted.
        directions: As agreed in the version, with what suspends them.
    """

    id: str
    issuer: str
    state: str
    code: str | None
    version: int
    digest: str
    newest_version: int
    newest_digest: str
    missing: tuple[str, ...]
    since: date | None
    ended_on: date | None
    parties: tuple[Party, ...]
    period: str
    schemes: tuple[str, ...]
    directions: tuple[DirectionState, ...]


@dataclass(frozen=True, slots=True)
class NominationState:
    """A nomination.

    Args:
        id: Record id.
        digest: The version that counts.
        version: Its number.
        sender: SCID of the sending agency, its issuer.
        host: SCID of the host agency.
        agreement: Record id.
        offer: Record id.
        dossier: Record id.
        scheme: Of the offer, where it is held.
        nominated_on: Earliest day of ``nominatedOn``.
        state: ``submitted``, ``shortlisted``, ``waitlisted``, ``accepted``, ``confirmed``,
            ``placed``, ``contested``, ``rejected``, ``withdrawn``, ``declined``,
            ``cancelled``; ``blocked`` or ``waiting`` where no version counts.
        code: Why it is blocked or waits.
        ended_on: Day from which it has ended.
    """

    id: str
    digest: str
    version: int
    sender: str
    host: str
    agreement: str
    offer: str
    dossier: str
    scheme: str | None
    nominated_on: date
    state: str
    code: str | None
    ended_on: date | None

    @property
    def is_standing(self) -> bool:
        """Whether it counts as nominated: it counts, and has not ended."""
        return self.state not in {
            "blocked", "waiting", "rejected", "withdrawn", "declined", "cancelled"
        }  # fmt: skip

    @property
    def is_accepted(self) -> bool:
        """Whether it counts as accepted by the host."""
        return self.state in {"accepted", "confirmed", "placed"}


@dataclass(frozen=True, slots=True)
class PlacementState:
    """A placement.

    Args:
        id: Record id.
        digest: The version that counts.
        version: Its number.
        sender: SCID of the sending agency.
        host: SCID of the host agency, its issuer.
        agreement: Record id.
        nomination: Record id; None where it names none.
        offer: Record id.
        scheme: Code.
        programme: Record id: the one that it names, or else that of the offer of its nomination.
        planned: EDTF interval.
        state: ``proposed``, ``planned`` (accepted by the sender), ``active``, ``completed``,
            ``ended-early``, ``suspended``, ``cancelled``, ``rejected``, ``withdrawn``;
            ``blocked`` or ``waiting`` where no version counts.
        code: Why it is blocked or waits.
        accepted_on: Day from which the sender has accepted it.
        arrived_on: Day of arrival.
        ended_on: Day from which it has ended, before its time or not at all begun.
        completed_on: Day of the end of the mission or of the return, the earlier.
        is_realised: Whether it counts as realised.
        planned_months: Length as planned; None where an end is open or unknown.
        realised_months: Length as far as known: the actual interval or else the planned one,
            up to an early end. None unless realised and dated.
    """

    id: str
    digest: str
    version: int
    sender: str
    host: str
    agreement: str
    nomination: str | None
    offer: str | None
    scheme: str
    programme: str | None
    planned: str
    state: str
    code: str | None
    accepted_on: date | None
    arrived_on: date | None
    ended_on: date | None
    completed_on: date | None
    is_realised: bool
    planned_months: Fraction | None
    realised_months: Fraction | None

    @property
    def is_planned(self) -> bool:
        """Whether it counts as planned: accepted by the sender and not cancelled, realised or not yet."""
        return self.accepted_on is not None and self.state not in {"blocked", "waiting", "cancelled"}


@dataclass(frozen=True, slots=True)
class DossierState:
    """A dossier.

    Args:
        id: Record id.
        digest: The newest version.
        version: Its number.
        issuer: SCID.
        part: ``card``, ``extract`` or ``identity``.
        state: ``shared``, ``engaged`` (a nomination with it was accepted), ``withdrawn``;
            ``blocked`` or ``waiting``.
        code: Why it is blocked or waits.
    """

    id: str
    digest: str
    version: int
    issuer: str
    part: str
    state: str
    code: str | None


@dataclass(frozen=True, slots=True)
class OfferState:
    """A public offer.

    Args:
        id: Record id.
        digest: The newest version.
        version: Its number.
        issuer: SCID.
        scheme: Code.
        places: Places offered.
        accepted: Nominations accepted for it, as far as this node sees.
        state: ``open``, ``on-hold``, ``filled``, ``closed``, ``withdrawn``; ``blocked`` or ``waiting``.
        code: Why it is blocked or waits.
    """

    id: str
    digest: str
    version: int
    issuer: str
    scheme: str
    places: int
    accepted: int
    state: str
    code: str | None


@dataclass(frozen=True, slots=True)
class PairState:
    """What two agencies share: the same at both, once both hold the same records. All by record id.

    Args:
        waiting: Codes of the verdicts by which a record of the two waits, each once, sorted.
    """

    agreements: Mapping[str, AgreementState]
    dossiers: Mapping[str, DossierState]
    nominations: Mapping[str, NominationState]
    placements: Mapping[str, PlacementState]
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the records held say, as of a day.

    Args:
        as_of: The day, inclusive.
        verdicts: By digest, of every record given.
        pairs: By pair; figures are taken from here.
        agreements: By record id, over all pairs. Where pairs differ for lack of records, the
            least that one of them says. Of several issuers that wrote down one id, all but one have their
            SCID added to it, here and below: who means one of them asks for it by issuer.
        offers: By record id.
        dossiers: By record id.
        nominations: By record id.
        placements: By record id.
    """

    as_of: date
    verdicts: Mapping[str, Verdict]
    pairs: Mapping[PairKey, PairState]
    agreements: Mapping[str, AgreementState]
    offers: Mapping[str, OfferState]
    dossiers: Mapping[str, DossierState]
    nominations: Mapping[str, NominationState]
    placements: Mapping[str, PlacementState]

    def agreement(self, issuer: str, record_id: str | None) -> AgreementState | None:
        """What an agency proposed, or what became of it."""
        found = _with_id(self.agreements, record_id, issuer)
        return next((item for item in found if item.issuer == issuer), None)

    def offer(self, issuer: str, record_id: str | None) -> OfferState | None:
        """An agency's offer."""
        return next(
            (item for item in _with_id(self.offers, record_id, issuer) if item.issuer == issuer), None
        )

    def nomination(self, sender: str, record_id: str | None) -> NominationState | None:
        """A sending agency's nomination."""
        found = _with_id(self.nominations, record_id, sender)
        return next((item for item in found if item.sender == sender), None)

    def placement(self, host: str, record_id: str | None) -> PlacementState | None:
        """A host agency's placement."""
        return next((item for item in _with_id(self.placements, record_id, host) if item.host == host), None)


def _with_id(states: Mapping[str, _T], record_id: str | None, issuer: str) -> Iterator[_T]:
    """What bears an id and may be of an issuer, in a mapping of `State`."""
    return (states[key] for key in (f"{record_id} {issuer}", record_id or "") if key in states)

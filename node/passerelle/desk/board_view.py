"""The board: what an exchange desk sees at one look, as JSON-able data.

``desk.board(as_of)`` makes it, the console draws it, ``POST /desk/board`` ships it. Everything
that a person reads as a sentence stays a code here (states, reasons, errors); the catalogues turn
it into words. Agencies are named once, in ``agencies``, and elsewhere by SCID.

Wire forms: days ``YYYY-MM-DD``, times ``YYYY-MM-DDThh:mm:ssZ``, periods EDTF level 0 or 1,
decimals as strings, countries ISO 3166-1, texts by BCP 47 tag.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

BOARD_ROWS: Final = 25
"""Most rows of one list; the whole numbers stand in ``totals``. Keeps the page small on a bad link."""

LangText = dict[str, str]
"""One text by language, as the record carries it: ``{"fr": "Club de lecture"}``."""

DirectionStatus = Literal["open", "suspended", "closed"]
FeedKind = Literal["public", "received", "sent"]
FeedState = Literal["unknown", "waiting", "syncing", "current", "stale", "forked", "blocked"]


class AgencyView(TypedDict):
    """One agency: this node's, a partner's, or one that records name.

    ``code`` is the local code (``TG-ANVT``), None for an agency that was never added; ``country``
    None where no record has told it.
    """

    scid: str
    code: str | None
    names: LangText
    country: str | None


class Notice(TypedDict):
    """An error or verdict for ``Words.user``: code, values, and since when it holds (None: now)."""

    code: str
    params: dict[str, object]
    since: str | None


class PlaceView(TypedDict):
    """Where: a name as the record writes it and a country, either may be None."""

    name: str | None
    country: str | None


class OfferView(TypedDict):
    """A placement offer, of whatever agency of the network, newest version held.

    ``places_taken`` counts accepted nominations that this node can see; None for offers between
    others. ``state`` is the fold's (``exchange.state.OfferState``).
    """

    id: str
    issuer: str
    title: LangText
    host_organisation: LangText
    place: PlaceView
    period: str | None
    closes_on: str | None
    places: int
    places_taken: int | None
    scheme: str | None
    state: str
    synthetic: bool


class DirectionFigures(TypedDict):
    """One direction with its counts as of the board's day; ``fulfilment`` is realised / quota.

    ``quota`` and ``fulfilment`` are None where the agreement sets no number; ``status_since`` is an
    EDTF date.
    """

    sender: str
    host: str
    sender_country: str
    host_country: str
    status: DirectionStatus
    status_since: str | None
    status_reason: str | None
    quota: int | None
    per_period: Literal["total", "year", "edition"]
    nominated: int
    accepted: int
    planned: int
    realised: int
    fulfilment: str | None


class AgreementView(TypedDict):
    """An agreement that this agency is party to.

    ``state`` is the fold's (``exchange.state.AgreementState``). ``waiting_for`` are the parties
    whose acceptance is missing.
    """

    id: str
    kind: str
    names: LangText
    parties: list[str]
    state: str
    waiting_for: list[str]
    signed_on: str | None
    period: str | None
    directions: list[DirectionFigures]
    synthetic: bool


class PlacementView(TypedDict):
    """A placement of this agency, sent or hosted. The volunteer is a pseudonym, never a name.

    ``state`` is the fold's (``exchange.state.PlacementState``). ``reason`` is a code of the list
    ``reason``, why it ended or was cancelled, or None.
    """

    id: str
    volunteer: str
    sender: str
    host: str
    sender_country: str
    host_country: str
    title: LangText
    host_organisation: LangText
    place: PlaceView
    planned: str | None
    actual: str | None
    scheme: str | None
    state: str
    reason: str | None
    synthetic: bool


class BlockedView(TypedDict):
    """A record without effect, or one that still waits for another: what it is and why.

    ``about`` is what a person knows it by (a pseudonym, a title), in ``LangText`` form.
    """

    id: str
    type: str
    issuer: str
    issued: str
    about: LangText
    verdict: Literal["blocked", "waiting", "contested"]
    why: Notice


class FeedView(TypedDict):
    """One feed between this node and a partner.

    ``kind``: ``public`` (the partner's), ``received`` (the partner's to us), ``sent`` (ours to the
    partner). ``size`` is verified, for ``sent`` our own; ``confirmed`` is the size that the reader
    has cosigned, None where there is no receipt yet or none is asked for.
    """

    kind: FeedKind
    state: FeedState
    size: int
    confirmed: int | None


class PartnerView(TypedDict):
    """A partner and how it stands with it. ``last_heard``: last answer verified, None for never."""

    scid: str
    last_heard: str | None
    feeds: list[FeedView]
    quarantined: int
    pending: int
    trouble: Notice | None


class FlowView(TypedDict):
    """All that goes one way between us and a partner, over all agreements, as the figures count it.

    ``status`` is the figures' (``open``, ``suspended``, ``closed``, ``ended``, ``none``); ``months`` are the realised
    person-months, ``planned_months`` the planned ones, decimals.
    """

    sender: str
    host: str
    status: str
    status_since: str | None
    quota: int | None
    planned: int
    realised: int
    fulfilment: str | None
    planned_months: str
    months: str


class SummaryView(TypedDict):
    """Reciprocity with one partner, from the same figures as ``statement``.

    ``balance`` is sent minus received, seen from this agency; ``index`` is min/max of the two
    realised counts (None where both are 0). ``complete`` says that each side has cosigned the
    other's head with nothing pending or quarantined, so that both compute the same. ``sent`` and ``hosted``
    are the row of the partner in the reciprocity matrix; ``months_index`` is the index in person-months.
    """

    partner: str
    directions: list[DirectionFigures]
    sent: FlowView
    hosted: FlowView
    balance: int
    index: str | None
    months_index: str | None
    complete: bool
    synthetic: bool


class Totals(TypedDict):
    """How many there are of each list, before it was cut to ``BOARD_ROWS``."""

    offers: int
    agreements: int
    placements: int
    partners: int
    blocked: int


class Board(TypedDict):
    """The whole board.

    Lists come sorted for reading: offers open first, by closing day; agreements in force first;
    placements running first, by planned start; partners by code; blocked newest first; summaries
    as partners. ``as_of`` is the day of every count; ``made_at`` the moment of asking, to which
    ages refer. ``read_only`` says why the node signs nothing, None when it does; ``alarms`` are
    things that a person must look at.
    """

    agency: AgencyView
    as_of: str
    made_at: str
    fictitious: bool
    read_only: Notice | None
    alarms: list[Notice]
    agencies: dict[str, AgencyView]
    offers: list[OfferView]
    agreements: list[AgreementView]
    placements: list[PlacementView]
    blocked: list[BlockedView]
    partners: list[PartnerView]
    summaries: list[SummaryView]
    totals: Totals

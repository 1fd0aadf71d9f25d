"""A realistic board: CNPV's, in the pilot with Togo and in a suspended exchange with France.

mypy holds it to the shape that the desk promises.
"""

from __future__ import annotations

import copy

import pytest

from passerelle.desk.board_view import AgencyView, Board, DirectionFigures, FlowView, OfferView, PlacementView

CNPV = "QmWtQu5Vwi5n7oTz1NHKPtRJuBQmNneLXBGkQW9YBaGYk4"
ANVT = "QmXPYSVXtiWEGH9EKsbPHZ3w3vfKvYFbxAxbDhuaaB1obq"
FV = "Qmd1FCL9Vj2vJ433UDfC9MBstK6W6QWSQvYyeNn8va2fai"

AGENCIES: dict[str, AgencyView] = {
    ANVT: {
        "scid": ANVT,
        "code": "TG-ANVT",
        "names": {"fr": "Agence nationale du volontariat au Togo"},
        "country": "TG",
    },
    FV: {
        "scid": FV,
        "code": "FR-FV",
        "names": {"fr": "France Volontaires", "en": "France Volontaires"},
        "country": "FR",
    },
}


def way(sender: str, host: str, countries: str, counts: tuple[int | None, int, int, int]) -> DirectionFigures:
    """An open direction; ``counts`` are quota, nominated, accepted, realised."""
    quota, nominated, accepted, realised = counts
    return {
        "sender": sender,
        "host": host,
        "sender_country": countries[:2],
        "host_country": countries[2:],
        "status": "open",
        "status_since": None,
        "status_reason": None,
        "quota": quota,
        "per_period": "total",
        "nominated": nominated,
        "accepted": accepted,
        "planned": accepted,
        "realised": realised,
        "fulfilment": f"{realised / quota:.3f}" if quota else None,
    }


def suspended(direction: DirectionFigures, since: str, reason: str) -> DirectionFigures:
    """The same direction, suspended."""
    return {**direction, "status": "suspended", "status_since": since, "status_reason": reason}


def flow(directions: list[DirectionFigures], sender: str, months: str) -> FlowView:
    """All that goes one way, where one agreement lists it."""
    way = next(one for one in directions if one["sender"] == sender)
    return {
        "sender": sender,
        "host": way["host"],
        "status": way["status"],
        "status_since": way["status_since"],
        "quota": way["quota"],
        "planned": way["planned"],
        "realised": way["realised"],
        "fulfilment": way["fulfilment"],
        "planned_months": months,
        "months": months,
    }


def offer(title: dict[str, str], host: str, town: str, closes_on: str, **more: object) -> OfferView:
    """An open offer of CNPV."""
    made: OfferView = {
        "id": "urn:uuid:5f1d8c4e-7b0a-4f6e-9a54-0d4f5f3c2b11",
        "issuer": CNPV,
        "title": title,
        "host_organisation": {"fr": host},
        "place": {"name": town, "country": "ML"},
        "period": "2027-02/2027-07",
        "closes_on": closes_on,
        "places": 2,
        "places_taken": 1,
        "scheme": "vir",
        "state": "open",
        "synthetic": True,
    }
    made.update(more)  # type: ignore[typeddict-item]  # the tests' own keywords
    return made


def placement(volunteer: str, countries: str, title: str, host: str, **more: object) -> PlacementView:
    """An active placement between Togo and Mali."""
    sends_togo = countries == "TGML"
    made: PlacementView = {
        "id": "urn:uuid:0b0e4b5e-0f6a-4f9b-8f53-1f2b7a9d6c21",
        "volunteer": volunteer,
        "sender": ANVT if sends_togo else CNPV,
        "host": CNPV if sends_togo else ANVT,
        "sender_country": countries[:2],
        "host_country": countries[2:],
        "title": {"fr": title},
        "host_organisation": {"fr": host},
        "place": {"name": "Bamako" if sends_togo else "Tchékpo", "country": countries[2:]},
        "planned": "2027-02/2027-07",
        "actual": None,
        "scheme": "vir",
        "state": "active",
        "reason": None,
        "synthetic": True,
    }
    made.update(more)  # type: ignore[typeddict-item]  # the tests' own keywords
    return made


def pilot() -> Board:
    """CNPV's board on 1 March 2027, asked for on that day at noon."""
    togo = [way(ANVT, CNPV, "TGML", (4, 4, 4, 4)), way(CNPV, ANVT, "MLTG", (2, 2, 2, 2))]
    france = [
        way(CNPV, FV, "MLFR", (7, 7, 7, 7)),
        suspended(way(FV, CNPV, "FRML", (7, 0, 0, 0)), "2023-08-07", "security"),
    ]
    gardening = "Exemple fictif - Appui à un maraîchage scolaire"
    mapping = "Exemple fictif - Cartographie des initiatives de retour"
    return {
        "agency": {
            "scid": CNPV,
            "code": "ML-CNPV",
            "names": {"fr": "Centre national de promotion du volontariat"},
            "country": "ML",
        },
        "as_of": "2027-03-01",
        "made_at": "2027-03-01T12:00:00Z",
        "fictitious": True,
        "read_only": None,
        "alarms": [],
        "agencies": copy.deepcopy(AGENCIES),
        "offers": [
            offer(
                {"fr": "Exemple fictif - Permanences d’information juridique"},
                "Enda Mali",
                "Bamako",
                "2027-03-15",
            ),
            offer(
                {"es": "Ejemplo ficticio - Huertos escolares y alimentación sana"},
                "Fundación Altiplano Verde (ficticia)",
                "El Alto",
                "2027-04-30",
                issuer=FV,
                place={"name": "El Alto", "country": "BO"},
                period="2027-09-01/..",
                places=1,
                places_taken=None,
                scheme="vsi",
            ),
            offer(
                {"ar": "مثال خيالي - تنشيط ورشات بيئية للشباب"},
                "جمعية الواحة الخضراء",
                "Agadir",
                "2027-03-01",
                issuer=FV,
                place={"name": "Agadir", "country": "MA"},
                places=1,
                places_taken=None,
            ),
            offer(
                {"fr": mapping},
                "Délégation générale des Maliens de l’extérieur",
                "Bamako",
                "2026-12-31",
                state="filled",
                places=4,
                places_taken=4,
            ),
        ],
        "agreements": [
            {
                "id": "urn:uuid:9d6a0a64-62fd-4b7e-a9ef-6a4f9cf0a001",
                "kind": "exchange-protocol",
                "names": {"fr": "Projet pilote de volontariat de réciprocité Togo-Mali"},
                "parties": [ANVT, CNPV],
                "state": "in-force",
                "waiting_for": [],
                "signed_on": "2026-11-20",
                "period": "2026-12-01/2027-12-31",
                "directions": copy.deepcopy(togo),
                "synthetic": True,
            },
            {
                "id": "urn:uuid:9d6a0a64-62fd-4b7e-a9ef-6a4f9cf0a002",
                "kind": "exchange-protocol",
                "names": {
                    "fr": "Volontariat de réciprocité Mali-France",
                    "en": "Mali-France reciprocal volunteering",
                },
                "parties": [CNPV, FV],
                "state": "in-force",
                "waiting_for": [],
                "signed_on": "2022-06~",
                "period": "2022/2027",
                "directions": copy.deepcopy(france),
                "synthetic": True,
            },
            {
                "id": "urn:uuid:9d6a0a64-62fd-4b7e-a9ef-6a4f9cf0a003",
                "kind": "framework",
                "names": {"fr": "Mobilité croisée Mali-Togo 2028"},
                "parties": [ANVT, CNPV],
                "state": "proposed",
                "waiting_for": [ANVT],
                "signed_on": None,
                "period": "2028/..",
                "directions": [
                    way(ANVT, CNPV, "TGML", (20, 0, 0, 0)),
                    way(CNPV, ANVT, "MLTG", (None, 0, 0, 0)),
                ],
                "synthetic": True,
            },
        ],
        "placements": [
            placement("TG-2027-01", "TGML", gardening, "Enda Mali", actual="2027-02-03/.."),
            placement("TG-2027-02", "TGML", gardening, "Enda Mali", actual="2027-02-03/.."),
            placement("TG-2027-03", "TGML", mapping, "Haut Conseil des Maliens de l’Extérieur"),
            placement("TG-2027-04", "TGML", mapping, "Enda Mali", state="ended-early", reason="family"),
            placement("ML-2027-01", "MLTG", gardening, "École de Tchékpo (fictive)"),
            placement("ML-2027-02", "MLTG", gardening, "École de Tchékpo (fictive)", state="planned"),
        ],
        "blocked": [
            {
                "id": "urn:uuid:6f0f2f2e-22a5-4a8e-bb6c-54a0f2c1e005",
                "type": "nomination",
                "issuer": ANVT,
                "issued": "2027-01-20T09:12:00Z",
                "about": {"fr": "TG-2027-05"},
                "verdict": "blocked",
                "why": {
                    "code": "quota.reached",
                    "params": {
                        "of": "nominations",
                        "quota": 4,
                        "limit": 4,
                        "count": 4,
                        "perPeriod": "total",
                        "year": 2027,
                        "from": ANVT,
                        "to": CNPV,
                    },
                    "since": None,
                },
            }
        ],
        "partners": [
            {
                "scid": FV,
                "last_heard": "2027-02-26T06:30:00Z",
                "feeds": [
                    {"kind": "public", "state": "stale", "size": 122, "confirmed": None},
                    {"kind": "received", "state": "stale", "size": 18, "confirmed": None},
                    {"kind": "sent", "state": "current", "size": 31, "confirmed": 29},
                ],
                "quarantined": 1,
                "pending": 2,
                "trouble": None,
            },
            {
                "scid": ANVT,
                "last_heard": "2027-03-01T11:58:30Z",
                "feeds": [
                    {"kind": "public", "state": "current", "size": 14, "confirmed": None},
                    {"kind": "received", "state": "current", "size": 26, "confirmed": None},
                    {"kind": "sent", "state": "current", "size": 37, "confirmed": 37},
                ],
                "quarantined": 0,
                "pending": 0,
                "trouble": None,
            },
        ],
        "summaries": [
            {
                "partner": ANVT,
                "directions": togo,
                "sent": flow(togo, CNPV, "15.967"),
                "hosted": flow(togo, ANVT, "31.934"),
                "months_index": "0.500",
                "balance": -2,
                "index": "0.500",
                "complete": True,
                "synthetic": True,
            },
            {
                "partner": FV,
                "directions": france,
                "sent": flow(france, CNPV, "70.000"),
                "hosted": flow(france, FV, "0.000"),
                "months_index": "0.000",
                "balance": 7,
                "index": "0.000",
                "complete": False,
                "synthetic": True,
            },
        ],
        "totals": {"offers": 4, "agreements": 3, "placements": 6, "partners": 2, "blocked": 1},
    }


@pytest.fixture
def board() -> Board:
    """A fresh copy for each test to change."""
    return pilot()

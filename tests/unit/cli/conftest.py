"""A command line run in this process, with a desk that answers from a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from passerelle.cli.main import run
from passerelle.cli.session import Session
from passerelle.errors import PasserelleError
from passerelle.protocol.profile import Json
from passerelle.words import Words

SCID, PARTNER = "Qm" + "H" * 44, "Qm" + "P" * 44
FINGERPRINT = " ".join(f"{group:05d}" for group in range(12))


def figures_of_the_pair() -> dict[str, Any]:
    """Mali and Togo, 2 and 4 of 2 and 4, as the law has them."""
    ways = [{"from": SCID, "to": PARTNER}, {"from": PARTNER, "to": SCID}]
    counts: list[dict[str, Any]] = [
        {
            "status": "open",
            "since": None,
            "quota": 2,
            "nominated": 2,
            "accepted": 2,
            "planned": 2,
            "realised": 2,
            "fulfilment": "1.000",
        },
        {
            "status": "suspended",
            "since": "2018-06",
            "quota": 4,
            "nominated": 4,
            "accepted": 4,
            "planned": 4,
            "realised": 4,
            "fulfilment": "1.000",
        },
    ]
    lengths = [
        {"planned": "15.967", "realised": "15.967", "undated": 0},
        {"planned": "31.934", "realised": "31.934", "undated": 0},
    ]
    flows = [
        way
        | {
            "planned": row["planned"],
            "realised": row["realised"],
            "plannedMonths": months["planned"],
            "realisedMonths": months["realised"],
            "undated": 0,
        }
        for way, row, months in zip(ways, counts, lengths, strict=True)
    ]
    ahead: dict[str, Any] = {"balance": {SCID: -2, PARTNER: 2}, "index": "0.500"}
    group = ahead | {"directions": flows, "monthsIndex": "0.500"}
    return {
        "partner": PARTNER,
        "figures": ahead
        | {
            "asOf": "2018-12-31",
            "parties": [{"agency": SCID, "country": "ML"}, {"agency": PARTNER, "country": "TG"}],
            "directions": [way | row for way, row in zip(ways, counts, strict=True)],
            "personMonths": {
                "directions": [way | row for way, row in zip(ways, lengths, strict=True)],
                "index": "0.500",
            },
        },
        "flows": {
            "asOf": "2018-12-31",
            "parties": [SCID, PARTNER],
            "rows": [
                row
                | {"year": 2017, "scheme": "vir", "programme": "urn:uuid:p" if row["from"] == SCID else None}
                for row in flows
            ],
            "years": [{"year": 2017} | group],
            "schemes": [{"scheme": "vir"} | group],
            "programmes": [{"programme": None} | group, {"programme": "urn:uuid:p"} | group],
        },
        "selected": None,
        "basis": {"complete": False},
    }


def declared() -> dict[str, Any]:
    """About 251 placements in France, of which one is recorded here; their parts do not add up."""
    return {
        "issuer": PARTNER,
        "period": "2019",
        "method": "declared",
        "indicator": "placements",
        "from": None,
        "to": {"country": "FR"},
        "scheme": None,
        "programme": None,
        "traits": {"gender": "f"},
        "declared": 251,
        "qualifier": "about",
        "suppressed": False,
        "recorded": 1,
        "gap": 250,
        "outside": True,
        "confirmedBy": [],
        "partsDiffer": [{"by": "gender", "sum": 250}],
    }


def board() -> dict[str, Any]:
    """A board with one of each."""
    named = {
        SCID: {"scid": SCID, "code": "ML-CNPV", "names": {}, "country": "ML"},
        PARTNER: {"scid": PARTNER, "code": "TG-ANVT", "names": {}, "country": "TG"},
    }
    way = {"sender": SCID, "host": PARTNER, "status": "open", "quota": 2, "accepted": 2, "realised": 2}
    placement = {
        "volunteer": "TG-VIR-1",
        "sender": PARTNER,
        "host": SCID,
        "host_organisation": {"und": "Bibliothèque (fictive)"},
        "planned": "2017-09/2018-05",
        "actual": None,
        "scheme": "vir",
        "state": "active",
    }
    return {
        "agency": named[SCID],
        "as_of": "2018-12-31",
        "read_only": {"code": "fence.head-missing", "params": {}, "since": None},
        "alarms": [{"code": "fork.two-roots", "params": {}, "since": None}],
        "agencies": named,
        "summaries": [{"partner": PARTNER, "balance": -2, "index": "0.500", "complete": True}],
        "agreements": [{"names": {"fr": "Club (fictif)"}, "state": "in-force", "directions": [way]}],
        "placements": [placement],
        "blocked": [
            {
                "type": "nomination",
                "issuer": PARTNER,
                "why": {"code": "quota.reached", "params": {"quota": 4}, "since": None},
            }
        ],
        "totals": {"placements": 3},
    }


def roll() -> dict[str, Any]:
    """One Togolese in Mali, who should be home."""
    person = {
        "volunteer": "TG-VIR-1",
        "from": PARTNER,
        "to": SCID,
        "country": "ML",
        "city": "Ségou",
        "organisation": {"und": "Bibliothèque (fictive)"},
        "since": "2017-09-04",
        "until": "2018-05-04",
        "situation": "return-unreported",
        "tutors": [{"side": "host", "contact": "tutorat@x.example"}, {"side": "origin", "contact": None}],
    }
    return {
        "asOf": "2018-12-31",
        "agencies": board()["agencies"],
        "people": [person],
        "contacts": {SCID: {"function": "duty-of-care-24h", "phone": "+223", "mailbox": "urgence@x.example"}},
    }


def reconciliation() -> dict[str, Any]:
    """An arrival on two days, and two lengths of one visit."""

    def side(agency: str, value: Any) -> dict[str, Any]:
        return {
            "agency": agency,
            "value": value,
            "id": "urn:uuid:e",
            "version": 1,
            "issued": "2018-01-01T00:00:00Z",
        }

    arrival = {"kind": "event", "about": "urn:uuid:p", "detail": "arrival", "field": "actual"}
    visit = {"kind": "event", "about": "urn:uuid:a", "detail": "audit", "field": "durationDays"}
    return {
        "agencies": board()["agencies"],
        "people": {"urn:uuid:p": "TG-VIR-1"},
        "divergences": [
            arrival | {"sides": [side(SCID, "2017-09-04"), side(PARTNER, "2017-09-05")]},
            visit | {"sides": [side(SCID, {"value": 3, "qualifier": "exact"}), side(PARTNER, 5)]},
        ],
    }


def groups() -> dict[str, Any]:
    """Half of a crossed pair, the other half gone, and somebody in two projects."""
    member = {"volunteer": "TG-VIR-1", "from": PARTNER, "to": SCID, "state": "active", "stands": True}
    gone = {"volunteer": None, "from": SCID, "to": PARTNER, "state": "cancelled", "stands": False}
    title = {"fr": "Festival"}
    return {
        "groups": [{"kind": "crossed-pair", "title": title, "state": "broken", "members": [member, gone]}],
        "inSeveral": [{"agency": PARTNER, "volunteer": "TG-VIR-1"}],
    }


def answers() -> dict[str, Any]:
    """What a healthy desk says; a test changes what it is about."""
    return {
        "status": {
            "code": "ML-CNPV",
            "country": "ML",
            "names": {"fr": "CNPV"},
            "scid": SCID,
            "did": "did:webvh:x",
            "fingerprint": FINGERPRINT,
            "identity_entry": "1-QmEntry",
            "address": "https://cnpv.example",
            "read_only": None,
            "fictitious": True,
            "feeds": [{"origin": f"passerelle/{SCID}/public/1", "size": 2, "root": "00"}],
            "records": 2,
            "records_by_type": {"agency": 1, "node": 1},
            "partners": [{"scid": PARTNER, "code": "TG-ANVT", "last_heard": None, "state": "current"}],
            "setbacks": 0,
            "now": "2018-12-31T00:00:00Z",
        },
        "peer_list": [
            {
                "scid": PARTNER,
                "code": "TG-ANVT",
                "address": "https://anvt.example",
                "last_heard": "2018-12-31T00:00:00Z",
                "fingerprint": FINGERPRINT,
                "feeds": [
                    {"origin": f"passerelle/{PARTNER}/public/1", "own": False, "state": "current", "code": None, "size": 5, "cosigned": 5},
                    {"origin": f"passerelle/{PARTNER}/to/{SCID}/1", "own": False, "state": "waiting", "code": None, "size": 0, "cosigned": 0},
                    {"origin": f"passerelle/{SCID}/to/{PARTNER}/1", "own": True, "state": "current", "code": None, "size": 7, "cosigned": 6},
                ],
            }
        ],
        "peer_inspect": {
            "scid": PARTNER,
            "published": "TG-ANVT",
            "known": False,
            "code": None,
            "did": "did:webvh:y",
            "names": {"fr": "Agence nationale", "en": "National Agency"},
            "address": "https://anvt.example",
            "fingerprint": FINGERPRINT,
        },
        "peer_pick": {
            "scid": PARTNER,
            "code": "TG-ANVT",
            "found": "2018-12-31T00:00:00Z",
            "common": 1,
            "picked": None,
            "branches": [
                {"branch": 1, "version": "2-QmOne", "time": "2018-12-01T00:00:00Z", "did": "did:webvh:y", "entries": 2, "log": "{}"},
                {"branch": 2, "version": "2-QmTwo", "time": "2018-12-02T00:00:00Z", "did": "did:webvh:y", "entries": 2, "log": "{}"},
            ],
        },
        "peer_add": {"scid": PARTNER, "code": "TG-ANVT", "connect": "https://anvt.example", "changed": False},
        "publish": [{"id": "urn:uuid:1", "digest": "ab" * 32, "version": 1, "places": []}],
        "nominate": {"id": "urn:uuid:2", "digest": "cd" * 32, "version": 1, "places": []},
        "fence_show": {
            "code": "ML-CNPV",
            "read_only": {"code": "fence.head-missing", "params": {}},
            "confirmable": True,
            "obstacle": None,
            "feeds": [{"origin": f"passerelle/{SCID}/public/1", "rows": 12, "head": None}],
            "partners": [{"scid": PARTNER, "code": "TG-ANVT", "answered": False, "error": {"code": "road.unreachable", "params": {}}, "feeds": []}],
            "silent": [PARTNER],
        },
        "fence_confirm": {"code": "ML-CNPV", "read_only": {"code": "fence.head-missing", "params": {}}},
        "figures": {
            "asOf": "2018-12-31",
            "agency": SCID,
            "agencies": {SCID: {"scid": SCID, "code": "ML-CNPV", "names": {}, "country": "ML"}, PARTNER: {"scid": PARTNER, "code": "TG-ANVT", "names": {}, "country": "TG"}},
            "wish": {"year": None, "scheme": None, "programmes": None},
            "basis": "recorded",
            "pairs": [figures_of_the_pair()],
            "declared": [declared()],
            "declaredBalances": [
                declared()
                | {"ends": [{"country": "TG"}, {"country": "FR"}], "counts": [1634, 14], "index": "0.009"}
            ],
            "position": {"sent": 2, "hosted": 4, "position": -2, "sentMonths": "15.967", "hostedMonths": "31.934"},
            "notHeard": [PARTNER],
            "programmes": {"urn:uuid:p": {"names": {"fr": "Saison"}, "acronym": "=SAISON", "partOf": None}},
            "schemes": {"vir": {"fr": "Volontariat de réciprocité", "en": "Reciprocal volunteering"}},
        },
        "board": board(),
        "groups": groups(),
        "roll": roll(),
        "reconcile": reconciliation(),
        "decide": {"id": "urn:uuid:3", "digest": "ef" * 32, "version": 1, "places": []},
    }  # fmt: skip


@dataclass
class Desk:
    """Answers from a table and writes down what was asked. An answer that is an error is raised."""

    told: dict[str, Any] = field(default_factory=answers)
    asked: list[tuple[str, dict[str, Json]]] = field(default_factory=list)
    homes: list[Path] = field(default_factory=list)

    async def call(self, home: Path, method: str, /, **arguments: Json) -> Json:
        """The seam of ``passerelle.app.call``."""
        self.homes.append(home)
        self.asked.append((method, arguments))
        answer = self.told[method]
        if isinstance(answer, Exception):
            raise answer
        value: Json = answer(**arguments) if callable(answer) else answer
        return value

    def last(self, method: str) -> dict[str, Json]:
        """Arguments of the last call of a method."""
        return next(arguments for name, arguments in reversed(self.asked) if name == method)


@pytest.fixture
def desk() -> Desk:
    return Desk()


Run = Callable[..., int]


@pytest.fixture
def passerelle(desk: Desk, tmp_path: Path) -> Run:
    """Run a command line; gives its exit code."""

    def command(*arguments: object, lang: str = "fr") -> int:
        session = Session(Words(lang), home=tmp_path / "home", connect=lambda _given: desk.call)
        return run([str(argument) for argument in arguments], session)

    return command


def refuse(desk: Desk, method: str, error: PasserelleError) -> None:
    """Let a method of the desk raise."""
    desk.told[method] = error

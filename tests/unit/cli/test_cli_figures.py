"""Figures on a terminal, as a sheet and as JSON, in both languages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from passerelle.cli.exits import Exit
from passerelle.cli.sheets import Decimal, sheet
from passerelle.words import Words
from tests.unit.cli.conftest import PARTNER, SCID

Desk = Any
Run = Callable[..., int]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, with ordinary spaces."""
    shown = capsys.readouterr().out
    return shown.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "fr",
            [
                *("ML-CNPV → TG-ANVT", "TG-ANVT → ML-CNPV", "100 %", "31,934", "-2", "0,50"),
                *("sens suspendu, depuis juin 2018", "il manque des nouvelles de TG-ANVT"),
            ],
        ),
        ("en", ["ML-CNPV → TG-ANVT", "100%", "31.934", "-2", "0.50", "since June 2018", "word from TG-ANVT"]),
    ],
)
def test_figures_for_people(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str, words: list[str]
) -> None:
    """Both measures of reciprocity, a shut direction as such, and from whom nothing was heard."""
    assert passerelle("figures", "TG-ANVT", "--as-of", "31/12/2018", lang=lang) == Exit.DONE
    assert desk.last("figures") == {"partner": "TG-ANVT", "as_of": "2018-12-31"}
    shown = said(capsys)
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("year", ["Année", "2017"]),
        ("scheme", ["Dispositif", "Volontariat de réciprocité"]),
        ("programme", ["Programme", "sans programme", "=SAISON"]),
    ],
)
def test_figures_told_apart(
    passerelle: Run, capsys: pytest.CaptureFixture[str], by: str, words: list[str]
) -> None:
    """By year, scheme and programme, each by the name that people know."""
    assert passerelle("figures", "--by", by) == Exit.DONE
    shown = said(capsys)
    assert [word for word in words if word not in shown] == []


def test_figures_of_a_wish(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What was asked for is said, a quota is not, and other programmes are left out of the details."""
    told = desk.told["figures"]
    told["wish"] = {"year": 2017, "scheme": "vir", "programmes": ["urn:uuid:p"]}
    pair = told["pairs"][0]
    pair["selected"] = pair["flows"]["programmes"][1]
    wish = ("--year", 2017, "--scheme", "vir", "--programme", "=SAISON")
    assert passerelle("figures", *wish, "--by", "programme") == Exit.DONE
    assert desk.last("figures") == {"year": 2017, "scheme": "vir", "programme": "=SAISON"}
    shown = said(capsys)
    assert "Année : 2017" in shown
    assert "Dispositif : Volontariat de réciprocité" in shown
    assert "Convenu" not in shown
    assert "sans programme" not in shown
    assert passerelle("figures", *wish, "--csv") == Exit.DONE
    assert len(said(capsys).splitlines()) == 2


def test_figures_without_partners(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to count is said in words."""
    desk.told["figures"]["pairs"] = []
    assert passerelle("figures") == Exit.DONE
    assert "Aucun échange visible" in said(capsys)


def test_figures_as_json_are_the_answer(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program reads what the desk said, decimals as text."""
    assert passerelle("figures", "--json") == Exit.DONE
    assert json.loads(capsys.readouterr().out) == desk.told["figures"]


@pytest.mark.parametrize(("lang", "delimiter", "months"), [("fr", ";", "15,967"), ("en", ",", "15.967")])
def test_figures_as_a_sheet(
    passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str, delimiter: str, months: str
) -> None:
    """The reader's own spreadsheet opens it: its delimiter, its decimals, its byte order mark."""
    assert passerelle("figures", "--csv", lang=lang) == Exit.DONE
    text = capsys.readouterr().out
    assert text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}")
    headings, first, second = csv.reader(io.StringIO(text[1:]), delimiter=delimiter)
    assert len(headings) == len(first) == len(second)
    assert first[:6] == ["2018-12-31", "ML-CNPV", "TG-ANVT", SCID, PARTNER, "2017"]
    assert first[9:12] == ["2", months, months]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("\N{FULLWIDTH EQUALS SIGN}1+1", "'\N{FULLWIDTH EQUALS SIGN}1+1"),
        ("Club\x1b[2J", "Club\N{REPLACEMENT CHARACTER}[2J"),
        ("@x", "'@x"),
        ("-2", "'-2"),
        (-2, "-2"),
        (None, ""),
        (True, "oui"),
        (Decimal("1.5"), "1,5"),
    ],
)
def test_a_partners_text_is_no_formula(value: object, cell: str) -> None:
    """A sheet computes nothing that a partner wrote; our own numbers stay numbers."""
    assert list(csv.reader(io.StringIO(sheet(Words("fr"), ["cli.ok"], [[value]])), delimiter=";"))[1] == [
        cell
    ]


def test_declared_figures_stand_beside_the_recorded(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules V24 and V25: about 251 declared, 1 recorded, the gap, who says so, and how sure it is."""
    assert passerelle("figures") == Exit.DONE
    shown = said(capsys)
    for word in (
        "environ 251",
        "+250",
        "tous → France",
        "missions (f)",
        "les parties font 250",
        "indice 0,009",
    ):
        assert word in shown
    assert "partenaire sans nœud, non confirmé" in shown
    desk.told["figures"]["declared"][0] |= {
        "confirmedBy": [SCID],
        "suppressed": True,
        "gap": None,
        "recorded": None,
    }
    passerelle("figures", lang="en")
    shown = said(capsys)
    assert "confirmed by ML-CNPV" in shown
    assert "withheld" in shown
    desk.told["figures"]["wish"]["year"] = 2018
    desk.told["figures"]["pairs"][0]["selected"] = desk.told["figures"]["pairs"][0]["flows"]["years"][0]
    passerelle("figures", lang="en")
    assert "withheld" not in said(capsys)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "fr",
            ["au 31 décembre 2018 : 1", "Ségou, Mali", "retour non signalé", "accueil : tutorat@x.example"],
        ),
        (
            "en",
            ["as of 31 December 2018: 1", "return not reported", "To call ML-CNPV: +223 urgence@x.example"],
        ),
    ],
)
def test_the_roll(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str, words: list[str]
) -> None:
    """Where, at whose, until when, how sure, and whom to call."""
    assert passerelle("roll", "--as-of", "31/12/2018", lang=lang) == Exit.DONE
    assert desk.last("roll") == {"as_of": "2018-12-31"}
    shown = said(capsys)
    assert [word for word in words if word not in shown] == []
    assert passerelle("roll", "--csv", lang=lang) == Exit.DONE
    assert "TG-VIR-1" in said(capsys).splitlines()[1]
    assert passerelle("roll", "--json", lang=lang) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == desk.told["roll"]


def test_an_empty_roll(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is said as nobody."""
    desk.told["roll"] |= {"people": [], "contacts": {}}
    assert passerelle("roll") == Exit.DONE
    assert "2018 : 0" in said(capsys)


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fr", ["Club (fictif)", "en vigueur", "-2"]), ("en", ["in force", "0.50"])],
)
def test_the_board(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str, words: list[str]
) -> None:
    """The lists of the board, and why something has no effect."""
    assert passerelle("board", lang=lang) == Exit.DONE
    shown = said(capsys)
    assert [word for word in words if word not in shown] == []
    assert "ML-CNPV → TG-ANVT" in shown
    assert "Festival" in shown
    assert "TG-VIR-1 (TG-ANVT → ML-CNPV)" in shown
    assert passerelle("board", "--csv", lang=lang) == Exit.DONE
    assert "TG-VIR-1" in said(capsys).splitlines()[1]
    assert passerelle("board", "--json", lang=lang) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == desk.told["board"] | {"groups": desk.told["groups"]}
    desk.told["board"] |= {name: [] for name in ("summaries", "agreements", "placements", "blocked")}
    assert passerelle("board", lang=lang) == Exit.DONE


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fr", ["arrivée · TG-VIR-1", "4 septembre 2017", "TG-ANVT"]), ("en", ["5 September 2017", "ML-CNPV"])],
)
def test_reconciliation(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str, words: list[str]
) -> None:
    """What differs, both sides, and where each stands; and that nothing differs."""
    assert passerelle("reconcile", "TG-ANVT", lang=lang) == Exit.DONE
    assert desk.last("reconcile") == {"partner": "TG-ANVT"}
    shown = said(capsys)
    assert [word for word in words if word not in shown] == []
    assert passerelle("reconcile", "--csv", lang=lang) == Exit.DONE
    assert len(said(capsys).splitlines()) == 5
    assert passerelle("reconcile", "--json", lang=lang) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == desk.told["reconcile"]
    desk.told["reconcile"]["divergences"] = []
    assert passerelle("reconcile", lang="fr") == Exit.DONE
    assert "Aucune divergence" in said(capsys)

"""``findings`` and ``due``: tables for people, sheets for spreadsheets, JSON for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from passerelle.cli.exits import Exit
from tests.unit.cli.conftest import PARTNER, SCID, Desk, Run

FINDINGS: list[dict[str, Any]] = [
    {
        "rule": "V10", "name": "departure-papers", "severity": "error", "waivable": False, "code": "rule.departure-papers",
        "params": {"rule": "V10", "path": "/about", "missing": ["visa"]}, "type": "placement", "id": "urn:uuid:1",
        "digest": "ab", "issuer": SCID, "issuer_code": "ML-CNPV", "about": {"und": "TG-VIR-01"}, "waived": None,
        "agencies": {},
    },
    {
        "rule": "V02", "name": "quota", "severity": "error", "waivable": False, "code": "quota.reached",
        "params": {"rule": "V02", "path": "", "from": SCID, "to": PARTNER, "quota": 4, "count": 4, "of": "nomination"}, "type": "nomination",
        "id": "urn:uuid:3", "digest": "ef", "issuer": SCID, "issuer_code": "ML-CNPV", "about": {}, "waived": None,
        "agencies": {SCID: "ML-CNPV", PARTNER: "TG-ANVT"},
    },
    {
        "rule": "V06", "name": "scheme-values", "severity": "error", "waivable": True, "code": "rule.scheme-not-yet",
        "params": {"rule": "V06", "path": "/period", "pack": "scv", "day": "2010-03-10"}, "type": "offer",
        "id": "urn:uuid:2", "digest": "cd", "issuer": PARTNER, "issuer_code": "TG-ANVT",
        "about": {"fr": "=Club de lecture", "en": "Reading club"}, "waived": {"function": "programme-manager", "by": SCID},
        "agencies": {},
    },
]  # fmt: skip
DUE: list[dict[str, Any]] = [
    {
        "step": "certificate", "text": {"fr": "Délivrer l'attestation", "en": "Issue the certificate"}, "day": "2018-06-03",
        "days_late": 12, "who": [SCID], "who_codes": ["ML-CNPV"], "ours": True, "type": "placement", "id": "urn:uuid:1",
        "about": {"und": "TG-VIR-01"}, "sender": PARTNER, "host": SCID,
    },
    {
        "step": "statistics", "text": {"fr": "Publier la statistique", "en": "Publish the statistic"}, "day": "2018-06-16",
        "days_late": -1, "who": [SCID], "who_codes": ["ML-CNPV"], "ours": True, "type": None, "id": None, "about": {},
        "sender": None, "host": None,
    },
]  # fmt: skip


@pytest.fixture(autouse=True)
def _told(desk: Desk) -> None:
    desk.told["findings"], desk.told["due"] = FINDINGS, DUE


def test_findings_are_told_in_words(passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Severity, rule, record and what is wrong, in the reader's language; what was waived is told as such."""
    assert passerelle("findings") == Exit.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "erreur V10" in shown
    assert "(ML-CNPV) TG-VIR-01" in shown
    assert "le visa ou sa dispense" in shown
    assert "dérogation V06" in shown
    assert "de ML-CNPV vers TG-ANVT" in shown
    assert SCID[:10] not in shown
    assert "Points : 3, dont erreurs : 2." in shown
    assert passerelle("--lang", "en", "findings") == Exit.DONE
    assert "Reading club" in capsys.readouterr().out


def test_agencies_of_a_list_are_told_by_their_codes(
    passerelle: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """V30: those of whom the proof is missing, by the codes that they have here; a stranger by its short SCID."""
    stranger = "Qm" + "s" * 44
    finding = {
        **FINDINGS[0], "rule": "V30", "code": "rule.erasure-proof", "agencies": {PARTNER: "TG-ANVT"},
        "params": {"rule": "V30", "path": "/due", "day": "2018-03-01", "missing": [PARTNER, stranger]},
    }  # fmt: skip
    desk.told["findings"] = [finding]
    assert passerelle("--lang", "en", "findings") == Exit.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "TG-ANVT and Qms" in shown
    assert PARTNER[:10] not in shown


def test_a_sheet_computes_nothing(passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """CSV: a row for each, with code and id; a partner's title is text and no formula."""
    assert passerelle("findings", "--csv") == Exit.DONE
    lines = capsys.readouterr().out.lstrip("\ufeff").splitlines()
    assert lines[0] == "Gravité;Règle;Sur;Constat;Code;Identifiant"
    assert lines[1].split(";")[-2:] == ["rule.departure-papers", "urn:uuid:1"]
    assert not any(cell.startswith("=") for line in lines for cell in line.split(";"))


def test_programs_get_what_the_desk_says(
    passerelle: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json, with every value."""
    assert passerelle("findings", "--json", "--as-of", "31/12/2018") == Exit.DONE
    assert json.loads(capsys.readouterr().out) == FINDINGS
    assert desk.last("findings") == {"as_of": "2018-12-31"}
    assert passerelle("due", "--json", "--all", "--within", "10") == Exit.DONE
    assert json.loads(capsys.readouterr().out) == DUE
    assert desk.last("due") == {"within": 10, "all_agencies": True}


def test_what_is_due_is_told_by_day(passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The day, how late, what, who."""
    assert passerelle("due") == Exit.DONE
    shown = " ".join(capsys.readouterr().out.split())
    assert "3 juin 2018 12 jours de retard Délivrer l'attestation ML-CNPV" in shown
    assert "dans 1 jour" in shown
    assert passerelle("due", "--csv") == Exit.DONE
    lines = capsys.readouterr().out.lstrip("\ufeff").splitlines()
    assert lines[1].split(";")[:3] == ["2018-06-03", "12", "Délivrer l'attestation"]


def test_nothing_to_do_is_told_too(passerelle: Run, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.told["findings"], desk.told["due"] = [], []
    assert passerelle("findings") == Exit.DONE
    assert "Rien à signaler" in capsys.readouterr().out
    assert passerelle("due") == Exit.DONE
    assert "Rien à faire" in capsys.readouterr().out
    assert passerelle("due", "--within", "5000") == Exit.USAGE

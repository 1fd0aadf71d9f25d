"""``fence show`` and ``fence confirm``: what a person reads before a word that cannot be taken back."""

from __future__ import annotations

import io
import json

import pytest

from passerelle.cli.exits import Exit
from passerelle.errors import StorageError
from tests.unit.cli.conftest import Desk, Run, refuse


def asked(desk: Desk) -> list[str]:
    return [method for method, _ in desk.asked]


def types(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_read_only_node_is_shown_with_what_is_risked(
    desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    """The reason, both sizes, who did not answer, and what a confirmation risks; exit code 7."""
    assert passerelle("fence", "show", lang=lang) == Exit.FAILED
    told = capsys.readouterr().out
    for text in (
        "passerelle fence show",
        "12",
        "TG-ANVT",
        {"fr": "deux histoires", "en": "two histories"}[lang],
    ):
        assert text in told
    assert {"fr": "Sans réponse de", "en": "No answer from"}[lang] in told
    assert "fence_confirm" not in asked(desk)


def test_a_node_that_signs(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to confirm: exit code 0, and no word of a risk."""
    desk.told["fence_show"] |= {
        "read_only": None,
        "confirmable": False,
        "obstacle": {"code": "fence.open", "params": {}},
    }
    assert passerelle("fence", "show") == Exit.DONE
    assert "deux histoires" not in capsys.readouterr().out


def test_what_no_person_can_end(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a partner contradicts, that is said, and nobody is asked to type."""
    obstacle = StorageError("fence.partner-ahead", origin="x", rows=1, head=2)
    desk.told["fence_show"] |= {
        "confirmable": False,
        "obstacle": {"code": obstacle.code, "params": obstacle.params},
    }
    refuse(desk, "fence_confirm", obstacle)
    assert passerelle("fence", "confirm") == Exit.STORAGE
    shown = capsys.readouterr()
    assert "Une confirmation ne suffit pas" in shown.out
    assert "[fence.partner-ahead]" in shown.err


@pytest.mark.parametrize("typed", ["", "oui", "TG-ANVT", "ml-cnpv"])
def test_a_word_from_habit_confirms_nothing(
    desk: Desk, passerelle: Run, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """Only the agency's own code, as it is written, confirms."""
    types(monkeypatch, typed)
    assert passerelle("fence", "confirm") == Exit.INTERRUPTED
    assert "fence_confirm" not in asked(desk)


def test_the_code_of_the_agency_confirms(
    desk: Desk, passerelle: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The risk is shown before the question."""
    types(monkeypatch, "ML-CNPV")
    assert passerelle("fence", "confirm") == Exit.DONE
    assert "fence_confirm" in asked(desk)
    told = capsys.readouterr().out
    assert told.index("deux histoires") < told.index("signe de nouveau")


def test_without_a_question(desk: Desk, passerelle: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """``--yes`` for who has read it elsewhere; JSON is what the desk said."""
    assert passerelle("fence", "confirm", "--yes", "--json") == Exit.DONE
    assert asked(desk) == ["fence_confirm"]
    assert json.loads(capsys.readouterr().out) == desk.told["fence_confirm"]

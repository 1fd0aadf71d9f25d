"""`scenario run --without-nodes` and `scenario generate`: what they say and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passerelle.cli.exits import Exit
from passerelle.cli.main import main

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_a_scenario_is_played_without_nodes(capsys: pytest.CaptureFixture[str]) -> None:
    file = EXAMPLES / "a03-extension.yaml"
    assert main(["scenario", "run", "--without-nodes", str(file), "--lang", "en"]) == Exit.DONE
    said = capsys.readouterr().out
    assert "The extension of 2013" in said
    assert "20, all right" in said
    assert "Starting" not in said


def test_a_wrong_figure_ends_it_with_seven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (EXAMPLES / "a04-library.yaml").read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("documents.2.bytes: 340000", "documents.2.bytes: 340001"), "utf-8")
    assert main(["scenario", "run", "--without-nodes", str(wrong), "--json"]) == Exit.FAILED
    told = json.loads(capsys.readouterr().out)
    assert [(one["expected"], one["found"]) for one in told["findings"] if not one["ok"]] == [
        (340001, 340000)
    ]


def test_demonstration_data_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data"
    asked = ["scenario", "generate", "--size", "S", "--seed", "3", str(folder), "--lang", "en"]
    assert main([*asked, "--json"]) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["size"], told["seed"], told["synthetic"]) == ("S", 3, True)
    assert told["records"]["placement"] == 97
    assert len(list((folder / "identities").iterdir())) == 12
    assert main(asked) != Exit.DONE
    assert "not empty" in capsys.readouterr().err

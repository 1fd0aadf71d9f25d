"""`passerelle database move` and `init --database`: what is asked, what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passerelle import app
from passerelle.cli.exits import Exit
from passerelle.cli.main import main
from passerelle.errors import StorageError

URL = "postgresql://passerelle@db.example/rows?sslmode=verify-full"
MOVED = {
    "from": "passerelle.sqlite",
    "to": "db.example/rows",
    "old": "/home/x/passerelle.sqlite",
    "rows": {"leaf": 2},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the composition root is asked for; it tells two steps."""
    seen: dict[str, Any] = {}

    async def move(
        home: Path, database: str, *, password_file: Path | None, progress: Callable[..., None]
    ) -> Any:
        seen.update(home=home, database=database, password_file=password_file)
        for step in ("copy", "check"):
            for done in (1, 2):
                progress(step, "leaf", done, 2)
        return MOVED

    monkeypatch.setattr(app, "move_database", move)
    return seen


def test_a_move_tells_where_the_rows_are_now(
    asked: dict[str, Any],
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And that the old ones are untouched, and how far it is, apart from the answer."""
    monkeypatch.chdir(tmp_path)
    given = ["database", "move", URL, "--password-file", "secret", "--home", str(home), "--lang", "en"]
    assert main(given) == Exit.DONE
    assert asked == {"home": home, "database": URL, "password_file": tmp_path / "secret"}
    told = capsys.readouterr()
    assert "from passerelle.sqlite to db.example/rows" in told.out
    assert "untouched: /home/x/passerelle.sqlite" in told.out
    assert told.err.splitlines() == ["Copying leaf (2)", "Reading leaf again (2)"]


def test_a_move_answers_in_json(
    asked: dict[str, Any], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["database", "move", URL, "--home", str(home), "--json"]) == Exit.DONE
    assert asked["password_file"] is None
    assert json.loads(capsys.readouterr().out) == MOVED


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_init_refuses_a_password_in_the_address(
    home: Path, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is made, and without repeating it."""
    given = [
        "init",
        "--code",
        "TG-FICT",
        "--country",
        "TG",
        "--name",
        "fr=Agence",
        "--address",
        "https://tg.example",
    ]
    address = "postgresql://passerelle:hunter2-canary@db.example/rows"
    assert main([*given, "--database", address, "--home", str(home), "--lang", lang]) != Exit.DONE
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert "PGPASSFILE" in told.err
    assert not home.exists()


def test_init_hands_on_where_the_rows_go(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    async def init(_home: Path, **given: Any) -> Any:
        seen.update(given)
        raise StorageError("storage.unreachable", database="db.example/rows")

    monkeypatch.setattr(app, "init_home", init)
    monkeypatch.chdir(tmp_path)
    given = [
        "init",
        "--code",
        "TG-FICT",
        "--country",
        "TG",
        "--name",
        "fr=Agence",
        "--address",
        "https://tg.example",
    ]
    given += ["--database", URL, "--database-password-file", "secret", "--home", str(home)]
    assert main(given) == Exit.STORAGE
    assert (seen["database"], seen["database_password_file"]) == (URL, tmp_path / "secret")

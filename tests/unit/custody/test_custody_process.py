"""The whole command, as an operator starts it: terminals, environments, processes."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from passerelle import app
from passerelle.cli.main import run
from passerelle.cli.session import Session
from passerelle.config import Agency, Console, Server
from passerelle.storage import keyring
from passerelle.storage.home import Paths
from passerelle.storage.secret import Given, Secret
from passerelle.words import Words

PHRASE = "pont de lianes sur la Kara"
NEW_HOME = (
    "init",
    "--code",
    "TG-ANVT",
    "--country",
    "TG",
    "--name",
    "fr=Agence",
    "--address",
    "https://anvt.example",
)
PATIENCE = 120.0


def make(home: Path, *, secret: Secret | None = None, secret_file: Path | None = None) -> None:
    """A real home."""
    asyncio.run(
        app.init_home(
            home,
            agency=Agency(code="TG-ANVT", country="TG", names={"fr": "Agence"}),
            server=Server(public_address="https://anvt.example", port=0),
            console=Console(port=0),
            secret=secret,
            secret_file=secret_file,
        )
    )


@contextmanager
def started(
    home: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A command without a terminal, ended with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "passerelle", "--home", str(home), "--json", *arguments],
        env={**os.environ, **(env or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def test_a_secret_in_a_file(home: Path, tmp_path: Path) -> None:
    """Needed for a start, and by no command beside a running node; a core file holds no key, for there is none."""
    secret = tmp_path / "safe" / "secret"
    make(home, secret_file=secret)
    with started(home, "serve", "--with-parent") as process:
        assert process.stdout is not None
        assert "address" in process.stdout.readline()
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert next(line for line in limits.splitlines() if "core file" in line).split()[4:6] == ["0", "0"]
        sock = Paths(home).socket.stat()
        assert stat.S_ISSOCK(sock.st_mode)
        assert sock.st_mode & 0o777 == 0o600
        secret.unlink()
        assert asyncio.run(app.call(home, "status"))["code"] == "TG-ANVT"


def test_a_wrong_secret(home: Path) -> None:
    """An exit code, a stable code, a sentence without what was given; on no road does the secret come back."""
    make(home, secret=Secret.parse(PHRASE))
    before = Paths(home).keyring.read_bytes()
    with started(home, "serve", env={"PASSERELLE_SECRET": "open sesame, please"}) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, json.loads(err)["code"]) == (6, "keys.wrong-secret")
    assert "sesame" not in out + err
    assert Paths(home).keyring.read_bytes() == before


def test_a_passphrase_at_a_terminal(home: Path) -> None:
    """Asked for once nothing else opens the keys, and not echoed."""
    make(home, secret=Secret.parse(PHRASE))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "passerelle", "--home", str(home), "status"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown, is_asked, end = "", False, time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(ours, 65_536).decode()
            except OSError:  # the other end is closed
                break
            if shown.endswith(": ") and not is_asked:
                is_asked = True
                os.write(ours, f"{PHRASE}\n".encode())
        assert process.wait(PATIENCE) == 0, shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert "TG-ANVT" in shown
    assert PHRASE not in shown


# --- in this process -------------------------------------------------------------------------------------------

Command = Callable[..., int]


@pytest.fixture
def typed() -> list[str]:
    """What a person types next; no terminal while there is nothing."""
    return []


@pytest.fixture
def passerelle(home: Path, tmp_path: Path, typed: list[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """A command line with a person before it."""
    monkeypatch.setattr(keyring, "SCRYPT_LOG2_N", 14)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: bool(typed), raising=False)
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: typed.pop(0))

    def command(*arguments: str, lang: str = "en", given: Given | None = None) -> int:
        return run(list(arguments), Session(Words(lang), home=home, given=given or Given()))

    return command


def code_of(captured: str) -> str:
    """The code under the last error."""
    return captured.strip().splitlines()[-1].strip("[]")


def test_a_passphrase_from_its_making_to_its_end(
    passerelle: Command, home: Path, typed: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Typed twice to lock, once to open; then changed for a file, which is told with what to do with it."""
    assert passerelle(*NEW_HOME, "--passphrase") == 3
    assert code_of(capfd.readouterr().err) == "keys.no-terminal"
    typed += [PHRASE, PHRASE]
    assert passerelle(*NEW_HOME, "--passphrase") == 0
    typed.append(PHRASE)
    assert passerelle("status") == 0
    assert passerelle("status", given=Given(environment=PHRASE)) == 0
    typed.append("another passphrase")
    assert passerelle("status") == 6
    assert code_of(capfd.readouterr().err) == "keys.wrong-secret"
    assert passerelle("status") == 6
    assert code_of(capfd.readouterr().err) == "keys.locked"
    typed += ["trop court", "trop court"]
    assert passerelle("keys", "rewrap", "--passphrase") == 3
    assert code_of(capfd.readouterr().err) == "keys.passphrase-too-short"
    typed.append(PHRASE)
    assert passerelle("keys", "rewrap") == 0
    said = capfd.readouterr().out
    assert str(home.parent / "state" / "passerelle") in said
    assert "safe" in said
    assert passerelle("status") == 0


def test_what_is_refused_before_anything_is_done(
    passerelle: Command, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two choices at once; a home that others can look into."""
    assert passerelle(*NEW_HOME, "--passphrase", "--secret-file", "x") == 3
    assert code_of(capfd.readouterr().err) == "keys.two-choices"
    assert not home.exists()
    assert passerelle(*NEW_HOME, "--fictitious") == 0
    home.chmod(0o755)
    for asked in (("serve",), ("status",), ("keys", "show"), ("keys", "rewrap")):
        assert passerelle(*asked) == 6
        assert code_of(capfd.readouterr().err) == "home.open-to-others"


@pytest.mark.parametrize(
    ("lang", "safe", "sheet"), [("fr", "coffre", "clé de mise à jour"), ("en", "safe", "update key")]
)
def test_what_an_operator_reads(
    passerelle: Command, tmp_path: Path, lang: str, safe: str, sheet: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where the secret is, that it belongs into the safe, and which keys are still on the machine."""
    assert passerelle(*NEW_HOME, "--secret-file", str(tmp_path / "secret"), lang=lang) == 0
    said = capfd.readouterr().out
    assert str(tmp_path / "secret") in said
    assert safe in said
    assert passerelle("keys", "show", lang=lang) == 0
    said = capfd.readouterr().out
    assert "z6Mk" in said
    assert sheet in said.lower()

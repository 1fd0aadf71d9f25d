"""Keys and lock of a home."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from passerelle.errors import ConfigError
from passerelle.storage.crash import CrashPoints
from passerelle.storage.home import HomeLock, Keys


def test_keys_are_read_as_they_were_written(tmp_path: Path) -> None:
    keys = Keys.generate(secrets.token_bytes)
    keys.save(tmp_path / "keys")
    assert Keys.load(tmp_path / "keys") == keys
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda path: path.chmod(0o644), "keys.readable-by-others"),
        (lambda path: path.unlink(), "keys.missing"),
        (lambda path: path.write_text("00"), "keys.damaged"),
        (lambda path: path.write_text("zz" * 32), "keys.damaged"),
    ],
)
def test_a_key_that_cannot_be_trusted_stops_the_start(tmp_path: Path, spoil, code: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    Keys.generate(secrets.token_bytes).save(tmp_path / "keys")
    spoil(tmp_path / "keys" / "log.seed")
    with pytest.raises(ConfigError) as caught:
        Keys.load(tmp_path / "keys")
    assert caught.value.code == code


def test_a_home_has_one_owner_until_its_process_ends(tmp_path: Path) -> None:
    """W-2: no second process opens a home; a killed one leaves it free."""
    path = tmp_path / "lock"
    script = (
        "import sys, time; from pathlib import Path; from passerelle.storage.home import HomeLock\n"
        "HomeLock(Path(sys.argv[1])).take(); print('taken', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        with pytest.raises(ConfigError) as caught:
            HomeLock(path).take()
        assert caught.value.code == "home.in-use"
        other.kill()
        other.wait()
    lock = HomeLock(path)
    lock.take()
    lock.release()


def test_a_crash_point_must_exist() -> None:
    with pytest.raises(ValueError, match="no such crash point"):
        CrashPoints("before-lunch")
    CrashPoints("").reach("before-publish-rows")

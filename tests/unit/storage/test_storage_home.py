"""The lock of a home."""

import subprocess
import sys
from pathlib import Path

import pytest

from passerelle.errors import ConfigError
from passerelle.storage.crash import CrashPoints
from passerelle.storage.home import HomeLock


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

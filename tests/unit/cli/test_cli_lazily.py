"""Commands are imported when they are asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from passerelle.cli.lazily import MODULES, Commands
from passerelle.cli.main import cli

OF_OTHERS = ("passerelle.audit", "passerelle.conformance", "passerelle.paper", "passerelle.scenario")
"""What serving and asking need not load."""


@pytest.mark.parametrize("name", MODULES)
def test_each_command_stands_under_its_own_name(name: str) -> None:
    assert Commands()[name].name == name


def test_the_root_has_them_all() -> None:
    assert sorted(cli.commands) == sorted(MODULES)
    assert "no-such-command" not in cli.commands


def test_a_command_can_be_put_beside_them_and_taken_away() -> None:
    """What click does with a group's commands, it does with these."""
    commands = Commands()
    commands["also"] = commands["status"]
    assert list(commands)[-1] == "also"
    del commands["also"]
    del commands["status"]
    assert len(commands) == len(MODULES) - 1
    assert "status" not in commands


@pytest.mark.parametrize("command", ["serve", "status", "publish"])
def test_a_command_loads_nothing_of_the_others(command: str) -> None:
    """A start takes less than half the time without the player of scenarios, the printer and the examiner."""
    asked = (
        f"import sys, json\nfrom passerelle.cli import main\nmain(['{command}', '--help'])\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = json.loads(ended.stdout.splitlines()[-1])
    assert [name for name in loaded if name.startswith(OF_OTHERS)] == []

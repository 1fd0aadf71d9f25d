"""What the README tells an operator to type, typed."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from passerelle.scenario.nodes import free_port

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 60.0


def commands(part: str) -> list[list[str]]:
    """The commands of one block of the README that begins ``# two nodes: <part>``."""
    (block,) = re.findall(
        rf"```sh\n# two nodes: {part}[^\n]*\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    return [shlex.split(line) for line in block.replace("\\\n", "").splitlines()]


def typed(command: list[str], folder: Path, ports: dict[str, str]) -> list[str]:
    """The command with the program of this environment, homes in a folder of ours and ports that are free."""
    assert command[0] == "passerelle"
    words = [re.sub(r"84[23][01]", lambda found: ports[found[0]], word) for word in command[1:]]
    words[words.index("--home") + 1] = str(folder / words[words.index("--home") + 1])
    return [sys.executable, "-m", "passerelle", *words]


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the account that runs the tests is touched."""
    return {**os.environ, "LANG": "fr_FR.UTF-8", "XDG_STATE_HOME": str(folder / "state")}


def run(command: list[str], folder: Path) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@contextlib.contextmanager
def serving(command: list[str], folder: Path) -> Iterator[None]:
    """A node that answers."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "it says where it answers"
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


def test_two_nodes_on_one_machine(tmp_path: Path) -> None:
    """README, Operate a node: the commands, as they stand there, end with the partner's offers on the other node."""
    ports = {port: str(free_port()) for port in ("8420", "8421", "8430", "8431")}
    for command in commands("make"):
        run(typed(command, tmp_path, ports), tmp_path)
    with contextlib.ExitStack() as nodes:
        for command in commands("serve"):
            nodes.enter_context(serving(typed(command, tmp_path, ports), tmp_path))
        told = [run(typed(command, tmp_path, ports), tmp_path) for command in commands("introduce")]
    assert "TG-ESSAI" in told[-1]

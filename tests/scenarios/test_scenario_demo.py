"""``passerelle demo`` as a newcomer meets it: what it says, what it leaves running, how it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A demonstration that stays up, as a child in a session of its own."""
    command = [sys.executable, "-m", "passerelle", "demo", "--lang", "en", "--keep", str(tmp_path / "demo")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        yield process
        if process.poll() is None:
            process.kill()


def told_until(process: subprocess.Popen[str], last: str) -> list[str]:
    """Lines up to the one that holds ``last``; the timeout of the test bounds the wait."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if last in line:
            return lines
    raise AssertionError("\n".join(lines))


def children_of(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text("ascii").split()]


def test_the_demonstration(demo: subprocess.Popen[str]) -> None:
    lines = told_until(demo, "Ctrl-C")
    text = "\n".join(lines)

    # Both parties show the same statement, the third shows none.
    for agency in ("TG-ANVT", "ML-CNPV"):
        start = lines.index(f"Statement read from the node of {agency}")
        block = "\n".join(lines[start : lines.index("", start + 1) + 9])
        assert re.search(r"Togo → Mali +open +4 +4 +4 +4 +100%", block)
        assert re.search(r"Mali → Togo +open +2 +2 +2 +2 +100%", block)
        assert "Exchange balance, TG-ANVT (Togo): +2" in block
        assert "Balance index: 0.50" in block
    assert re.search(r"FR-FV this statement is not visible: of the 61 records .* it can read 0\.", text)

    # The pages open, and show what they should.
    pages = dict(re.findall(r"^  (\S+) +(http://127\.0\.0\.1:[0-9]+/\S*)$", text, re.MULTILINE))
    assert set(pages) == {"TG-ANVT", "ML-CNPV", "FR-FV"}
    for agency, address in pages.items():
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read().decode()
        assert "maraîchage scolaire" in page
        assert ("TG-VIR-01" in page) is (agency != "FR-FV")

    # The command shown works as it stands, and the network sees what it published.
    command = next(line.strip() for line in lines if " publish --home " in line)
    done = subprocess.run(
        [*shlex.split(command), "--lang", "en"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Offers newly published: 2." in done.stdout
    with urllib.request.urlopen(pages["ML-CNPV"], timeout=30) as answer:
        assert "Animer un club de lecture" in answer.read().decode()

    # Ctrl-C ends it, and every node that it started.
    nodes = children_of(demo.pid)
    assert len(nodes) == 3
    os.kill(demo.pid, signal.SIGINT)
    assert demo.wait(60) == 0
    for node in nodes:
        assert not Path(f"/proc/{node}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_leaves_nothing_behind(
    demo: subprocess.Popen[str], number: signal.Signals
) -> None:
    """Ctrl-C, or the end of a service, in the middle of the play."""
    told_until(demo, "ANVT proposes")
    nodes = children_of(demo.pid)
    assert len(nodes) == 3
    os.kill(demo.pid, number)
    assert demo.wait(60) == 130
    for node in nodes:
        assert not Path(f"/proc/{node}").exists()


def test_nodes_end_when_the_runner_is_killed(demo: subprocess.Popen[str]) -> None:
    """No orphan keeps a port or a home after the runner was ended without a word."""
    told_until(demo, "ANVT proposes")
    nodes = children_of(demo.pid)
    assert len(nodes) == 3
    os.kill(demo.pid, signal.SIGKILL)
    demo.wait(10)
    deadline = time.monotonic() + 30
    while any(map(_is_alive, nodes)):
        assert time.monotonic() < deadline, "a node outlived its runner by half a minute"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped by a foreign init does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

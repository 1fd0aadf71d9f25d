"""docs/developer/reading-a-feed.md, typed as it stands: curl, sha256sum and the program, against a node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from passerelle.scenario.nodes import free_port
from tests.scenarios.test_scenario_readme import ROOT, run, serving

PAGE = (ROOT / "docs" / "developer" / "reading-a-feed.md").read_text("utf-8")
FEEDS = ROOT / "spec" / "vectors" / "feeds"
SCID = "QmdsrPrb7fxmz3YPSL5bPbUR3AoWmSUpoKsden8C5W4sCW"

# Where a machine has no curl or sha256sum: the same requests and the same digests, by Python.
STAND_INS = {
    "curl": """
import pathlib, sys, urllib.request
path, url = pathlib.Path(sys.argv[-2]), sys.argv[-1]
path.parent.mkdir(parents=True, exist_ok=True)
path.write_bytes(urllib.request.urlopen(url).read())
""",
    "sha256sum": """
import hashlib, sys
for name in sys.argv[1:]:
    print(hashlib.sha256(open(name, "rb").read()).hexdigest(), "", name)
""",
}


def blocks(language: str) -> list[str]:
    """What the page shows in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the program of the page, and the tools that the machine lacks."""
    (program,) = blocks("python")
    (tmp_path / "read_feed.py").write_text(program, "utf-8")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, code in STAND_INS.items():
        if shutil.which(name) is None:
            (tools / name).write_text(f"#!{sys.executable}\n{code}", "utf-8")
            (tools / name).chmod(0o755)
    return tmp_path


def typed(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A shell that runs what somebody typed."""
    path = f"{Path(sys.executable).parent}:{folder / 'tools'}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def node(command: str, home: Path) -> list[str]:
    """A command of the node of this environment."""
    return [sys.executable, "-m", "passerelle", *command.split(), "--home", str(home)]


def test_the_page_as_it_stands(folder: Path) -> None:
    """A stranger copies and checks a node's public feed; a byte changed in the copy is seen."""
    home, port, board = folder / "togo", str(free_port()), str(free_port())
    made = f"--code TG-ESSAI --country TG --address https://togo.example --port {port} --console-port {board}"
    run([*node(f"init {made} --fictitious", home), "--name", "fr=Agence d'essai du Togo"], folder)
    with serving(node("serve", home), folder):
        run([*node("publish", home), "examples/samples/offres.csv"], folder)
        told = json.loads(run(node("--json status", home), folder))
        fetch, check = blocks("sh")
        here = fetch.replace("https://node.agency.example ", f"http://127.0.0.1:{port} ")
        here = re.sub(r"^SCID=Qm ", f"SCID={told['scid']} ", here, flags=re.MULTILINE)
        done = typed(folder, here + check)
    assert done.returncode == 0, done.stdout + done.stderr
    records = sorted((folder / "copy" / "records").glob("*.json"))
    types = [json.loads(path.read_bytes())["type"] for path in records]
    assert (set(types), types.count("offer")) == ({"agency", "node", "offer"}, 2)
    for path in records:
        assert sha256(path.read_bytes()).hexdigest() in done.stdout
    objects = next((folder / "copy" / "feeds" / "public" / "1" / "objects").rglob("*[0-9]"))
    damaged = bytearray(objects.read_bytes())
    damaged[-1] ^= 1
    objects.write_bytes(damaged)
    again = typed(folder, f"SCID={told['scid']}\n{check}")
    assert again.returncode == 1
    assert "is not what its leaf commits to" in again.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("good", "300 leaves checked"),
        ("empty", "0 leaves checked"),
        ("lost-object", "no longer there"),
        ("tampered-leaf", "do not give the signed root"),
        ("tampered-record", "is not what its leaf commits to"),
        ("committed-forgery", "refused: record"),
        ("truncated", "entries/001.p/44 is missing"),
    ],
)
def test_the_program_says_of_the_vectors_what_they_are(folder: Path, name: str, says: str) -> None:
    """The vectors of spec/vectors/feeds, read by the program of the page."""
    shutil.copytree(FEEDS / name, folder / "copy")
    done = typed(folder, f"python3 read_feed.py check copy {SCID}")
    assert says in done.stdout + done.stderr
    assert (done.returncode == 0) is ("refused" not in done.stderr), done.stderr


def test_the_program_trusts_the_scid_alone(folder: Path) -> None:
    """Another agency's feed is refused, however well it is signed."""
    shutil.copytree(FEEDS / "good", folder / "copy")
    done = typed(folder, f"python3 read_feed.py check copy {SCID[:-1]}X")
    assert (done.returncode, done.stderr) == (1, "refused: an identity log of another agency\n")


def test_the_files_of_a_large_feed(folder: Path) -> None:
    """Chapter 07: groups of three digits, and the width of what is not full."""
    feed = folder / "copy" / "feeds" / "public" / "1"
    feed.mkdir(parents=True)
    (feed / "checkpoint").write_text("origin\n256300\nroot\n", "utf-8")
    done = typed(folder, "python3 read_feed.py files copy")
    entries = [line for line in done.stdout.splitlines() if "/entries/" in line]
    assert len(entries) == 1002
    assert entries[0] == "/feeds/public/1/tile/entries/000"
    assert entries[999] == "/feeds/public/1/tile/entries/999"
    assert entries[-2:] == [
        "/feeds/public/1/tile/entries/x001/000",
        "/feeds/public/1/tile/entries/x001/001.p/44",
    ]

"""The vectors are what their script writes, and say where their values come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.vectors.loading import VECTORS, load
from tests.vectors.spec_text import rules

# Written by others, or once by a script that draws randomness.
NOT_GENERATED = {"sealed-objects.json"}


def test_regenerating_gives_identical_bytes(tmp_path: Path) -> None:
    """spec/vectors/README.md: reproducible from seeds by one script."""
    subprocess.run([sys.executable, VECTORS / "generate.py", tmp_path], check=True)
    written = _files(tmp_path)
    held = {name: data for name, data in _files(VECTORS).items() if name not in NOT_GENERATED}
    assert written.keys() == held.keys()
    assert [name for name in held if written[name] != held[name]] == []


def _files(folder: Path) -> dict[str, bytes]:
    """The JSON files of a folder and of ``fold/``, and everything below ``feeds/``."""
    whole_feeds = (path for path in (folder / "feeds").rglob("*") if path.is_file())
    paths = [*folder.glob("*.json"), *folder.glob("fold/*.json"), *whole_feeds]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_writer_shares_no_code_with_the_node() -> None:
    """spec/vectors/README.md: tests do not check the code against itself."""
    sources = [VECTORS / "generate.py", *(VECTORS / "makers").glob("*.py")]
    assert len(sources) >= 6
    assert [
        path.name
        for path in sources
        if "passerelle." in _imports(path) or "import passerelle" in _imports(path)
    ] == []


def _imports(path: Path) -> str:
    lines = path.read_text("utf-8").splitlines()
    return "\n".join(line for line in lines if line.lstrip().startswith(("import ", "from ")))


def _written() -> list[Path]:
    return sorted([*VECTORS.glob("*.json"), *VECTORS.glob("fold/*.json")])


@pytest.mark.parametrize("path", _written(), ids=lambda path: path.stem)
def test_each_file_says_who_made_and_confirmed_it(path: Path) -> None:
    """spec/vectors/README.md: each file names the makers of its values."""
    vectors = load(path.relative_to(VECTORS).as_posix())
    assert vectors["made_by"]
    assert isinstance(vectors["confirmed_by"], list)
    assert vectors["about"]
    assert vectors["chapter"]


@pytest.mark.parametrize("path", _written(), ids=lambda path: path.stem)
def test_rules_named_in_vectors_exist(path: Path) -> None:
    """A case names the rule that it breaks, and that rule exists."""
    known = {rule.identifier for rule in rules()}
    named = [
        case["rule"]
        for member in load(path.relative_to(VECTORS).as_posix()).values()
        if isinstance(member, list)
        for case in member
        if isinstance(case, dict) and "rule" in case
    ]
    assert set(named) <= known


@pytest.mark.parametrize("path", sorted((VECTORS / "published").glob("*")), ids=lambda path: path.name)
def test_published_vectors_name_their_source(path: Path) -> None:
    """spec/vectors/README.md: what others published is kept with its source."""
    assert "source" in load(f"published/{path.name}")

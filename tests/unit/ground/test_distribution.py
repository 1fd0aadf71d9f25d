"""What is shipped: the wheel, the development install, the locks, and the commands that the README names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "node_modules")
LOCKS = ("demo.txt", "test.txt", "node.txt")

FIND_SCHEMAS = """
import importlib.resources, sys
found = importlib.resources.files("passerelle.schemas")
print(found)
sys.exit(not any(entry.name.endswith(".json") for entry in found.iterdir()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built from a copy: setuptools leaves its own folders behind where it works."""
    source = tmp_path_factory.mktemp("source")
    for name in ("node", "schemas", "examples", "spec"):
        shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", target, source], check=True, capture_output=True)
    (built,) = target.glob("passerelle-*.whl")
    return built


def _shipped(folder: str, package: str) -> set[str]:
    """The files under ``folder`` as they are named in the wheel, those for readers of the tree left out."""
    files = (ROOT / folder).rglob("*")
    return {
        f"{package}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in files
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".md", ".pyc"}
    }


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("node/passerelle", "passerelle"),
        ("schemas", "passerelle/schemas"),
        ("examples", "passerelle/examples"),
    ],
)
def test_the_wheel_holds_every_file_of_its_packages(wheel: Path, folder: str, package: str) -> None:
    """A module, schema, template or catalogue that is in the tree is in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        assert _shipped(folder, package) - set(archive.namelist()) == set()


def test_of_the_law_the_wheel_holds_the_tables(wheel: Path) -> None:
    """Its chapters and vectors are for whoever builds a node, and stay in the tree."""
    with zipfile.ZipFile(wheel) as archive:
        law = {name for name in archive.namelist() if name.startswith("passerelle/law/")}
    tables = {f"passerelle/law/tables/{name}.json" for name in ("decisions", "opposites", "states")}
    assert law == {"passerelle/law/__init__.py", "passerelle/law/rules.json", *tables}


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    """No test, no tool and no second top-level package comes along."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        entry_points = archive.read("passerelle-0.1.0.dist-info/entry_points.txt").decode()
    assert tops == {"passerelle", "passerelle-0.1.0.dist-info"}
    assert "passerelle = passerelle.cli:main" in entry_points


def test_an_unpacked_wheel_finds_its_schemas(wheel: Path, tmp_path: Path) -> None:
    """Installed from a wheel, ``importlib.resources`` finds the schemas inside the package."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{FIND_SCHEMAS}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == tmp_path / "passerelle" / "schemas"


def test_a_development_install_finds_the_schemas_of_the_tree(tmp_path: Path) -> None:
    """Installed for development, it finds them at the top of the tree, from any folder."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", FIND_SCHEMAS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == ROOT / "schemas"


# --- locks -------------------------------------------------------------------------------------------------


def _pins(lock: str) -> dict[str, set[str]]:
    """Name to versions; a name has two where a version fits only some interpreters."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", _lock(lock), re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    return pins


def _lock(name: str) -> str:
    return (ROOT / "requirements" / name).read_text("utf-8")


def _asked(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", line)[0].replace(".", "-").lower() for line in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_hashes_everything(lock: str) -> None:
    """What is installed is what was tested, from whatever mirror it comes."""
    text = _lock(lock)
    assert "://" not in text
    assert "index" not in re.sub(r"#.*", "", text)
    entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """pyproject.toml is the source; `make lock` was run after it changed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    running = _asked(project["project"]["dependencies"]) | _asked(groups["build"])
    assert running - set(_pins("demo.txt")) == set()
    assert _asked(groups["test"]) - set(_pins("test.txt")) == set()
    assert _asked(groups["node"]) == set(_pins("node.txt"))


def test_what_runs_is_what_is_tested() -> None:
    """A library has the same version in both locks."""
    tested = _pins("test.txt")
    assert {name: versions for name, versions in _pins("demo.txt").items() if tested[name] != versions} == {}


def test_the_lock_of_the_javascript_libraries_names_no_host() -> None:
    """npm takes them from the registry of whoever installs."""
    lock = json.loads((ROOT / "tests" / "interop" / "package-lock.json").read_text("utf-8"))
    entries = [entry for path, entry in lock["packages"].items() if path]
    assert entries
    assert [entry for entry in entries if "resolved" in entry or "integrity" not in entry] == []


# --- documents ---------------------------------------------------------------------------------------------

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_links_to_files_that_are_there(document: Path) -> None:
    """A relative link leads somewhere; a pattern written as code is none."""
    text = re.sub(r"(`+)[^`\n]+\1", "", document.read_text("utf-8"))
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", text)
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_make_targets_that_documents_name_exist() -> None:
    """`make …` in a document is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
    targets = set(re.findall(r"^([.\w/-]+):", makefile, re.MULTILINE))
    named = {
        target
        for document in DOCUMENTS
        for target in re.findall(
            r"(?:`|^)(?:\w+=\S+ )?make ([.\w/-]+)", document.read_text("utf-8"), re.MULTILINE
        )
    }
    assert {"demo", "test", "lint", "bench", "soak"} <= named
    assert named - targets == set()

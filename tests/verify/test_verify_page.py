"""What the page is, without running it in a browser: one file, up to date, closed to the network, in two languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.verify.conftest import Core

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "auditor" / "verify.html"
SCRIPT = ROOT / "scripts" / "verify_page.py"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


def rules(schema: Any) -> Any:
    """A schema without words for people: schemas/README says which members judge no record."""
    if isinstance(schema, list):
        return [rules(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: value
        for key, value in schema.items()
        if not (
            key.startswith("x-") or (key in {"title", "description", "$comment"} and isinstance(value, str))
        )
    }
    return {key: value if key == "const" else rules(value) for key, value in kept.items()}


def part(page: str, name: str) -> str:
    found = re.search(rf'<script [^>]*id="{name}"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found, name
    return found[1]


def test_the_schemas_in_the_page_are_those_of_the_repository(page: str) -> None:
    """A change of schemas/ or of the page is followed by scripts/verify_page.py."""
    held = json.loads(part(page, "passerelle-data"))
    there = [json.loads(path.read_text("utf-8")) for path in (ROOT / "schemas").glob("*.json")]
    assert {name: rules(schema) for name, schema in held.items()} == held
    assert held == {schema["$id"]: rules(schema) for schema in there}
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_takes_nothing_from_elsewhere(page: str) -> None:
    """No script, style, picture or frame from anywhere: the policy names this page's own scripts by hash alone."""
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "http" not in policy[1]
    assert not re.search(r"<(script|link|img|iframe|object|embed|style)\b[^>]*\b(src|href|data)\s*=", page)
    code = part(page, "passerelle-core") + part(page, "passerelle-page")
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|eval|importScripts)\s*\(", code
    )
    assert not re.search(r"\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write", code)


def test_the_page_stays_small() -> None:
    """It goes on a memory stick and by mail."""
    assert PAGE.stat().st_size < 600_000


def test_every_code_has_a_sentence_in_both_languages(page: str) -> None:
    """A finding is a sentence before it is a code."""
    core = part(page, "passerelle-core")
    checks = core[: core.index("// ===== 13. Signed requests")] + core[core.index("// ===== 14.") :]
    checks = (
        checks[: checks.index("// ===== 17. The fold")]
        + checks[checks.index("// ===== 18. Checking") : checks.index("// ===== 21. Succession")]
    )
    codes = set(
        re.findall(
            r'"((?:json|identity|key|record|proof|schema|origin|leaf|note|checkpoint|cosignature|merkle|fork|tile|object|audit|bundle|certificate)\.[a-z-]+)"',
            checks,
        )
    )
    codes -= set(
        re.findall(
            r'"((?:record|place|feed|note|certificate|endorsement)\.[a-z-]+)": \[',
            part(page, "passerelle-words"),
        )
    )
    sentences = dict(
        re.findall(
            r'^ {2}"?([a-z.-]+)"?: \[("[^"]+", "[^"]+")\],$', part(page, "passerelle-words"), re.MULTILINE
        )
    )
    assert len(codes) > 60
    assert codes - set(sentences) == set()


def test_both_languages_say_the_same_things(page: str) -> None:
    """What is said in French is said in English, with the same values in it."""
    words = part(page, "passerelle-words").split("const CODE_SENTENCES")[0].split("const WORDS")[1]
    french, english = words.split("\n  en: {")
    names = [re.findall(r'^ {4,6}"?([A-Za-z.-]+)"?:', text, re.MULTILINE) for text in (french, english)]
    assert names[0] == names[1]
    assert len(names[0]) > 60
    holes = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (french, english)]
    assert holes[0] == holes[1]


def test_a_keyword_of_a_schema_that_the_page_does_not_know_is_refused(core: Core) -> None:
    """A rule that nobody applies is worse than none."""
    script = """(V, schema) => { try { new V.Schemas({ [schema.$id]: schema }); return null; } catch (e) { return e.message; } }"""
    assert core(script, {"$id": "urn:a", "type": "object", "properties": {"a": {"type": "string"}}}) is None
    assert (
        core(script, {"$id": "urn:a", "properties": {"a": {"oneOf": []}}})
        == "unknown keyword of a schema: oneOf"
    )


def test_samples_of_schemas_are_taken_and_refused_as_they_say(core: Core) -> None:
    """schemas/samples: valid ones fit, each invalid one is refused."""
    folder = ROOT / "schemas" / "samples"
    samples = {
        path.relative_to(folder).as_posix(): json.loads(path.read_text("utf-8"))
        for path in folder.glob("*/*.json")
    }
    script = """(V, samples, { schemas: all }) => { const found = {};
        for (const [path, value] of Object.entries(samples)) { const id = `urn:passerelle:schema:${path.split("/")[0]}:1.0`;
            found[path] = all.fault(value, all.byId[id], id, false); }
        return found; }"""
    found = core(script, samples)
    assert len(found) > 100
    wrong = {
        path: fault
        for path, fault in found.items()
        if (fault is None) != path.split("/")[1].startswith("valid")
    }
    assert wrong == {}

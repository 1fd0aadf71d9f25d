"""The catalogues and the code agree: nothing is raised without sentences, no sentence without use.

Codes are found by reading the code, not by running it: every string literal of the package in
the form ``area.kebab-case``, where the catalogue declares the area (``area.quota``) or the
literal is raised, judged or found by name.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from babel.messages.pofile import read_po

from passerelle.words import LANGUAGES
from passerelle.words.catalogues import merged
from passerelle.words.voices import DEVELOPER, FALLBACK, KINDS, OPTIONAL, PLACEHOLDER, SAID

PACKAGE: Final = Path(__file__).parents[3] / "node" / "passerelle"
CODE: Final = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
FILE_NAME: Final = re.compile(
    r".*\.(?:cfg|css|csv|db|html|ini|json|jsonl|lock|mo|po|py|sock|sqlite|svg|toml|txt|yaml|zip)"
)
NOT_CODES: Final = frozenset({"ForeignKey", "ForeignKeyConstraint", "Column", "files", "import_module"})
"""Calls whose dotted argument is a column, a package, a module."""

RAISING: Final = re.compile(
    r"[A-Z]\w*Error|InconsistentLog|Refusal|refuse|blocked|waiting|Finding|FileFault|Fault"
)
"""Calls whose first dotted argument is a code, whatever its area."""

WITH_PARAMS: Final = re.compile(r"[A-Z]\w*Error|Refusal|blocked|waiting")
"""Calls whose keywords are the values of the sentence."""

NOT_PARAMS: Final = frozenset({"fatal", "extra"})


class Site(NamedTuple):
    """A place in the code at which a code stands."""

    code: str
    where: str
    call: str
    params: frozenset[str] | None
    """Names of the values given; None where they cannot be read off."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(("words/", "storage/migrations/")):
            yield name, ast.parse(path.read_text("utf-8"))


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def docstrings(tree: ast.Module) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def sites_in(name: str, tree: ast.Module) -> Iterator[Site]:
    firsts = {id(call.args[0]): call for call in ast.walk(tree) if isinstance(call, ast.Call) and call.args}
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in skipped:
            continue
        if not CODE.fullmatch(node.value) or FILE_NAME.fullmatch(node.value):
            continue
        call = firsts.get(id(node))
        params = None
        if call is not None and WITH_PARAMS.fullmatch(called(call)):
            names = [keyword.arg for keyword in call.keywords]
            if None not in names and len(call.args) == 1:
                params = frozenset(name for name in names if name) - NOT_PARAMS
        yield Site(node.value, f"{name}:{node.lineno}", called(call) if call else "", params)


def every_site() -> list[Site]:
    return [site for name, tree in sources() for site in sites_in(name, tree) if site.call not in NOT_CODES]


SITES: Final = every_site()


def own_keys(language: str) -> dict[str, str]:
    """The msgids of ``errors.po`` with their sentence."""
    with (PACKAGE / "words" / "catalogues" / language / "errors.po").open("rb") as handle:
        return {str(message.id): str(message.string) for message in read_po(handle) if message.id}


ERRORS: Final = {language: own_keys(language) for language in LANGUAGES}
AREAS: Final = {key.removeprefix("area.") for key in ERRORS["fr"] if key.startswith("area.")}
USER_KEYS: Final = {
    key
    for key in ERRORS["fr"]
    if not key.startswith(("area.", *(f"{kind}." for kind in SAID))) and not key.endswith(DEVELOPER)
} - {FALLBACK}


def is_code(site: Site) -> bool:
    return bool(RAISING.fullmatch(site.call)) or site.code.partition(".")[0] in AREAS


CODES: Final = {site.code: site.where for site in SITES if is_code(site)}


def test_the_scan_finds_what_is_there() -> None:
    """The scan itself: raised, judged, passed on in a variable, with and without values."""
    tree = ast.parse(
        'raise InputError("quota.reached", count=1, fatal=True)\n'
        'code = "json.syntax" if bad else "json.nul"\n'
        'refused = blocked("zebra.striped", **ends)\n'
        '"json.only-a-docstring"\n'
        'Column(ForeignKey("record.digest")); open("head.sqlite")\n'
    )
    found = {site.code: site.params for site in sites_in("x.py", tree) if site.call not in NOT_CODES}
    assert found == {"quota.reached": {"count"}, "json.syntax": None, "json.nul": None, "zebra.striped": None}
    assert len(CODES) > 100


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("voice", ["", DEVELOPER])
def test_every_code_has_both_voices_in_both_languages(language: str, voice: str) -> None:
    missing = {code: where for code, where in CODES.items() if not ERRORS[language].get(code + voice)}
    assert missing == {}


def test_no_sentence_is_without_a_code() -> None:
    assert USER_KEYS - CODES.keys() == set()


def test_every_area_has_a_title_and_no_title_is_left_over() -> None:
    assert {code.partition(".")[0] for code in CODES} | {"other"} == AREAS


def test_sentences_use_only_values_that_every_place_gives() -> None:
    """A person never reads a question mark where the code could have known better."""
    given: dict[str, list[Site]] = defaultdict(list)
    for site in SITES:
        if site.params is not None:
            given[site.code].append(site)
    wrong = [
        f"{code}{voice}: {{{name}}} is not given at {site.where}"
        for code in USER_KEYS
        for voice in ("", DEVELOPER)
        for site in given[code]
        for name in required(ERRORS["fr"][code + voice]) - (site.params or frozenset())
    ]
    assert wrong == []


def required(sentence: str) -> set[str]:
    """Names of the values that a sentence cannot do without."""
    return {match["name"] for match in PLACEHOLDER.finditer(OPTIONAL.sub("", sentence))}


def test_both_languages_use_the_same_values() -> None:
    """And only in ways of writing that exist."""
    french, english = (
        {str(message.id): message.string for message in merged(language)} for language in ("fr", "en")
    )
    for key, said in french.items():
        names = [
            {match["name"] for match in PLACEHOLDER.finditer(str(text))} for text in (said, english[key])
        ]
        assert names[0] == names[1], key
        for text in (said, english[key]):
            kinds = {match["kind"] for match in PLACEHOLDER.finditer(str(text))} - {None}
            assert kinds <= KINDS, key


def test_french_uses_the_words_of_the_sector() -> None:
    """Volunteering is not employment: mission, indemnité, structure d'accueil, never the others."""
    foreign = re.compile(
        r"\b(?:emplois?|employeurs?|employés?|salaires?|salariés?|postes?|embauches?|recrutements?|recrutés?"
        r"|stagiaires?|travailleurs?|bénévoles?|bénévolat|entreprises?)\b",
        re.IGNORECASE,
    )
    assert foreign.search("Le poste est pourvu")
    wrong = {
        str(message.id): found.group()
        for message in merged("fr")
        if (found := foreign.search(str(message.string)))
    }
    assert wrong == {}
    whole = " ".join(str(message.string) for message in merged("fr"))
    for word in ("mission", "structure d’accueil", "dispositif", "indemnité", "volontaire", "relecture"):
        assert word in whole


def test_french_is_typed_as_french() -> None:
    """Curly apostrophes, guillemets; the spaces before : ; ! ? are put in when the catalogue is read."""
    for message in (message for message in merged("fr") if message.id):
        text = str(message.string)
        assert not re.search(r"[a-zà-ÿ]'[a-zà-ÿ]", text), message.id
        assert not re.search(r"(?<=[a-zà-ÿ])[;!?](?:\s|$)", text), message.id
        assert '"' not in re.sub(r"\{[^}]*\}|tag=\"[^\"]*\"", "", text), message.id


def test_the_user_is_spoken_to_without_jargon() -> None:
    """The first voice names no specification, no status code, no field of a header."""
    jargon = re.compile(r"spec/|RFC|C2SP|\bHTTP\b|SHA-|base64|Ed25519|HPKE|\bSQLITE|\bJSON\b|\bnonce\b")
    wrong = [key for language in LANGUAGES for key in USER_KEYS if jargon.search(ERRORS[language][key])]
    assert wrong == []


def test_chapters_named_to_developers_exist() -> None:
    chapters = {
        name
        for said in ERRORS.values()
        for text in said.values()
        for name in re.findall(r"spec/[a-z0-9-]+\.md", text)
    }
    root = PACKAGE.parents[1]
    assert {name for name in chapters if not (root / name).is_file()} == set()


def test_every_msgid_named_in_code_and_templates_exists() -> None:
    """``text("…")`` and ``plural("…")`` in Python, ``t("…")`` and ``n("…")`` in templates."""
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in merged("fr")}
    asked = {site.code: site.where for site in SITES if site.call in {"text", "plural"}}
    for path in sorted(PACKAGE.rglob("*.html")):
        for name in re.findall(r"\b[tn]\(\s*[\"']([a-z][a-z0-9.-]*)[\"'](?!\s*~)", path.read_text("utf-8")):
            asked[name] = path.name
    assert {name: where for name, where in asked.items() if name not in known} == {}


def test_no_sentence_of_the_page_is_left_over() -> None:
    with (PACKAGE / "words" / "catalogues" / "fr" / "board.po").open("rb") as handle:
        keys = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(handle)}
    used = "".join(path.read_text("utf-8") for path in (PACKAGE / "server" / "console").rglob("*.html"))
    used += "".join(
        (PACKAGE / "server" / "console" / name).read_text("utf-8") for name in ("present.py", "duelist.py")
    )
    composed = ("state.", "board.language.", "board.partner.")
    left = {
        key
        for key in keys
        if key and not key.startswith(composed) and f'"{key}"' not in used.replace("'", '"')
    }
    assert left == set()

"""The pages that all types share: header and value types, code lists, the index."""

from __future__ import annotations

import json
from typing import Final

from tests.schemapages.faults import OF_ANY, cell, table
from tests.schemapages.kinds import kind, pattern
from tests.schemapages.papers import papers_section
from tests.schemapages.phrases import Phrases
from tests.schemapages.reading import (
    SCHEMAS,
    Schema,
    code_list,
    code_lists,
    document,
    inside,
    members,
    samples,
    subschemas,
    told,
    types,
)
from tests.schemapages.records import json_block, member_line, tiers

_SHOWN_PATTERN: Final = 240
_LIST_NAMES: Final = ("x-codes", "x-codes-of-area")
_LABEL_LANGUAGES: Final = ("en", "fr", "es", "pt", "ar")


def common_page(say: Phrases) -> str:
    """Header, value types and stub."""
    path = samples("agency")[0]
    whole = json.loads(path.read_text("utf-8"))
    link = f"../../../{path.relative_to(SCHEMAS.parent).as_posix()}"
    parts = [
        f"# {say('common-title')}\n",
        f"{say.other('common')}\n",
        f"## {say('header')}\n\n{say('header-intro')}\n",
        "".join(member_line(one, say) for one in members(document("header"))),
        f"{say('header-rule-first')}\n",
        f"### {say('whole')}\n\n{say('whole-of', name=path.name, path=link)}\n\n{json_block(whole)}",
        _value_types(say),
        f"## {say('stub')}\n\n{say('stub-intro')}\n",
        "".join(member_line(one, say) for one in members(document("stub"))),
        f"*{say('written')}*\n",
    ]
    return "\n".join(parts)


def _value_types(say: Phrases) -> str:
    found: dict[str, Schema] = document("common")["$defs"]
    examples = json.loads((SCHEMAS / "samples" / "values.json").read_text("utf-8"))
    simple = {name: one for name, one in found.items() if _is_simple(one)}
    text = f"## {say('texts')}\n\n{say('texts-intro')}\n"
    for name, schema in simple.items():
        text += f"\n### {name}\n\n{told(schema, say.language)}\n\n"
        text += _limits(schema, say) + _tried(examples.get(name, {}), say)
    text += f"\n## {say('objects')}\n"
    for name, schema in found.items():
        if name in simple:
            continue
        text += f"\n### {name}\n\n{told(schema, say.language)} {kind(schema, say).capitalize()}.\n"
        lines = "".join(member_line(one, say) for one in inside(schema, "", name, 0))
        text += f"\n{lines}" if lines else ""
    return text


def _is_simple(schema: Schema) -> bool:
    """Whether a value is a text, not a list or an object or one of several."""
    return schema.get("type") == "string"


def _limits(schema: Schema, say: Phrases) -> str:
    text = ""
    if "pattern" in schema:
        long = len(schema["pattern"]) > _SHOWN_PATTERN
        shown = say("pattern-long", count=len(schema["pattern"])) if long else pattern(schema["pattern"])
        text = f"- {say('pattern')}{say('colon')}{shown}\n"
    if "maxLength" in schema:
        text += f"- {say('characters', most=say.number(schema['maxLength']))}\n"
    return text


def _tried(tried: dict[str, list[object]], say: Phrases) -> str:
    text = ""
    for word, key in (("taken", "valid"), ("refused", "invalid")):
        shown = [json.dumps(value, ensure_ascii=False) for value in tried.get(key, [])]
        short = [f"`{value}`" for value in shown if len(value) <= 130 and "`" not in value][:5]
        text += f"- {say(word)}{say('colon')}{', '.join(short)}\n" if short else ""
    return text


def codes_page(say: Phrases) -> str:
    """Every code list with its words."""
    users = _users(say)
    lists = ", ".join(f"[{name}](#{name})" for name in code_lists())
    text = f"# {say('codes-title')}\n\n{say.other('codes')}\n\n{say('codes-page-intro')}\n\n"
    text += say("list-of", lists=lists) + "\n"
    for name in code_lists():
        entry = code_list(name)
        openness = say("open" if entry["open"] else "closed")
        text += f"\n## {name}\n\n{say('list-kind', title=entry['title'][say.language], kind=openness)} "
        used = users.get(name, [])
        text += (say("used-by", members=", ".join(used)) if used else say("used-by-none")) + "\n\n"
        text += _list_table(entry, say)
    return f"{text}\n*{say('written')}*\n"


def _list_table(entry: Schema, say: Phrases) -> str:
    languages = sorted(_LABEL_LANGUAGES, key=lambda language: language != say.language)
    codes = entry["codes"]
    more = [name for name in codes[0] if name not in {"code", "label", "description"}]
    heads = [say("list-code"), *(say(f"list-words-{language}") for language in languages), *more]
    rows = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for code in codes:
        cells = [f"`{code['code']}`", *(code["label"][language] for language in languages)]
        cells += [_plain(code.get(name, "")) for name in more]
        rows.append(f"| {' | '.join(cell(one) for one in cells)} |")
    return "\n".join(rows) + "\n"


def _plain(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _users(say: Phrases) -> dict[str, list[str]]:
    """The pages whose members name a list, by list, as links."""
    found: dict[str, list[str]] = {}
    for name in [*types(), "common"]:
        for one in sorted(
            {str(one[key]) for one in subschemas(document(name)) for key in _LIST_NAMES if key in one}
        ):
            found.setdefault(one, []).append(f"[{name}]({say.page(name)})")
    return found


def index_page(say: Phrases) -> str:
    """The way in: what a record is, the types, the tiers, the codes of any record."""
    text = f"# {say('index-title')}\n\n{say.other('README')}\n\n{say('index-intro')}\n\n"
    text += f"{say('shared-pages')}\n\n## {say('types')}\n\n"
    text += f"| {say('type')} | {say('what')} | {say('issued-by').lower()} | {say('tiers-column')} |\n|---|---|---|---|\n"
    for name in types():
        schema = document(name)
        title, issued = told(schema, say.language, "title"), told(schema, say.language, "x-issued-by")
        text += (
            f"| [{name}]({say.page(name)}) | {cell(title)} | {cell(issued)} | {', '.join(tiers(name))} |\n"
        )
    text += f"\n{papers_section(say)}"
    text += f"\n## {say('tiers')}\n\n{say('tiers-intro')}\n\n"
    text += f"| {say('tier-code')} | | |\n|---|---|---|\n"
    for entry in code_list("tier")["codes"]:
        words, meaning = entry["label"][say.language], entry["description"][say.language]
        text += f"| {entry['code']} | {words} | {cell(meaning)} |\n"
    text += f"\n## {say('any-record')}\n\n{say('any-record-intro')}\n\n{table(OF_ANY, say)}\n"
    return f"{text}{say('following')}\n\n*{say('written')}*\n"

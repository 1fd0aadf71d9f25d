"""The page of one record type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from tests.schemapages.faults import section
from tests.schemapages.kinds import kind
from tests.schemapages.phrases import Phrases
from tests.schemapages.reading import (
    Member,
    Schema,
    bodies,
    code_list,
    document,
    members,
    samples,
    subschemas,
    told,
)

_LONGEST_SHOWN: Final = 100


def record_page(name: str, say: Phrases) -> str:
    """Everything that a reader wants to know of one type, in the order in which it is asked."""
    schema = document(name)
    parts = [
        f"# {name}: {told(schema, say.language, 'title')}\n",
        f"{say.other(name)}\n",
        f"{told(schema, say.language)}\n",
        _facts(name, schema, say),
        _to_fill_in(name, schema, say),
        _examples(name, say),
        _members(name, schema, say),
        _codes(name, say),
        section(name, say),
        f"*{say('written')}*\n",
    ]
    return "\n".join(parts)


def tiers(name: str) -> list[str]:
    """The tiers of a type's members, the widest first."""
    schema = document(name)
    if "x-tier" in schema:
        return [str(schema["x-tier"])]
    return sorted({member.tier for body in bodies(name).values() for member in members(body)})


def _facts(name: str, schema: Schema, say: Phrases) -> str:
    erasable = say("erasable-yes" if schema.get("x-personal") else "erasable-no")
    known = {entry["code"]: entry["label"][say.language] for entry in code_list("tier")["codes"]}
    reach = ", ".join(f"{one} ({known[one].lower()})" for one in tiers(name))
    if len(tiers(name)) > 1:
        reach = say("tier-by-member", tiers=reach)
    rows = [
        (say("issued-by"), told(schema, say.language, "x-issued-by")),
        (say("read-by"), told(schema, say.language, "x-read-by")),
        (say("tier"), reach),
        (say("erasable"), erasable),
        (say("schema"), f"[`{schema['$id']}`](../../../schemas/{name}.json)"),
    ]
    return "".join(f"- **{title}**{say('colon')}{text}\n" for title, text in rows)


def _to_fill_in(name: str, schema: Schema, say: Phrases) -> str:
    text = f"## {say('fill-in')}\n"
    for value, body in bodies(name).items():
        if value:
            text += f"\n{say('part', value=value)}{say('colon').rstrip()}\n"
        needed = [one for one in members(body) if one.required and not one.depth]
        text += "\n" + "".join(
            f"- `{one.path}`{say('colon')}{told(one.schema, say.language)}\n" for one in needed
        )
    conditions = list(_conditions(schema, say))
    return text + (f"\n{say('also', rules=say('joined').join(conditions))}\n" if conditions else "")


def _conditions(schema: Schema, say: Phrases) -> Iterator[str]:
    """What is needed or forbidden in some cases only.

    Raises:
        ValueError: A condition of a form that no page has words for.
    """
    body = schema["properties"]["body"]
    if "allOf" in body and set(schema.get("$defs", {})) != {
        case["if"]["properties"]["part"]["const"] for case in body["allOf"]
    }:
        raise ValueError("parts of a body that are not its definitions")
    if "if" in body:
        ((member, value),) = body["if"]["properties"].items()
        for name in body["then"]["required"]:
            yield f"`{name}` {say('must')} {say('where', member=member, value=value['const'])}"
    if "if" in schema:
        if schema["if"]["properties"] != {"audience": {"const": "public"}}:
            raise ValueError("a condition that is not about the audience")
        for name, rule in schema["then"]["properties"]["body"]["properties"].items():
            place, forbidden = _forbidden(name, rule, say)
            yield f"`{place}` {forbidden} {say('where-public')}"


def _forbidden(name: str, rule: Schema, say: Phrases) -> tuple[str, str]:
    """Where something is forbidden, and what: a member, references of some types, some codes, a form.

    Raises:
        ValueError: A condition of another form.
    """
    if rule == {"not": {}}:
        return name, say("must-not")
    path, inner = [name], rule
    while "not" not in inner:
        if set(inner) == {"items"}:
            path[-1] += "[]"
            inner = inner["items"]
        elif set(inner) == {"properties"} and len(inner["properties"]) == 1:
            ((member, inner),) = inner["properties"].items()
            path.append(member)
        else:
            raise ValueError(f"a condition on {name} that does not forbid it")
    form = str(inner["not"]["pattern"])
    words = form.removeprefix("^(").removesuffix(")$").split("|")
    if not all(re.fullmatch("[a-z-]+", word) for word in words):
        return ".".join(path), say("not-like", pattern=f"`{form}`")
    named = ", ".join(f"`{word}`" for word in words)
    if path == ["about[]", "type"]:
        return name, say("names-no", types=named)
    return ".".join(path), say("none-of", values=named)


def _examples(name: str, say: Phrases) -> str:
    found = samples(name)
    bodies_shown = {path: json.loads(path.read_text("utf-8"))["body"] for path in found}
    parts = list(bodies(name))
    ordered = sorted(
        found,
        key=lambda path: (
            parts.index(bodies_shown[path].get("part", "")),
            len(json.dumps(bodies_shown[path])),
        ),
    )
    text = f"## {say('example' if len(found) == 1 else 'examples')}\n"
    was_cut = False
    for path in ordered:
        shown = shortened(bodies_shown[path])
        was_cut = was_cut or shown != bodies_shown[path]
        link = f"../../../schemas/samples/{name}/{path.name}"
        text += f"\n{say('example-of', name=path.name, path=link)}\n\n{json_block(shown)}"
    return text + (f"\n{say('example-cut')}\n" if was_cut else "")


def json_block(value: object) -> str:
    """A value as a block of JSON, objects and lists without objects inside on one line where they fit."""
    return f"```json\n{_json(value, 0)}\n```\n"


def _json(value: object, indent: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (indent and len(flat) + indent <= _LONGEST_SHOWN):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, list):
        lines = [inner + _json(item, indent + 2) for item in value]
        return "[\n" + ",\n".join(lines) + "\n" + " " * indent + "]"
    lines = [
        f"{inner}{json.dumps(name, ensure_ascii=False)}: {_json(item, indent + 2)}"
        for name, item in value.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"


def shortened(value: object) -> object:
    """A value without the middle of texts that nobody reads: keys, photographs."""
    if isinstance(value, dict):
        return {name: shortened(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shortened(inner) for inner in value]
    if isinstance(value, str) and len(value) > _LONGEST_SHOWN and " " not in value and "/" not in value[:30]:
        return f"{value[:40]}…"
    return value


def _members(name: str, schema: Schema, say: Phrases) -> str:
    text = f"## {say('members')}\n\n{say('members-intro')}\n"
    for value, body in bodies(name).items():
        if value:
            text += f"\n### {say('part', value=value)}\n\n{told(body, say.language)}\n"
        found = members(body, str(schema.get("x-tier", "")))
        text += "\n" + "".join(member_line(one, say) for one in found)
    return text


def member_line(one: Member, say: Phrases) -> str:
    """One member as an item of a list, indented by its depth."""
    facts = [say("required")] if one.required else []
    facts += [fact for fact in (kind(one.schema, say), one.tier) if fact]
    if one.schema.get("x-residue"):
        facts.append(say("stays"))
    words = told(one.schema, say.language)
    return f"{'  ' * one.depth}- `{one.path}` — {' · '.join(facts)}. {words}".rstrip() + "\n"


def lists_of(name: str) -> list[str]:
    """The code lists that a type's body uses, value types of its own members included, in order."""
    body: list[object] = list(bodies(name).values())
    if name == "dossier":
        body.append(document(name)["properties"]["body"])
    seen: set[str] = set()
    found: set[str] = set()
    while body:
        for schema in subschemas(body.pop()):
            if "x-codes" in schema:
                found.add(str(schema["x-codes"]))
            reference = str(schema.get("$ref", "")).rpartition("/")[2]
            if reference in document("common")["$defs"] and reference not in seen:
                seen.add(reference)
                body.append(document("common")["$defs"][reference])
    return sorted(found)


def _codes(name: str, say: Phrases) -> str:
    found = lists_of(name)
    if not found:
        return ""
    text = f"## {say('codes')}\n\n{say('codes-intro')}\n\n"
    for one in found:
        entry = code_list(one)
        codes = ", ".join(f"`{code['code']}`" for code in entry["codes"])
        openness = say("open" if entry["open"] else "closed")
        text += f"- [{one}]({say.page('codes')}#{one}) ({openness}){say('colon')}{codes}\n"
    return text

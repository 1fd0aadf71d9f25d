"""What is written at a place, in words: ``list of line, 1 to 32, no two alike``."""

from __future__ import annotations

import json

from tests.schemapages.phrases import Phrases
from tests.schemapages.reading import Schema, definition


def kind(schema: Schema, say: Phrases) -> str:
    """What a schema takes, with links to value types and code lists.

    Raises:
        ValueError: A form that no page has words for.
    """
    if "x-codes" in schema:
        return say("code-of", name=schema["x-codes"], page=say.page("codes"))
    known = definition(schema)
    if known:
        return f"[{known}]({say.page('common')}#{known.lower()})"
    if "const" in schema:
        return say("only", value=_json(schema["const"]))
    allowed = schema.get("type")
    if isinstance(allowed, list):
        return say("or").join(kind({**schema, "type": one}, say) for one in allowed)
    makers = {"array": _array, "object": _object, "integer": _integer, "string": _text}
    if allowed in makers:
        return makers[allowed](schema, say)
    if allowed == "boolean":
        return say("boolean")
    if set(schema) <= {"x-tier", "description", "x-description-fr"}:
        return ""
    raise ValueError(f"no words for {schema}")


def pattern(text: str) -> str:
    """A pattern as code."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _array(schema: Schema, say: Phrases) -> str:
    parts = [say("array", items=kind(schema["items"], say))] if "items" in schema else []
    most = schema.get("maxItems")
    if most is not None:
        parts.append(say("count", least=schema.get("minItems", 0), most=say.number(most)))
    if schema.get("uniqueItems"):
        parts.append(say("distinct"))
    return ", ".join(parts)


def _object(schema: Schema, say: Phrases) -> str:
    names = schema.get("propertyNames")
    if names is None:
        least, most = schema.get("minProperties", 0), schema.get("maxProperties")
        if most == least == 1:
            return f"{say('object')}, {say('members-one')}"
        return f"{say('object')}, {say('members-some')}" if least else say("object")
    values = schema["additionalProperties"]
    parts = [say("map")]
    if "properties" not in values:
        parts = [f"{say('map')} → {kind(values, say)}"]
    like = kind(names, say) if "$ref" in names else pattern(names["pattern"])
    parts.append(say("names-like", like=like))
    least, most = schema.get("minProperties", 0), schema["maxProperties"]
    parts.append(say("members-count", least=least, most=most))
    return ", ".join(parts)


def _integer(schema: Schema, say: Phrases) -> str:
    bounds = say("between", least=say.number(schema["minimum"]), most=say.number(schema["maximum"]))
    return f"{say('integer')}, {bounds}"


def _text(schema: Schema, say: Phrases) -> str:
    parts = []
    if "pattern" in schema:
        parts.append(f"{say('text')} {pattern(schema['pattern'])}")
    else:
        parts.append(say("text"))
    most = schema.get("maxLength")
    if most is not None:
        exact = schema.get("minLength") == most
        parts.append(say("exactly" if exact else "characters", most=say.number(most)))
    return ", ".join(parts)


def _json(value: object) -> str:
    """A constant as it stands in JSON, a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

"""The pages of the documents that are no records: what a volunteer carries home (chapter 24)."""

from __future__ import annotations

import json
from typing import Final

from tests.schemapages.faults import cell
from tests.schemapages.phrases import Phrases
from tests.schemapages.reading import ROOT, Schema, document, documents, members, spelt_out, told
from tests.schemapages.records import json_block, member_line

_VECTORS: Final = "spec/vectors/certificates.json"
_SHOWN: Final = {"certificate": ("valid", "every member"), "endorsement": ("endorsed", "by the other agency")}
"""The list of the vectors, and the name in it, of the example of a document."""


def paper_page(name: str, say: Phrases) -> str:
    """What a document is for, an example, and every member."""
    schema = paper(name)
    parts = [
        f"# {name}{say('colon')}{told(schema, say.language, 'title')}\n",
        f"{say.other(name)}\n",
        f"{told(schema, say.language)}\n",
        _facts(name, schema, say),
        f"## {say('example')}\n\n{say('paper-example', path=f'../../../{_VECTORS}')}\n\n{json_block(example(name))}",
        f"## {say('members')}\n\n{say('paper-members')}\n",
        "".join(member_line(one, say) for one in members(schema)),
        f"## {say('wrong')}\n\n{say('paper-wrong', path=f'../../../{_VECTORS}')}\n",
        f"*{say('written')}*\n",
    ]
    return "\n".join(parts)


def paper(name: str) -> Schema:
    """The schema of a document, with the members of its proof in their place."""
    return spelt_out(document(f"documents/{name}"))


def example(name: str) -> object:
    """A document of the vectors, whose signature verifies."""
    listed, wanted = _SHOWN[name]
    vectors = json.loads((ROOT / _VECTORS).read_text("utf-8"))
    return json.loads(next(case["data"] for case in vectors[listed] if case["name"] == wanted))


def papers_section(say: Phrases) -> str:
    """The part of the index about documents."""
    text = f"## {say('papers')}\n\n{say('papers-intro')}\n\n"
    text += f"| {say('paper')} | {say('what')} | {say('signed-by').lower()} |\n|---|---|---|\n"
    for name in documents():
        title, issued = (told(paper(name), say.language, keyword) for keyword in ("title", "x-issued-by"))
        text += f"| [{name}]({say.page(name)}) | {cell(title)} | {cell(issued)} |\n"
    return text


def _facts(name: str, schema: Schema, say: Phrases) -> str:
    rows = [
        (say("signed-by"), told(schema, say.language, "x-issued-by")),
        (say("held-by"), told(schema, say.language, "x-read-by")),
        (say("law"), "[spec/24-certificates.md](../../../spec/24-certificates.md)"),
        (say("schema"), f"[`{schema['$id']}`](../../../schemas/documents/{name}.json)"),
    ]
    return "".join(f"- **{title}**{say('colon')}{text}\n" for title, text in rows)

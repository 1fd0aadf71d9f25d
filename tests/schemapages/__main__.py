"""Writes the reference of the record types: ``python -m tests.schemapages`` renews docs/developer/schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.schemapages.papers import paper_page
from tests.schemapages.phrases import LANGUAGES, Phrases
from tests.schemapages.reading import ROOT, documents, types
from tests.schemapages.records import record_page
from tests.schemapages.shared import codes_page, common_page, index_page

FOLDER: Final = ROOT / "docs" / "developer" / "schemas"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        say = Phrases(language)
        found[say.page("README")] = index_page(say)
        found[say.page("common")] = common_page(say)
        found[say.page("codes")] = codes_page(say)
        found.update({say.page(name): record_page(name, say) for name in types()})
        found.update({say.page(name): paper_page(name, say) for name in documents()})
    return found


def write(folder: Path) -> None:
    """Writes every page, and takes away what is none any more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(FOLDER)

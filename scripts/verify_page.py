"""Writes what docs/auditor/verify.html takes from elsewhere: the schemas, and the hashes of its own scripts and style.

python scripts/verify_page.py            after a change of the page or of schemas/
python scripts/verify_page.py --check    ends with 1 where the page is not what this script would write

The page's policy lets nothing run but what it names by hash, so a change of the page without this script is a page that
does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "auditor" / "verify.html"


# What schemas/README calls words, tiers and notes: they judge no record.
NOTES = re.compile(r"title|description|\$comment|x-.*")
NAMED = ("properties", "$defs")


def rules(schema: Any, *, names: bool = False) -> Any:
    """A schema without what is for people; ``names`` where the keys are names of members, not keywords."""
    if isinstance(schema, list):
        return [rules(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: part if key == "const" and not names else rules(part, names=not names and key in NAMED)
        for key, part in schema.items()
        if names or not NOTES.fullmatch(key)
    }


def schemas() -> str:
    """What the schemas rule, by their `$id`, as JSON without white space."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "schemas").glob("*.json"))]
    by_id = {schema["$id"]: rules(schema) for schema in found}
    # Inside a script element "</" could end it; in JSON the escape means the same.
    return json.dumps(by_id, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def policy(page: str) -> str:
    """Nothing from anywhere, and only the scripts and the style of this page."""
    scripts = re.findall(r"<script id=[^>]*>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    allowed = [" ".join(f"'sha256-{_sha256(text)}'" for text in texts) for texts in (scripts, styles)]
    return f"default-src 'none'; script-src {allowed[0]}; style-src {allowed[1]}; base-uri 'none'; form-action 'none'"


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _between(page: str, name: str, content: str) -> str:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, rest = page.split(begin)
    return before + begin + content + end + rest.split(end)[1]


def written(page: str) -> str:
    """The page as this script writes it."""
    data = f'<script type="application/json" id="passerelle-data">{schemas()}</script>'
    page = _between(page, "schemas", data)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
    return _between(page, "policy", meta)


def main() -> int:
    """Writes the page, or checks it."""
    page = PAGE.read_text("utf-8")
    new = written(page)
    if "--check" in sys.argv:
        if new != page:
            print(
                "docs/auditor/verify.html is not up to date: run python scripts/verify_page.py",
                file=sys.stderr,
            )
        return int(new != page)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

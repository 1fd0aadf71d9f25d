"""Chapter 02 of the law: the JSON profile."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_PROFILE: Final = "protocol/profile.py"

CHAPTER: Final = Chapter(
    "02",
    mutants=(
        Mutant("J-1", _PROFILE, 'data.decode("utf-8")', 'data.decode("utf-8", "replace")'),
        Mutant(
            "J-2",
            _PROFILE,
            '_DECODER.decode(data.decode("utf-8"))',
            '_DECODER.raw_decode(data.decode("utf-8").lstrip())[0]',
        ),
        Mutant("J-3", _PROFILE, "if len(members) != len(pairs):", "if False:"),
        Mutant(
            "J-4",
            _PROFILE,
            '    if not name.isascii():\n        raise ProtocolError("json.member-name", name=_shown(name))\n',
            "",
        ),
        Mutant(
            "J-5", _PROFILE, "parse_float=_refuse_fraction,", "parse_float=lambda text: int(float(text)),"
        ),
        Mutant("J-6", _PROFILE, "if not -MAX_INTEGER <= value <= MAX_INTEGER:", "if False:"),
        Mutant("J-7", _PROFILE, "if not text.isascii():", "if False:"),
        Mutant("J-8", _PROFILE, 'if "\\0" in text:', "if False:"),
        Mutant("J-9", _PROFILE, "if isinstance(value, dict | list) and depth > MAX_DEPTH:", "if False:"),
        Mutant(
            "J-10",
            _PROFILE,
            "    if len(data) > max_bytes:\n"
            '        raise ProtocolError("json.too-large", size=len(data), max=max_bytes)\n'
            "    value = _parse_fast(data)\n",
            "    value = _parse_fast(data)\n",
        ),
        Mutant(
            "J-11",
            _PROFILE,
            "with contextlib.suppress(orjson.JSONEncodeError):\n"
            "        data = orjson.dumps(value, option=_CANONICAL)",
            "with contextlib.suppress(orjson.JSONEncodeError):\n"
            "        data = orjson.dumps(value, option=_CANONICAL & ~orjson.OPT_SORT_KEYS)",
        ),
        Mutant("J-12", _PROFILE, "if encode(slow) != data:", "if False:"),
        Mutant(
            "J-16",
            _PROFILE,
            'data.decode("utf-8")',
            '__import__("unicodedata").normalize("NFC", data.decode("utf-8"))',
        ),
        Mutant(
            "J-18",
            _PROFILE,
            "if not _TIME.fullmatch(text):",
            'if text.endswith("+00:00"):\n        return datetime.fromisoformat(text)\n    if not _TIME.fullmatch(text):',
        ),
    ),
    people={},
    not_yet="J-13 J-14 J-15 J-17 J-19 J-20",
    most=6,
)

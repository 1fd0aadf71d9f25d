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
            "J-13",
            "storage/vault.py",
            'await insert_rows(connection, vault_record, ("record", "data"), records)',
            "import json\n\n"
            "    anew = [(number, json.dumps(json.loads(data)).encode()) for number, data in records]\n"
            '    await insert_rows(connection, vault_record, ("record", "data"), anew)',
        ),
        Mutant(
            "J-14",
            "protocol/identityentries.py",
            "profile.encode({**body, 'versionId': predecessor})",
            "profile.encode({**body, 'versionId': predecessor, 'state': {"
            "name: value for name, value in body['state'].items() if name != 'service'}})",
        ),
        Mutant("J-15", "cli/intake/cells.py", 'unicodedata.normalize("NFC", ', "("),
        Mutant(
            "J-16",
            _PROFILE,
            'data.decode("utf-8")',
            '__import__("unicodedata").normalize("NFC", data.decode("utf-8"))',
        ),
        Mutant(
            "J-17",
            "protocol/leaves.py",
            '_HASH: Final = re.compile("[0-9a-f]',
            '_HASH: Final = re.compile("[0-9a-fA-F]',
        ),
        Mutant(
            "J-18",
            _PROFILE,
            "if not _TIME.fullmatch(text):",
            'if text.endswith("+00:00"):\n        return datetime.fromisoformat(text)\n    if not _TIME.fullmatch(text):',
        ),
        Mutant(
            "J-19",
            "protocol/tiles.py",
            'to_bytes(length_bytes, "big") + item',
            'to_bytes(length_bytes, "little") + item',
        ),
        Mutant("J-20", "schemas/common.json", "urn:uuid:[0-9a-f]{8}", "urn:uuid:[\\\\da-f]{8}"),
    ),
)

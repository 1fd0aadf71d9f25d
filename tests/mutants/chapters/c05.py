"""Chapter 05 of the law: feeds and leaves."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_NOTES: Final = "protocol/notes.py"
_CHECKPOINTS: Final = "protocol/checkpoints.py"
_LEAVES: Final = "protocol/leaves.py"
_FENCE: Final = "sync/fence.py"

CHAPTER: Final = Chapter(
    "05",
    mutants=(
        Mutant("L-1", "protocol/origins.py", "if self.partner == self.author:", "if False:"),
        Mutant("L-2", _FENCE, "if origin not in known:", "if False:"),
        Mutant(
            "L-3",
            "sync/signing.py",
            "origin_of(record.issuer_scid, partner) for partner",
            "Origin(record.issuer_scid, partner, record.version) for partner",
        ),
        Mutant(
            "L-4",
            "protocol/merkle.py",
            "return len(proof) <= MAX_PROOF_HASHES and all(len(hash_) == HASH_BYTES for hash_ in hashes)",
            "return bool(hashes)",
            ("tests/unit/protocol/test_merkle.py",),
        ),
        Mutant(
            "L-5",
            _NOTES,
            'if not blank or not lines.endswith("\\n") or _CONTROL.search(text):',
            "if not blank:",
        ),
        Mutant("L-6", _NOTES, "if makers and not any(", "if not any("),
        Mutant(
            "L-7",
            _NOTES,
            "        if makers and not any(verify_signature(public, message, line.blob) for public in makers):\n"
            '            raise ProtocolError("note.signature", name=line.name, key_id=line.key_id.hex())\n'
            "        if makers:\n",
            "        if any(verify_signature(public, message, line.blob) for public in makers):\n",
        ),
        Mutant("L-8", _NOTES, "if not verified:", "if False:"),
        Mutant("L-9", _NOTES, "MAX_SIGNATURES: Final = 64", "MAX_SIGNATURES: Final = 63"),
        Mutant(
            "L-10",
            _CHECKPOINTS,
            'origin, size, root = text.removesuffix("\\n").split("\\n")',
            'text = "\\n".join(text.split("\\n")[:3]) + "\\n"\n'
            '            origin, size, root = text.removesuffix("\\n").split("\\n")',
        ),
        Mutant(
            "L-11",
            _CHECKPOINTS,
            "parsed = cls(origin, int(size), base64.b64decode(root, validate=True))",
            "parsed = cls(origin, int(size), base64.b64decode(root, validate=True))\n"
            '            text = f"{origin}\\n{parsed.tree_size}\\n{root}\\n"',
        ),
        Mutant(
            "L-12", _CHECKPOINTS, "if parsed.tree_size == 0 and parsed.root_hash != EMPTY_ROOT:", "if False:"
        ),
        Mutant(
            "L-13",
            _CHECKPOINTS,
            "[Verifier(origin, public) for public in log_keys])",
            "[Verifier(line.name, public) for line in note.signatures for public in log_keys])",
        ),
        Mutant("L-14", _CHECKPOINTS, "if checkpoint.origin != origin:", "if False:"),
        Mutant("L-15", _FENCE, "reason = reason or verdict", "pass"),
        Mutant(
            "L-16",
            "sync/files.py",
            "if wanted.end > size // TILE_WIDTH**wanted.level:",
            "items = size // TILE_WIDTH**wanted.level\n"
            "    if wanted.end > items or (wanted.width < TILE_WIDTH and wanted.end < items):",
        ),
        Mutant(
            "L-17",
            "protocol/tiles.py",
            "_check_width(len(entries), width)",
            "_check_width(len(entries), None)",
        ),
        Mutant("L-18", "sync/fetch.py", "if root_of(hashes) != root:", "if False:"),
        Mutant(
            "L-19",
            _LEAVES,
            "profile.parse_canonical(data, max_bytes=MAX_LEAF_BYTES)",
            "profile.parse(data, max_bytes=MAX_LEAF_BYTES)",
        ),
        Mutant("L-20", _LEAVES, "    _check_members(value, members)\n", ""),
        Mutant("L-21", _LEAVES, "if not _belongs(leaf, origin):", "if False:"),
        Mutant(
            "L-22",
            _LEAVES,
            "return UnknownLeaf(kind, data)",
            'raise ProtocolError("leaf.malformed", member="kind")',
        ),
        Mutant(
            "L-23", "protocol/intake.py", "if getattr(leaf, member) != getattr(record, member):", "if False:"
        ),
        Mutant(
            "L-24",
            "sync/keeping.py",
            "        if commitment in known:\n            repeated.add(index)\n",
            "",
        ),
        Mutant(
            "L-25",
            _LEAVES,
            "    _check_members(value, members)\n",
            '    _check_members({name: value[name] for name in value if kind != "sealed" or name in members}, members)\n',
        ),
        Mutant(
            "L-26",
            "protocol/intake.py",
            "                except ProtocolError as error:\n",
            "                except ProtocolError as error:\n"
            "                    if step == self._read_leaf:\n"
            "                        raise\n",
        ),
    ),
)

"""Chapter 23 of the law: checking a copy."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_TREE: Final = "audit/tree.py"

CHAPTER: Final = Chapter(
    "23",
    mutants=(
        Mutant(
            "V-1",
            "audit/folder.py",
            "            yield Path(folder)\n",
            "            yield Path(folder)\n            return\n",
        ),
        Mutant("V-2", "audit/shelf.py", "if len(data) > max_bytes:", "if False:"),
        Mutant(
            "V-3",
            _TREE,
            "for width in range(tile.width, TILE_WIDTH + 1):",
            "for width in range(TILE_WIDTH, tile.width - 1, -1):",
        ),
        Mutant("V-4", "audit/report.py", "if len(self.kept) < MAX_FINDINGS:", "if not self.kept:"),
        Mutant("V-5", _TREE, "if len(items) < tile.width:", "if len(items) != tile.width:"),
        Mutant(
            "V-6",
            _TREE,
            "hashes = stored if entries is None else tuple(map(leaf_hash, entries))",
            "hashes = stored if entries is None or stored is not None else tuple(map(leaf_hash, entries))",
        ),
    ),
)

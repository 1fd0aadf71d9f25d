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
        Mutant(
            "V-5",
            _TREE,
            "for width in range(tile.width, TILE_WIDTH + 1):",
            "for width in range(tile.width, tile.width + 1):",
        ),
        Mutant(
            "V-6",
            _TREE,
            "hashes = stored if entries is None else tuple(map(leaf_hash, entries))",
            "hashes = stored if entries is None or stored is not None else tuple(map(leaf_hash, entries))",
        ),
        Mutant(
            "V-7",
            "audit/claims.py",
            "if len(found) > 1}",
            "if len(found) > 9}",
        ),
        Mutant("V-8", "audit/report.py", "if _is_fork(finding):", "if False:"),
    ),
)

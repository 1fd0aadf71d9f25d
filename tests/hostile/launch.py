"""Runs the node as ``passerelle`` would, after one guard was taken out of it: ``launch.py MUTANT ARGUMENTS…``."""

from __future__ import annotations

import sys

from passerelle.cli import main
from tests.hostile.mutants import apply


def launch(arguments: list[str]) -> int:
    """Take out the guard that the first argument names, ``-`` for none, and run the rest."""
    mutant, *rest = arguments
    if mutant != "-":
        apply(mutant)
    return main(rest)


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))

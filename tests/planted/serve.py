"""Serves a home as ``passerelle serve`` does, with one fault: ``serve.py NAME --home HOME …``, ``-`` for none."""

from __future__ import annotations

import os
import sys

from passerelle.cli import main
from tests.planted.faults import PLANTED


def serve(arguments: list[str]) -> int:
    """Plant the fault that the first argument names, and serve with the rest."""
    name, *rest = arguments
    if name != "-":
        os.cpu_count = lambda: 1  # no workers: a patch of this process would not reach them
        PLANTED[name].plant()
    return main(["serve", *rest])


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in {"-", *PLANTED}:
        sys.exit(f"serve.py NAME --home HOME, where NAME is one of: - {' '.join(PLANTED)}")
    sys.exit(serve(sys.argv[1:]))

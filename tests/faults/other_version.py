"""Runs the node as another version would that knows other schemas: ``other_version.py KNOWS ARGUMENTS…``.

``KNOWS`` is as `tests.versions` has it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from passerelle.cli import main
from passerelle.protocol.schemas import Schemas
from tests.faults.harness import Node
from tests.versions import schemas_that_know


class Versioned(Node):
    """A node whose home is opened by one version after the other."""

    knows: str = "-"

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process of the version that is in use now, and return at once."""
        arguments = [*command, "--home", str(self.home), "--json"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.other_version", self.knows, *arguments],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PASSERELLE_CRASH_AT": crash, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )


def launch(arguments: list[str]) -> int:
    """Become the version that the first argument names, and run the rest."""
    knows, *rest = arguments
    os.cpu_count = lambda: 1  # no workers: they would be of this version
    schemas = schemas_that_know(knows)
    setattr(Schemas, "packaged", staticmethod(lambda: schemas))  # noqa: B010  a method to the type checker
    return main(rest)


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1:]))

"""All tests, for `make test`: what waits beside what works, then what failed, once more.

``python -m tests.whole``. Tests of nodes with partners wait much of their time, for one
that drips, a second that must pass, a process that starts; the others keep a processor busy, in two
halves. So each has a process of its own. The exit code is 0 where all have passed, 1 where one has not, 130
after Ctrl-C. Logs lie in ``.soak``, as those of a soak do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from tests.soak.lanes import Soak, minutes
from tests.soak.parts import Part

ROOT: Final = Path(__file__).parents[1]
LOGS: Final = ROOT / ".soak" / "tests"
WAITING: Final = ("tests/hostile", "tests/conformance", "tests/planted", "tests/scenarios")
WORKING: Final = (
    "tests/vectors",
    "tests/interop",
    "tests/verify",
    "tests/faults",
    "tests/fuzz",
    "tests/mutants",
)
LANES: Final = {
    "waits": (Part("nodes and partners", WAITING),),
    "units": (Part("units", ("tests/unit",)),),
    "works": (Part("all else", WORKING),),
}
"""Every folder of ``testpaths`` in pyproject.toml is in one of them."""


def run() -> int:
    """Run all; the exit code."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    lanes = Soak(LOGS, lambda part: [*pytest, *part.arguments], os.environ)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: lanes.interrupt())
    began = time.monotonic()
    results = lanes.run(LANES)
    sys.stdout.write("\n".join(["", *_failed(), *(line for result in results for line in result.lines)]))
    sys.stdout.write(f"\n{minutes(time.monotonic() - began)} in all\n")
    if lanes.is_interrupted:
        return 130
    return 0 if all(result.code == 0 for result in results) else 1


def _failed() -> list[str]:
    """The lines that name a failed test, out of all logs: in a long run they are far up."""
    texts = [path.read_text("utf-8") for path in sorted(LOGS.glob("*.log"))]
    return [line for text in texts for line in text.splitlines() if line.startswith(("FAILED ", "ERROR "))]


if __name__ == "__main__":
    sys.exit(run())

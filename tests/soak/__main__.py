"""The whole soak, for `make soak`: lanes side by side, then what must run alone, then one summary.

``python -m tests.soak [arguments of pytest]``. ``SOAK_SEED`` and ``FUZZ_SEED`` repeat a run; where they
are not set a seed is drawn. Logs and the summary lie in ``.soak``. The exit code is 0 where every
part has passed, 1 where one failed, 130 after Ctrl-C.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.soak.lanes import NOTHING_CHOSEN, Result, Soak, minutes
from tests.soak.parts import ALONE, LANES, Part

ROOT: Final = Path(__file__).parents[2]
SECONDS_A_TEST: Final = 3_600
"""More than any needs on a busy machine: what hangs is still found."""


def run(chosen: Sequence[str]) -> int:
    """Run it; the exit code."""
    seed = os.environ.get("SOAK_SEED") or secrets.token_hex(4)
    environment = {**os.environ, "SOAK_SEED": seed, "FUZZ_SEED": os.environ.get("FUZZ_SEED") or seed}
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0"]
    pytest += ["-o", f"timeout={SECONDS_A_TEST}", f"--hypothesis-seed={drawn}"]

    def command(part: Part) -> list[str]:
        return [*pytest, *_without_conflict(part.arguments, chosen)]

    soak = Soak(ROOT / ".soak", command, environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: soak.interrupt())
    began = time.monotonic()
    results = [*soak.run(LANES), *soak.run({"alone": ALONE})]
    told = _summary(results, seed, drawn, environment["FUZZ_SEED"], time.monotonic() - began)
    (ROOT / ".soak" / "summary.txt").write_text(told, "utf-8")
    sys.stdout.write(f"\n{told}")
    if soak.is_interrupted:
        return 130
    return 0 if all(_is_well(result, chosen) for result in results) else 1


def _without_conflict(own: Sequence[str], chosen: Sequence[str]) -> list[str]:
    """A part's arguments with those that were typed; of two ``-k`` both must hold."""
    own, typed = list(own), list(chosen)
    if "-k" in own and "-k" in typed:
        at, into = typed.index("-k"), own.index("-k") + 1
        own[into] = f"({own[into]}) and ({typed[at + 1]})"
        del typed[at : at + 2]
    return [*own, *typed]


def _is_well(result: Result, chosen: Sequence[str]) -> bool:
    """Where tests were chosen by what was typed, a part may have none."""
    return result.code == 0 or (bool(chosen) and result.code == NOTHING_CHOSEN)


def _summary(results: Sequence[Result], seed: str, drawn: int, fuzz: str, seconds: float) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    head = [
        f"soak of {when} UTC, {minutes(seconds)} on {os.cpu_count()} cores, Python {platform.python_version()}",
        f"SOAK_SEED={seed} FUZZ_SEED={fuzz} --hypothesis-seed={drawn}",
        f"{'':<12}{'part':<34}{'minutes':>8} {'processor':>10}",
    ]
    return "\n".join([*head, *(line for result in results for line in result.lines)]) + "\n"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

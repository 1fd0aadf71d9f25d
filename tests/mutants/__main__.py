"""Switches off the checks of the rules that are named, or of all, and says which test noticed.

``python -m tests.mutants [RULE …]``: a row for each. The exit code is 1 where a mutant survived, or where the
tests do not pass as it is; 2 for a rule that has no mutant.
"""

from __future__ import annotations

import sys

from tests.mutants.model import Mutant
from tests.mutants.running import Copy, Outcome, new_copy
from tests.mutants.table import MUTANTS


def main(names: list[str]) -> int:
    """Run them; the exit code."""
    unknown = [name for name in names if name not in MUTANTS]
    if unknown:
        sys.stderr.write(f"no mutant: {' '.join(unknown)}\n")
        return 2
    mutants = [MUTANTS[name] for name in names] or list(MUTANTS.values())
    with new_copy() as copy:
        unharmed = copy.run_unharmed(mutants)
        tests = f"{unharmed.run} tests, {len(unharmed.failed)} failed"
        _say(f"as it is        {unharmed.processor:6.1f} s  {tests}")
        if unharmed.word != "survived":
            _say(unharmed.output)
            return 1
        alive = [mutant.rule for mutant in mutants if _row(copy, mutant).word != "killed"]
    _say(f"{len(mutants) - len(alive)} of {len(mutants)} killed. {' '.join(alive)}".rstrip())
    return 1 if alive else 0


def _row(copy: Copy, mutant: Mutant) -> Outcome:
    outcome = copy.run(mutant)
    by = outcome.failed[0] if outcome.failed else f"{outcome.run} tests"
    _say(f"{mutant.rule:<5} {outcome.word:<9} {outcome.processor:6.1f} s  {mutant.file}  {by}")
    if outcome.word in {"broken", "late"}:
        _say(outcome.output)
    return outcome


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""At length: a million inputs to the parsers of foreign bytes, with a table at the end. Run by ``make soak``.

``FUZZ_INPUTS`` sets how many inputs there are in all, ``FUZZ_SEED`` which; a seed is drawn and printed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Final

import pytest

from tests.fuzz.engine import HEADER, Summary, Target, fuzz
from tests.fuzz.targets import TARGETS
from tests.fuzz.test_fuzz_targets import assert_held
from tests.soak.lanes import note

INPUTS: Final = int(os.environ.get("FUZZ_INPUTS", "1000000"))
SEED: Final = os.environ.get("FUZZ_SEED") or secrets.token_hex(4)
_SHARES: Final = sum(target.share for target in TARGETS)


@pytest.fixture(scope="module")
def summaries(request: pytest.FixtureRequest) -> Iterator[list[Summary]]:
    """Collects what came of every target, and prints the table."""
    found: list[Summary] = []
    yield found
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n\nfuzzing with seed {SEED}\n{HEADER}")  # noqa: T201  the summary of a soak
        for summary in found:
            print(summary.line)  # noqa: T201
            codes = ", ".join(f"{code} {count}" for code, count in summary.outcomes.most_common())
            print(f"    {codes}")  # noqa: T201
        note(_of_all(found))


def _of_all(found: list[Summary]) -> str:
    """One line for the summary of the whole soak."""
    inputs = sum(summary.inputs for summary in found)
    accepted = sum(summary.outcomes["accepted"] for summary in found)
    codes = set().union(*(summary.outcomes for summary in found)) - {"accepted"}
    worst = 1000 * max(summary.slowest_seconds for summary in found)
    return (
        f"{inputs} inputs to {len(found)} parsers (seed {SEED}): {accepted} accepted, {inputs - accepted} refused "
        f"with {len(codes)} codes, the slowest took {worst:.0f} ms"
    )


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_million_inputs(target: Target, summaries: list[Summary]) -> None:
    """As the light pass, over the target's share of a million."""
    summary = fuzz(target, int(INPUTS * target.share / _SHARES) + 1, SEED)
    summaries.append(summary)
    assert_held(summary)

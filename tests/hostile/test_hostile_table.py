"""Each behaviour of a hostile partner ends in the state and with the code that its row names, at a bounded cost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.hostile import document
from tests.hostile.behaviours import BEHAVIOURS
from tests.hostile.scene import Outcome
from tests.hostile.table import Behaviour


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda row: row.name)
def test_a_behaviour_ends_as_its_row_says(
    behaviour: Behaviour, outcomes: Mapping[str, Outcome | Exception]
) -> None:
    """F-3, F-8, Q-21, Q-22: a named state, a stable code, a bounded cost; we serve and publish meanwhile."""
    outcome = outcomes[behaviour.name]
    if isinstance(outcome, Exception):
        raise outcome
    behaviour.check(outcome)


def test_names_are_given_once() -> None:
    """A row is found by its name."""
    names = [row.name for row in BEHAVIOURS]
    assert len(names) == len(set(names)) > 20


def test_the_page_for_people_is_this_table() -> None:
    """docs/developer/hostile-partners.md says what the table says."""
    assert document.PATH.read_text("utf-8") == document.written()

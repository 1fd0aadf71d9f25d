"""All behaviours, in the order of the documents."""

from __future__ import annotations

from typing import Final

from tests.hostile.floods import FLOODS
from tests.hostile.identities import IDENTITIES
from tests.hostile.requests import REQUESTS
from tests.hostile.roads import ROADS
from tests.hostile.table import Behaviour
from tests.hostile.trees import TREES

BEHAVIOURS: Final[tuple[Behaviour, ...]] = (*ROADS, *TREES, *FLOODS, *IDENTITIES, *REQUESTS)


def behaviour_named(name: str) -> Behaviour:
    """The row of that name."""
    return next(row for row in BEHAVIOURS if row.name == name)

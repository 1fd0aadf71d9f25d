"""Every parser of foreign bytes, once: what a partner, a proxy, a copied folder or a person's file can reach."""

from __future__ import annotations

from typing import Final

from tests.fuzz.core import CORE
from tests.fuzz.edge import EDGE
from tests.fuzz.engine import Target
from tests.fuzz.own_files import OWN_FILES
from tests.fuzz.papers import PAPERS

TARGETS: Final[tuple[Target, ...]] = (*CORE, *PAPERS, *EDGE, *OWN_FILES)

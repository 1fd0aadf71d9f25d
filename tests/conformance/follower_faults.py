"""Faults that a follower sees: one table, keyed by rule, of what a proxy changes in front of a real node.

The rows of records, leaves and objects are made from the same flawed records that the kit
puts into its own feeds; what is wrong for a reader to take is wrong for a publisher to say.
"""

from __future__ import annotations

from typing import Final

from tests.conformance.follower_feed import FEEDS, RECORDS
from tests.conformance.follower_own import DESCRIPTORS, IDENTITIES
from tests.conformance.follower_serving import SERVING
from tests.conformance.follower_stage import Fault

__all__ = ["DESCRIPTORS", "FAULTS", "FEEDS", "IDENTITIES", "RECORDS", "SERVING", "Fault"]

FAULTS: Final = (*IDENTITIES, *DESCRIPTORS, *FEEDS, *RECORDS, *SERVING)

"""Faults that a partner sees: what a node does with what is shown to it, and how it asks.

A proxy stands between the kit and the node; a second one, where the fault is in how the node
asks, between the node and the kit. Both know the node's keys, so that they can answer for a
node that takes what it must refuse: rejections and receipts are made in its name.
"""

from __future__ import annotations

from typing import Final

from tests.conformance.partner_asking import ASKING
from tests.conformance.partner_elsewhere import CLOCK, ELSEWHERE
from tests.conformance.partner_feed import OWN
from tests.conformance.partner_flawed import FLAWED
from tests.conformance.partner_gaps import GAPS
from tests.conformance.partner_requests import LASTING, MISUSE, PRIVATE, REQUESTS
from tests.conformance.partner_stage import PartnerFault, Stage
from tests.conformance.partner_steps import IDENTITY, STEPS

__all__ = ["PARTNER_FAULTS", "PartnerFault", "Stage"]

PARTNER_FAULTS: Final = (
    *REQUESTS,
    *LASTING,
    *MISUSE,
    *PRIVATE,
    *OWN,
    *GAPS,
    *FLAWED,
    *STEPS,
    *ASKING,
    *IDENTITY,
    *CLOCK,
    *ELSEWHERE,
)

"""Examining a node from outside, in both roles: as its follower, and as its hostile partner.

The kit sees what anybody sees: answers over HTTP, and what the node asks for. So, like
``audit``, it builds on ``protocol`` and ``errors`` alone, and has HTTP code of its own. What
it looks for stands in the table of rules; what it cannot see it says.
"""

from passerelle.conformance.certificate import certificate
from passerelle.conformance.examination import Examination
from passerelle.conformance.report import Report
from passerelle.conformance.rules import Table

__all__ = ["Examination", "Report", "Table", "certificate"]

"""Certificates on paper: the sheet that a volunteer keeps, and reading back what lies in it.

Bytes in, bytes out: nothing here knows a node, a disk or a network. What it is given was
checked before (:mod:`passerelle.desk.certificates`); what a sheet of others holds is
checked after (:mod:`passerelle.audit`).
"""

from passerelle.paper.attachments import attachments_of
from passerelle.paper.sheet import Sheet, print_sheet

__all__ = ["Sheet", "attachments_of", "print_sheet"]

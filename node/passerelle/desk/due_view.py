"""The due list as JSON-able data: what the command line prints and the console draws.

Wire forms: days ``YYYY-MM-DD``, texts by BCP 47 tag, agencies by SCID with their local code where they have one.
"""

from __future__ import annotations

from typing import TypedDict


class DueView(TypedDict):
    """One step that nobody has done yet.

    ``days_late`` is negative while there is time. ``who`` must act; ``ours`` says whether we are among them. ``about``
    is what a person knows the record by. ``type`` and ``id`` are None for what is about no record, ``sender`` and
    ``host`` (SCIDs) for what is in no direction.
    """

    step: str
    text: dict[str, str]
    day: str
    days_late: int
    who: list[str]
    who_codes: list[str]
    ours: bool
    type: str | None
    id: str | None
    about: dict[str, str]
    sender: str | None
    host: str | None

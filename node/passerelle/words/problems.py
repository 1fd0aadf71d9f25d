"""Errors over HTTP: RFC 9457 problem documents that carry both voices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from passerelle.words.voices import Words

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"

AREA: Final = "area."
"""Begins the msgid that names an area of codes: ``area.quota`` for ``quota.reached``."""


def problem(
    code: str,
    params: Mapping[str, object],
    lang: str,
    status: int,
    *,
    agencies: Mapping[str, str] | None = None,
) -> dict[str, object]:
    """One error as a problem document.

    ``{"type":"urn:passerelle:problem:quota.reached","title":…,"status":409,"detail":…,
    "developer":…,"code":"quota.reached","params":{…}}``: ``title`` names the area and is the same
    at each occurrence, ``detail`` is the user's voice, ``developer`` the other one.

    Args:
        code: Stable code, known to the catalogues or not.
        params: Values of the sentences, JSON-able; repeated in the document.
        lang: One of ``LANGUAGES``; the caller says it in ``Content-Language``.
        status: The HTTP status that the document goes out with.
        agencies: Local codes by SCID, for our own users; a partner is not told our codes.
    """
    words = Words(lang, agencies)
    area = AREA + code.partition(".")[0]
    return {
        "type": f"urn:passerelle:problem:{code}",
        "title": words.text(area if words.has(area) else f"{AREA}other"),
        "status": status,
        "detail": words.user(code, **params),
        "developer": words.developer(code, **params),
        "code": code,
        "params": dict(params),
    }

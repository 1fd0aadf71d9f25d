"""Which language somebody is spoken to in."""

from __future__ import annotations

import pytest

from passerelle.words import choose_language


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("en", "en"),
        ("fr-TG,fr;q=0.9,en;q=0.8", "fr"),
        ("de,en;q=0.8,fr;q=0.9", "fr"),
        ("en;q=0,fr;q=0.1", "fr"),
        ("en;q=0", "fr"),
        ("EN-gb", "en"),
        ("de, *;q=0.5", "fr"),
        ("", "fr"),
        ("en;q=high, fr", "fr"),
        (",;=,\x00,en", "en"),
        ("x" * 5000 + ",en", "fr"),
    ],
)
def test_accept_language_is_read_by_weight(header: str, chosen: str) -> None:
    """RFC 9110 12.5.4: the heaviest that we have; what is malformed or too long is passed over."""
    assert choose_language(accept_language=header) == chosen


def test_an_explicit_wish_comes_first() -> None:
    assert choose_language(asked="en", accept_language="fr") == "en"
    assert choose_language(asked="sw", accept_language="en") == "en"


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "fr_TG.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "fr_FR@euro"}, "fr"),
        ({"LANGUAGE": "sw:en:fr", "LANG": "fr_FR"}, "en"),
        ({"LANG": "C"}, "fr"),
        ({}, "fr"),
    ],
)
def test_the_environment_is_read_in_gettexts_order(environment: dict[str, str], chosen: str) -> None:
    assert choose_language(environment=environment) == chosen


def test_the_default_is_the_callers() -> None:
    assert choose_language(environment={"LANG": "C"}, default="en") == "en"

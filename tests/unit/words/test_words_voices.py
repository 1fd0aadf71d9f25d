"""Sentences: values in their places, two voices, and never a failure."""

from __future__ import annotations

import pytest

from passerelle.errors import InputError
from passerelle.words import Words, catalogues, problem
from passerelle.words.catalogues import files, merged

FR, EN = Words("fr"), Words("en")


def fill(template: str, **params: object) -> str:
    return FR.fill(template, dict(params))


def test_values_are_written_by_the_kind_that_the_sentence_asks_for() -> None:
    assert fill("{a:number} {b:percent}", a=4, b="0.5") == "4 50\N{NO-BREAK SPACE}%"
    assert fill("{c:country}, {d:date}", c="ML", d="2026-11-02") == "Mali, 2 novembre 2026"
    assert fill("{l}", l=["a", "b"]) == "a et b"
    assert fill("{p}", p=8443) == "8443"


def test_a_kind_that_does_not_fit_leaves_the_value_as_it_stands() -> None:
    assert fill("{a:size} {b:nonsense} {c:date}", a="many", b=1, c=7) == "many 1 7"


def test_a_value_that_is_not_given_leaves_a_mark_and_no_failure() -> None:
    assert fill("{a} {b}", a=None) == "? ?"


def test_a_part_is_left_out_where_its_value_is_missing() -> None:
    template = "Suspended[[ since {since:date}]][[ by {by:agency}]]."
    assert EN.fill(template, {"since": "2026-11-02", "by": None}) == "Suspended since 2 November 2026."
    assert EN.fill(template, {}) == "Suspended."


@pytest.mark.parametrize("words", [FR, EN], ids=["fr", "en"])
def test_a_reached_quota_without_a_direction_asks_no_question(words: Words) -> None:
    """A verdict may come without its direction: the sentence then says nothing of one."""
    known = {"quota": 4, "count": 4, "of": "nominations"}
    assert "?" not in words.user("quota.reached", **known)
    said = words.user("quota.reached", **known, **{"from": "TG-ANVT", "to": "ML-CNPV"})
    assert "TG-ANVT" in said
    assert "ML-CNPV" in said


@pytest.mark.parametrize("words", [FR, EN], ids=["fr", "en"])
def test_one_measure_has_one_name(words: Words) -> None:
    """Board and command line call the two measures of reciprocity by the same words of the sector."""
    said = words.text("cli.statement.balance", agency="TG-ANVT", country="Togo", number="+2")
    assert said.startswith(words.text("board.summary.balance"))
    assert words.text("cli.statement.index", index="0,50").startswith(words.text("board.summary.index"))


def test_an_agency_is_called_by_its_local_code() -> None:
    scid = "QmWtQu5Vwi5n7oTz1NHKPtRJuBQmNneLXBGkQW9YBaGYk4"
    known = Words("en", agencies={scid: "ML-CNPV"})
    assert known.fill("{to:agency}", {"to": scid}) == "ML-CNPV"
    assert EN.fill("{to:agency}", {"to": scid}) == "QmWtQu5Vwi…"
    assert known.fill("{to:agency}", {"to": [scid, "short"]}) == "ML-CNPV and short"


def test_a_code_in_a_sentence_is_said_in_words_where_there_are_some() -> None:
    assert fill("{a:value}", a="no-such-value") == "no-such-value"
    assert fill("{a:value}", a="not-accepted") == FR.text("value.not-accepted") != "value.not-accepted"


def test_a_rule_of_a_schema_is_said_with_its_limit_and_its_form() -> None:
    fault = {"path": "/places", "rule": "minimum", "limit": 1, "faults": 2}
    assert "À l’endroit /places\N{NO-BREAK SPACE}: il faut au moins 1. Points" in FR.user(
        "schema.violation", **fault
    )
    fault = {"path": "/closesOn", "rule": "pattern", "form": "day", "faults": 1}
    assert "expected: a day such as 2027-02-15" in EN.user("schema.violation", **fault)
    fault = {"path": "/x", "rule": "pattern", "form": "no-such-form", "faults": 1}
    assert "(expected: no-such-form)" in EN.user("schema.violation", **fault)


def test_a_value_is_never_a_template() -> None:
    """A partner's text in a sentence cannot reach into the program or other values."""
    assert fill("{a}", a="{b} {a.__class__} %s", b="secret") == "{b} {a.__class__} %s"


def test_braces_that_are_no_place_are_text() -> None:
    assert fill("{} {A} {a.b} {0}", a=1) == "{} {A} {a.b} {0}"


def test_an_unknown_msgid_is_shown_itself() -> None:
    assert FR.text("no.such-message", a=1) == "no.such-message"
    assert FR.plural("no.such-message", 2) == "no.such-message"
    assert not FR.has("no.such-message")
    assert FR.has("fallback")


@pytest.mark.parametrize("words", [FR, EN])
def test_an_unknown_code_is_still_named(words: Words) -> None:
    assert "future.code" in words.user("future.code", a=1)
    developer = words.developer("future.code", a=1)
    assert "future.code" in developer
    assert "a=1" in developer


def test_an_error_is_explained_in_both_voices() -> None:
    explained = FR.explain(InputError("future.code", code="x", self=1))
    assert explained.code == "future.code"
    assert "future.code" in explained.user
    assert "self=1" in explained.developer


def test_a_problem_document_carries_both_voices() -> None:
    """RFC 9457: type, title, status, detail; and what a program needs to make its own sentence."""
    document = problem("future.code", {"a": 1}, "en", 409)
    assert document == {
        "type": "urn:passerelle:problem:future.code",
        "title": "Operation refused",
        "status": 409,
        "detail": EN.user("future.code"),
        "developer": EN.developer("future.code", a=1),
        "code": "future.code",
        "params": {"a": 1},
    }


def test_french_spaces_do_not_break() -> None:
    assert "ce code\N{NO-BREAK SPACE}: notez-le" in FR.user("future.code")
    assert "version\N{NARROW NO-BREAK SPACE};" in FR.developer("future.code")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_entry_is_fuzzy_or_empty(language: str) -> None:
    for message in (message for message in merged(language) if message.id):
        assert not message.fuzzy, message.id
        forms = message.string if isinstance(message.string, list | tuple) else [message.string]
        assert all(forms), message.id


def test_a_msgid_that_stands_twice_is_our_own_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two areas cannot each translate one key: which of the two would be said?"""
    monkeypatch.setattr(catalogues, "files", lambda language: iter([*files(language), *files(language)]))
    with pytest.raises(ValueError, match="stands twice"):
        merged("fr")


def test_both_languages_have_the_same_messages() -> None:
    keys = [{str(message.id) for message in merged(language)} for language in ("fr", "en")]
    assert keys[0] == keys[1]

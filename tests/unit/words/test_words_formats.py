"""Values as people write them, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from passerelle.words import Words

FR, EN = Words("fr"), Words("en")
NBSP, NNBSP = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


def test_a_day_is_written_out() -> None:
    assert FR.date("2026-11-02") == "2 novembre 2026"
    assert EN.date(date(2026, 11, 2)) == "2 November 2026"
    assert FR.date("2027-03-01") == "1er mars 2027"
    assert FR.date("2027-03-11") == "11 mars 2027"
    assert EN.date("2027-03-01") == "1 March 2027"
    assert FR.date("2026-02-30") == "2026-02-30"


def test_a_moment_is_utc_and_says_so() -> None:
    assert FR.time("2026-11-02T09:05:00Z") == "2 novembre 2026 à 09:05 UTC"
    in_paris = datetime(2026, 11, 3, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert EN.time(in_paris) == "2 November 2026, 23:05 UTC"
    assert FR.date("2026-11-02T23:59:59Z") == "2 novembre 2026"
    assert FR.time("yesterday") == "yesterday"


def test_numbers_carry_the_separators_of_the_language() -> None:
    assert FR.number(20000) == f"20{NNBSP}000"
    assert EN.number(20000) == "20,000"
    assert FR.number("0.5") == "0,5"
    assert FR.decimal("0.500") == "0,50"
    assert EN.decimal("0.009", 3) == "0.009"
    assert FR.decimal("n/a") == "n/a"
    assert FR.number("about 100") == "about 100"
    assert FR.number("NaN") == "NaN"


def test_a_share_is_given_as_in_the_figures() -> None:
    assert FR.percent("1.000") == f"100{NBSP}%"
    assert FR.percent("0.333") == f"33,3{NBSP}%"
    assert EN.percent("0.333") == "33.3%"


def test_sizes_use_the_units_of_the_language() -> None:
    assert FR.size(512) == f"512{NBSP}octets"
    assert FR.size(262_144) == f"256{NBSP}Kio"
    assert EN.size(1_572_864) == f"1.5{NBSP}MiB"


def test_countries_and_languages_have_names() -> None:
    assert (FR.country("ML"), EN.country("TG"), FR.country("ZZ9")) == ("Mali", "Togo", "ZZ9")
    assert (FR.language("wo"), EN.language("fr-TG"), FR.language("qzz")) == ("wolof", "French", "qzz")
    assert (FR.currency("XOF"), EN.currency("TND"), FR.currency("QQQ")) == (
        *("franc CFA (BCEAO)", "Tunisian Dinar", "QQQ"),
    )


@pytest.mark.parametrize(
    ("amount", "code", "fr", "en"),
    [
        ("504.98", "EUR", "504,98 €", "€504.98"),
        ("150000", "XOF", "150 000 F CFA", "F CFA150,000"),
        ("12.5", "TND", "12,500 TND", "TND12.500"),
        ("100.25", "XAF", "100,25 FCFA", "FCFA100.25"),
        ("10.5", "QQQ", "10,5 QQQ", "10.5 QQQ"),
        ("ten", "EUR", "ten EUR", "ten EUR"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, code: str, fr: str, en: str) -> None:
    """None for the franc CFA, three for the dinar; what a record says beyond that is not rounded away."""
    assert (plain(FR.money(amount, code)), plain(EN.money(amount, code))) == (fr, en)


def plain(text: str) -> str:
    """With ordinary spaces for the narrow and the fixed ones."""
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("seconds", "fr", "en"),
    [
        (-5, "à l’instant", "just now"),
        (59, "à l’instant", "just now"),
        (60, "il y a 1 minute", "1 minute ago"),
        (3_000, "il y a 50 minutes", "50 minutes ago"),
        (23 * 3_600, "il y a 23 heures", "23 hours ago"),
        (3 * 86_400, "il y a 3 jours", "3 days ago"),
        (45 * 86_400, "il y a 45 jours", "45 days ago"),
        (90 * 86_400, "il y a 3 mois", "3 months ago"),
    ],
)
def test_an_age_is_rounded_to_what_matters(seconds: int, fr: str, en: str) -> None:
    assert (FR.ago(seconds), EN.ago(seconds)) == (fr, en)


def test_enumerations_end_in_and() -> None:
    assert FR.join(["Togo", "Mali", "France"]) == "Togo, Mali et France"
    assert EN.join(("Togo", "Mali")) == "Togo and Mali"


@pytest.mark.parametrize(
    ("edtf", "fr"),
    [
        ("2012", "2012"),
        ("2012-10", "octobre 2012"),
        ("2012-10~", "vers octobre 2012"),
        ("2012?", "2012 (à confirmer)"),
        ("2027-01/2027-06", "janvier 2027 – juin 2027"),
        ("2027-01-15/..", "15 janvier 2027 – fin non fixée"),
        ("../2027-06", "début non fixé – juin 2027"),
        ("2012-13", "2012-13"),
        ("201X", "201X"),
    ],
)
def test_imprecise_dates_stay_imprecise(edtf: str, fr: str) -> None:
    assert FR.edtf(edtf) == fr


def test_a_text_is_picked_in_the_readers_language_else_in_its_own() -> None:
    assert FR.pick({"en": "Reading club", "fr": "Club de lecture"}) == ("Club de lecture", "fr")
    assert FR.pick({"fr-TG": "Club", "en": "Club"}) == ("Club", "fr-TG")
    assert EN.pick({"ar": "ورشة"}) == ("ورشة", "ar")
    assert EN.pick({"ar": "ورشة", "fr": "Atelier"}) == ("Atelier", "fr")
    assert EN.pick({"en": "", "es": "Huertos"}) == ("Huertos", "es")
    assert FR.pick({}) == ("", "fr")


def test_a_language_without_catalogues_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no catalogues"):
        Words("xx")


def test_a_naive_now_is_not_needed_for_utc_values() -> None:
    assert EN.time(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == "2 November 2026, 09:05 UTC"

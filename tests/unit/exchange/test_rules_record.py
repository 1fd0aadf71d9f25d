"""The rules of the field on one record by itself: V03 to V06, V14, V22, V25, V26."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from passerelle.exchange.rules.book import Rulebook
from passerelle.exchange.rules.record import Asked, judge_record
from passerelle.exchange.rules.table import Finding
from tests import pace

PACKAGED = Path(__file__).parents[3] / "schemas" / "rules" / "packs"
BOOK = Rulebook.packaged()
TODAY = date(2026, 12, 1)

OFFER: dict[str, Any] = {
    "lang": "fr",
    "title": {"fr": "Exemple fictif - Club de lecture"},
    "description": {
        "fr": "Animer des ateliers après la classe, du 1er mars au 30 juin 2027, 24 heures par semaine."
    },
    "scheme": "scv",
    "hostOrganisation": {"name": "Lycée Lamine Guèye (fictif)"},
    "needExpressedOn": "2026-09",
    "host": {"agency": "Qm" + "H" * 44, "country": "ML"},
    "place": {"country": "ML", "city": "Ségou"},
    "places": 2,
    "period": "2027-02-01/2027-09-30",
    "tutor": {"assigned": True},
    "contact": "missions@agence.example",
    "sources": [{"title": "Appel 2026", "url": "https://agence.example/@appel/20261130"}],
}
PLACEMENT: dict[str, Any] = {
    "scheme": "scv",
    "volunteer": "TG-VIR-01",
    "direction": {"from": {"agency": "Qm" + "T" * 44, "country": "TG"}, "to": {"agency": "Qm" + "F" * 44, "country": "FR"}},
    "postings": [{"organisation": {"name": "Médiathèque (fictive)"}}],
    "planned": "2027-02-01/2027-09-30",
}  # fmt: skip


def found(record_type: str, body: dict[str, Any], **more: Any) -> list[Finding]:
    asked: dict[str, Any] = {"is_public": record_type != "placement", "today": TODAY} | more
    return list(judge_record(BOOK, Asked(record_type, body, **asked)))


def told(record_type: str, body: dict[str, Any], **more: Any) -> list[tuple[str, str, str, str]]:
    return [(item.rule, item.severity, item.code, item.path) for item in found(record_type, body, **more)]


def test_a_good_offer_and_a_good_placement_break_no_rule() -> None:
    assert told("offer", OFFER) == []
    assert told("placement", PLACEMENT) == []


@pytest.mark.parametrize(
    ("more", "rule", "code", "path"),
    [
        ({"needExpressedOn": None}, "V03", "rule.need-not-expressed", "/needExpressedOn"),
        ({"needExpressedOn": "2027-01-04"}, "V03", "rule.need-in-future", "/needExpressedOn"),
        ({"tutor": None}, "V04", "rule.no-tutor", "/tutor/assigned"),
        ({"tutor": {"assigned": False}}, "V04", "rule.no-tutor", "/tutor/assigned"),
        ({"period": "2027-09-30/2027-02-01"}, "V14", "rule.end-before-start", "/period"),
        ({"durationMonths": "13"}, "V06", "rule.outside-scheme", "/durationMonths"),
        ({"durationMonths": "5"}, "V06", "rule.outside-scheme", "/durationMonths"),
        ({"period": "2027-02-01/2027-03-31"}, "V06", "rule.outside-scheme", "/period"),
        ({"weeklyHours": "23.5"}, "V06", "rule.outside-scheme", "/weeklyHours"),
        ({"weeklyHours": "48.5"}, "V06", "rule.outside-scheme", "/weeklyHours"),
        ({"profile": {"ageMax": 26}}, "V06", "rule.outside-scheme", "/profile/ageMax"),
        ({"profile": {"ageMin": 15}}, "V06", "rule.outside-scheme", "/profile/ageMin"),
        ({"period": "2009-02-01/2009-09-30"}, "V06", "rule.scheme-not-yet", "/period"),
    ],
)
def test_what_an_offer_must_say(more: dict[str, Any], rule: str, code: str, path: str) -> None:
    """V03, V04, V06, V14: an error names the place that is wrong."""
    body = {name: value for name, value in (OFFER | more).items() if value is not None}
    assert told("offer", body) == [(rule, "error", code, path)]


@pytest.mark.parametrize(
    ("scheme", "host", "period", "expected"),
    [
        ("vsi", "FR", "2020-06-01/2021-05-31", ("error", "rule.scheme-not-yet")),
        ("vsi", "FR", "2023-04-01/2024-03-31", None),
        ("vsi", "BO", "2020-06-01/2021-05-31", None),
        ("scv", "FR", "2009-10-01/2010-05-31", ("error", "rule.scheme-not-yet")),
        ("scv", "FR", "2010-10-01/2011-05-31", ("warning", "rule.scheme-doubtful")),
        ("workcamp", "FR", "2027-02-01/2027-09-30", ("warning", "rule.outside-scheme")),
    ],
)
def test_a_scheme_begins_with_its_law(
    scheme: str, host: str, period: str, expected: tuple[str, str] | None
) -> None:
    """V06: VSI in France since the decree of 2022, civic service since 2010 or 2011; what was not read warns."""
    body = copy.deepcopy(PLACEMENT) | {"scheme": scheme, "planned": period}
    body["direction"]["to"]["country"] = host
    assert [(item.severity, item.code) for item in found("placement", body)] == (
        [expected] if expected else []
    )


def test_an_agreement_may_say_otherwise() -> None:
    """V06: each value can be changed by the agreement, which goes before the pack, also where the pack is silent."""
    body = OFFER | {"profile": {"ageMax": 28}}
    assert [item.code for item in found("offer", body)] == ["rule.outside-scheme"]
    assert found("offer", body, terms={"ageMax": 28}) == []
    assert [item.params["limit"] for item in found("offer", OFFER, terms={"monthsMax": 6})] == [6]


@pytest.mark.parametrize(
    ("scheme", "period", "is_outside"),
    [
        ("scv", "2027-02-01/2027-07-31", False),
        ("scv", "2027-02-01/2027-07-30", False),
        ("scv", "2027-02-01/2027-07-28", True),
        ("scv", "2027-02/2027-07", False),
        ("scv", "2027-01-01/2027-12-31", False),
        ("scv", "2027-01-01/2028-01-03", True),
        ("scv", "2027-02-01/..", False),
        ("workcamp", "2027-02-01/2027-02-28", False),
        ("workcamp", "2027-02-01/2027-03-02", True),
        ("esc-team", "2027-07-01/2027-07-13", False),
        ("esc-team", "2027-07-01/2027-07-12", True),
    ],
)
def test_months_are_those_of_the_calendar(scheme: str, period: str, is_outside: bool) -> None:
    """V06: six months are six, whatever days they have; weeks are counted in days; a day is nobody's concern."""
    codes = [item.code for item in found("offer", OFFER | {"scheme": scheme, "period": period})]
    assert codes == (["rule.outside-scheme"] if is_outside else [])


@pytest.mark.parametrize(
    ("signed", "visa", "frozen_to", "severity"),
    [
        ("2025-12-31", False, "2026-02-20", None),
        ("2026-01-01", False, "2026-02-20", "error"),
        ("2026-02-20", False, "2026-02-20", "error"),
        ("2026-02-20", True, "2026-02-20", "warning"),
        ("2026-02-21", False, "2026-02-20", None),
        ("2026-02-21", False, None, "warning"),
    ],
)
def test_a_contract_is_not_signed_in_a_freeze(
    signed: str, visa: bool, frozen_to: str | None, severity: str | None
) -> None:
    """V26: an error; a warning to defer where the visa is granted, and where nobody knows when the freeze ended."""
    scv = orjson.loads((PACKAGED / "scv.json").read_bytes())
    scv["editions"][1]["frozen"][0]["to"] = frozen_to
    visas = [{"kind": "visa", "outcome": "valid"}] if visa else []
    body = PLACEMENT | {"contract": {"kind": "tripartite", "signedOn": signed}, "attestations": visas}
    asked = Asked("placement", body, is_public=False, today=TODAY)
    severities = [
        item.severity for item in judge_record(BOOK.with_own([scv]), asked) if item.code == "rule.frozen"
    ]
    assert severities == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("posting", "code"),
    [
        ({"from": "2027-02-01", "to": "2027-05-31"}, None),
        ({"from": "2027-02"}, None),
        ({"from": "2027-05-01", "to": "2027-04-30"}, "rule.end-before-start"),
        ({"from": "2027-01-31"}, "rule.posting-outside"),
        ({"to": "2027-10-01"}, "rule.posting-outside"),
    ],
)
def test_a_posting_lies_within_its_placement(posting: dict[str, Any], code: str | None) -> None:
    """V14, by the days that an imprecise date may mean."""
    body = PLACEMENT | {
        "postings": [{"organisation": {"name": "A"}}, {"organisation": {"name": "B"}, **posting}]
    }
    assert [item.code for item in found("placement", body)] == ([code] if code else [])


@pytest.mark.parametrize("record_type", ["agreement", "event", "evaluation", "programme", "statistic"])
def test_no_period_ends_before_it_begins(record_type: str) -> None:
    """V14, of every type that has one."""
    member = "actual" if record_type == "event" else "period"
    assert ("V14", "error", "rule.end-before-start", f"/{member}") in told(
        record_type, {member: "2027-03/2027-02"}
    )


def dossier(**consent: Any) -> dict[str, Any]:
    given = {
        "recipients": ["Qm" + "M" * 44],
        "tiersAllowed": ["T1", "T2"],
        "givenOn": "2026-10-01",
        "expires": "2027-12-31",
    }
    return {"part": "card", "consent": given | consent}


@pytest.mark.parametrize(
    ("consent", "why"),
    [
        ({}, None),
        ({"recipients": ["Qm" + "N" * 44]}, "consent-recipient"),
        ({"tiersAllowed": ["T4"]}, "consent-tier"),
        ({"givenOn": "2026-12-02"}, "consent-not-given"),
        ({"expires": "2026-11-30"}, "consent-expired"),
        ({"expires": "2026-12-01"}, None),
        ({"withdrawnOn": "2026-11-30"}, None),
    ],
)
def test_a_dossier_goes_where_its_consent_allows(consent: dict[str, Any], why: str | None) -> None:
    """V05; that a consent was withdrawn is told by the next version, which may be published."""
    items = found("dossier", dossier(**consent), is_public=False, audience=("Qm" + "M" * 44,))
    assert [item.params["why"] for item in items] == ([why] if why else [])


def test_the_years_of_a_demonstration_are_its_own() -> None:
    """V05: a made-up dossier of 2017 is not refused for what the year is now."""
    body = dossier(expires="2019-12-31") | {"synthetic": True}
    assert found("dossier", body, is_public=False, audience=("Qm" + "M" * 44,)) == []


@pytest.mark.parametrize(
    ("parts", "breaks"), [((21, 5, 17), True), ((5, 16), False), ((21,), False), ((5, None), False)]
)
def test_parts_sum_to_their_total(parts: tuple[int | None, ...], breaks: bool) -> None:
    """V25: "21 recruited", "5 started and 17 waiting": a warning. Where a part is not known nothing is said."""
    rows = [
        {"indicator": "volunteers", "dims": {"scheme": f"s{n}"}, **({"quantity": {"value": part, "qualifier": "exact"}} if part is not None else {"suppressed": True})}
        for n, part in enumerate(parts)
    ]  # fmt: skip
    total = {"indicator": "volunteers", "quantity": {"value": 21, "qualifier": "exact"}}
    items = found("statistic", {"period": "2019", "values": [total, *rows]})
    assert [(item.rule, item.severity) for item in items] == ([("V25", "warning")] if breaks else [])


# --- V22 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Écrivez à awa.exemple@gmail.com avant mars.", "email"),
        ("awa.exemple (at) gmail.com", "email"),
        ("Appelez le +228 90 12 34 56.", "phone"),
        ("WhatsApp : 0022890123456", "phone"),
        ("tél. 90 12 34 56", "phone"),
        ("tél. 06.12.34.56.78", "phone"),
        ("90123456 le soir", "phone"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189", "account"),
        ("RIB TG053 01001 012345678901 45", "account"),
        ("Compte 12345 67890 12345678901 23", "account"),
        ("Demandez M. Mensah à l'accueil.", "name"),
        ("Mme Awa Traoré vous recevra.", "name"),
        ("Contact : Kossi Mensah", "name"),
        ("La tutrice est Ablavi Dossou-Exemple.", "name"),
        ("Vous serez accueilli par Kossi Mensah.", "name"),
        ("MENSAH KOSSI encadre l'atelier.", "name"),
    ],
)  # fmt: skip
def test_a_person_is_found_in_free_text(text: str, what: str) -> None:
    """V22: and what was found is not repeated."""
    body = OFFER | {"description": {"fr": "Des ateliers.", "en": text}}
    (item,) = found("offer", body)
    assert (item.rule, item.severity, item.code, item.path, item.params) == (
        "V22", "error", "rule.personal-data", "/description/en", {"what": f"person-{what}"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "QmWagaPNVBfictif111111111111111111111111111111",
        "passerelle/QmLomeANVTfictif111111111111111111111111111111/public/1",
        "urn:uuid:90123456-aaaa-4aaa-8aaa-123456789012",
        "12345678901234567890" + "a" * 44,
    ],
)
def test_an_identifier_is_no_account(text: str) -> None:
    """V22: a text that is one of the protocol's own names and nothing else; with a word beside it, it is free text."""
    assert found("offer", OFFER | {"novelty": [text]}) == []
    (item,) = found("offer", OFFER | {"novelty": [f"{text}, tél. 90 12 34 56"]})
    assert item.path == "/novelty/0"


@pytest.mark.parametrize(
    "text",
    [
        "A" * 19_900,
        "A'" * 9_900,
        "a" * 19_900 + "@",
        "contact" + " " * 19_900,
        "Contact : " + "A" * 19_900,
        "1" + " 234" * 4_900,
    ],
    ids=["capitals", "apostrophes", "mailbox", "gap", "name", "groups"],
)
def test_a_text_is_looked_at_in_time_that_grows_with_it(text: str) -> None:
    """V22 is asked of partners' records too: none of their texts may hold the node up."""
    body = OFFER | {"novelty": [f"{text} Kossi Mensah"]}
    assert pace.units(lambda: found("offer", body)) < pace.A_SECOND / 2


@pytest.mark.parametrize(
    ("member", "path", "what"),
    [
        ({"firstName": "K."}, "/firstName", "member"),
        ({"host": {"country": "ML", "telephone": "non"}}, "/host/telephone", "member"),
        ({"phone": "+22890123456"}, "/phone", "member"),
        ({"novelty": {"notes": ["rien", {"who": "kossi.exemple@mail.example"}]}}, "/novelty/notes/1/who", "email"),
        ({"novelty": "Kossi Mensah"}, "/novelty", "name"),
        ({"id": "kossi@mail.example"}, "/id", "email"),
        ({"contact": "awa.exemple@agence.example"}, "/contact", "mailbox"),
        ({"tasks": [{"fr": "Lire"}, {"fr": "Appeler le +228 90 12 34 56"}]}, "/tasks/1/fr", "phone"),
        ({"hostOrganisation": {"name": "Atelier, tél. 90 12 34 56"}}, "/hostOrganisation/name", "phone"),
    ],
)  # fmt: skip
def test_a_person_is_found_in_every_member(member: dict[str, Any], path: str, what: str) -> None:
    """V22: in members that we do not know, at any depth, in lists, in the mailbox that is to be a function's."""
    items = [
        (item.rule, item.path, item.params["what"])
        for item in found("offer", OFFER | member)
        if item.rule == "V22"
    ]
    assert items == [("V22", path, f"person-{what}")]


@pytest.mark.parametrize(
    "text",
    [
        "Du 01/03/2027 au 30/06/2027, de 9 h 30 à 12 h 15, du lundi au vendredi.",
        "Entre 2017-09-04 et 2018-05-04 ; puis 2027-02-01/2027-07-31.",
        "Budget de 10 336 200 EUR, indemnité de 60 000 FCFA, 2 500 000 000 FCFA en tout.",
        "Décret n° 2022-1067 du 28 juillet 2022, loi 2005-159, article L120-4, R121-10.",
        "Le Lycée Lamine Guèye, rue Jean Jaurès, la Fondation Victor Hugo et l'Université Cheikh Anta Diop.",
        "Le réseau France Volontaires, la Croix Rouge et l'Union Africaine.",
        "Responsable : Direction Régionale. Contact : Bureau Central.",
        "M49, ODD 4.7, 16.3 et 17 ; environ 48 000 volontaires depuis 2008.",
        "The Volta Young Readers club; Mr. and Mrs. are not names.",
        "Ne commence pas avant 20270401.",
        "تنشيط ورشات بيئية للشباب في أكادير لمدة 6 أشهر",
    ],
)
def test_what_is_no_person(text: str) -> None:
    """V22 refuses neither dates, amounts, laws nor the names of institutions."""
    assert found("offer", OFFER | {"description": {"fr": text}}) == []


def test_an_agency_may_give_the_telephone_of_a_function() -> None:
    """V22: the contacts of an agency are functions; in any other place a telephone is a person's."""
    contacts = [
        {"function": "duty-of-care-24h", "mailbox": "urgence@agence.example", "phone": "+22822000000"}
    ]
    assert found("agency", {"names": {"fr": "Agence"}, "contacts": contacts}) == []
    nameless = [{"function": "press", "mailbox": "kossi.mensah@agence.example"}]
    assert [item.path for item in found("agency", {"contacts": nameless})] == ["/contacts/0/mailbox"]


def test_what_two_agencies_keep_between_them_is_not_looked_at() -> None:
    """V22 is about public records; a dossier has members for a name."""
    assert found("event", {"outcome": {"fr": "Contact : Kossi Mensah"}}, is_public=False) == []
    assert [item.rule for item in found("event", {"outcome": {"fr": "Contact : Kossi Mensah"}})] == ["V22"]


def test_one_look_is_enough_where_nothing_is_wrong() -> None:
    """V22 is asked of each of many thousand offers: the quick look and the close one find the same."""
    assert BOOK.persons.first(OFFER) is None
    assert list(BOOK.persons.all(OFFER)) == []
    body = OFFER | {"summary": {"fr": "tél. 90 12 34 56"}, "contact": "awa.exemple@agence.example"}
    assert [item.path for item in BOOK.persons.all(body)] == ["/contact", "/summary/fr"]

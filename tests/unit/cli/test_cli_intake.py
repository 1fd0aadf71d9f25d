"""Reading a person's own file of offers: what French spreadsheets write, and what is said of each fault."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from passerelle.cli.intake import cells
from passerelle.cli.intake.columns import COLUMNS, Heading, heading_at, nearest, recognise
from passerelle.cli.intake.faults import CellError
from passerelle.cli.intake.files import Reading, read_files
from passerelle.cli.intake.offers import Publisher
from passerelle.cli.intake.tables import decode, parse_table
from passerelle.errors import InputError
from passerelle.words import Words

ROOT = Path(__file__).parents[3]
SCID, PARTNER = "Qm" + "H" * 44, "Qm" + "P" * 44

PUBLISHER = Publisher(
    scid=SCID,
    country="ML",
    lang="fr",
    partners={"TG-ANVT": (PARTNER, "TG")},
    schemes={"vir": "vir", "volontariat international de reciprocite": "vir", "scv": "scv"},
    sectors={"youth-social": "youth-social", "jeunesse": "youth-social"},
)
HEADINGS = (
    "titre;description;dispositif;structure d'accueil;ville;nombre de places;date de début;date de fin;"
    "date de clôture;heures par semaine"
)
GOOD = "Club de lecture;Ateliers;vir;Bibliothèque;Ségou;2;04/09/2017;04/05/2018;30/06/2017;24,5"


def read(tmp_path: Path, data: bytes | str, name: str = "offres.csv") -> Reading:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_files([path], PUBLISHER)


def told(reading: Reading) -> list[tuple[int | None, str | None, str]]:
    return [(fault.row, fault.column, fault.code) for fault in reading.faults]


def body_of(reading: Reading, index: int = 0) -> dict[str, object]:
    assert reading.faults == ()
    body = reading.wishes[index].item["body"]
    assert isinstance(body, dict)
    return dict(body)


def test_a_row_becomes_the_body_of_an_offer(tmp_path: Path) -> None:
    assert body_of(read(tmp_path, f"{HEADINGS}\n{GOOD}\n")) == {
        "lang": "fr",
        "host": {"agency": SCID, "country": "ML"},
        "title": {"fr": "Club de lecture"},
        "description": {"fr": "Ateliers"},
        "scheme": "vir",
        "hostOrganisation": {"name": "Bibliothèque"},
        "place": {"country": "ML", "city": "Ségou"},
        "places": 2,
        "period": "2017-09-04/2018-05-04",
        "closesOn": "2017-06-30",
        "weeklyHours": "24.5",
    }


def test_an_accent_typed_by_itself_becomes_one_with_its_letter(tmp_path: Path) -> None:
    """J-15: what a file holds decomposed, as macOS writes it, is published in Normalization Form C."""
    row = unicodedata.normalize("NFD", GOOD)
    assert row != GOOD
    assert body_of(read(tmp_path, f"{HEADINGS}\n{row}\n")) == body_of(read(tmp_path, f"{HEADINGS}\n{GOOD}\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_every_way_that_a_spreadsheet_saves(
    tmp_path: Path, encoding: str, line_end: str, delimiter: str
) -> None:
    good = GOOD.replace("24,5", "24.5")
    text = line_end.join([HEADINGS, good, ""]).replace(";", delimiter)
    body = body_of(read(tmp_path, text.encode(encoding)))
    assert body["place"] == {"country": "ML", "city": "Ségou"}
    assert body["weeklyHours"] == "24.5"


def test_the_line_that_names_the_separator_for_excel_does_not_count(tmp_path: Path) -> None:
    reading = read(tmp_path, f"sep=;\r\n{HEADINGS}\r\n{GOOD.replace(';2;', ';deux;')}\r\n")
    assert told(reading) == [(2, "nombre de places", "offers.not-a-number")]


def test_a_cell_of_two_lines_is_one_row_and_keeps_its_line(tmp_path: Path) -> None:
    """Rows are numbered as the spreadsheet shows them, not as the file has lines."""
    two_lines = GOOD.replace("Ateliers", '"Ateliers\r\nle soir"')
    reading = read(tmp_path, f"{HEADINGS}\r\n{two_lines}\r\n{GOOD.replace(';vir;', ';virr;')}\r\n")
    assert told(reading) == [(3, "dispositif", "offers.unknown-code")]
    body = reading.wishes[0].item["body"]
    assert isinstance(body, dict)
    assert body["description"] == {"fr": "Ateliers\nle soir"}


def test_english_headings_and_iso_dates(tmp_path: Path) -> None:
    text = (
        "Title,Title (fr),Description,Scheme,Host organisation,Town,Number of places,Start date,Language\n"
        "Reading club,Club de lecture,Sessions,SCV,Library,Ho,1,2017-09-04,en\n"
    )
    body = body_of(read(tmp_path, text))
    assert body["title"] == {"en": "Reading club", "fr": "Club de lecture"}
    assert body["description"] == {"en": "Sessions"}
    assert body["scheme"] == "scv"
    assert body["period"] == "2017-09-04/.."


@pytest.mark.parametrize("spoken", ["fr", "en"])
def test_the_language_of_a_text_is_that_of_its_headings(tmp_path: Path, spoken: str) -> None:
    """Not that of the screen: an English-speaking colleague must not turn a French title into an English one."""
    path = tmp_path / "offres.csv"
    path.write_text(f"{HEADINGS};titre (en)\n{GOOD};Reading club\n", "utf-8")
    reading = read_files([path], replace(PUBLISHER, lang=spoken))
    body = body_of(reading)
    assert body["title"] == {"fr": "Club de lecture", "en": "Reading club"}
    assert body["lang"] == "fr"


def test_two_texts_of_one_language_are_told_and_none_is_lost(tmp_path: Path) -> None:
    reading = read(tmp_path, f"{HEADINGS};titre (fr)\n{GOOD};Autre titre\n")
    assert told(reading) == [(2, "titre (fr)", "offers.column-twice")]


def test_labels_partners_and_lists(tmp_path: Path) -> None:
    text = (
        HEADINGS
        + ";agences d'envoi;secteurs;langues demandées;indemnité;monnaie;logement;tuteur;pays\n"
        + GOOD.replace(";vir;", ";Volontariat international de réciprocité;")
        + ";tg-anvt;Jeunesse;fr B2, bm a2;60 000,50;FCFA;oui;NON;Côte d'Ivoire\n"
    )
    body = body_of(read(tmp_path, text))
    assert body["scheme"] == "vir"
    assert body["origins"] == [{"agency": PARTNER, "country": "TG"}]
    assert body["sectors"] == ["youth-social"]
    assert body["profile"] == {"languages": [{"bcp47": "fr", "cefr": "B2"}, {"bcp47": "bm", "cefr": "A2"}]}
    assert body["conditions"] == {
        "allowance": {"amount": "60000.5", "currency": "XOF", "unit": "month"},
        "lodging": {"provided": True},
    }
    assert body["tutor"] == {"assigned": False}
    assert body["place"] == {"country": "CI", "city": "Ségou"}


@pytest.mark.parametrize(
    ("old", "new", "column", "code"),
    [
        (";2;", ";deux;", "nombre de places", "offers.not-a-number"),
        (";2;", ";2,5;", "nombre de places", "offers.not-whole"),
        (";2;", ";0;", "nombre de places", "offers.out-of-range"),
        (";2;", ";;", "nombre de places", "offers.cell-missing"),
        ("Club de lecture", "", "titre", "offers.cell-missing"),
        ("04/09/2017", "4 sept. 2017", "date de début", "offers.not-a-date"),
        ("04/09/2017", "04/09/17", "date de début", "offers.not-a-date"),
        ("04/09/2017", "31/09/2017", "date de début", "offers.no-such-day"),
        ("04/05/2018", "04/05/2017", "date de fin", "offers.end-before-start"),
        ("30/06/2017", "06/30/2017", "date de clôture", "offers.no-such-day"),
        (";vir;", ";emploi;", "dispositif", "offers.unknown-code"),
        ("24,5", "24h", "heures par semaine", "offers.not-a-number"),
        ("24,5", "24,5;en trop", None, "offers.row-too-long"),
    ],
)
def test_each_fault_names_its_row_and_column(
    tmp_path: Path, old: str, new: str, column: str | None, code: str
) -> None:
    assert old in GOOD
    reading = read(tmp_path, f"{HEADINGS}\n{GOOD}\n\n{GOOD.replace(old, new)}\n")
    assert told(reading) == [(4, column, code)]
    assert len(reading.wishes) == 1


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [
        ("pays", "Atlantide", "offers.unknown-country"),
        ("logement", "peut-être", "offers.not-yes-no"),
        ("langues", "français courant", "offers.not-a-level"),
        ("langue", "Français", "offers.not-a-language"),
        ("agences d'envoi", "FR-FV", "offers.unknown-partner"),
        ("indemnité", "60000", "offers.currency-missing"),
        ("secteurs", "pêche au gros", "offers.unknown-code"),
    ],
)
def test_each_fault_of_an_optional_column(tmp_path: Path, heading: str, cell: str, code: str) -> None:
    reading = read(tmp_path, f"{HEADINGS};{heading}\n{GOOD};{cell}\n")
    assert told(reading) == [(2, heading, code)]


def test_every_fault_of_a_row_is_told_at_once(tmp_path: Path) -> None:
    row = GOOD.replace(";2;", ";deux;").replace("04/09/2017", "demain").replace(";vir;", ";emploi;")
    reading = read(tmp_path, f"{HEADINGS}\n{row}\n")
    assert {fault.column for fault in reading.faults} == {"nombre de places", "date de début", "dispositif"}
    assert {fault.row for fault in reading.faults} == {2}


def test_headings_that_are_wrong_are_told_before_any_row(tmp_path: Path) -> None:
    headings = HEADINGS.replace("dispositif", "dispositf").replace("ville", "xyz") + ";titre"
    reading = read(tmp_path, f"{headings}\n{GOOD}\n")
    assert told(reading) == [
        (1, "dispositf", "offers.unknown-column-near"),
        (1, "xyz", "offers.unknown-column"),
        (1, "titre", "offers.column-twice"),
        (1, None, "offers.column-missing"),
        (1, None, "offers.column-missing"),
    ]
    assert reading.wishes == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "offers.empty-file"),
        (b"\n\n", "offers.empty-file"),
        (b"PK\x03\x04\x00\x00", "offers.workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "offers.workbook"),
        (b"titre;a\x00b", "offers.encoding"),
        (b'titre\n"' + b"x" * 131_073, "offers.cell-too-long"),
        (b"titre;\x81\xff", "offers.encoding"),
        (HEADINGS.encode(), "offers.no-rows"),
        (f'{HEADINGS}\n"never closed'.encode(), "offers.not-a-table"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, data: bytes, code: str) -> None:
    reading = read(tmp_path, data)
    assert [fault.code for fault in reading.faults] == [code]


def test_a_file_that_cannot_be_opened_does_not_hide_the_others(tmp_path: Path) -> None:
    good = tmp_path / "offres.csv"
    good.write_text(f"{HEADINGS}\n{GOOD}\n", "utf-8")
    reading = read_files([tmp_path / "none.csv", good], PUBLISHER)
    assert [fault.code for fault in reading.faults] == ["offers.unreadable-file"]
    assert len(reading.wishes) == 1


def test_json_in_each_of_its_forms(tmp_path: Path) -> None:
    """An item of the desk, the body of an offer, a row."""
    text = """[
      {"type": "organisation", "body": {"names": {"fr": "École"}, "category": "association", "country": "ML",
       "vettedBy": "ML-CNPV"}},
      {"title": {"fr": "Club"}, "description": {"fr": "Ateliers"}, "scheme": "vir", "weeklyHours": 35.5,
       "hostOrganisation": {"name": "École"}, "place": {"city": "Ségou"}, "places": 2, "period": "2017"},
      {"titre": "Club", "description": "Ateliers", "dispositif": "vir", "structure": "École",
       "ville": "Ségou", "places": 2, "début": "2017-09-04", "logement": true}
    ]"""
    reading = read(tmp_path, text, "offers.json")
    assert reading.faults == ()
    organisation, offer, row = (wish.item for wish in reading.wishes)
    assert (organisation["type"], organisation["to"]) == ("organisation", "public")
    bodies = [organisation["body"], offer["body"], row["body"]]
    assert all(isinstance(body, dict) and body["lang"] == "fr" for body in bodies)
    assert isinstance(offer["body"], dict)
    assert offer["body"]["weeklyHours"] == "35.5"
    assert offer["body"]["host"] == {"agency": SCID, "country": "ML"}
    assert isinstance(row["body"], dict)
    assert row["body"]["places"] == 2
    assert row["body"]["conditions"] == {"lodging": {"provided": True}}


@pytest.mark.parametrize(
    ("text", "row", "code"),
    [
        ("{", None, "offers.json-syntax"),
        ('{"a": NaN}', None, "offers.json-syntax"),
        ("[" * 100_000, None, "offers.json-syntax"),
        ('{"a": 1, "a": 2}', None, "offers.member-twice"),
        ("[1]", 1, "offers.not-an-offer"),
        ("[]", None, "offers.no-rows"),
        ('[{"type": "offer", "body": {}, "too": "public"}]', 1, "offers.unknown-member"),
        ('[{"titre": ["x"]}]', 1, "offers.not-a-cell"),
    ],
)
def test_json_that_is_wrong(tmp_path: Path, text: str, row: int | None, code: str) -> None:
    reading = read(tmp_path, text, "offers.json")
    assert (reading.faults[0].row, reading.faults[0].code) == (row, code)
    assert reading.wishes == ()


@pytest.mark.parametrize(
    ("cell", "value"), [("35,5", "35.5"), ("35.50", "35.5"), ("1 234", "1234"), ("007", "7")]
)
def test_decimals(cell: str, value: str) -> None:
    assert cells.decimal(cell) == value


@pytest.mark.parametrize("cell", ["1,234.5", "-1", "1e3", "٣", "", "½"])
def test_what_is_no_decimal(cell: str) -> None:
    with pytest.raises(CellError):
        cells.decimal(cell)


def test_headings_are_one_without_case_accents_and_punctuation() -> None:
    known = recognise("  DATE de Cloture ")
    assert known is not None
    assert known.column.key == "closes_on"
    assert recognise("date de clôture (en)") is None
    assert nearest("date de clotures") == "date de clôture"
    assert nearest("zzz") is None


def test_no_heading_means_two_columns() -> None:
    seen: dict[str, str] = {}
    for column in COLUMNS:
        for heading in column.headings:
            assert seen.setdefault(cells.plain(heading), column.key) == column.key, heading


def test_a_spreadsheet_s_own_format_is_not_taken_for_text() -> None:
    with pytest.raises(InputError, match=r"offers\.encoding"):
        decode("titre".encode("utf-16-le"))


def test_empty_lines_are_passed_over_and_counted() -> None:
    table = parse_table(b"titre;ville\n\n;\na;b\n", known=lambda heading: heading == "titre")
    assert [row.number for row in table.rows] == [4]


@pytest.mark.parametrize(("name", "offers"), [("offres.csv", 2), ("offers.json", 1)])
def test_the_samples_in_the_repository_are_good(name: str, offers: int) -> None:
    reading = read_files([ROOT / "examples" / "samples" / name], PUBLISHER)
    assert reading.faults == ()
    assert len(reading.wishes) == offers


def test_the_documentation_has_every_column_with_its_headings() -> None:
    readme = (ROOT / "node" / "passerelle" / "cli" / "README.md").read_text("utf-8")
    documented = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in readme.splitlines()
        if line.count("|") == 6
    ]
    table = {row[0]: row[1:4] for row in documented[2:]}
    for column in COLUMNS:
        french, english, needed = table.pop(column.key)
        assert (french, english) == (column.heading("fr"), column.heading("en"))
        assert (needed == "yes") is column.required
    assert table == {}


@pytest.mark.parametrize(
    ("good", "wrong", "heading"),
    [
        ("Ateliers", "x" * 20_001, "description"),
        ("Club de lecture", "x" * 20_001, "titre"),
        ("Bibliothèque", "x" * 501, "structure d'accueil"),
    ],
)
def test_what_the_schema_refuses_is_under_its_heading(
    tmp_path: Path, good: str, wrong: str, heading: str
) -> None:
    """A person looks for the column of the file, not for a pointer into a record."""
    reading = read(tmp_path, f"{HEADINGS}\n{GOOD.replace(good, wrong)}\n")
    (fault,) = reading.faults
    assert (fault.row, fault.column, fault.params["path"]) == (2, heading, heading)
    sentence = Words("fr").user(fault.code, **fault.params)
    assert heading in sentence
    assert "?" not in sentence
    assert "en tout" not in sentence


def test_every_column_is_found_by_what_it_fills() -> None:
    """Each member that a row can fill leads back to its column, and the languages of a text to theirs."""
    french, english = Heading("titre", COLUMNS[0], None), Heading("titre (en)", COLUMNS[0], "en")
    assert heading_at("/title/en", [french, english]) == "titre (en)"
    assert heading_at("/title/fr", [french, english]) == "titre"
    assert heading_at("/nothing", [french, english]) is None
    assert heading_at("/title/fr", []) is None
    found = {column.key for column in COLUMNS} - {"end"}  # /period is told by its beginning
    headings = [Heading(column.key, column, None) for column in COLUMNS]
    members = "/title/fr /summary/fr /description/fr /lang /scheme /hostOrganisation/name /needExpressedOn /place/country /place/city /places /period /durationMonths /closesOn /weeklyHours /sectors/0 /profile/languages/0/cefr /profile/ageMin /profile/ageMax /conditions/allowance/amount /conditions/allowance/currency /conditions/lodging/provided /tutor/assigned /origins/0 /contact"
    assert {heading_at(member, headings) for member in members.split()} == found

"""The printed sheet, read back by programs of others: PDFium for its page, ZXing for its codes, pypdf for its files."""

from __future__ import annotations

import io
import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from fpdf import FPDF
from fpdf.fonts import TTFFont
from pypdf import PdfReader, PdfWriter

from passerelle.audit import inspect_certificates
from passerelle.errors import InputError
from passerelle.paper import Sheet, attachments_of, print_sheet
from passerelle.paper import sheet as drawing
from passerelle.paper.attachments import MAX_FILE_BYTES, MAX_FILES
from passerelle.protocol import certificates
from passerelle.protocol.certificatecodes import parse_whole
from passerelle.protocol.certificateletters import LETTERS
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.words import Words
from tests.unit.protocol.test_certificate_signing import ENDORSEMENT, EXPECTED, NOW, VECTORS

SALT = "bedfb12f0a23ace81c13f06eeb02fc46"
NAME = "Afi Akouvi Mensah-Kpodo"
LOGS = {name: VECTORS["identities"][name].encode() for name in ("togo", "mali")}
EVERY = next(case["data"] for case in VECTORS["valid"] if case["name"] == "every member")


def sheet(**more: Any) -> Sheet:
    certificate, endorsement = (certificates.parse(text.encode()) for text in (EXPECTED, ENDORSEMENT))
    assert isinstance(certificate, Certificate)
    assert isinstance(endorsement, Endorsement)
    given: Any = {
        "certificate": certificate,
        "endorsement": endorsement,
        "name": NAME,
        "birth_date": "1998-04-07",
        "salt": SALT,
        "address": "https://togo.example/certificate",
        "logs": LOGS,
    }
    return Sheet(**(given | more))


@pytest.fixture(scope="module", params=["fr", "en"])
def printed(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    return request.param, print_sheet(sheet(), Words(request.param))


def page_of(data: bytes) -> Any:
    document = pypdfium2.PdfDocument(data)
    assert len(document) == 1
    return document[0]


def codes_on(data: bytes) -> list[str]:
    """What a reader of codes sees on the page at 150 dots an inch, as a phone would."""
    image = page_of(data).render(scale=150 / 72).to_pil()
    return sorted(found.text for found in zxingcpp.read_barcodes(image))


def text_of(data: bytes) -> str:
    text = page_of(data).get_textpage().get_text_range()
    return re.sub(
        r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    )


def test_one_page_that_says_it_all(printed: tuple[str, bytes]) -> None:
    """Print: the name, the days, both agencies and the salt, in the reader's language, on one page A4."""
    language, data = printed
    text = text_of(data)
    for said in (
        NAME,
        "Attestation de volontariat",
        "Agence du volontariat (fictive)",
        "Centre du volontariat (fictif)",
    ):
        assert said in text
    assert "bedf b12f 0a23 ace8 1c13 f06e eb02 fc46" in text
    days = "du 3 février 2025 au 30 mai 2025" if language == "fr" else "from 3 February 2025 to 30 May 2025"
    assert days in text
    assert ("Confirmée par" if language == "fr" else "Endorsed by") in text
    assert "cli." not in text
    assert [round(side) for side in page_of(data).get_size()] == [595, 842]


def test_both_codes_are_read_from_the_paper(printed: tuple[str, bytes]) -> None:
    """D-32, D-33: ZXing reads both; the large one is the certificate itself, byte for byte."""
    whole, phone = sorted(codes_on(printed[1]), key=len, reverse=True)
    assert parse_whole(whole) == EXPECTED.encode()
    assert phone == "https://togo.example/certificate#xHQwyuSDh1oZcbxITIxr-RONF8fgLYwvt7LKtjJL4uo"


def test_the_files_in_it_prove_it(printed: tuple[str, bytes]) -> None:
    """Verify: the sheet alone carries certificate, endorsement and logs, and all is good."""
    files = attachments_of(printed[1], "sheet.pdf")
    assert dict(files)["certificate.json"] == EXPECTED.encode()
    report = inspect_certificates(files, [], NOW)
    assert report.ok
    assert [document.outcome for document in report.documents] == ["good", "good"]


def test_no_file_in_it_names_anybody(printed: tuple[str, bytes]) -> None:
    """D-28: the name is in print alone."""
    for _, data in attachments_of(printed[1], "sheet.pdf"):
        assert b"Mensah" not in data
        assert SALT.encode() not in data


def test_it_says_that_it_is_pdf_a_3(printed: tuple[str, bytes]) -> None:
    """Print: part 3 may carry other files; every font is in it, and nothing is encrypted or asked from elsewhere."""
    reader = PdfReader(io.BytesIO(printed[1]))
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert (metadata.pdfaid_part, metadata.pdfaid_conformance) == ("3", "U")
    assert not reader.is_encrypted
    resources: Any = reader.pages[0]["/Resources"]
    fonts: Any = resources["/Font"]
    for font in fonts.values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == printed[0]


@pytest.mark.parametrize("name", ["Ɓintu Ŋgɔzi Nguyễn", "Đặng Śœur Åse", "Ẽyram Ɖela Ƒoli"])
def test_names_with_letters_of_many_languages(name: str) -> None:
    """Print: letters of African, Vietnamese and northern languages are on the paper as they are."""
    assert name in text_of(print_sheet(sheet(name=name), Words("fr")))


def test_letters_that_the_sheet_has_not_are_refused() -> None:
    """Print: an empty box instead of a name would be no certificate."""
    with pytest.raises(InputError, match=r"^certify.unprintable\b") as caught:
        print_sheet(sheet(name="عائشة"), Words("fr"))
    assert "ع" in str(caught.value.params["letters"])


@pytest.mark.parametrize("style", ["", "-Bold"])
def test_the_letters_that_signing_lets_through_are_those_of_the_fonts(style: str) -> None:
    """Print: what is refused before signing is what the sheet cannot show, neither more nor less."""
    path = Path(drawing.__file__).parent / "fonts" / f"PasserelleSans{style}.ttf"
    pdf = FPDF()
    pdf.add_font("sheet", "", path)
    font = pdf.fonts["sheet"]
    assert isinstance(font, TTFFont)
    with closing(font.ttfont):
        assert set(font.cmap) == LETTERS


def _with(subject: dict[str, str], **more: Any) -> Certificate:
    value = json.loads(EVERY) | more
    value["credentialSubject"] |= subject
    certificate = certificates.parse(json.dumps(value).encode())
    assert isinstance(certificate, Certificate)
    return certificate


def test_line_breaks_are_drawn() -> None:
    """Print: of a certificate that any agency signed; tasks keep their lines, all else stands on one."""
    tasks = "Club de lecture\r\nCatalogue\u2028\n\tFormation\n"
    found = _with({"role": "Aide\nbibliothécaire", "narrative": tasks}, name="Attestation\nde volontariat")
    data = print_sheet(sheet(certificate=found, endorsement=None), Words("fr"))
    page = page_of(data).get_textpage().get_text_range().replace("\r", "")
    assert "Club de lecture\nCatalogue\nFormation" in page
    assert "Aide bibliothécaire" in text_of(data)
    metadata = PdfReader(io.BytesIO(data)).xmp_metadata
    assert metadata is not None
    assert metadata.dc_title == {"x-default": "Attestation de volontariat"}


def test_many_lines_end_in_a_mark() -> None:
    """Print: as many lines as there is room for, each as it was written."""
    found = _with({"narrative": "\n".join(f"Ligne{number}" for number in range(40))})
    text = text_of(print_sheet(sheet(certificate=found), Words("fr")))
    assert "Ligne4 […]" in text
    assert "Ligne5" not in text


def test_names_without_end_stay_above_the_codes() -> None:
    """Print: what another agency calls itself, or its documents, is cut with a mark; both codes can still be read."""
    value = json.loads(EVERY)
    value |= {"name": "W" * 900, "issuer": {**value["issuer"], "name": "Agence " * 40}}
    value["credentialSubject"] |= {"role": "Aide " * 90, "narrative": "Lecture " * 200}
    value["credentialSubject"]["achievement"]["name"] = "Volontariat " * 30
    certificate = certificates.parse(json.dumps(value).encode())
    data = print_sheet(sheet(certificate=certificate, name="Mensah " * 14), Words("fr"))
    text = text_of(data)
    assert text.count("[…]") == 5
    assert "…, " in text
    assert codes_on(data)[-1].startswith("https://togo.example/certificate#")
    page = page_of(data)
    written = page.get_textpage()
    (salt, _) = written.search("bedf b12f").get_next()
    _, bottom, _, _ = written.get_charbox(salt)
    assert bottom > page.get_height() - drawing.CODES_TOP / 25.4 * 72


def test_letters_of_every_text_are_looked_at() -> None:
    """Print: with the text at fault; the other agency's name is on the sheet too."""
    endorsement = json.loads(ENDORSEMENT)
    endorsement["issuer"]["name"] = "الوكالة"
    given: list[tuple[str, dict[str, Any]]] = [
        ("holder", {"name": "A\u0363"}),
        ("narrative", {"certificate": _with({"narrative": "مكتبة"})}),
        ("endorsement", {"endorsement": certificates.parse(json.dumps(endorsement).encode())}),
    ]
    for member, more in given:
        with pytest.raises(InputError, match=r"^certify.unprintable\b") as caught:
            print_sheet(sheet(**more), Words("fr"))
        assert caught.value.params["member"] == member


def test_without_an_address_there_is_no_code_for_phones() -> None:
    """D-32: nobody's address is better than another agency's."""
    (whole,) = codes_on(print_sheet(sheet(address=None), Words("fr")))
    assert parse_whole(whole) == EXPECTED.encode()


def test_long_texts_end_in_a_mark_and_stay_above_the_codes() -> None:
    """Print: one page whatever the tasks are; the whole stands in the file."""
    value = json.loads(EVERY)
    value["credentialSubject"]["narrative"] = "Animation et catalogue. " * 200
    value["credentialSubject"]["role"] = "Bibliothécaire " * 60
    certificate = certificates.parse(json.dumps(value).encode())
    assert isinstance(certificate, Certificate)
    data = print_sheet(sheet(certificate=certificate), Words("fr"))
    assert text_of(data).count("[…]") == 2
    assert "bedf b12f" in text_of(data)


def test_a_certificate_too_long_for_a_code_is_printed_without_it() -> None:
    """D-33: the code for phones is there; no code that no phone could read."""
    value = json.loads(EXPECTED)
    noise = " ".join(str(number**5) for number in range(1000, 1500))
    value["credentialSubject"]["narrative"] = noise
    certificate = certificates.parse(json.dumps(value).encode())
    assert isinstance(certificate, Certificate)
    (phone,) = codes_on(print_sheet(sheet(certificate=certificate), Words("fr")))
    assert phone.startswith("https://togo.example/certificate#")


def test_a_changed_file_in_it_does_not_count(printed: tuple[str, bytes]) -> None:
    """D-11: somebody who puts another certificate into the sheet is found out by the signature."""
    forged = {**json.loads(EXPECTED), "name": "Diplôme"}
    writer = PdfWriter()
    writer.append(io.BytesIO(printed[1]))
    for name, data in (("certificate.json", json.dumps(forged).encode()), ("togo.did.jsonl", LOGS["togo"])):
        writer.add_attachment(name, data)
    changed = io.BytesIO()
    writer.write(changed)
    report = inspect_certificates(attachments_of(changed.getvalue(), "sheet.pdf"), [], NOW)
    assert "refused" in [document.outcome for document in report.documents]
    assert not report.ok


def test_what_is_no_sheet() -> None:
    """Verify: a PDF without files, and one that is none."""
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    blank = io.BytesIO()
    writer.write(blank)
    with pytest.raises(InputError, match=r"^certify.pdf-empty\b"):
        attachments_of(blank.getvalue(), "x.pdf")
    for data in (b"%PDF-1.7\n", b"%PDF-1.7\nnoise" * 50, blank.getvalue()[:200]):
        with pytest.raises(InputError, match=r"^certify.pdf-unreadable\b"):
            attachments_of(data, "x.pdf")


@pytest.mark.parametrize("sizes", [[1] * (MAX_FILES + 1), [MAX_FILE_BYTES + 1]])
def test_a_pdf_that_holds_too_much(sizes: list[int]) -> None:
    """Verify: what inflates without end, or to files without end, is refused."""
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    for number, size in enumerate(sizes):
        writer.add_attachment(f"{number}.json", bytes(size))
    data = io.BytesIO()
    writer.write(data)
    with pytest.raises(InputError, match=r"^certify.pdf-unreadable\b"):
        attachments_of(data.getvalue(), "x.pdf")


def test_the_large_code_has_modules_that_paper_can_show() -> None:
    """D-33: no module is smaller than half a millimetre, or the code is left out."""
    assert drawing.WHOLE_MM / (17 + 4 * drawing.MOST_VERSION + 2 * drawing.QUIET_MODULES) > 0.49

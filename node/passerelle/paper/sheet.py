"""One page A4 of a certificate: PDF/A-3, in French or English, with two QR codes and the files themselves in it.

PDF/A, for it has to open in twenty years; its part 3, for only that one may carry other
files: the certificate, the other agency's endorsement, and the identity logs by which
both are checked. Whoever has the sheet has all that proves it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Final, cast

import segno
from fpdf import FPDF
from fpdf.enums import AssociatedFileRelationship, DocumentCompliance, MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from passerelle.errors import InputError
from passerelle.protocol.certificatecodes import address_of, encode_whole
from passerelle.protocol.certificateletters import (
    lines_of,
    missing_letters,
    on_one_line,
    text_at,
    unprintable,
)
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.profile import Json, encode
from passerelle.words import Words

MARGIN: Final = 18.0
WIDTH: Final = 210.0 - 2 * MARGIN
LABEL_WIDTH: Final = 34.0
PHONE_MM: Final = 32.0
"""Side of the small code: version 6 or so, with modules of 0.6 mm."""
WHOLE_MM: Final = 76.0
"""Side of the large code, at most version 32, so that no module is smaller than half a millimetre."""
MOST_VERSION: Final = 32
QUIET_MODULES: Final = 4
CODES_TOP: Final = 186.0
NARRATIVE_LINES: Final = 5
LINE_MM: Final = 5.0
BELOW_TASKS: Final = 48.0
"""What stands between the tasks and the codes, where each text has all of its lines."""
MOST_OF_NAME: Final = 110
"""Characters of an agency's name beside the day on which it signed: two lines."""

_MARK: Final = " […]"
_INK: Final = (23, 37, 48)
_SOFT: Final = (84, 98, 110)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed.

    Args:
        certificate: Checked.
        endorsement: Of exactly this certificate, or None.
        name: Of the volunteer, as it is to be shown.
        birth_date: As it is compared.
        salt: 32 hexadecimal digits.
        address: Of the agency, for the code for phones; None leaves that code out.
        logs: Identity logs by SCID, to lie in the file.
    """

    certificate: Certificate
    endorsement: Endorsement | None
    name: str
    birth_date: str
    salt: str
    address: str | None
    logs: Mapping[str, bytes]


def print_sheet(sheet: Sheet, words: Words) -> bytes:
    """The PDF of a sheet.

    Args:
        sheet: What is on it.
        words: In which language.

    Raises:
        InputError: ``certify.unprintable`` with the ``member`` whose ``letters`` the font has not.
    """
    with ExitStack() as opened:
        return _Page(sheet, words, opened).finish()


class _Page:
    """A sheet being drawn, from the top.

    Args:
        sheet: What is on it.
        words: In which language.
        opened: Closes the fonts, which are read while the page is drawn.
    """

    def __init__(self, sheet: Sheet, words: Words, opened: ExitStack) -> None:
        self._sheet = sheet
        self._words = words
        pdf = FPDF(format="A4", enforce_compliance=DocumentCompliance.PDFA_3U)
        pdf.set_auto_page_break(auto=False)
        pdf.set_margin(MARGIN)
        fonts = resources.files("passerelle.paper") / "fonts"
        for style, file in (("", "PasserelleSans.ttf"), ("B", "PasserelleSans-Bold.ttf")):
            pdf.add_font("sheet", style, opened.enter_context(resources.as_file(fonts / file)))
        for font in pdf.fonts.values():
            if isinstance(font, TTFFont):
                opened.callback(font.ttfont.close)
        pdf.set_creation_date(sheet.certificate.signed)
        pdf.set_lang(words.lang)
        pdf.set_title(on_one_line(str(sheet.certificate.value["name"])))
        pdf.set_producer("Passerelle")
        pdf.add_page()
        self._pdf = pdf

    def finish(self) -> bytes:
        """Draws everything."""
        self._refuse_unprintable()
        self._head()
        self._person()
        self._service()
        self._signatures()
        self._codes()
        self._foot()
        self._attach()
        return bytes(self._pdf.output())

    # --- parts, from the top -------------------------------------------------------------

    def _head(self) -> None:
        self._write(self._text("issuer", "name"), size=11, soft=True, lines=2)
        self._pdf.ln(5)
        self._write(self._text("name"), size=22, bold=True, lines=2)
        self._line()

    def _person(self) -> None:
        self._write(self._said("cli.paper.certifies"), size=10.5, soft=True)
        self._write(on_one_line(self._sheet.name), size=17, bold=True)
        self._write(self._said("cli.paper.born", day=self._words.edtf(self._sheet.birth_date)), size=10.5)
        self._pdf.ln(3)

    def _service(self) -> None:
        subject = ("credentialSubject",)
        first, last = (self._text(*subject, f"activity{end}Date")[:10] for end in ("Start", "End"))
        days = self._said("cli.paper.from-to", first=self._words.date(first), last=self._words.date(last))
        self._fact("cli.paper.period", days)
        self._fact("cli.paper.scheme", self._text(*subject, "achievement", "name"))
        self._fact("cli.paper.role", self._text(*subject, "role"))
        tasks = "\n".join(lines_of(text_at(self._value, (*subject, "narrative"))))
        room = int((CODES_TOP - BELOW_TASKS - self._pdf.get_y()) / LINE_MM)
        self._fact("cli.paper.tasks", tasks, lines=max(1, min(room, NARRATIVE_LINES)))
        self._fact("cli.paper.sums", self._sums)
        self._fact("cli.paper.criteria", self._text(*subject, "achievement", "criteria", "narrative"))
        self._pdf.ln(2)

    @cached_property
    def _sums(self) -> str:
        subject = self._value["credentialSubject"]
        results = subject.get("result") if isinstance(subject, dict) else None
        said = []
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict):
                unit = str(result["resultDescription"]).rpartition(":")[2]
                said.append(self._words.plural(f"cli.paper.{unit}", int(str(result["value"]))))
        return " · ".join(said)

    def _signatures(self) -> None:
        certificate, endorsement = self._sheet.certificate, self._sheet.endorsement
        self._fact("cli.paper.signed-by", self._signature(self._text("issuer", "name"), certificate.created))
        if endorsement is not None:
            name = on_one_line(text_at(endorsement.value, ("issuer", "name")))
            self._fact("cli.paper.endorsed-by", self._signature(name, endorsement.created))
        groups = [self._sheet.salt[at : at + 4] for at in range(0, len(self._sheet.salt), 4)]
        self._fact("cli.paper.salt", " ".join(groups))

    def _signature(self, name: str, signed: str) -> str:
        shown = name if len(name) <= MOST_OF_NAME else f"{name[:MOST_OF_NAME].rstrip()}…"
        return self._said("cli.paper.signature", name=shown, day=self._words.date(signed[:10]))

    def _codes(self) -> None:
        if self._sheet.address is not None:
            address = address_of(self._sheet.address, self._sheet.certificate.digest)
            self._code(segno.make_qr(address, error="m"), MARGIN, PHONE_MM)
            self._caption("cli.paper.phone", MARGIN, PHONE_MM, WIDTH - WHOLE_MM - 8)
        whole = self._whole
        if whole is None:
            return
        left = MARGIN + WIDTH - WHOLE_MM
        self._code(whole, left, WHOLE_MM)
        self._caption("cli.paper.whole", left, WHOLE_MM, WHOLE_MM)

    @cached_property
    def _whole(self) -> segno.QRCode | None:
        """The code with the certificate in it, None where it would be too dense to be read from paper."""
        text = encode_whole(encode(dict(self._value)))
        if text is None:
            return None
        for error in ("m", "l"):
            code = segno.make_qr(text, error=error, boost_error=False)
            if isinstance(code.version, int) and code.version <= MOST_VERSION:
                return code
        return None

    def _foot(self) -> None:
        pdf = self._pdf
        pdf.set_xy(MARGIN, 297 - 18)
        certificate = self._sheet.certificate
        self._write(f"{certificate.id} · SHA-256 {certificate.digest}", size=6.5, soft=True)
        self._write(self._said("cli.paper.files"), size=7.5, soft=True)

    def _attach(self) -> None:
        files = [("certificate.json", "application/json", encode(dict(self._value)))]
        if self._sheet.endorsement is not None:
            data = encode(dict(self._sheet.endorsement.value))
            files.append(("endorsement.json", "application/json", data))
        logs = sorted(self._sheet.logs.items())
        files += [(f"{scid}.did.jsonl", "application/jsonl", log) for scid, log in logs]
        for name, kind, data in files:
            self._pdf.embed_file(
                bytes=data,
                basename=name,
                mime_type=kind,
                modification_date=self._sheet.certificate.signed,
                associated_file_relationship=AssociatedFileRelationship.DATA.value,
                compress=True,
            )

    # --- drawing -------------------------------------------------------------------------

    def _write(
        self, text: str, *, size: float, bold: bool = False, soft: bool = False, lines: int = 3
    ) -> None:
        """A paragraph over the whole width."""
        self._ink(soft=soft)
        self._pdf.set_font("sheet", "B" if bold else "", size)
        shown = self._shortened(text, WIDTH, lines)
        self._pdf.multi_cell(WIDTH, size * 0.46, shown, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _fact(self, msgid: str, text: str, *, lines: int = 2) -> None:
        """A name and its value beside it; nothing where there is no value."""
        if not text:
            return
        pdf = self._pdf
        top = pdf.get_y()
        self._ink(soft=True)
        pdf.set_font("sheet", "", 9)
        pdf.multi_cell(
            LABEL_WIDTH, LINE_MM, self._said(msgid), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        below = pdf.get_y()
        self._ink()
        pdf.set_font("sheet", "", 10)
        pdf.set_xy(MARGIN + LABEL_WIDTH, top)
        shown = self._shortened(text, WIDTH - LABEL_WIDTH, lines)
        pdf.multi_cell(WIDTH - LABEL_WIDTH, LINE_MM, shown, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_y(max(pdf.get_y(), below) + 1)

    def _shortened(self, text: str, width: float, lines: int) -> str:
        """As much of a text as has room, and a mark where that is not all: the whole stands in the file."""
        split = cast(
            "Sequence[str]",
            self._pdf.multi_cell(width, LINE_MM, text, dry_run=True, output=MethodReturnValue.LINES),
        )
        if len(split) <= lines:
            return text
        *kept, last = split[:lines]
        room = width - 2 * self._pdf.c_margin
        whole = last
        while last and self._pdf.get_string_width(f"{last}{_MARK}") > room:
            last = last[:-1]
        if last != whole and " " in last:  # no half of a word
            last = last.rpartition(" ")[0]
        return "\n".join([*kept, f"{last}{_MARK}"])

    def _line(self) -> None:
        pdf = self._pdf
        pdf.set_draw_color(*_SOFT)
        y = pdf.get_y() + 2
        pdf.line(MARGIN, y, MARGIN + WIDTH, y)
        pdf.set_y(y + 5)

    def _ink(self, *, soft: bool = False) -> None:
        self._pdf.set_text_color(*(_SOFT if soft else _INK))

    def _code(self, code: segno.QRCode, left: float, side: float) -> None:
        """A QR code as filled squares, sharp at any size; runs in a row are one rectangle."""
        rows = [list(row) for row in code.matrix]
        module = side / (len(rows) + 2 * QUIET_MODULES)
        self._pdf.set_fill_color(0, 0, 0)
        for down, row in enumerate(rows):
            y = CODES_TOP + (down + QUIET_MODULES) * module
            at = 0
            while at < len(row):
                end = at
                while end < len(row) and row[end]:
                    end += 1
                if end > at:
                    x = left + (at + QUIET_MODULES) * module
                    self._pdf.rect(x, y, (end - at) * module, module, style="F")
                at = max(end, at + 1)

    def _caption(self, msgid: str, left: float, side: float, width: float) -> None:
        pdf = self._pdf
        self._ink(soft=True)
        pdf.set_font("sheet", "", 8)
        pdf.set_xy(left, CODES_TOP + side + 1)
        pdf.multi_cell(width, 3.6, self._said(msgid), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    # --- what is said --------------------------------------------------------------------

    @property
    def _value(self) -> Mapping[str, Json]:
        return self._sheet.certificate.value

    def _text(self, *members: str) -> str:
        """A text of the certificate, on one line."""
        return on_one_line(text_at(self._value, members))

    def _said(self, msgid: str, **params: object) -> str:
        return self._words.text(msgid, **params)

    def _refuse_unprintable(self) -> None:
        """A letter that the font has not would be an empty box on the paper."""
        found = [("holder", missing_letters(self._sheet.name)), *unprintable(self._value)]
        if self._sheet.endorsement is not None:
            name = text_at(self._sheet.endorsement.value, ("issuer", "name"))
            found.append(("endorsement", missing_letters(name)))
        for member, letters in found:
            if letters:
                raise InputError("certify.unprintable", member=member, letters=letters)

"""The roll beside the board: who is where, and whom to call, to be printed before it is needed. Over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from bs4 import BeautifulSoup

from passerelle.desk.board_view import Board
from passerelle.errors import InputError
from passerelle.server.console import console_app
from tests.unit.console.conftest import ANVT, CNPV
from tests.unit.console.reading import Client, read


def row(volunteer: str, country: str | None, situation: str, **more: object) -> dict[str, object]:
    return {
        "placement": "urn:uuid:1", "volunteer": volunteer, "from": ANVT, "to": CNPV, "country": country,
        "city": "Ségou", "organisation": {"fr": "Bibliothèque du Fleuve"}, "scheme": "vir",
        "planned": "2027-01-15/2027-06-30", "since": "2027-01-15", "until": None, "situation": situation,
        "state": "active", "tutors": [{"side": "host", "contact": "tutorat@cnpv.example"}], "synthetic": False,
    } | more  # fmt: skip


def answer(day: date, people: list[dict[str, object]], contacts: dict[str, object]) -> dict[str, object]:
    return {
        "asOf": day.isoformat(), "madeAt": "2027-03-01T08:30:00Z", "agency": CNPV, "fictitious": False,
        "agencies": {ANVT: {"code": "TG-ANVT"}, CNPV: {"code": "ML-CNPV"}}, "people": people, "contacts": contacts,
    }  # fmt: skip


PEOPLE = [
    row("TG-VIR-01", "ML", "present", until="2027-06-30"),
    row("<b>TG-VIR-02</b>", "ML", "arrival-unreported", synthetic=True),
    row("TG-VIR-03", None, "return-unreported", organisation={}, tutors=[]),
]
CONTACTS: dict[str, object] = {
    ANVT: {"function": "duty-of-care-24h", "phone": "+228 00 00 00 00", "mailbox": "astreinte@anvt.example"}
}


@pytest.fixture
async def client(board: Board) -> AsyncIterator[Client]:
    async def source(_as_of: date) -> Board:
        return board

    async def roll(as_of: date) -> dict[str, Any]:
        if as_of.year == 1999:
            raise InputError("due.range", limit=3660)
        return answer(as_of, PEOPLE, CONTACTS) if as_of.year == 2027 else answer(as_of, [], {})

    app = console_app(source, agency=board["agency"], today=lambda: date(2027, 3, 1), roll=roll)
    async with TestClient(TestServer(app, host="127.0.0.1")) as made:
        yield made


def lines(page: BeautifulSoup) -> list[list[str]]:
    return [
        [cell.get_text(" ", strip=True) for cell in tr.find_all(["th", "td"])]
        for tr in page.select("tbody tr")
    ]


async def test_whom_to_call_stands_before_everybody_by_country(client: Client) -> None:
    """Who opens it in an emergency calls first; a text of a record is text."""
    page = await read(client, "/roll?lang=en")
    assert [section["id"] for section in page.find_all("section")] == ["calls", "people"]
    assert page.select_one("#calls p").get_text(" ", strip=True) == (  # type: ignore[union-attr]
        "TG-ANVT +228 00 00 00 00 astreinte@anvt.example"
    )
    assert [caption.get_text(strip=True) for caption in page.find_all("caption")] == [
        "Mali",
        "Country not told",
    ]
    told = lines(page)
    assert told[0] == [
        *(
            "TG-VIR-01",
            "Ségou",
            "Bibliothèque du Fleuve",
            "TG-ANVT → ML-CNPV",
            "15/01/2027",
            "30/06/2027",
            "present",
        ),
        "hosting side: tutorat@cnpv.example",
    ]
    assert told[1][0] == "<b>TG-VIR-02</b> fictitious"
    assert [badge["class"] for badge in page.select(".badge.long")] == [
        ["badge", tone, "long"] for tone in ("good", "bad", "bad")
    ]
    assert "no date" in told[1][5]


async def test_it_says_when_it_was_made_and_that_pseudonyms_are_all(client: Client) -> None:
    """On paper nobody sees the clock of the node."""
    page = await read(client, "/roll?lang=fr")
    said = page.find("main").get_text(" ", strip=True)  # type: ignore[union-attr]
    assert "1er mars 2027 à 08:30 UTC" in said
    assert "pseudonyme" in said.casefold()


@pytest.mark.parametrize(
    ("lang", "nobody"), [("fr", "Personne n’est en mission"), ("en", "Nobody is on mission")]
)
async def test_an_empty_day_says_so(client: Client, lang: str, nobody: str) -> None:
    page = await read(client, f"/roll?lang={lang}&as-of=2030-01-01")
    assert nobody in page.find("main").get_text()  # type: ignore[union-attr]
    assert page.find("table") is None


async def test_a_bad_day_and_a_refusal_are_pages_in_words(client: Client) -> None:
    await read(client, "/roll?as-of=gestern", 400)
    await read(client, "/roll?as-of=1999-01-01", 400)


async def test_the_board_leads_to_it_and_back(client: Client) -> None:
    """With the language and the day; a console without a roll has neither link nor page."""
    board = await read(client, "/?lang=en&as-of=2027-03-01")
    (link,) = [a["href"] for a in board.find_all("a") if a.get_text(strip=True) == "Roll"]
    assert link == "/roll?lang=en&as-of=2027-03-01"
    page = await read(client, str(link))
    assert "/?lang=en&as-of=2027-03-01" in {a["href"] for a in page.find_all("a")}


async def test_without_a_source_there_is_no_such_page(board: Board) -> None:
    async def source(_as_of: date) -> Board:
        return board

    app = console_app(source, agency=board["agency"], today=lambda: date(2027, 3, 1))
    async with TestClient(TestServer(app, host="127.0.0.1")) as bare:
        await read(bare, "/roll", 404)
        assert "/roll" not in str(await read(bare, "/"))

"""The due list beside the board: who must do what by when, in French and English. Over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp.test_utils import TestClient, TestServer
from bs4 import BeautifulSoup

from passerelle.desk.board_view import Board
from passerelle.desk.due_view import DueView
from passerelle.errors import InputError
from passerelle.server.console import console_app
from tests.unit.console.conftest import ANVT, CNPV
from tests.unit.console.reading import Client, read


def item(
    day: str, late: int, *, ours: bool = True, about: str = "TG-VIR-01", kind: str | None = "placement"
) -> DueView:
    return {
        "step": "certificate",
        "text": {"fr": "Délivrer l'attestation", "en": "Issue the certificate"},
        "day": day,
        "days_late": late,
        "who": [CNPV if ours else ANVT],
        "who_codes": ["ML-CNPV" if ours else "TG-ANVT"],
        "ours": ours,
        "type": kind,
        "id": None if kind is None else "urn:uuid:1",
        "about": {"und": about} if about else {},
        "sender": ANVT,
        "host": CNPV,
    }


LISTED = [
    item("2027-02-01", 28),
    item("2027-03-01", 0, about="<b>Club</b>"),
    item("2027-03-20", -19, kind=None, about=""),
    item("2027-02-20", 9, ours=False, about="TG-VIR-02"),
]


@pytest.fixture
def asked() -> list[date]:
    return []


@pytest.fixture
async def client(board: Board, asked: list[date]) -> AsyncIterator[Client]:
    async def source(_as_of: date) -> Board:
        return board

    async def due(as_of: date) -> list[DueView]:
        asked.append(as_of)
        if as_of.year == 1999:
            raise InputError("due.range", limit=3660)
        return LISTED if as_of.year == 2027 else [LISTED[0]] * 103 if as_of.year == 2028 else []

    app = console_app(source, agency=board["agency"], today=lambda: date(2027, 3, 1), due=due)
    async with TestClient(TestServer(app, host="127.0.0.1")) as made:
        yield made


def cells(page: BeautifulSoup, section: str) -> list[list[str]]:
    return [
        [" ".join(cell.get_text(" ", strip=True).split()) for cell in row.select("th, td")]
        for row in page.select(f"#{section} tbody tr")
    ]


async def test_what_is_late_stands_first_and_partners_apart(client: Client, asked: list[date]) -> None:
    """Day, how late in words, what, about what, who; what only a partner has to do is no task of ours."""
    page = await read(client, "/due?lang=fr")
    assert asked == [date(2027, 3, 1)]
    assert cells(page, "late") == [
        ["1er février 2027", "28 jours de retard", "Délivrer l'attestation", "Mission TG-VIR-01", "ML-CNPV"]
    ]
    assert [row[1] for row in cells(page, "coming")] == ["aujourd’hui", "dans 19 jours"]
    assert [row[3:] for row in cells(page, "theirs")] == [["Mission TG-VIR-02", "TG-ANVT"]]


async def test_the_list_speaks_english_too(client: Client) -> None:
    page = await read(client, "/due?lang=en&as-of=2027-03-01")
    assert cells(page, "late")[0][1:3] == ["28 days late", "Issue the certificate"]
    assert page.select_one("html")["lang"] == "en"  # type: ignore[index]


async def test_a_partners_text_is_text(client: Client) -> None:
    """What a record says is never markup."""
    page = await read(client, "/due?lang=fr")
    assert page.select("#coming b") == []
    assert "<b>Club</b>" in page.get_text()


async def test_an_empty_list_says_so(client: Client) -> None:
    page = await read(client, "/due?lang=fr&as-of=2026-01-01")
    assert len(page.select("p.empty")) == 3


async def test_a_long_list_is_cut_and_says_where_the_rest_is(client: Client) -> None:
    page = await read(client, "/due?lang=fr&as-of=2028-01-01")
    assert len(cells(page, "late")) == 100
    assert "3 autres" in page.select_one("#late .more").get_text()  # type: ignore[union-attr]


async def test_board_and_list_lead_to_each_other(client: Client) -> None:
    """With the day and the language that were chosen."""
    page = await read(client, "/?lang=en&as-of=2027-03-01")
    (link,) = [str(a["href"]) for a in page.select("a") if str(a["href"]).startswith("/due")]
    back = await read(client, link)
    assert any(str(a["href"]) == "/?lang=en&as-of=2027-03-01" for a in back.select("a"))


@pytest.mark.parametrize(("path", "status"), [("/due?as-of=2027-02-30", 400), ("/due?as-of=1999-01-01", 400)])
async def test_what_cannot_be_answered_is_a_page_in_words(client: Client, path: str, status: int) -> None:
    page = await read(client, path, status)
    assert page.select_one("h1") is not None


async def test_without_a_source_there_is_no_such_page(board: Board) -> None:
    async def source(_as_of: date) -> Board:
        return board

    app = console_app(source, agency=board["agency"], today=lambda: date(2027, 3, 1))
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        async with client.get("/due") as response:
            assert response.status == 404
        async with client.get("/") as response:
            assert "/due" not in await response.text()

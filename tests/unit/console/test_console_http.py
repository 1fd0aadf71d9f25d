"""How the console answers: languages, caching, security, refusals. Over real HTTP on loopback."""

from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator
from datetime import date
from typing import TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from bs4 import BeautifulSoup

from passerelle.desk.board_view import Board
from passerelle.errors import StorageError
from passerelle.server.console import console_app
from passerelle.server.console.guard import SECURITY_HEADERS, host_is_known

Client: TypeAlias = TestClient[web.Request, web.Application]


class Source:
    """The board, or what the test makes of asking for it; remembers the days asked for."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.asked: list[date] = []
        self.fault: Exception | None = None

    async def __call__(self, as_of: date) -> Board:
        self.asked.append(as_of)
        if self.fault is not None:
            raise self.fault
        return self.board


@pytest.fixture
def source(board: Board) -> Source:
    return Source(board)


@pytest.fixture
def app(source: Source) -> web.Application:
    return console_app(source, agency=source.board["agency"], today=lambda: date(2027, 3, 1))


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app, host="127.0.0.1"), auto_decompress=False) as made:
        yield made


async def test_today_is_shown_unless_a_day_is_asked_for(client: Client, source: Source) -> None:
    await client.get("/")
    await client.get("/?as-of=2026-12-31")
    await client.get("/?as-of=")
    assert source.asked == [date(2027, 3, 1), date(2026, 12, 31), date(2027, 3, 1)]


@pytest.mark.parametrize(
    ("path", "header", "language"),
    [
        ("/", None, "fr"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/?lang=fr", "en", "fr"),
        ("/?lang=xx", "en", "en"),
        ("/?lang=xx", None, "fr"),
        ("/nowhere", "en", "en"),
    ],
)
async def test_the_page_speaks_the_language_asked_for(
    client: Client, path: str, header: str | None, language: str
) -> None:
    headers = {"Accept-Encoding": "identity"} | ({"Accept-Language": header} if header else {})
    async with client.get(path, headers=headers) as response:
        assert response.headers["Content-Language"] == language
        assert f'<html lang="{language}">' in await response.text()


async def test_an_unchanged_page_costs_a_304(client: Client, board: Board) -> None:
    async with client.get("/") as first:
        etag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert first.headers["Vary"] == "Accept-Encoding, Accept-Language"
    async with client.get("/", headers={"If-None-Match": f'"other", {etag}'}) as again:
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
        assert again.headers["Content-Security-Policy"]
    board["partners"][0]["quarantined"] += 1
    async with client.get("/", headers={"If-None-Match": etag}) as changed:
        assert changed.status == 200
        assert changed.headers["ETag"] != etag


async def test_each_language_and_each_day_has_its_own_validator(client: Client, board: Board) -> None:
    async with client.get("/?lang=fr") as french, client.get("/?lang=en") as english:
        assert french.headers["ETag"] != english.headers["ETag"]


async def test_gzip_where_it_is_accepted_and_only_there(client: Client) -> None:
    async with client.get("/", headers={"Accept-Encoding": "identity"}) as response:
        plain = await response.read()
        assert "Content-Encoding" not in response.headers
    async with client.get("/", headers={"Accept-Encoding": "br, GZip;q=0.5"}) as response:
        packed = await response.read()
        assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 4
    async with client.get("/", headers={"Accept-Encoding": "gzip;q=0"}) as response:
        assert "Content-Encoding" not in response.headers


async def test_the_stylesheet_is_kept_for_ever_under_a_name_of_its_own(client: Client) -> None:
    async with client.get("/") as response:
        soup = BeautifulSoup(gzip.decompress(await response.read()), "html5lib")
    for selector, content_type in (("link[rel=stylesheet]", "text/css"), ("link[rel=icon]", "image/svg+xml")):
        link = soup.select_one(selector)
        assert link is not None
        async with client.get(str(link["href"])) as response:
            assert response.status == 200
            assert response.content_type == content_type
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/nowhere", "/?as-of=x"])
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert {name: response.headers[name] for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS)


def test_the_policy_allows_own_style_and_images_and_nothing_else() -> None:
    directives = dict(
        part.strip().split(" ", 1) for part in SECURITY_HEADERS["Content-Security-Policy"].split(";")
    )
    assert directives == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


async def test_a_foreign_host_name_is_refused(client: Client, source: Source) -> None:
    """DNS rebinding: another site's name that resolves to loopback reads nothing."""
    async with client.get("/", headers={"Host": "evil.example:80"}) as response:
        assert response.status == 421
        assert b"Togo" not in await response.read()
    assert source.asked == []


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8731", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("[::1]:8731", True),
        ("localhost.evil.example", False),
        ("evil.example#localhost", False),
        ("localhost@evil.example", False),
        ("", False),
        ("[::1", False),
    ],
)
def test_which_host_names_are_ours(host: str, known: bool) -> None:
    assert host_is_known(host, {"localhost", "127.0.0.1", "::1"}) is known
    assert host_is_known(host, None)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_the_console_only_reads(client: Client, method: str) -> None:
    async with client.request(method, "/?lang=en") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"
        assert response.headers["Cache-Control"] == "no-store"


async def test_head_is_answered_without_a_body(client: Client) -> None:
    async with client.head("/") as response:
        assert (response.status, await response.read()) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/?as-of=yesterday", 400, "console.not-a-day"), ("/nowhere", 404, "console.no-such-page")],
)
async def test_a_refusal_is_a_page_in_words(client: Client, path: str, status: int, code: str) -> None:
    async with client.get(path, headers={"Accept-Encoding": "identity"}) as response:
        assert response.status == status
        soup = BeautifulSoup(await response.read(), "html5lib")
    assert soup.select_one("main a[href='/']")
    assert code in [tag.get_text() for tag in soup.select("details code")]
    assert code not in soup.select("main p")[0].get_text()


async def test_a_refusal_repeats_nothing_as_markup(client: Client) -> None:
    async with client.get("/?as-of=<b>x</b>") as response:
        assert b"<b>x</b>" not in await response.read()


async def test_a_node_that_cannot_answer_says_why(client: Client, source: Source) -> None:
    source.fault = StorageError("storage.disk-full", path="/srv/passerelle")
    async with client.get("/") as response:
        assert response.status == 503
        assert "storage.disk-full" in await response.text()


async def test_a_fault_of_our_own_is_logged_and_not_shown(
    client: Client, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.fault = KeyError("secret detail")
    with caplog.at_level(logging.ERROR):
        async with client.get("/") as response:
            assert response.status == 500
            assert "secret detail" not in await response.text()
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_it_can_be_mounted_under_a_prefix(app: web.Application) -> None:
    """Style, icon and form carry the prefix; the security headers hold below it."""
    whole = web.Application()
    whole.add_subapp("/console", app)
    async with TestClient(TestServer(whole, host="127.0.0.1")) as client:
        async with client.get("/console/") as response:
            soup = BeautifulSoup(await response.read(), "html5lib")
        for tag in soup.select("link[rel=stylesheet], link[rel=icon]"):
            async with client.get(str(tag["href"])) as response:
                assert response.status == 200
        form = soup.select_one("form")
        assert form is not None
        assert form["action"] == "/console/"
        async with client.get("/console/nowhere") as response:
            assert response.status == 404
            assert response.headers["Content-Security-Policy"]

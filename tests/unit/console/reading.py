"""Reading a page of the console as a browser would. Over real HTTP on loopback."""

from __future__ import annotations

from typing import TypeAlias

import html5lib
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request
from bs4 import BeautifulSoup

from passerelle.server.console.guard import SECURITY_HEADERS

Client: TypeAlias = TestClient[Request, Application]


async def read(client: Client, path: str, status: int = 200) -> BeautifulSoup:
    """A page that is valid HTML and has every security header."""
    async with client.get(path) as response:
        assert response.status == status
        assert response.headers.items() >= SECURITY_HEADERS.items()
        text = await response.text()
    html5lib.HTMLParser(strict=True).parse(text)
    return BeautifulSoup(text, "html5lib")

"""The local socket: its path, however deep the home lies, and whom it answers."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from passerelle.server.local import local_app, private_socket, short_path


def count() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_long_path_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    """Every command beside a running node asks for one: none may stay open."""
    folder = tmp_path / ("a" * 90)
    folder.mkdir()
    path = folder / "node.sock"
    before = count()
    for _ in range(3):
        with short_path(path) as short, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(short)
            assert path.is_socket()
        path.unlink()
    assert count() == before


def test_a_short_path_is_itself() -> None:
    """What the kernel takes is not touched."""
    with short_path(Path("/tmp/node.sock")) as short:
        assert short == "/tmp/node.sock"


def test_a_socket_is_private_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody slips in between bind and chmod; what a killed node left there is no hindrance."""
    path = tmp_path / "node.sock"
    path.touch()
    monkeypatch.setattr(Path, "chmod", None)
    before = os.umask(0)
    try:
        with private_socket(path):
            assert path.stat().st_mode & 0o777 == 0o600
        assert os.umask(0) == 0
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("accounts", "status", "told"),
    [
        (None, 200, "done"),
        ({os.geteuid()}, 200, "done"),
        ({os.geteuid() + 1}, 400, "desk.not-the-owner"),
    ],
)
async def test_whom_the_socket_answers(
    tmp_path: Path, accounts: set[int] | None, status: int, told: str
) -> None:
    """The kernel says who is at the other end: the node's own account or root, whatever the file's mode is."""
    asked: list[str] = []

    async def call(method: str, _arguments: dict[str, object]) -> object:
        asked.append(method)
        return {"code": "done"}

    runner = web.AppRunner(local_app(call, accounts=accounts))
    await runner.setup()
    await web.SockSite(runner, private_socket(tmp_path / "node.sock")).start()
    connector = aiohttp.UnixConnector(path=str(tmp_path / "node.sock"))
    try:
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post("http://node/desk/status", data=b"{}") as answer,
        ):
            assert (answer.status, json.loads(await answer.read())["code"]) == (status, told)
    finally:
        await runner.cleanup()
    assert asked == (["status"] if status == 200 else [])

"""The path of the local socket, however deep the home lies."""

from __future__ import annotations

import socket
from pathlib import Path

from passerelle.server.local import short_path


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

"""The ports that a scenario's nodes answer at."""

from __future__ import annotations

import socket

import pytest

from passerelle.errors import ConfigError
from passerelle.scenario import nodes
from passerelle.scenario.forwarder import HOST
from passerelle.scenario.nodes import free_port

NEAR_ENDS = 32_768
"""From here on Linux draws the near ends of outgoing connections (``ip_local_port_range``)."""


@pytest.fixture(autouse=True)
def handed_out(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """A process that has handed out nothing yet."""
    fresh: set[int] = set()
    monkeypatch.setattr(nodes, "_handed_out", fresh)
    return fresh


def test_a_port_is_handed_out_once_and_is_nobodys_near_end() -> None:
    """Scenario: no two nodes get one port, and none gets a port that an outgoing connection may take."""
    found = [free_port() for _ in range(200)]
    assert len(set(found)) == len(found)
    assert all(1_024 <= port < NEAR_ENDS for port in found)


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario: a port that somebody listens at is not handed out, and where none is left a code says so."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(nodes, "_PORTS", range(port, port + 1))
        with pytest.raises(ConfigError) as told:
            free_port()
    assert (told.value.code, told.value.params) == ("server.port-in-use", {"host": HOST, "port": port})


def test_never_twice_when_all_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenario: a port that was handed out is not handed out again, free as it may be."""
    monkeypatch.setattr(nodes, "_PORTS", range(free_port(), nodes._PORTS.stop)[:1])
    with pytest.raises(ConfigError):
        free_port()

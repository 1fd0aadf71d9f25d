"""Starting and ending: who owns a home, which port is free, what is left behind."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
from collections.abc import Callable
from typing import Any

from tests.faults.harness import Node, group

Pair = Callable[[str], tuple[Node, Node]]
CONFIGURATION = 6


async def refusal(node: Node) -> tuple[int, dict[str, Any]]:
    """Start a process that is to refuse; its exit code and what it said."""
    node.begin()
    out = node.process.stdout
    assert out is not None
    said = await asyncio.to_thread(out.read)
    return await node.ended(), json.loads(said or node.log.read_text("utf-8"))


def is_locked(node: Node) -> bool:
    """Whether a process holds the lock of the home."""
    descriptor = os.open(node.paths.lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


async def test_a_home_has_one_owner(pair: Pair) -> None:
    """W-2: a second process on one home is refused with a sentence, and hurts nothing."""
    node, _ = pair("homes")
    second = Node(node.home, node.code)
    second.log = node.home.with_name("second.log")
    await node.start()
    code, said = await refusal(second)
    assert code == CONFIGURATION
    assert said["code"] == "home.in-use"
    assert str(node.home) in said["user"]
    assert await node.read_only() is None, "the first still answers, at its socket"
    assert await node.stop() == 0


async def test_a_port_in_use_is_named(pair: Pair) -> None:
    """server.port-in-use: exit code, port and what to do; the home is free again."""
    node, _ = pair("homes")
    taken = int(node.address.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", taken)):
        code, said = await refusal(node)
    assert code == CONFIGURATION
    assert said["code"] == "server.port-in-use"
    assert said["params"]["port"] == taken
    assert str(taken) in said["user"]
    assert not is_locked(node)
    await node.start()
    assert await node.stop() == 0


async def test_a_node_told_to_stop_leaves_a_home_at_rest(pair: Pair) -> None:
    """SIGTERM, even in the middle of work: exit code 0, no lock, no socket, everything in the database file."""
    node, other = pair("homes")
    await node.start()
    work = asyncio.create_task(node.publish([*group(node, other, "n") * 40], "work"))
    await asyncio.sleep(0.05)
    assert await node.stop() == 0
    await asyncio.gather(work, return_exceptions=True)
    assert not is_locked(node)
    assert not node.paths.socket.exists()
    assert not list(node.home.glob("*-wal"))
    assert await node.read_only() is None
    again = await node.publish([*group(node, other, "n") * 40], "work")
    if not work.cancelled() and work.exception() is None:
        assert again == work.result()


async def test_a_killed_node_leaves_no_lock(pair: Pair) -> None:
    """The lock is the kernel's: a home is free when its process is gone, however that came about."""
    node, other = pair("homes")
    await node.start()
    assert is_locked(node)
    node.kill()
    assert not is_locked(node)
    assert node.paths.socket.exists(), "what is left of the socket misleads nobody"
    await node.publish(group(node, other, "by hand"), "by hand")
    await node.start()
    assert await node.read_only() is None
    assert await node.stop() == 0

"""A real node in a process of its own, and what a test must know of it to lie in its name: keys and feed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from passerelle import app, config
from passerelle.config import Agency, Console, Server, Sync
from passerelle.conformance import follower
from passerelle.conformance.asking import Asker
from passerelle.conformance.author import Author, Feed
from passerelle.conformance.follower import Seen
from passerelle.conformance.report import Notes
from passerelle.conformance.rules import Table
from passerelle.custody import read_update_key, unlock
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.origins import Origin
from passerelle.protocol.tiles import Tile, parse_objects
from passerelle.scenario.nodes import free_port
from passerelle.storage.home import Keys
from passerelle.storage.secret import Given
from tests.faults.harness import Node, offer

PUBLIC = "https://tg.example"


class Examined(Node):
    """The node that is examined, perhaps with a planted fault: `planted` names it."""

    planted: str = ""

    def begin(self, *, crash: str = "", command: tuple[str, ...] = ("serve", "--with-parent")) -> None:
        """Start the process and return at once."""
        if self.planted:
            command = ("planted", self.planted, *command[1:])
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.conformance.launch",
                    *command,
                    "--home",
                    str(self.home),
                    "--json",
                ],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )


@dataclass
class World:
    """The node, its keys, and its public feed as it stood.

    Args:
        node: Running.
        keys: Its online keys.
        update: The offline key that its next identity entry is signed with.
        log: Its identity log.
        author: It, as a writer.
        feed: Its public feed.
        descriptor: The bytes of its node record.
    """

    node: Examined
    keys: Keys
    update: SigningKey
    log: bytes
    author: Author
    feed: Feed
    descriptor: bytes

    def copy(self) -> Feed:
        """Another feed that begins alike."""
        return Feed(self.author, self.feed.origin, list(self.feed.leaves), list(self.feed.objects))


async def open_world(folder: Path, planted: str = "") -> World:
    """Make a home, start it, publish a little, and read it as a follower does."""
    node = Examined(folder / "tg", "TG-FICT")
    node.planted = planted
    await app.init_home(
        node.home,
        agency=Agency(code=node.code, country="TG", names={"fr": "Agence fictive"}, fictitious=True),
        server=Server(public_address=PUBLIC, port=free_port()),
        console=Console(port=free_port()),
        sync=Sync(poll_seconds=3_600.0, backoff_max_seconds=3_600.0, request_seconds=5.0),
    )
    await node.start()
    (first,) = await node.publish([offer("une")], "one")
    *_, last = await node.publish(
        [{**offer("une, revue"), "id": first["id"]}, *(offer(str(n)) for n in range(8))], "two"
    )
    await node.call("decide", about=last["id"], outcome="withdraw")
    keys = unlock(node.paths, config.load(node.home), Given())
    return await _read(node, keys, read_update_key(node.paths.offline / "update-2.txt"))


async def _read(node: Examined, keys: Keys, update: SigningKey) -> World:
    asker = Asker(node.address)
    now = datetime.now(UTC)
    seen = Seen(asker, Notes(Table.packaged()), now, lambda _word: None)
    try:
        await follower.look_at_identity(seen)
        await follower.look_at_descriptor(seen)
        await follower.look_at_checkpoint(seen)
        assert seen.identity is not None
        assert seen.descriptor is not None
        assert seen.checkpoint is not None
        size = seen.checkpoint.tree_size
        leaves = await follower.read_entries(seen, size)
        objects = await asker.get(f"{seen.folder}/{Tile('objects', 0, 0, size).path}", most=2**20)
        log = (await asker.get(follower.IDENTITY_PATH, most=2**20)).body
    finally:
        await asker.close()
    identity = parse_identity(log, now=None)
    began = identity.entries[0].version_time
    author = Author(identity.did, identity.scid, keys.record, keys.log, began, began)
    feed = Feed(author, Origin(author.scid, None, 1), leaves or [], list(parse_objects(objects.body)))
    return World(node, keys, update, log, author, feed, seen.descriptor.data)


def later(seconds: float = 0.0) -> datetime:
    """A time after all that the node has issued."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60 + seconds)


async def closing(world: World) -> None:
    """End the node."""
    await asyncio.to_thread(world.node.kill)

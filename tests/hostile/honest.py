"""An honest partner in a process of its own, with the stop-watch: ``honest.py HOME US KEY RECORDS``.

It prints where it answers and who it is, as one line of JSON. Of each line that it reads it
is told how many records its public feed shows from then on; it has our node visit it, and
prints the seconds that this took. It holds the watch because nobody's attack takes its time.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from pathlib import Path

from passerelle import app
from passerelle.protocol.merkle import Frontier
from tests.hostile.partner import Partner

CODE = "XX-HONEST"


async def serve(home: Path, us: str, seal_to: bytes, records: int) -> None:
    """Answer, and have ourselves visited, until the standard input ends."""
    partner = Partner(CODE, us, seal_to, records)
    whole, grown = partner.public, Frontier()
    hashes = whole.hashes(0)
    whole.hashes(2)
    partner.public = whole.copy(0)
    await partner.start()
    row = partner.row()
    told = {"scid": partner.scid, "address": partner.address}
    told |= {name: base64.b64encode(data).decode() for name, data in _documents(partner.log, row.descriptor)}
    print(json.dumps(told), flush=True)  # noqa: T201  its answer
    while line := await asyncio.to_thread(sys.stdin.readline):
        shown = whole.copy(int(line))
        grown = grown.extend(hashes[grown.size : len(shown.leaves)])
        shown.note = shown.checkpoint(root=grown.root())  # before the watch runs
        partner.public = shown
        print(await _visited(home), flush=True)  # noqa: T201  its answer
    await partner.stop()


async def _visited(home: Path) -> float:
    began = time.perf_counter()
    (visit,) = await app.call(home, "sync", peer=CODE)
    if not visit["ok"]:
        raise RuntimeError(visit)
    return time.perf_counter() - began


def _documents(log: bytes, descriptor: bytes) -> list[tuple[str, bytes]]:
    return [("log", log), ("descriptor", descriptor)]


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3]), int(sys.argv[4])))

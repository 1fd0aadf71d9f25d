"""An honest partner in a process of its own, so that nobody's attack takes its time: ``honest.py US KEY RECORDS``.

It prints where it answers and who it is, as one line of JSON; each line that it reads is
the number of records that its public feed shows from then on.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys

from tests.hostile.partner import Partner


async def serve(us: str, seal_to: bytes, records: int) -> None:
    """Answer until the standard input ends."""
    partner = Partner("XX-HONEST", us, seal_to, records)
    whole = partner.public
    partner.public = whole.copy(0)
    await partner.start()
    row = partner.row()
    told = {"scid": partner.scid, "address": partner.address}
    told |= {name: base64.b64encode(data).decode() for name, data in _documents(partner.log, row.descriptor)}
    print(json.dumps(told), flush=True)  # noqa: T201  its answer
    while line := await asyncio.to_thread(sys.stdin.readline):
        shown = whole.copy(int(line))
        shown.note = shown.checkpoint()
        partner.public = shown
        print(line.strip(), flush=True)  # noqa: T201  it is shown
    await partner.stop()


def _documents(log: bytes, descriptor: bytes) -> list[tuple[str, bytes]]:
    return [("log", log), ("descriptor", descriptor)]


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], bytes.fromhex(sys.argv[2]), int(sys.argv[3])))

"""A process that examines: ``python -m passerelle.sync.worker``, started by the examiner and by nobody else.

It reads what is to be examined from its standard input and writes what was found to its
standard output, each as a 4-byte length and that many bytes of pickle: both ends are this
program, and no byte of a partner's is ever unpickled but as the bytes that it is. It ends
when its input does, so it outlives its parent by nothing, however that ends.

Not ``multiprocessing``: its children load the parent's main module again, whatever that
is, and share semaphores that a killed parent leaves behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import pickle
import sys
from typing import BinaryIO, Final

from passerelle.protocol.schemas import Schemas
from passerelle.sync.findings import Finding, examine_all

LENGTH_BYTES: Final = 4
ANSWER_BYTES: Final = 2**20
"""Of the pipe for answers: as much as Linux gives to anybody."""

Answer = list[Finding] | str
"""What was found, or the name of what went wrong in here."""


def frame(value: object) -> bytes:
    """A value with its length, as it passes between the two processes."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Examine until there is nothing more to read."""
    while True:
        length = asked.read(LENGTH_BYTES)
        if len(length) < LENGTH_BYTES:
            return
        data = asked.read(int.from_bytes(length, "big"))
        answers.write(frame(_answer(data)))
        answers.flush()
        del data
        gc.collect()  # of this bundle alone: what an error tied in a knot


def _answer(data: bytes) -> Answer:
    try:
        return examine_all(*pickle.loads(data))  # noqa: S301  from our own parent
    except Exception as error:  # noqa: BLE001  told to the parent, which examines the bundle itself
        return type(error).__name__


def main() -> None:
    """Keep standard output for answers alone, and serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with contextlib.suppress(AttributeError, OSError):  # Linux alone: an answer has room in it, and we go on
        fcntl.fcntl(answers.fileno(), fcntl.F_SETPIPE_SZ, ANSWER_BYTES)
    Schemas.packaged()
    # Parsed trees have no cycles, and a collection in their midst looks at everything that was ever loaded.
    gc.collect()
    gc.freeze()
    gc.disable()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

"""How this program speaks with a worker process of its own: the worker's end, and the form of what passes.

A worker reads questions from its standard input and writes answers to its standard
output, each as a 4-byte length and that many bytes of pickle: both ends are this
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
from collections.abc import Callable
from typing import BinaryIO, Final

LENGTH_BYTES: Final = 4
PIPE_BYTES: Final = 2**20
"""That lie in a pipe before whoever writes has to wait: as much as Linux gives to anybody."""


def frame(value: object) -> bytes:
    """A value with its length, as it passes between the two processes."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def widen(pipe: int) -> None:
    """Let much lie in a pipe, where the system can: what passes has room in it, and whoever wrote it goes on."""
    with contextlib.suppress(AttributeError, OSError):  # Linux alone
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def serve(answer: Callable[[bytes], object], asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there is nothing more to read.

    Args:
        answer: What is answered to the pickle of a question; never raises.
        asked: Questions.
        answers: Answers, in the same order.
    """
    while True:
        length = asked.read(LENGTH_BYTES)
        if len(length) < LENGTH_BYTES:
            return
        data = asked.read(int.from_bytes(length, "big"))
        answers.write(frame(answer(data)))
        answers.flush()
        del data
        gc.collect(0)  # of this question alone: what an error tied in a knot


def main(answer: Callable[[bytes], object]) -> None:
    """Keep standard output for answers alone, and serve; what is loaded by now stays."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    widen(answers.fileno())
    # Parsed trees have no cycles, and a collection in their midst looks at everything that was ever loaded.
    gc.collect()
    gc.freeze()
    gc.disable()
    serve(answer, sys.stdin.buffer, answers)

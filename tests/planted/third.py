"""Four faults drawn by a die from twelve that a team most likely makes: what its libraries do is not what the rule says.

An Ed25519 of the platform takes every point of the curve for a key, the class for UUIDs every
version; the parser of C2SP's checkpoints hands over what stands below the three lines; and who
watches logs stops at one that shrinks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import keys
from passerelle.protocol import recordheaders as header
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.sync.pull import Pull
from tests.planted.fault import Fault, put

if TYPE_CHECKING:
    from passerelle.sync.pull import Pulled

_LINES: Final = 3
"""Of a checkpoint's text."""


# --- identity and keys -------------------------------------------------------------------------------------


def any_point() -> None:
    """A key is what the library decodes: any point of the curve in its one encoding."""
    prime, d = keys._P, keys._D

    def on_the_curve(public: bytes) -> None:
        y = int.from_bytes(public, "little") & (2**255 - 1)
        if y >= prime:
            raise ProtocolError("key.non-canonical")
        square = pow((y * y - 1) * (d * y * y + 1), (prime - 1) // 2, prime)
        if square not in {0, 1} or (square == 0 and public[-1] >= 128):  # there is no -0
            raise ProtocolError("key.malformed")

    put(keys, _check_point=on_the_curve)


# --- records -----------------------------------------------------------------------------------------------


def any_uuid() -> None:
    """The id of a record is read by the class of the library, and written again in lower case."""
    put(header, ID=re.compile("urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"))


# --- feeds and leaves --------------------------------------------------------------------------------------


def more_lines() -> None:
    """The first three lines are the checkpoint; what stands below them is an extension, and passed over."""
    parse = Checkpoint.parse

    def extended(_cls: type[Checkpoint], text: str) -> Checkpoint:
        lines = text.split("\n")
        return parse("\n".join([*lines[:_LINES], ""]) if len(lines) > _LINES else text)

    put(Checkpoint, parse=classmethod(extended))


# --- following ---------------------------------------------------------------------------------------------


def shrinking_stops() -> None:
    """A checkpoint smaller than the one held blocks its feed, until a person has looked at it."""
    run, compare = Pull.run, Pull._compare_with_ours
    code = "feed.blocked"

    async def alarmed(pull: Pull, target: Checkpoint, note: bytes) -> None:
        await compare(pull, target, note)  # a fork is a fork
        if target.tree_size < pull._feed.size:
            raise ProtocolError(code, origin=target.origin)

    async def halted(pull: Pull) -> Pulled:
        if (pull._feed.state, pull._feed.state_code) == ("blocked", code):
            raise ProtocolError(code, origin=pull._feed.origin.encode())
        return await run(pull)

    put(Pull, run=halted, _compare_with_ours=alarmed)


FAULTS: Final = (
    Fault(
        "any-point",
        "I-30",
        "I give the 32 bytes to the library's Ed25519, which says whether they are a key; it takes small orders.",
        any_point,
    ),
    Fault(
        "any-uuid",
        "R-2",
        "I read the id with the platform's UUID class and write it again; I never asked which version it is.",
        any_uuid,
    ),
    Fault(
        "more-lines",
        "L-10",
        "The checkpoint library allows extension lines, as C2SP does, so I take the first three and go on.",
        more_lines,
    ),
    Fault(
        "shrinking-stops",
        "F-7",
        "A log only grows, so one that shows less than it did was rolled back: I stop it and call somebody.",
        shrinking_stops,
    ),
)

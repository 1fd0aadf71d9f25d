"""The fence, for a person: why the node signs nothing, what its partners hold, and ending that state."""

from __future__ import annotations

from passerelle.desk.context import Context
from passerelle.errors import PasserelleError
from passerelle.sync.confirming import Asked, Standing
from passerelle.sync.fence import Holding

Answer = dict[str, object]


async def show(context: Context) -> Answer:
    """Whether the node may sign, what a person could do, and what every partner holds of our feeds."""
    return _told(context, await context.fence.standing())


async def confirm(context: Context) -> Answer:
    """End the read-only state; the answer says what was found just before.

    Raises:
        InputError: ``fence.open``, ``fence.not-confirmable``, ``fence.partners-silent``.
        StorageError: ``fence.*``: a partner or the rows contradict; nothing was changed.
    """
    return _told(context, await context.fence.confirm())


def _told(context: Context, found: Standing) -> Answer:
    return {
        "code": context.config.agency.code,
        "read_only": _error(found.closed),
        "confirmable": found.obstacle is None,
        "obstacle": _error(found.obstacle),
        "feeds": [
            {"origin": origin, "rows": rows, "head": head} for origin, (rows, head) in found.sizes.items()
        ],
        "partners": [_partner(context, item) for item in found.asked],
        "silent": found.silent,
    }


def _error(error: PasserelleError | None) -> Answer | None:
    return None if error is None else {"code": error.code, "params": dict(error.params)}


def _partner(context: Context, asked: Asked) -> Answer:
    return {
        "scid": asked.scid,
        "code": context.code_of(asked.scid),
        "answered": asked.answered,
        "error": _error(asked.error),
        "feeds": [_holding(held) for held in asked.holdings],
    }


def _holding(held: Holding) -> Answer:
    against = None if held.contradiction is None else held.contradiction.error.code
    return {"origin": held.origin, "size": held.size, "contradicts": against}

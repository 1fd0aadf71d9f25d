"""Which record a person means by an id or a digest.

An id is its issuer's own choice, so another agency can give a record the same one, with a
higher version too. Versions are therefore those of one issuer, and where several issuers
use an id, only the digest says which record is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passerelle.desk.context import Context
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.exchange.verdicts import Verdict
from passerelle.storage import records as record_rows
from passerelle.storage.records import Row


async def find(context: Context, ledger: Ledger, name: str) -> tuple[Row, list[Row]]:
    """The version meant by a name, and every version of that record by its issuer, newest first.

    Raises:
        InputError: ``record.unknown``; ``record.ambiguous`` where several issuers use the id.
    """
    async with context.database.reading() as connection:
        rows = await record_rows.by_name(connection, name)
        same_id = await record_rows.by_name(connection, rows[0].id) if rows else []
    several = len(rows) > 1  # only then is there anything to choose, and a fold worth its time
    verdicts = (await ledger.state(context.clock().date())).verdicts if several else {}
    chosen = choose(rows, verdicts, name)
    return chosen, [row for row in same_id if row.issuer == chosen.issuer]


def choose(rows: Sequence[Row], verdicts: Mapping[str, Verdict], name: str) -> Row:
    """The one with this digest, or of one issuer's versions the newest that the rules do not block.

    Args:
        rows: What bears the name, newest version first.
        verdicts: Of the fold, by digest; a record without one is blocked by no rule.
        name: The id or digest.

    Raises:
        InputError: ``record.unknown``, ``record.ambiguous``.
    """
    exact = [row for row in rows if row.digest == name]
    if exact:
        return exact[0]
    if not rows:
        raise InputError("record.unknown", name=name)
    if len({row.issuer for row in rows}) > 1:
        raise InputError("record.ambiguous", name=name)
    return next((row for row in rows if not _is_blocked(verdicts.get(row.digest))), rows[0])


def _is_blocked(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.status == "blocked"

"""Certificates and endorsements that this node signed, by what they are of.

The files go to volunteers, and no record holds them: without these rows nobody could say
later which ones there are, whom to revoke, or which to confirm after a theft.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from passerelle.storage.tables import certificate


@dataclass(frozen=True, slots=True)
class Issued:
    """One document that we signed.

    Args:
        digest: Of its canonical form, 64 hex digits.
        id: ``urn:uuid:…``.
        kind: ``certificate`` or ``endorsement``.
        placement: Id of the placement's record.
        subject: The commitment to the person, or the digest of the certificate that is endorsed; used once.
        signed: ``validFrom``, POSIX seconds.
        data: Its canonical bytes.
    """

    digest: str
    id: str
    kind: str
    placement: str
    subject: str
    signed: int
    data: bytes


async def put(connection: AsyncConnection, issued: Issued) -> None:
    """Keep one, in the transaction that publishes the event about it."""
    await connection.execute(insert(certificate).values(**asdict(issued)))


async def by_subject(connection: AsyncConnection, subject: str) -> Issued | None:
    """The one with this commitment, or of the certificate with this digest."""
    found = await _all(connection, select(certificate).where(certificate.c.subject == subject))
    return found[0] if found else None


async def by_name(connection: AsyncConnection, name: str) -> Issued | None:
    """The one with this id or digest."""
    query = select(certificate).where((certificate.c.id == name) | (certificate.c.digest == name))
    found = await _all(connection, query)
    return found[0] if found else None


async def of_placement(connection: AsyncConnection, placement: str) -> list[Issued]:
    """The certificates for a placement, oldest first; endorsements are left out."""
    query = select(certificate).where(
        certificate.c.placement == placement, certificate.c.kind == "certificate"
    )
    return await _all(connection, query.order_by(certificate.c.signed, certificate.c.digest))


async def every(connection: AsyncConnection) -> list[Issued]:
    """All of them, newest first."""
    query = select(certificate).order_by(certificate.c.signed.desc(), certificate.c.digest)
    return await _all(connection, query)


async def _all(connection: AsyncConnection, query: Select[tuple[object, ...]]) -> list[Issued]:
    rows = await connection.execute(query)
    return [Issued(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's documented access

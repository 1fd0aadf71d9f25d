"""Rows written and found many at a time."""

from __future__ import annotations

from passerelle.protocol.leaves import SealedLeaf, encode_leaf
from passerelle.protocol.origins import Origin
from passerelle.protocol.records import Heading
from passerelle.storage import feeds, vault
from passerelle.storage import records as record_rows
from passerelle.storage.bulk import IN_AT_ONCE, find_rows
from passerelle.storage.database import Database
from passerelle.storage.tables import record

ORIGIN = Origin("Qm" + "1" * 44, "Qm" + "2" * 44, 1)
PUBLIC = Origin("Qm" + "1" * 44, None, 1)


def headings(count: int) -> list[tuple[Heading, bool]]:
    return [
        (Heading(f"{number:064x}", f"urn:uuid:{number}", 1, "offer", "issuer", True, number), True)
        for number in range(count)
    ]


async def test_more_values_than_one_query_names_are_found(database: Database) -> None:
    """docs: a look-up takes any number of values."""
    many = IN_AT_ONCE * 2 + 1
    async with database.writing() as connection:
        numbers = await record_rows.add(connection, headings(many))
        digests = [heading.digest for heading, _ in headings(many + 3)]
        found = await find_rows(connection, record.c.digest, digests, record.c.number)
    assert {str(digest): number for digest, number in found} == numbers
    assert len(numbers) == many


async def test_a_record_keeps_the_number_that_it_was_given(database: Database) -> None:
    """spec/06: a record in several feeds is one record; met again, it stays as it is."""
    async with database.writing() as connection:
        first = await record_rows.add(connection, headings(3))
        again = await record_rows.add(connection, [*headings(5)[2:], *headings(5)[4:]])
        assert again[headings(3)[2][0].digest] == first[headings(3)[2][0].digest]
        assert sorted({**first, **again}.values()) == [1, 2, 3, 4, 5]


async def test_the_bytes_of_a_record_come_out_as_they_went_in(database: Database) -> None:
    """J-13: what was signed is kept and passed on, whatever a database would make of it as JSON."""
    signed = '{"b":1,"a":"Ségou","é":[2,  1]}'.encode()
    (heading, _), *_ = headings(1)
    async with database.writing() as connection:
        (number,) = (await record_rows.add(connection, [(heading, True)])).values()
        held = await feeds.append(connection, await feeds.add(connection, PUBLIC, own=False), [b"leaf"])
        await record_rows.add_places(connection, held.id, {0: number})
        await vault.put_salts(connection, held.id, {0: bytes(32)})
        await vault.put_records(connection, {number: signed})
        assert await vault.get_record(connection, heading.digest) == signed
        assert await vault.public_objects(connection, held.id, 0, 1) == {0: (bytes(32), signed)}


async def test_commitments_that_begin_alike_are_told_apart(database: Database) -> None:
    """L-24: eight bytes are looked up, all thirty-two decide."""
    like = [bytes(31) + bytes([number]) for number in range(3)]
    leaves = [encode_leaf(SealedLeaf(commitment)) for commitment in like[:2]]
    async with database.writing() as connection:
        held = await feeds.append(connection, await feeds.add(connection, ORIGIN, own=False), leaves)
        assert await feeds.commitments_held(connection, held, like) == set(like[:2])


async def test_the_largest_header_of_the_protocol_finds_room(database: Database) -> None:
    """R-1: the longest type and the largest version that a partner may write; PostgreSQL holds a column to its size."""
    heading = Heading("f" * 64, "urn:uuid:" + "0" * 36, 2**53 - 1, "t" * 64, "Qm" + "1" * 44, True, 2**40)
    async with database.writing() as connection:
        await record_rows.add(connection, [(heading, False)])
        (row,) = await record_rows.by_name(connection, heading.id)
    assert (row.version, row.type) == (heading.version, heading.type)


def _of(issuer: str, number: int, *, version: int = 1, record_id: int | None = None) -> tuple[Heading, bool]:
    digest = f"{issuer}{version}{number}".encode().hex().zfill(64)
    name = f"urn:uuid:{issuer}{number}" if record_id is None else f"urn:uuid:{record_id}"
    return Heading(digest, name, version, "agency", issuer, True, number), True


async def test_who_writes_without_end_pushes_nobody_out(database: Database) -> None:
    """Of each agency so many, the newest first and newest versions alone; of ours all."""
    written = [_of("flood", 1000 + number) for number in range(300)]
    written += [_of("other", 7), *(_of("own", number) for number in range(5))]
    written.append((written[300][0]._replace(digest="f" * 64, version=2, issued=8), True))
    async with database.writing() as connection:
        await record_rows.add(connection, written)
    async with database.reading() as connection:
        found = await record_rows.newest_of_each(connection, "agency", each=2, own="own")
        last = await record_rows.newest_of_each(connection, "agency", each=1, issuers=["other"])
    assert [row.issuer for row in found] == ["flood", "flood", "other", *["own"] * 5]
    assert [(row.version, row.issued) for row in last] == [(2, 8)]


async def test_one_id_of_several_issuers(database: Database) -> None:
    """Each issuer's newest version, and whose came first."""
    written = [
        _of("right", 1, record_id=9), _of("right", 2, version=2, record_id=9), _of("wrong", 1, version=99, record_id=9)
    ]  # fmt: skip
    async with database.writing() as connection:
        await record_rows.add(connection, written)
    async with database.reading() as connection:
        of = ["urn:uuid:9"]
        found = await record_rows.newest_by_id(connection, "agency", of, ["right", "wrong"])
        asked = await record_rows.newest_by_id(connection, "agency", of, ["right"])
        owners = await record_rows.first_issuers(connection, "agency", of)
    assert {(row.issuer, row.version) for row in found} == {("right", 2), ("wrong", 99)}
    assert [(row.issuer, row.version) for row in asked] == [("right", 2)]
    assert owners == {"urn:uuid:9": "right"}

"""The tables, in SQLAlchemy Core, written for SQLite and PostgreSQL alike.

Times are integers: POSIX seconds, UTC. Hashes are raw bytes in feed rows and 64 hex
digits where they name a record. No table holds a key.

A record is met once by its digest, which falls anywhere in an index; everything else
says its number, so that a batch of new records adds at the end of every other table.
What is found by feed and index alone is kept in that order (``WITHOUT ROWID`` on
SQLite): one tree to write instead of two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: Raised by one when older code may no longer open the database.
OLDEST_CODE_THAT_MAY_RUN = 1
THIS_CODE = 1
#: The newest migration that this code knows; numbered, so that a later one compares as larger.
REVISION = "0002"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Small facts of the node itself: compatibility numbers, the last `issued`, crash markers.
node_fact = Table(
    "node_fact",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

#: Identity logs held, ours and everybody's, as received.
identity_log = Table(
    "identity_log",
    metadata,
    Column("scid", String(64), primary_key=True),
    Column("log", LargeBinary, nullable=False),
    Column("etag", String(200), nullable=False, server_default=""),
    Column("fetched", BigInteger, nullable=False),
)

#: Evidence of a forked identity: both logs as received, and what a person has picked.
identity_fork = Table(
    "identity_fork",
    metadata,
    Column("scid", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1; all but the last are decided
    Column("held", LargeBinary, nullable=False),
    Column("offered", LargeBinary, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("picked", Integer),  # 1: the log held then, 2: the other; nobody has picked yet
    Column("decided", BigInteger),
)

#: Partners that a person of this agency added.
peer = Table(
    "peer",
    metadata,
    Column("scid", String(64), primary_key=True),
    Column("code", String(20), unique=True),
    Column("address", Text, nullable=False),  # where to connect
    Column("override", Integer, nullable=False, server_default="0"),  # 1: the operator typed the address
    Column("added", BigInteger, nullable=False),
    Column("last_heard", BigInteger),
    Column("descriptor", LargeBinary),  # newest node record seen, canonical bytes
)

#: Every feed that this node writes (`own`) or follows (`followed`).
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("origin", String(200), nullable=False, unique=True),
    Column("author", String(64), nullable=False, index=True),
    Column("partner", String(64)),
    Column("number", Integer, nullable=False),
    Column("role", String(8), nullable=False),
    Column("state", String(12), nullable=False, server_default="unknown"),
    Column("state_code", String(64)),
    Column("size", BigInteger, nullable=False, server_default="0"),  # rows held
    Column("frontier", LargeBinary, nullable=False, server_default=""),
    Column("checked", BigInteger),  # when the author last answered
    Column("etag", String(200), nullable=False, server_default=""),
    Column(
        "objects_end", BigInteger, nullable=False, server_default="0"
    ),  # bytes of the newest object bundle held
    Column("objects_etag", String(200), nullable=False, server_default=""),
)

#: Leaves, as hashed. A commitment occurs once in an honest feed; a second one is kept and its object refused.
#: Of a commitment the first eight bytes are indexed, as a signed integer: enough to look it up by.
leaf = Table(
    "leaf",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("commitment", BigInteger, index=True),  # null: it has none
    sqlite_with_rowid=False,
)

#: Roots of the full 256-wide subtrees: level 1 is the root of 256 leaves, and so on.
subtree = Table(
    "subtree",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)

#: Signed checkpoints: every one that we signed, and every one that we verified.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

#: Cosigned checkpoints: ours on feeds that we follow, a partner's on feeds that we write.
receipt = Table(
    "receipt",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("witness", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True),
    Column("note", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
)

#: What a record says in its header, for look-ups. The bytes are in the vault.
record = Table(
    "record",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("id", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", String(64), nullable=False),
    Column("issuer", String(64), nullable=False),
    Column("public", Integer, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column(
        "readable", Integer, nullable=False, server_default="1"
    ),  # 0: unknown type or major, kept until an upgrade
    Index("ix_record_id", "id", "version"),
    Index("ix_record_type", "type", "issuer"),
)

#: Where a record stands. One record may stand in several feeds.
place = Table(
    "place",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("record", ForeignKey("record.number"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

#: The vault: record bytes, salts and sealed objects, each destroyable alone.
vault_record = Table(
    "vault_record",
    metadata,
    Column("record", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
vault_salt = Table(
    "vault_salt",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
vault_object = Table(
    "vault_object",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

#: Objects that did not become records: quarantined, pending, held or unopened, each with its code.
setback = Table(
    "setback",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("idx", BigInteger, primary_key=True),
    Column("status", String(12), nullable=False),
    Column("code", String(64), nullable=False),
    Column("params", Text, nullable=False, server_default="{}"),
    Column("gap", Integer, nullable=False, server_default="0"),  # 1: a receipt must stop before it
    Column("object", LargeBinary),  # dropped past a limit for each partner
    Column("seen_at", BigInteger, nullable=False),
    Column("again_at", BigInteger, nullable=False, server_default="0"),  # not looked at again before
    Column("under", String(64), nullable=False, server_default=""),  # what it was examined under, as a digest
    Column("reported", BigInteger),
)

#: Proof that one author signed two histories: both notes, as received.
fork = Table(
    "fork",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("first_note", LargeBinary, nullable=False),
    Column("second_note", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("found", BigInteger, nullable=False),
)

#: Answers already given, by the caller's idempotency key.
answered = Table(
    "answered",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("request", String(64), nullable=False),  # digest of what was asked
    Column("answer", Text, nullable=False),
)

#: Certificates and endorsements that we signed. The bytes name nobody; the salt of the person is nowhere here.
certificate = Table(
    "certificate",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),  # `certificate` or `endorsement`
    Column("placement", String(64), nullable=False, index=True),  # id of its record
    Column(
        "subject", String(64), nullable=False, unique=True
    ),  # the commitment, or the digest that is endorsed
    Column("signed", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

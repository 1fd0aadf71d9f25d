"""The first schema: feeds, records, vault, partners."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, and say which code may run on them."""
    op.create_table(
        "answered",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answered")),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("partner", sa.String(length=64), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="unknown", nullable=False),
        sa.Column("state_code", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("frontier", sa.LargeBinary(), server_default="", nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=True),
        sa.Column("etag", sa.String(length=200), server_default="", nullable=False),
        sa.Column("objects_end", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("objects_etag", sa.String(length=200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("origin", name=op.f("uq_feed_origin")),
    )
    op.create_index(op.f("ix_feed_author"), "feed", ["author"], unique=False)
    op.create_table(
        "identity_fork",
        sa.Column("scid", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("held", sa.LargeBinary(), nullable=False),
        sa.Column("offered", sa.LargeBinary(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("picked", sa.Integer(), nullable=True),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("scid", "number", name=op.f("pk_identity_fork")),
    )
    op.create_table(
        "identity_log",
        sa.Column("scid", sa.String(length=64), nullable=False),
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.String(length=200), server_default="", nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scid", name=op.f("pk_identity_log")),
    )
    op.create_table(
        "node_fact",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_node_fact")),
    )
    op.create_table(
        "peer",
        sa.Column("scid", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("override", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("last_heard", sa.BigInteger(), nullable=True),
        sa.Column("descriptor", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("scid", name=op.f("pk_peer")),
        sa.UniqueConstraint("code", name=op.f("uq_peer_code")),
    )
    op.create_table(
        "record",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("public", sa.Integer(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("readable", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record")),
        sa.UniqueConstraint("digest", name=op.f("uq_record_digest")),
    )
    op.create_index("ix_record_id", "record", ["id", "version"], unique=False)
    op.create_index("ix_record_type", "record", ["type", "issuer"], unique=False)
    op.create_table(
        "vault_record",
        sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_vault_record")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_checkpoint_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "size", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "fork",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("first_note", sa.LargeBinary(), nullable=False),
        sa.Column("second_note", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_fork_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_fork")),
    )
    op.create_table(
        "leaf",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_leaf_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "idx", name=op.f("pk_leaf")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_leaf_commitment"), "leaf", ["commitment"], unique=False)
    op.create_table(
        "place",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_place_feed_id")),
        sa.ForeignKeyConstraint(["record"], ["record.number"], name=op.f("fk_place_record")),
        sa.PrimaryKeyConstraint("feed_id", "idx", name=op.f("pk_place")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_place_record"), "place", ["record"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_receipt_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "witness", "size", name=op.f("pk_receipt")),
    )
    op.create_table(
        "setback",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("params", sa.Text(), server_default="{}", nullable=False),
        sa.Column("gap", sa.Integer(), server_default="0", nullable=False),
        sa.Column("object", sa.LargeBinary(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("again_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("under", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reported", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_setback_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "idx", name=op.f("pk_setback")),
    )
    op.create_table(
        "subtree",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_subtree_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "level", "idx", name=op.f("pk_subtree")),
    )
    op.create_table(
        "vault_object",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_vault_object_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "idx", name=op.f("pk_vault_object")),
    )
    op.create_table(
        "vault_salt",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_vault_salt_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "idx", name=op.f("pk_vault_salt")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO node_fact (name, value) VALUES ('oldest-code-that-may-run', '1')")


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise RuntimeError("nothing before the first schema")

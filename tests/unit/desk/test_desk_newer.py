"""A partner whose version is newer: what it says beyond what we know is kept, and told to nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from passerelle.protocol.profile import Json
from passerelle.protocol.schemas import Schemas
from passerelle.sync.signing import Draft
from tests.rows import rows_of
from tests.unit.desk.story import Pair
from tests.unit.federation.world import MALI, Here, introduce, offer

pytestmark = pytest.mark.asyncio(loop_scope="package")

BEYOND = "BEYOND-WHAT-WE-KNOW"


class Later(Schemas):
    """The schemas of a version to come, under which an offer says more."""

    def newest(self, record_type: str) -> str:
        """Its newest minor version."""
        return super().newest(record_type).replace("offer:1.0", "offer:1.1")

    def check_outgoing(self, record: Mapping[str, Json]) -> None:
        """It knows its own members."""


async def publish_more(author: Here) -> str:
    """Publish an offer with members of version 1.1 at each depth; its digest."""
    known: Any = offer(MALI)["body"]
    body: dict[str, Json] = {
        **{
            name: {**value, "more": BEYOND} if name in {"place", "hostOrganisation"} else value
            for name, value in known.items()
        },
        "lang": "fr",
        "synthetic": True,
        "more": {"inside": [BEYOND]},
        "host": {"agency": author.scid, "country": "ML"},
    }
    publisher = author.node.publisher
    packaged = Schemas.packaged()
    publisher._tools = replace(publisher._tools, schemas=Later(packaged._documents, packaged.code_lists()))
    (answer,) = await publisher.publish([Draft("offer", "public", body)])
    return str(answer["digest"])


async def test_what_we_do_not_know_is_not_shown(fresh: Pair) -> None:
    """R-32: of a newer minor version what is known is shown; the rest stands in the record's bytes alone."""
    await introduce(fresh.togo, fresh.mali)
    digest = await publish_more(fresh.mali)
    await fresh.settle()
    desk: Any = fresh.togo.node.desk
    shown = await desk.records_show(digest)
    assert shown["readable"]
    assert BEYOND in json.dumps(shown.pop("record"), default=str), "kept whole"
    board = await desk.board()
    assert digest in {row["digest"] for row in await desk.records_list(type="offer")}
    assert shown["id"] in json.dumps(board, default=str)
    told = [board, shown, await desk.records_list(), await desk.status(), await desk.statement(MALI)]
    assert BEYOND not in json.dumps(told, default=str)
    with rows_of(fresh.togo.node.paths.home) as rows:
        tables = [name for (name,) in rows.execute("select name from sqlite_master where type = 'table'")]
        holding = {
            table
            for table in tables
            if any(BEYOND in repr(row) for row in rows.execute(f'select * from "{table}"'))
        }
    assert holding == {"vault_record"}

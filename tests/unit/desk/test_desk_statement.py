"""The statement and the board: figures that two nodes compute alike, and what they rest on."""

from __future__ import annotations

import types
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from passerelle.desk.board_view import BOARD_ROWS, Board, Notice
from passerelle.errors import InputError
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import encode
from passerelle.storage import feeds
from passerelle.storage import setbacks as setback_rows
from passerelle.storage.setbacks import Setback
from tests.unit.desk.story import DAY, Pair, decide, offered
from tests.unit.federation.world import MALI, TOGO, introduce, offer

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def told(pair: Pair, as_of: str = "2027-12-31", **more: Any) -> tuple[Any, Any]:
    """Both parties' statements of one day."""
    togo: Any = await pair.togo.node.desk.statement(MALI, as_of, **more)
    mali: Any = await pair.mali.node.desk.statement(TOGO, as_of, **more)
    return togo, mali


async def complete(pair: Pair) -> tuple[bool, bool]:
    togo, mali = await told(pair)
    return togo["basis"]["complete"], mali["basis"]["complete"]


async def played(pair: Pair) -> None:
    """One Togolese in Mali, one more accepted, one nominated."""
    await introduce(pair.togo, pair.mali)
    agreement, offer_ = await pair.agreed(quota=4), await offered(pair.mali, places=4)
    await pair.settle()
    made = [await pair.nominated(agreement, offer_) for _ in range(3)]
    await pair.settle()
    placement = await pair.placed(made[0], agreement, offer_)
    await pair.togo.hear(pair.mali)
    await decide(pair.togo, placement, "accept", effective="2027-04-01")
    await decide(pair.mali, made[1], "accept")
    await pair.arrived(placement)
    await pair.agree()


async def test_two_nodes_compute_alike(fresh: Pair) -> None:
    """spec/11, figures: byte for byte the same at both parties, on every day, once both hold all."""
    await played(fresh)
    for as_of in ("2020-12-31", "2027-02-28", DAY, "2027-05-01", "2027-05-02", "2027-12-31"):
        togo, mali = await told(fresh, as_of)
        assert encode(togo["figures"]) == encode(mali["figures"])
        assert togo["basis"]["complete"] is mali["basis"]["complete"] is True
    figures = (await told(fresh))[0]["figures"]
    there = next(row for row in figures["directions"] if row["from"] == fresh.togo.scid)
    counts = (there["quota"], there["nominated"], there["accepted"], there["realised"], there["fulfilment"])
    assert counts == (4, 3, 2, 1, "0.250")
    assert figures["balance"] == {fresh.togo.scid: 1, fresh.mali.scid: -1}
    assert figures["index"] == "0.000"
    before = (await told(fresh, "2027-05-01"))[0]["figures"]
    assert before["balance"] == {fresh.togo.scid: 0, fresh.mali.scid: 0}
    assert (await told(fresh, scheme="other"))[0]["figures"] != figures
    text = encode(figures).decode()
    assert not any(word in text for word in (TOGO, MALI, "TG-VIR", "Réciprocité"))


async def test_what_a_statement_rests_on(fresh: Pair) -> None:
    """S-75, basis: complete only when each has cosigned the other's head and nothing is open."""
    await fresh.togo.add(fresh.mali)
    assert (await fresh.togo.node.desk.statement(MALI))["basis"]["feed_state"] == "unknown"  # type: ignore[index]
    await fresh.togo.node.desk.sync()
    basis: Any = (await fresh.togo.node.desk.statement(MALI))["basis"]
    assert (basis["feed_state"], basis["complete"]) == ("waiting", False)
    await fresh.mali.add(fresh.togo)
    await fresh.agree()
    assert await complete(fresh) == (True, True)
    await fresh.card()
    assert await complete(fresh) == (False, True)
    await fresh.mali.hear(fresh.togo)
    assert await complete(fresh) == (False, True)
    await fresh.togo.hear(fresh.mali)
    assert await complete(fresh) == (True, True)
    basis = (await told(fresh))[0]["basis"]
    assert (basis["sent"]["size"], basis["sent"]["cosigned"]) == (1, 1)
    assert basis["last_heard"] is not None


@pytest.mark.parametrize("in_public", [False, True])
async def test_what_could_not_be_taken_is_no_basis(fresh: Pair, *, in_public: bool) -> None:
    """S-75, basis: a record that waits or was quarantined makes the statement incomplete, and is named."""
    await introduce(fresh.togo, fresh.mali)
    await fresh.card()
    await fresh.agree()
    node = fresh.mali.node
    async with node.database.reading() as connection:
        every = await feeds.every(connection, own=False)
    held = next(item for item in every if item.origin.is_public is in_public)
    for status in ("pending", "held", "quarantined", "unopened"):
        async with node.database.writing() as connection:
            await setback_rows.drop(connection, held.id, [0])
            await setback_rows.put(connection, held.id, [Setback(0, status, "x.y", {}, b"bytes")], 1)
        basis: Any = (await node.desk.statement(TOGO))["basis"]
        assert basis["complete"] is False
        told = {"origin": held.origin.encode(), "index": 0, "status": status, "code": "x.y"}
        assert basis["setbacks"] == [told]
        (partner,) = (await node.desk.board())["partners"]
        quarantined = status == "quarantined"
        assert (partner["quarantined"], partner["pending"]) == (int(quarantined), int(not quarantined))


async def test_public_heads_are_part_of_the_basis(fresh: Pair) -> None:
    """spec/11, figures: whole only once each holds the public head of the other, unforked."""
    await introduce(fresh.togo, fresh.mali)
    await fresh.agree()
    assert await complete(fresh) == (True, True)
    await offered(fresh.mali, places=1)
    assert await complete(fresh) == (True, False)
    await fresh.togo.hear(fresh.mali)
    await fresh.mali.hear(fresh.togo)
    assert await complete(fresh) == (True, True)
    basis: Any = (await told(fresh))[0]["basis"]
    assert basis["public"]["received"]["size"] == basis["public"]["received"]["cosigned"] > 0
    node = fresh.togo.node
    async with node.database.writing() as connection:
        held = await feeds.get(connection, Origin(fresh.mali.scid, None, 1))
        assert held is not None
        await feeds.note_state(connection, held, "forked", "fork.two-roots")
    basis = (await told(fresh))[0]["basis"]
    assert (basis["feed_state"], basis["complete"]) == ("forked", False)


@pytest.mark.parametrize("as_of", ["", "2027-02-30", "demain", "2027", "31/12/2027"])
async def test_a_day_that_is_none(pair: Pair, as_of: str) -> None:
    """Desk: as of which day is asked exactly."""
    for ask in (lambda: pair.togo.node.desk.statement(MALI, as_of), lambda: pair.togo.node.desk.board(as_of)):
        with pytest.raises(InputError) as refused:
            await ask()
        assert refused.value.code == "desk.not-a-day"


# --- the board -----------------------------------------------------------------------------


def misfit(value: object, hint: Any, path: str = "board") -> str | None:
    """Where a value is not of a type of the board, or None. A member too many is one too."""
    if is_typeddict(hint):
        members = get_type_hints(hint)
        if not isinstance(value, dict) or set(value) != set(members):
            return f"{path}: {sorted(set(members) ^ set(value if isinstance(value, dict) else ()))}"
        return next(
            (
                found
                for name, inner in members.items()
                if (found := misfit(value[name], inner, f"{path}.{name}"))
            ),
            None,
        )
    if get_origin(hint) is Literal:
        return None if value in get_args(hint) else f"{path}: {value!r}"
    if get_origin(hint) in {Union, types.UnionType}:
        found_in = [misfit(value, inner, path) for inner in get_args(hint)]
        return None if None in found_in else found_in[0]
    if get_origin(hint) is list:
        items = enumerate(value) if isinstance(value, list) else [(0, misfit)]
        return next(
            (
                found
                for number, item in items
                if (found := misfit(item, get_args(hint)[0], f"{path}[{number}]"))
            ),
            None,
        )
    if get_origin(hint) is dict:
        pairs = value.items() if isinstance(value, dict) else [(0, misfit)]
        return next(
            (found for name, item in pairs if (found := misfit(item, get_args(hint)[1], f"{path}.{name}"))),
            None,
        )
    right = hint is object or type(value) is hint
    return None if right else f"{path}: {type(value).__name__}"


async def test_the_board_has_the_shape_that_is_promised(fresh: Pair) -> None:
    """desk/board_view: exactly these members of these types, at every stage of an exchange."""
    boards: list[Any] = [await fresh.togo.node.desk.board_of(date(2027, 12, 31))]
    await played(fresh)
    over = await offered(fresh.mali, title="De plus")
    await fresh.settle()
    agreement: Any = (await fresh.togo.node.desk.board())["agreements"][0]
    for _ in range(2):
        await fresh.nominated({"id": agreement["id"]}, over, unchecked=True)
    await decide(fresh.mali, {"id": agreement["id"]}, "suspend", effective="2027-06-01")
    await fresh.settle()
    boards += [await here.node.desk.board("2027-12-31") for here in (fresh.togo, fresh.mali)]
    for board in boards:
        assert misfit(board, Board) is None
        encode(board)
    full = boards[1]
    assert full["totals"] == {"offers": 2, "agreements": 1, "placements": 1, "partners": 1, "blocked": 1}
    assert [row["state"] for row in full["placements"]] == ["active"]
    assert full["blocked"][0]["why"]["code"] == "quota.reached"
    assert set(full["agencies"]) == {fresh.togo.scid, fresh.mali.scid}
    assert {row["kind"] for row in full["partners"][0]["feeds"]} == {"public", "received", "sent"}
    assert (full["summaries"][0]["balance"], boards[2]["summaries"][0]["balance"]) == (1, -1)
    assert full["read_only"] is None
    assert full["fictitious"] is True


async def test_a_board_of_another_shape_is_seen() -> None:
    """The check of the board's shape itself refuses what is missing, too much, or of another type."""
    assert misfit({}, Board)
    notice: dict[str, object] = {"code": "x", "params": {}, "since": None}
    assert misfit(notice, Notice) is None
    assert misfit(notice | {"more": 1}, Notice)
    assert misfit(notice | {"code": 1}, Notice)
    assert misfit(notice | {"since": 1}, Notice)


async def test_long_lists_are_cut_and_counted(fresh: Pair) -> None:
    """desk/board_view: at most so many rows of a list, and how many there are."""
    await fresh.mali.node.desk.publish([offer(MALI, f"Mission {number}") for number in range(BOARD_ROWS + 5)])
    board: Any = await fresh.mali.node.desk.board()
    assert (len(board["offers"]), board["totals"]["offers"]) == (BOARD_ROWS, BOARD_ROWS + 5)


async def test_open_offers_come_first(fresh: Pair) -> None:
    """desk/board_view: offers open first, by the day on which they close."""
    days = ["2027-09-01", "2027-03-01", "2027-06-01"]
    made = [await offered(fresh.mali, closesOn=day) for day in days]
    await decide(fresh.mali, made[1], "withdraw", effective="2027-01-01")
    board: Any = await fresh.mali.node.desk.board("2027-02-01")
    shown = [(row["closes_on"], row["state"]) for row in board["offers"]]
    assert shown == [("2027-06-01", "open"), ("2027-09-01", "open"), ("2027-03-01", "withdrawn")]


async def test_the_board_counts_places_taken(fresh: Pair) -> None:
    """desk/board_view: of our own offers how many places are taken, of others' nothing is known."""
    await played(fresh)
    hosts: Any = await fresh.mali.node.desk.board("2027-12-31")
    senders: Any = await fresh.togo.node.desk.board("2027-12-31")
    assert [row["places_taken"] for row in hosts["offers"]] == [2]
    assert [row["places_taken"] for row in senders["offers"]] == [None]

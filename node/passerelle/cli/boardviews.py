"""The board on a terminal: what needs somebody, each exchange, each agreement, the missions that run."""

from __future__ import annotations

from collections.abc import Iterator

from passerelle.cli.output import Output
from passerelle.cli.session import mapping, rows
from passerelle.cli.sheets import Cell, write
from passerelle.desk.board_view import AgencyView, Board, Notice, PlacementView
from passerelle.protocol.profile import JsonObject
from passerelle.words import Words

SHEET = [
    *("cli.sheet.as-of", "cli.column.volunteer", "cli.sheet.from", "cli.sheet.to", "cli.column.organisation"),
    *("cli.sheet.scheme", "cli.column.planned-for", "cli.column.took-place", "cli.column.state"),
]


def show_board(out: Output, board: Board) -> None:
    """The lists of the board, each only where there is anything in it."""
    words = out.words
    out.say(
        "cli.board.on", agency=_code(words, board, board["agency"]["scid"]), day=words.date(board["as_of"])
    )
    if board["read_only"] is not None:
        out.line(_notice(words, board["read_only"]), style="bold")
    for alarm in board["alarms"]:
        out.line(_notice(words, alarm), style="bold")
    _show_summaries(out, board)
    _show_agreements(out, board)
    _show_placements(out, board)
    _show_blocked(out, board)


def _show_summaries(out: Output, board: Board) -> None:
    words = out.words
    if not board["summaries"]:
        out.say("cli.board.no-exchange")
        return
    out.table(
        ["cli.column.partner", "cli.column.balance", "cli.column.index", "cli.column.complete"],
        [
            (
                _code(words, board, row["partner"]),
                f"{row['balance']:+d}" if row["balance"] else "0",
                words.text("cli.none") if row["index"] is None else words.decimal(row["index"]),
                words.text("cli.yes" if row["complete"] else "cli.no"),
            )
            for row in board["summaries"]
        ],
        right=[1, 2],
    )


def _show_agreements(out: Output, board: Board) -> None:
    words = out.words
    rows = [
        (
            words.pick(agreement["names"])[0],
            _state(words, "agreement", agreement["state"]),
            f"{_code(words, board, way['sender'])} → {_code(words, board, way['host'])}",
            _state(words, "direction", way["status"]),
            *(way["quota"], way["accepted"], way["realised"]),
        )
        for agreement in board["agreements"]
        for way in agreement["directions"]
    ]
    if rows:
        out.table(
            [
                *("cli.column.agreement", "cli.column.state", "cli.column.direction", "cli.column.status"),
                *("cli.column.quota", "cli.column.accepted", "cli.column.realised"),
            ],
            rows,
            right=range(4, 7),
        )


def _show_placements(out: Output, board: Board) -> None:
    words = out.words
    if board["placements"]:
        out.table(
            [
                *("cli.column.volunteer", "cli.column.direction", "cli.column.organisation"),
                *("cli.column.period", "cli.column.state"),
            ],
            [
                (
                    row["volunteer"],
                    f"{_code(words, board, row['sender'])} → {_code(words, board, row['host'])}",
                    words.pick(row["host_organisation"])[0],
                    words.edtf(row["actual"] or row["planned"] or ""),
                    _state(words, "placement", row["state"]),
                )
                for row in board["placements"]
            ],
        )
    left = board["totals"]["placements"] - len(board["placements"])
    if left > 0:
        out.say("cli.board.more", n=left)


def _show_blocked(out: Output, board: Board) -> None:
    words = out.words
    if board["blocked"]:
        out.table(
            ["cli.column.type", "cli.column.issuer", "cli.column.verdict"],
            [
                (
                    _state(words, "record", row["type"]),
                    _code(words, board, row["issuer"]),
                    _notice(words, row["why"]),
                )
                for row in board["blocked"]
            ],
        )


def show_groups(out: Output, answer: JsonObject) -> None:
    """Pairs, teams, projects and cohorts, those first that lack something."""
    words = out.words
    found = sorted(rows(answer["groups"]), key=lambda group: group["state"] in {"complete", "open"})
    if found:
        out.table(
            ["cli.column.group", "cli.column.state", "cli.column.members"],
            [
                (
                    f"{_state(words, 'group-kind', str(group['kind']))} {_title(words, group)}".strip(),
                    _state(words, "group", str(group["state"])),
                    ", ".join(_member(words, member) for member in rows(group["members"])),
                )
                for group in found
            ],
        )
    for one in rows(answer["inSeveral"]):
        out.say("cli.board.in-several", volunteer=one["volunteer"], agency=words.agency(str(one["agency"])))


def _title(words: Words, group: JsonObject) -> str:
    return words.pick({tag: str(text) for tag, text in mapping(group["title"]).items()})[0]


def _member(words: Words, member: JsonObject) -> str:
    """A member by pseudonym and way; one who has left says so."""
    way = f"{words.agency(str(member['from']))} → {words.agency(str(member['to']))}"
    shown = f"{member['volunteer'] or words.text('cli.board.erased')} ({way})"
    return shown if member["stands"] else f"{shown}, {_state(words, 'placement', str(member['state']))}"


def write_board(words: Words, board: Board) -> None:
    """A sheet of the missions on the board."""
    write(words, SHEET, (_line(words, board, row) for row in board["placements"]))


def _line(words: Words, board: Board, row: PlacementView) -> list[Cell]:
    return [
        *(board["as_of"], row["volunteer"]),
        *(_code(words, board, row["sender"]), _code(words, board, row["host"])),
        *(words.pick(row["host_organisation"])[0], row["scheme"], row["planned"], row["actual"]),
        _state(words, "placement", row["state"]),
    ]


def agencies(board: Board) -> Iterator[AgencyView]:
    """All that the board can name, ours among them."""
    yield from (*board["agencies"].values(), board["agency"])


def _code(words: Words, board: Board, scid: str) -> str:
    known = {agency["scid"]: agency["code"] for agency in agencies(board)}
    return known.get(scid) or words.agency(scid)


def _state(words: Words, kind: str, code: str) -> str:
    msgid = f"state.{kind}.{code}"
    return words.text(msgid) if words.has(msgid) else code


def _notice(words: Words, notice: Notice) -> str:
    return words.user(notice["code"], **notice["params"])

"""The desk: every use case by its name, for whoever asks in JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import ConfigDict, ValidationError, validate_call

from passerelle.desk import (
    board,
    duelist,
    fencing,
    figures,
    findings,
    forks,
    grouping,
    partners,
    publishing,
    reading,
    reconciling,
    rejections,
    roll,
    statements,
    syncing,
)
from passerelle.desk.board_view import AgencyView, Board
from passerelle.desk.certificates import Certificates
from passerelle.desk.context import Context
from passerelle.desk.due_view import DueView
from passerelle.desk.ledger import Ledger
from passerelle.errors import InputError
from passerelle.exchange.held import Held
from passerelle.protocol.records import Record
from passerelle.sync.copying import copy_feeds

Answer = dict[str, object]

METHODS: Final = frozenset(
    {
        *("status", "peer_inspect", "peer_add", "peer_list", "peer_test", "peer_pick"),
        *("records_list", "records_show", "publish", "nominate", "decide"),
        *("findings", "due"),
        *(
            "sync",
            "statement",
            "figures",
            "groups",
            "roll",
            "reconcile",
            "board",
            "copy",
            "fence_show",
            "fence_confirm",
        ),
        *("certificate_draft", "certificate_issue", "certificate_endorse", "certificate_revoke"),
        *("certificate_list", "certificate_show", "certificate_sheet"),
    }
)
"""What may be called by name; each is an attribute of :class:`Desk`."""

_STRICT: Final = ConfigDict(strict=True, hide_input_in_errors=True)


class Desk:
    """What people and systems can ask of this node.

    Args:
        context: The node.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.ledger = Ledger(context)
        # Their many parameters stand once, where they are explained.
        self.nominate = partial(publishing.nominate, context, self.ledger)
        self.decide = partial(publishing.decide, context, self.ledger)
        certificates = Certificates(context, self.ledger)
        self.certificate_draft = certificates.draft
        self.certificate_issue = certificates.issue
        self.certificate_endorse = certificates.endorse
        self.certificate_revoke = certificates.revoke
        self.certificate_list = certificates.listing
        self.certificate_show = certificates.show
        self.certificate_sheet = certificates.sheet
        self._calls: dict[str, Callable[..., Awaitable[object]]] = {}

    async def call(self, method: str, arguments: Mapping[str, object]) -> object:
        """One use case by name.

        Raises:
            InputError: ``desk.unknown-method``, ``desk.malformed-call``, and what the use case raises.
        """
        if method not in METHODS:
            raise InputError("desk.unknown-method", method=method)
        if method not in self._calls:
            self._calls[method] = validate_call(config=_STRICT)(getattr(self, method))
        try:
            return await self._calls[method](**arguments)
        except ValidationError as exc:  # of the arguments: nothing further in reads with pydantic
            raise InputError("desk.malformed-call", method=method, detail=_first_fault(exc)) from exc

    async def call_as_sent(self, method: str, arguments: bytes) -> object:
        """One use case by name, from the JSON of its arguments as it came; None where `call` is to answer.

        Raises:
            PasserelleError: What the use case raises.
        """
        return await self._context.scribing.publish(arguments) if method == "publish" else None

    async def status(self) -> Answer:
        """Who we are, whether we may sign, how far each feed is."""
        return await reading.status(self._context)

    async def peer_inspect(self, url: str) -> Answer:
        """What a node at an address says of itself."""
        return await partners.inspect(self._context, url)

    async def peer_add(
        self, url: str, scid: str | None = None, code: str | None = None, address: str | None = None
    ) -> Answer:
        """Add a partner, or change the code or address of one."""
        added = await partners.add(self._context, url, scid, code, address)
        self.ledger.changed()  # there is one more pair
        return added

    async def peer_list(self) -> list[Answer]:
        """All partners with their feeds."""
        return await partners.listing(self._context)

    async def peer_test(self, peer: str) -> list[Answer]:
        """Try the road to a partner, step by step."""
        return await partners.test(self._context, peer)

    async def peer_pick(self, peer: str, branch: int | None = None) -> Answer:
        """Both branches of a partner's forked identity; with `branch`, the one that counts from now on."""
        return await forks.pick(self._context, peer, branch)

    async def records_list(
        self,
        type: str | None = None,  # noqa: A002  the field's own word
        issuer: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Answer]:
        """Records, newest first."""
        return await reading.records_list(self._context, self.ledger, type, issuer, limit, offset)

    async def records_show(self, name: str) -> Answer:
        """One record, by id or digest."""
        return await reading.records_show(self._context, self.ledger, name)

    async def publish(
        self, items: Sequence[Mapping[str, object]], key: str | None = None, *, unchecked: bool = False
    ) -> list[Answer]:
        """Publish records, all or none."""
        return await publishing.publish(self._context, self.ledger, items, key, unchecked=unchecked)

    async def sync(self, peer: str | None = None) -> list[Answer]:
        """Visit one partner or all, now."""
        return await syncing.sync(self._context, peer)

    async def statement(self, partner: str, as_of: str | None = None, scheme: str | None = None) -> Answer:
        """The reciprocity statement with a partner."""
        return await statements.statement(self._context, self.ledger, partner, self._day(as_of), scheme)

    async def figures(
        self,
        partner: str | None = None,
        as_of: str | None = None,
        year: int | None = None,
        scheme: str | None = None,
        programme: str | None = None,
    ) -> Answer:
        """Figures of one pair or of all, by year, scheme and programme."""
        wish = figures.Wish(year, scheme, programme)
        return await figures.figures(self._context, self.ledger, partner, self._day(as_of), wish)

    async def roll(self, as_of: str | None = None) -> Answer:
        """Which volunteers are where on a day."""
        return await roll.roll(self._context, self.ledger, self._day(as_of))

    async def roll_of(self, as_of: date) -> Answer:
        """As :meth:`roll`, of a day that was read."""
        return await roll.roll(self._context, self.ledger, as_of)

    async def reconcile(self, partner: str | None = None, as_of: str | None = None) -> Answer:
        """Facts on which two agencies' records differ."""
        return await reconciling.reconcile(self._context, self.ledger, partner, self._day(as_of))

    async def findings(self, as_of: str | None = None) -> list[Answer]:
        """What the rules of the field say of all that is held."""
        return await findings.findings(self._context, self.ledger, self._day(as_of))

    async def due(
        self, as_of: str | None = None, within: int = duelist.WITHIN_DAYS, *, all_agencies: bool = False
    ) -> list[DueView]:
        """What is overdue and comes due, and who must act."""
        return await self.due_of(self._day(as_of), within=within, all_agencies=all_agencies)

    async def due_of(
        self, as_of: date, *, within: int = duelist.WITHIN_DAYS, all_agencies: bool = False
    ) -> list[DueView]:
        """The same as of a day, for the console."""
        return await duelist.due(self._context, self.ledger, as_of, within=within, all_agencies=all_agencies)

    async def groups(self, as_of: str | None = None) -> Answer:
        """Pairs, teams, projects and cohorts, with what each lacks."""
        return await grouping.told(self._context, self.ledger, self._day(as_of))

    async def copy(self, folder: str) -> list[Answer]:
        """Copy every feed that is held into a folder, as files that an auditor can check."""
        context = self._context
        copied = await copy_feeds(context.database, context.own, context.heads, Path(folder))
        return [{"origin": origin, "size": size} for origin, size in copied]

    async def fence_show(self) -> Answer:
        """Why the node signs nothing, where it does not, and what its partners hold of our feeds."""
        return await fencing.show(self._context)

    async def fence_confirm(self) -> Answer:
        """End a read-only state that a person may end."""
        return await fencing.confirm(self._context)

    async def board(self, as_of: str | None = None) -> Board:
        """The board."""
        return await self.board_of(self._day(as_of))

    async def board_of(self, as_of: date) -> Board:
        """The board as of a day, for the console."""
        return await board.board(self._context, self.ledger, as_of)

    async def check(self, record: Record, ahead: Sequence[Held]) -> None:
        """Refuse a record of ours that the fold would block; for the publisher."""
        await self.ledger.check(record, ahead)

    async def report_rejections(self, scid: str) -> None:
        """Tell a partner what of its records could not be taken; for the follower."""
        await rejections.report(self._context, scid)

    def own_view(self) -> AgencyView:
        """Who we are, for the console."""
        return board.own_view(self._context)

    def label(self, code_list: str, code: str, language: str) -> str | None:
        """The label of a code, or None where list or code are unknown; for the console."""
        found = self._context.schemas.code_lists().get(code_list)
        return found.label(code, language) if found is not None and code in found else None

    def _day(self, text: str | None) -> date:
        if text is None:
            return self._context.clock().date()
        try:
            return date.fromisoformat(text)
        except ValueError as exc:
            raise InputError("desk.not-a-day", value=text[:40]) from exc


def _first_fault(error: ValidationError) -> str:
    """Which argument is wrong and how, never what was in it."""
    fault = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['type']}"

"""An examination from its beginning to its report, whatever the node does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from passerelle.conformance import (
    addresses,
    badkeys,
    belated,
    calls,
    elsewhere,
    entries,
    follower,
    gaps,
    misuse,
    older,
    otherclock,
    posting,
    private,
    replays,
    roads,
    serving,
    steps,
)
from passerelle.conformance.asking import Asker, NoAnswer
from passerelle.conformance.author import Agency
from passerelle.conformance.follower import Seen
from passerelle.conformance.partner import SETTLE_SECONDS, VISIT_SECONDS, NotFollowed, Partner
from passerelle.conformance.plan import Plan
from passerelle.conformance.report import Notes, Report
from passerelle.conformance.rules import Role, Table
from passerelle.conformance.serving import EveryAnswer
from passerelle.conformance.stand import Stand
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import format_time

FOLLOWER_SECONDS: Final = 300.0
"""Longest time for what is looked at as a follower."""
PARTNER_SECONDS: Final = 1_800.0
"""Longest time for what is looked at as a partner, once the node has added the kit."""
WHOLE_SECONDS: Final = 2_400.0
"""Longest time for all of it, waiting to be added included; `close` has `CLOSE_SECONDS` besides."""
CLOSE_SECONDS: Final = 5.0
"""In which connections are closed, or left."""
WAIT_SECONDS: Final = 600.0
"""How long the kit waits to be added."""
FLOOD_PAUSE: Final = 61.0
"""After a flood of notices a node may refuse them for a minute (chapter 10)."""

_log = structlog.get_logger()


@dataclass
class Examination:
    """One examination of one node.

    Args:
        url: Where the node is.
        progress: Called with a word for what is being looked at.
        clock: Gives the present, aware, UTC.
        patience: Seconds in which a visit must have come of what is shown.
        pause: Seconds after the flood of notices, until a node takes notices again.
        private_allowed: Whether the node's operator has allowed it private addresses of partners (P-16).
        every_log: Whether every wrong identity log is shown, a minute each, and not as many as fit beside the rest.
        seconds: After which the examination ends, whatever the node does; counted from when it is made.
    """

    url: str
    progress: Callable[[str], None] = lambda _word: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: float = FLOOD_PAUSE
    patience: float = VISIT_SECONDS
    private_allowed: bool = False
    seconds: float = WHOLE_SECONDS
    every_log: bool = False

    def __post_init__(self) -> None:
        """Nothing is asked yet."""
        self.notes = Notes(Table.packaged())
        self.asker = Asker(self.url, EveryAnswer(self.notes))
        self.seen = Seen(self.asker, self.notes, self.clock(), self.progress)
        self.roles: list[Role] = []
        self.begun: set[Role] = set()
        self._ends = time.monotonic() + self.seconds
        self.cut: str | None = None
        self.partner: Partner | None = None
        self.plan: Plan | None = None

    async def as_follower(self) -> None:
        """Look at the node as anybody may."""
        self.begun.add("follower")
        if await self._within(FOLLOWER_SECONDS, self._follow()):
            self.roles.append("follower")

    async def _follow(self) -> None:
        await follower.examine(self.seen)
        await serving.examine(self.seen)
        await follower.look_again(self.seen)
        await older.look(self.seen)
        if self.asker.is_gone:
            raise NoAnswer("road.unreachable", "")

    async def _within(self, seconds: float, work: Coroutine[object, object, None]) -> bool:
        try:
            async with asyncio.timeout(min(seconds, self._left)):
                await work
        except TimeoutError:
            self.cut = "cut"
        except NoAnswer as fault:
            _log.info("no-answer", code=fault.code, path=fault.path)
            self.cut = "no-answer"
        except Exception:  # noqa: BLE001  whatever the node did, what was found is reported
            _log.exception("kit-failed")
            self.cut = "kit"
        else:
            return True
        return False

    @property
    def _left(self) -> float:
        return max(0.0, self._ends - time.monotonic())

    # --- as a partner --------------------------------------------------------------------------------------

    async def introduce(self, host: str, port: int) -> Agency | None:
        """Make the kit's agency and listen; None where the node has proven no identity to be a partner of.

        Raises:
            OSError: The address cannot be listened on.
        """
        if self.seen.identity is None or self.seen.descriptor is None:
            return None
        agency = Agency(self.seen.identity.scid, self.clock())
        stand = Stand(agency, host, port)
        await stand.open()
        self.partner = Partner(self.seen, agency, stand, private_allowed=self.private_allowed)
        return agency

    async def wait_until_added(self, seconds: float = WAIT_SECONDS) -> bool:
        """Whether the node adds the kit in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, self._left)):
                await self._added(self._partner())
                return True
        self.cut = "not-added"
        return False

    async def _added(self, partner: Partner) -> None:
        while True:
            try:
                answer = await partner.get(f"{partner.own_path}/checkpoint")
            except NoAnswer:
                answer = None
            if answer is not None and answer.status == 200:
                # Nothing stands in it yet: the one time that an empty tree is surely seen (L-12).
                origin = Origin(partner.node, partner.agency.scid, 1)
                follower.judge_checkpoint(self.seen, answer, f"{partner.own_path}/checkpoint", origin)
                return
            await asyncio.sleep(0.5)

    async def as_partner(self) -> None:
        """Look at the node as a partner that keeps to nothing."""
        self.begun.add("partner")
        partner = self._partner()
        if await self._within(PARTNER_SECONDS, self._misbehave(partner)):
            self.roles.append("partner")
        if partner.calls_to_judge:  # what it asked was seen, though the rest was cut, or it gives no receipts
            calls.judge_calls(partner)

    def _partner(self) -> Partner:
        if self.partner is None:
            raise RuntimeError("the kit was not introduced")
        return self.partner

    async def _misbehave(self, partner: Partner) -> None:
        self.progress("receipts")
        feed = partner.agency.public
        came = await partner.moves(feed, len(feed.leaves), self.patience)
        self.notes.judge(
            came, "F-1", sent="a feed, and notices of it", got=f"no receipt in {self.patience:.0f} s"
        )
        self.progress("requests")
        await posting.examine(partner)
        await misuse.examine(partner)
        always = len(badkeys.LOGS) if self.every_log else entries.ALWAYS
        logs = entries.Showing(partner, badkeys.LOGS, always=always)
        showing = asyncio.create_task(logs.run())
        lasting = asyncio.create_task(replays.lasting(partner, logs.over))
        try:
            if came:
                self.progress("gaps")
                await self._part(gaps.examine(partner, Plan(partner), seconds=self.patience))
            self.progress("flawed")
            await self._part(self._flawed(partner))
            await private.examine(partner)
            if came:
                await self._steps(partner)
            logs.over.set()
            await asyncio.gather(showing, lasting)
        finally:
            showing.cancel()
            lasting.cancel()
        if logs.taken:
            self.notes.unseen("Q-11", "I-12", "I-21", why="no-answer")
        elif came:
            self.progress("identity-changes")
            await self._part(roads.identity_changes(partner, seconds=self.patience))
        self.progress("flood")
        await posting.flood(partner)
        if came:
            await asyncio.sleep(self.pause)
            await self._ends_of_feeds(partner)
        await private.look_again(partner)
        await older.look(self.seen)
        if self.asker.is_gone:
            raise NoAnswer("road.unreachable", "")

    async def _part(self, work: Coroutine[object, object, None]) -> None:
        """Look at one thing; what is left of it is left out where the node has given up the feed that it is shown in.

        What was put in the way of the truth is taken away then, so that the next part finds everything in order.
        """
        partner = self._partner()
        try:
            await work
        except NotFollowed as fault:
            _log.info("not-followed", origin=fault.origin)
            self.cut = "not-followed"
            partner.stand.overrides.clear()
            partner.agency.public.note = partner.agency.bilateral.note = None
            if partner.stand.clock:
                otherclock.set_right(partner)

    async def _ends_of_feeds(self, partner: Partner) -> None:
        """What a node may stop at, rightly or not, so that nothing else is left to be seen in those feeds."""
        await self._part(self._wrong_steps(partner, steps.LAST))
        self.progress("L-14")
        await self._part(elsewhere.own_words(partner, seconds=self.patience))
        self.progress("forks")
        await self._part(steps.fork(partner, seconds=self.patience))
        await self._part(roads.two_logs(partner, seconds=self.patience))

    async def _flawed(self, partner: Partner) -> None:
        """Everything that a reader must refuse, at once: what was refused is told once a day.

        The kit's clock is ahead meanwhile, and what the node dates then is looked at besides.
        """
        plan = self.plan = Plan(partner)
        public, bilateral = partner.agency.public, partner.agency.bilateral
        plan.put_claims()
        comes = partner.moves(bilateral, len(bilateral.leaves), self.patience)
        is_ahead = await otherclock.set_clock(partner, otherclock.AHEAD, comes)
        # A visit under way would find the faults of one feed alone, and report no others for a day.
        await partner.stand.quiet(2 * SETTLE_SECONDS, 30.0)
        plan.put()
        whole = await partner.comes_after(public, self.patience)
        self.notes.judge(
            whole, "L-26", sent="leaves with faults", got=f"no receipt of size {len(public.leaves)}"
        )
        went = await partner.holds_after(bilateral, self.patience)
        self.notes.judge(
            went, "F-13", sent="records with faults", got=f"size {len(bilateral.leaves)} is not held"
        )
        await plan.judge()
        await plan.compare_held()
        receipt = await partner.receipt(bilateral)
        size = 0 if receipt is None else receipt.size
        got = f"a receipt of size {size}, an object at {plan.gap} does not open"
        self.notes.judge(size <= plan.gap, "F-23", sent="objects that do not open", got=got)
        if is_ahead:
            otherclock.judge_dates(partner, plan)
            otherclock.set_right(partner)

    async def _steps(self, partner: Partner) -> None:
        for step in steps.RIGHT:
            self.progress(step.rule)
            await self._part(steps.right(partner, step, seconds=self.patience))
        await self._part(steps.stale_descriptor(partner, seconds=self.patience))
        await self._part(self._wrong_steps(partner, (*steps.WRONG, *elsewhere.WRONG)))
        await self._part(elsewhere.bilateral(partner, seconds=self.patience))
        if self.plan is not None:
            self.progress("F-40")
            await self._part(belated.look_again(partner, self.plan, seconds=self.patience))
        self.progress("roads")
        for look in (roads.redirect, roads.endless, roads.silence):
            await self._part(look(partner, seconds=self.patience))
        calls.judge_calls(partner)
        await self._part(otherclock.behind(partner, seconds=self.patience))
        self.progress("P-29")
        await self._part(addresses.examine(partner, seconds=self.patience))

    async def _wrong_steps(self, partner: Partner, shown: Sequence[steps.Step]) -> None:
        for step in shown:
            self.progress(step.rule)
            await steps.wrong(partner, step, seconds=self.patience)

    def report(self) -> Report:
        """What was found."""
        identity = self.seen.identity
        table = Table.packaged()
        return Report(
            url=self.url,
            scid=identity.scid if identity else None,
            date=format_time(self.clock()),
            spec=table.spec,
            table=table.digest,
            roles=tuple(self.roles),
            cut=self.cut,
            findings=self.notes.findings({*self.roles, *self.begun}, cut=self.cut is not None),
        )

    async def close(self) -> None:
        """Close the connections, or leave those that do not close."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self.partner is not None:
                    await self.partner.stand.close()
                await self.asker.close()

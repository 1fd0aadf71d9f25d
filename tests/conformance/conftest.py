"""One node for all examinations of a run, and what each of them found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

import pytest
import pytest_asyncio

from passerelle.conformance import Examination, asking, plan, replays, roads, serving
from passerelle.conformance import partner as partners
from passerelle.conformance.report import Report
from tests.conformance.follower_faults import FAULTS, Fault
from tests.conformance.partner_faults import PARTNER_FAULTS, PartnerFault
from tests.conformance.partnering import under as under_partner
from tests.conformance.partnering import whole
from tests.conformance.proxy import Proxy
from tests.conformance.world import World, closing, open_world

FOLLOWERS_AT_ONCE = 12
"""Examinations under way at one time."""
PARTNERS_AT_ONCE = 10
WHOLE = "a node that is well"
"""Instead of a fault: both roles, on the node as it is."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A node that runs."""
    opened = await open_world(tmp_path_factory.mktemp("conformance"))
    yield opened
    await closing(opened)


async def examined(url: str) -> Report:
    """What the kit finds as a follower."""
    examination = Examination(url)
    try:
        await examination.as_follower()
        return examination.report()
    finally:
        await examination.close()


async def under(fault: Fault, world: World) -> Report:
    """What the kit finds as a follower where one fault stands in front of the node."""
    async with Proxy(world.node.address) as proxy:
        fault.arm(proxy, world)
        return await examined(proxy.address)


@pytest.fixture(scope="session", autouse=True)
def _hasty_kit() -> Iterator[None]:
    """The node under test is hastier than the law asks, so the kit may be too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "REQUEST_SECONDS", 60.0)  # this machine may be busy
        patch.setattr(serving, "SLOW_SECONDS", 12.0)
        patch.setattr(partners, "SETTLE_SECONDS", 0.7)
        patch.setattr(partners, "NOTICE_SECONDS", 1.5)
        patch.setattr(plan, "REPORT_SECONDS", 25.0)  # likewise
        patch.setattr(replays, "MOMENTS", (1.2,))
        patch.setattr(replays, "EVERY", 3.0)
        patch.setattr(roads, "IDENTITY_GAP", 3.3)
        patch.setattr(roads, "SILENCE_SECONDS", 8.0)
        yield


def _wanted(request: pytest.FixtureRequest) -> set[str]:
    """Names of the examinations whose tests were chosen."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    return {spec.params["name"] for spec in specs if spec is not None and "name" in spec.params}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reports(request: pytest.FixtureRequest, world: World) -> Mapping[str, Report | Exception]:
    """What each examination found that is asked for in this run, by the name of its fault; all side by side."""
    wanted = _wanted(request)
    found: dict[str, Report | Exception] = {}
    followers, partners = asyncio.Semaphore(FOLLOWERS_AT_ONCE), asyncio.Semaphore(PARTNERS_AT_ONCE)

    async def one(name: str, places: asyncio.Semaphore, work: Callable[[], Awaitable[Report]]) -> None:
        if name not in wanted:
            return
        async with places:
            try:
                found[name] = await work()
            except Exception as error:  # noqa: BLE001  the test of this row tells it
                found[name] = error

    async def as_follower(fault: Fault) -> None:
        await one(fault.name, followers, lambda: under(fault, world))

    async def as_partner(fault: PartnerFault) -> None:
        await one(fault.name, partners, lambda: under_partner(fault, world))

    async def faults() -> None:
        await asyncio.gather(*(as_follower(fault) for fault in FAULTS))
        await asyncio.gather(*(as_partner(fault) for fault in PARTNER_FAULTS))

    await asyncio.gather(one(WHOLE, asyncio.Semaphore(1), lambda: whole(world)), faults())
    return found

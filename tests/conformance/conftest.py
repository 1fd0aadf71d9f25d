"""One node for all examinations of a run, and what each of them found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from passerelle.conformance import Examination, serving
from passerelle.conformance.report import Report
from tests.conformance.follower_faults import FAULTS, Fault
from tests.conformance.proxy import Proxy
from tests.conformance.world import World, closing, open_world

AT_ONCE = 16
"""Examinations under way at one time."""


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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def found(request: pytest.FixtureRequest, world: World) -> Mapping[str, Report | Exception]:
    """The report of each fault that is asked for in this run, by its name."""
    wanted = {
        spec.params["fault"].name
        for item in request.session.items
        if (spec := getattr(item, "callspec", None)) is not None and "fault" in spec.params
    }
    serving_seconds, serving.SLOW_SECONDS = serving.SLOW_SECONDS, 6.0  # type: ignore[misc]  # the node hangs up sooner here
    places = asyncio.Semaphore(AT_ONCE)
    reports: dict[str, Report | Exception] = {}

    async def one(fault: Fault) -> None:
        async with places:
            try:
                reports[fault.name] = await under(fault, world)
            except Exception as error:  # noqa: BLE001  the test of this row tells it
                reports[fault.name] = error

    await asyncio.gather(*(one(fault) for fault in FAULTS if fault.name in wanted))
    serving.SLOW_SECONDS = serving_seconds  # type: ignore[misc]
    return reports

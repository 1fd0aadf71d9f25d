"""A small network for the tests of the federation, made once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.unit.federation.world import (
    BURKINA,
    FRANCE,
    MALI,
    TOGO,
    Here,
    agencies,
    dossier,
    homes_once,
    introduce,
    offer,
)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Homes of four agencies, to be copied."""
    return homes_once(tmp_path_factory)


@dataclass(frozen=True, slots=True)
class Network:
    """Togo, with 302 leaves in public and 3 dossiers for Mali; Mali and France its partners, Burkina a stranger."""

    togo: Here
    mali: Here
    france: Here
    burkina: Here

    def path(self, template: str) -> str:
        """A path with the SCIDs filled in."""
        return template.format(
            togo=self.togo.scid, mali=self.mali.scid, france=self.france.scid, burkina=self.burkina.scid
        )


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def net(homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """The network that tests read and do not change."""
    async with agencies(homes, tmp_path_factory.mktemp("network")) as found:
        network = Network(found[TOGO], found[MALI], found[FRANCE], found[BURKINA])
        await introduce(network.togo, network.mali)
        await introduce(network.togo, network.france)
        desk = network.togo.node.desk
        await desk.publish([offer(TOGO, f"Mission {number}") for number in range(300)])
        cards = [
            dossier(TOGO, MALI, network.togo.scid, network.mali.scid, f"TG-VIR-0{number}")
            for number in range(3)
        ]
        await desk.publish(cards)
        await network.mali.sync()
        await network.togo.sync()
        yield network

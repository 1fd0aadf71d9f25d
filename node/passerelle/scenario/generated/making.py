"""Makes a whole set of data: who is there, what is agreed, who goes where, what happens then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from passerelle.protocol.profile import JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.draws import Draws
from passerelle.scenario.generated.network import Network, Sink
from passerelle.scenario.generated.oddities import Oddities
from passerelle.scenario.generated.plan import Pact, Way, plan
from passerelle.scenario.generated.scenery import Scenery
from passerelle.scenario.generated.sizes import Size
from passerelle.scenario.generated.stories import Budget, Chronicle


def make(size: Size, seed: int, sink: Sink) -> Network:
    """Publish everything; the network that it is in, with how many there are of each type.

    Args:
        size: How much of each kind.
        seed: The same seed gives the same bytes.
        sink: Is given every record, at each of its places.
    """
    draws = Draws(seed)
    network = Network(draws, sink)
    network.found(size.agencies)
    scenery = Scenery(draws, network)
    scenery.sheets()
    scenery.organisations(size.organisations)
    scenery.programmes(size.programmes)
    pacts = plan(draws, network, size)
    for pact in pacts:
        scenery.pact(pact)
    _of_several(scenery, network, size)
    scenery.offers(pacts, size.offers)
    chronicle = Chronicle(
        draws,
        network,
        events=Budget(size.events, size.placements),
        evaluations=Budget(size.evaluations, size.placements),
        certificates=Budget(size.certificates, size.placements),
        shortlists=_decisions_left(size, network),
    )
    _wait(chronicle, pacts, size.cards - size.nominations)
    placed = _go(chronicle, pacts)
    _declare(draws, network, placed, size.statistics)
    Oddities(draws, network, chronicle, scenery).all(pacts, placed)
    return network


def _of_several(scenery: Scenery, network: Network, size: Size) -> None:
    """Agreements of three and charters, of agencies beside each other."""
    agencies = network.agencies
    for number in range(size.trios):
        scenery.trio([agencies[(number + at * 3 + 1) % len(agencies)] for at in range(3)])
    for number in range(size.charters):
        scenery.charter([agencies[(number + at) % len(agencies)] for at in range(4)])


def _decisions_left(size: Size, network: Network) -> int:
    """Decisions beyond those that every nomination and placement needs."""
    needed = 3 * size.placements + (size.nominations - size.placements)
    return max(size.decisions - network.counts["decision"] - needed, 0)


def _go(chronicle: Chronicle, pacts: Sequence[Pact]) -> list[tuple[Pact, Way, Record]]:
    """Everybody who is nominated: first those placed, then those not taken."""
    placed: list[tuple[Pact, Way, Record]] = []
    for pact in pacts:
        for way in pact.ways:
            placed += [(pact, way, chronicle.placed(pact, way, number)) for number in range(way.placements)]
            for number in range(way.placements, way.nominations):
                chronicle.refused(pact, way, number)
    return placed


def _wait(chronicle: Chronicle, pacts: Sequence[Pact], cards: int) -> None:
    """Cards of volunteers whom nobody has nominated yet."""
    ways = [way for pact in pacts for way in pact.ways if way.offers]
    for number in range(cards):
        way = ways[number % len(ways)]
        _, start, _, scheme = way.offers[0]
        chronicle.card(way, scheme, start)


def _declare(draws: Draws, network: Network, placed: Sequence[tuple[Pact, Way, Record]], count: int) -> None:
    """What agencies declare of a year and a direction: mostly what is recorded too."""
    counted = Counter(
        (way.host.code, way.sender.country, str(record.body["planned"])[:4]) for _, way, record in placed
    )
    kept = sorted(counted)
    codes = {agency.code: agency for agency in network.agencies}
    for number in range(count):
        host, country, year = kept[number % len(kept)]
        said = counted[host, country, year] + (draws.number(1, 3) if draws.noise("wrongSum") else 0)
        body: JsonObject = {
            "period": year,
            "perimeter": {"from": {"country": country}, "to": {"agency": codes[host].scid}},
            "values": [{"indicator": "placements", "quantity": {"value": said, "qualifier": "exact"}}],
            "method": "declared",
        }
        network.publish(codes[host], "statistic", None, body)

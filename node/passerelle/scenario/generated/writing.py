"""A generated set as files: identities, feeds with one record on a line, and what is in them."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Final

from passerelle.errors import InputError
from passerelle.exchange.held import Held
from passerelle.protocol.origins import Origin
from passerelle.protocol.profile import Json, JsonObject
from passerelle.protocol.records import Record
from passerelle.scenario.generated.making import make
from passerelle.scenario.generated.network import Network
from passerelle.scenario.generated.sizes import Size

LINES_AT_ONCE: Final = 20_000


def write(folder: Path, size: Size, seed: int, *, name: str) -> JsonObject:
    """Write a set into a folder that is empty or not there; its summary.

        summary.json                        sizes, seed, counts, where the unusual things are
        identities/TG-DEMO.jsonl            identity log of an agency
        feeds/TG-DEMO/public.jsonl          its public feed: a record on each line, in the order of the leaves
        feeds/TG-DEMO/to-ML-DEMO.jsonl      its feed to a partner, unsealed: nobody in it exists

    Args:
        folder: Where to.
        size: How much of each kind.
        seed: The same seed gives the same bytes.
        name: What the size is called.

    Raises:
        InputError: ``copy.not-empty``.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError("copy.not-empty", path=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    feeds = _Feeds()
    network = make(size, seed, feeds.take)
    feeds.write(folder, network)
    (folder / "identities").mkdir()
    for agency in network.agencies:
        (folder / "identities" / f"{agency.code}.jsonl").write_bytes(agency.author.log)
    summary = _summary(network, seed, name)
    text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
    (folder / "summary.json").write_text(text, "utf-8")
    return summary


class _Feeds:
    """Records on their way into files."""

    def __init__(self) -> None:
        self._lines: defaultdict[Origin, list[bytes]] = defaultdict(list)

    def take(self, held: Held) -> None:
        """One record at one place."""
        if isinstance(held.record, Record):
            self._lines[held.origin].append(held.record.data)

    def write(self, folder: Path, network: Network) -> None:
        """All that came."""
        codes = {agency.scid: agency.code for agency in network.agencies}
        for origin, lines in self._lines.items():
            author = folder / "feeds" / codes[origin.author]
            author.mkdir(parents=True, exist_ok=True)
            name = "public" if origin.partner is None else f"to-{codes[origin.partner]}"
            with (author / f"{name}.jsonl").open("wb") as file:
                for at in range(0, len(lines), LINES_AT_ONCE):
                    file.write(b"".join(line + b"\n" for line in lines[at : at + LINES_AT_ONCE]))


def _summary(network: Network, seed: int, name: str) -> JsonObject:
    agencies: list[Json] = [
        {"code": agency.code, "country": agency.country, "scid": agency.scid} for agency in network.agencies
    ]
    return {
        "synthetic": True,
        "size": name,
        "seed": seed,
        "agencies": agencies,
        "records": dict(sorted(network.counts.items())),
        "unusual": dict(sorted(network.oddities.items())),
    }

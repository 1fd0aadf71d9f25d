"""The stage itself: nodes that are killed and come back, links that are cut, and the benchmark that uses them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from passerelle.errors import TransportError
from passerelle.scenario.bench.__main__ import lines_of
from passerelle.scenario.bench.run import run
from passerelle.scenario.nodes import staged
from passerelle.scenario.play import build
from passerelle.scenario.player import play
from passerelle.scenario.source import parse_source

TWO = """\
scenario: 1
title: {en: Two nodes and a power cut}
asOf: 2018-12-31
agencies:
  anvt: {code: TG-ANVT, country: TG, names: {fr: A}, domain: anvt.example}
  cnpv: {code: ML-CNPV, country: ML, names: {fr: C}, domain: cnpv.example}
partners: [[anvt, cnpv]]
defaults: {body: {lang: fr}}
steps:
  - at: cnpv
    publish: &organisation
      type: organisation
      body: {names: {fr: École (fictive)}, category: association, country: ML}
    as: first
  - sync: all
  - expect: [{at: [anvt], holds: {organisation: 1}}]
  - kill: cnpv
  - start: cnpv
  - stop: anvt
  - {at: cnpv, publish: *organisation, as: second}
  - start: anvt
  - sync: all
  - cut: [anvt, cnpv]
  - {at: cnpv, publish: *organisation, as: third}
  - expect: [{at: [anvt], holds: {organisation: 2}}, {at: [anvt], unreadable: ["${third}"]}]
  - restore: [anvt, cnpv]
  - sync: all
expect:
  - {at: [anvt, cnpv], holds: {organisation: 3}}
"""


async def test_nodes_come_back_and_catch_up(tmp_path: Path) -> None:
    scenario = build(parse_source(TWO, name="two.yaml"))
    async with staged(scenario, tmp_path) as nodes:
        outcome = await play(scenario, nodes, watch=lambda _entry: None)
        assert [finding for finding in outcome.findings if not finding.ok] == []
        assert outcome.ok

        # What is cut cannot catch up, and says so at once.
        await nodes.cut("anvt", "cnpv")
        with pytest.raises(TransportError, match=r"scenario\.link-is-cut"):
            await nodes.catch_up(["anvt", "cnpv"])
        await nodes.restore("anvt", "cnpv")

        running = [process.pid for process in nodes.processes.values()]
    assert all(process.pid is None for process in nodes.processes.values())
    for pid in running:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_the_benchmark_measures(tmp_path: Path) -> None:
    result = await run(tmp_path, 40, 1)
    assert result.offers == 40
    assert result.http_bytes_per_record > result.packed_bytes_per_record > 100
    assert result.sync_seconds > 0
    assert 0 < result.idle_poll_bytes < 10_000
    assert result.follower_peak_pss_bytes is not None
    assert {line.name for line in lines_of(result)} >= {
        "published in batches",
        "HTTP",
        "cold sync / bare Ed25519",
    }

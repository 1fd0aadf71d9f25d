"""The offers of the benchmark: the same from the same seed, as a node publishes them, with words like real text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from passerelle.protocol.profile import JsonObject, encode
from passerelle.protocol.schemas import Schemas
from passerelle.scenario.bench import steps
from passerelle.scenario.bench.__main__ import lines_of_fold
from passerelle.scenario.bench.folding import measure_fold
from passerelle.scenario.bench.measure import Memory, bare_verifications_per_second, family, processor_seconds
from passerelle.scenario.bench.offers import distinct_words, offers

HOST = {"agency": "Qm" + "H" * 44, "country": "ML"}


def made(count: int, seed: int = 1) -> list[JsonObject]:
    return list(offers(count, seed, dict(HOST)))


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert encode(list(made(20))) == encode(list(made(100)[:20]))
    assert made(20) != made(20, seed=2)


def test_a_node_takes_them() -> None:
    for item in made(50):
        assert Schemas.packaged().explain_body("offer", item["body"]) == []


def test_words_are_many_and_unevenly_frequent() -> None:
    """At least 3,000 words, and Zipf: the hundredth is tens of times rarer than the first."""
    items = made(2_000)
    assert distinct_words(items) > 3_000
    text = " ".join(encode(item["body"]).decode().lower() for item in items)
    described = re.findall(r"[^\W\d_]+", text)
    ranked = [count for _, count in Counter(described).most_common()]
    assert 10 < ranked[20] / ranked[200] * 2 < 40


def test_memory_is_that_of_a_process_and_its_children() -> None:
    memory = Memory()
    memory.sample(os.getpid())
    assert memory.peak_bytes is not None
    assert memory.peak_bytes > 2**20
    assert family(os.getpid())[0] == os.getpid()
    memory.sample(2**22 + 1)  # no such process: what was seen stays


def test_processor_time_is_that_of_a_process_its_children_and_ourselves() -> None:
    """docs/performance.md: what publishing costs is told apart by who spends it."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        before = processor_seconds(os.getppid())
        began = time.process_time()
        while time.process_time() - began < 0.2:
            pass
        spent = processor_seconds(other.pid)
        other.communicate(b"\n")
    assert spent["caller"] - before["caller"] > 0.1
    assert spent["node"] < spent["caller"]
    assert spent["scribe"] == 0.0


def test_bare_checks_are_made() -> None:
    assert bare_verifications_per_second(300) > 10


def test_steps_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/performance.md: the parts of a record's checks cost less than all of them."""
    monkeypatch.setattr(steps, "RECORDS", 40)
    found = {step.name: step.microseconds for step in steps.measure()}
    assert found["a record signed"] < found["a record of a call to the scribe, answered"]
    assert found["a record read"] < found["all checks on a record, in bundles"]
    assert all(cost > 0 for cost in found.values())


def test_the_fold_is_measured_on_generated_data() -> None:
    """make bench: pace beside json.loads, memory, one record more; every figure is of something."""
    folding = measure_fold(1_200, 1)
    assert 1_000 < folding.records < 1_400
    assert folding.record_bytes > folding.records * 500
    assert 0 < folding.ratio < 20
    assert folding.peak_bytes >= folding.kept_bytes > folding.records * 100
    assert 0 < folding.one_more_seconds <= folding.one_more_p99_seconds
    assert folding.one_public_seconds > 0
    told = {line.name: line for line in lines_of_fold(folding)}
    assert told["fold / json.loads"].bar == "0.25 or more"
    assert told["one record more, median"].bar == "under 2"
    assert not lines_of_fold(replace(folding, fold_seconds=folding.json_seconds * 5))[1].met

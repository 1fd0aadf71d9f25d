"""What the kit shows to be refused is refused by the protocol itself, each row for its own fault and no other."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from passerelle.conformance import badkeys, naming
from passerelle.conformance.author import Agency
from passerelle.conformance.entries import BEFORE, Wrong
from passerelle.conformance.entries import Bench as LogBench
from passerelle.conformance.flawed import Bench
from passerelle.conformance.headerprobes import HEADER_PROBES
from passerelle.conformance.probe import Probe
from passerelle.conformance.probes import PROBES
from passerelle.desk.rejections import MAX_ITEMS
from passerelle.errors import ProtocolError
from passerelle.protocol.identity import parse_identity
from passerelle.protocol.leaves import SealedLeaf, parse_leaf
from passerelle.protocol.objects import parse_public
from passerelle.protocol.profile import parse
from passerelle.protocol.records import Record
from passerelle.protocol.seals import SealingKey, open_sealed

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def agency() -> Agency:
    return Agency("Qm" + "1" * 44, NOW)


def test_one_report_has_room_for_all_that_must_be_refused() -> None:
    """A node reports once a day: what does not fit would look as if it had been taken."""
    assert sum(bool(probe.codes) for probe in PROBES) + 2 < MAX_ITEMS  # two leaves come once more besides


@pytest.mark.parametrize("wrong", badkeys.LOGS, ids=lambda wrong: str(wrong.what))
def test_a_log_has_the_fault_that_it_is_named_after(agency: Agency, wrong: Wrong) -> None:
    """Its rule is the one that the protocol finds broken; without the last entry nothing is wrong."""
    entries = parse_identity(agency.log, now=None).entries
    last = wrong.make(LogBench(agency, entries, agency.now - BEFORE))
    with pytest.raises(ProtocolError) as caught:
        parse_identity(agency.log + last, now=None)
    try:
        state = parse(last.strip()).get("state")  # type: ignore[union-attr]
    except ProtocolError:
        state = None
    found = naming.rule_of_identity(caught.value, state if isinstance(state, dict) else {})
    assert found == {"I-18": "I-3"}.get(wrong.rule, wrong.rule)  # it does not know whose log this is


@pytest.mark.parametrize("probe", HEADER_PROBES, ids=lambda probe: str(probe.what))
def test_a_header_has_the_fault_that_it_is_named_after(agency: Agency, probe: Probe) -> None:
    """The record is refused for its header, and the leaf and the object around it are right."""
    reader = SealingKey.generate(secrets.token_bytes)
    feed = agency.public if probe.feed == "public" else agency.bilateral
    issued = NOW - timedelta(minutes=10)
    bench = Bench(agency.author, feed.origin, agency.us, reader.public, agency.other, issued, NOW)
    data, item = probe.make(bench)
    leaf = parse_leaf(data, feed.origin)
    assert item is not None
    if isinstance(leaf, SealedLeaf):
        keys = {reader.key_id: reader}
        _, told = open_sealed(item, keys, origin=feed.origin, commitment=leaf.commitment)
    else:
        _, told = parse_public(item)
    with pytest.raises(ProtocolError) as caught:
        Record.parse(told)
    assert caught.value.code in probe.codes
    value = parse(told)
    rule = naming.rule_of_record(caught.value, value if isinstance(value, dict) else None)
    assert rule == probe.rules[0] or "SCID" in probe.what

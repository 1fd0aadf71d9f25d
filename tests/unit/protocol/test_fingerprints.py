"""spec/ "Identity and keys": the fingerprint that two people compare."""

from __future__ import annotations

from passerelle.protocol.fingerprints import fingerprint


def test_worked_example() -> None:
    """C-4: computed apart from this code, with ``sha512sum`` and the shell's arithmetic, under a prefix of its own."""
    scid = "QmNNfgLPpTbnzBKpk3A6hM5a1ZkZLdYmKqB6aYbZLfEJ7u"
    assert fingerprint(scid) == "32995 01345 52970 99502 31537 56987 62833 24750 40088 19239 27809 85071"


def test_form() -> None:
    """Twelve groups of five digits whatever the SCID, leading zeros kept."""
    groups = [group for n in range(200) for group in fingerprint(f"Qm{n}").split(" ")]
    assert len(groups) == 200 * 12
    assert all(len(group) == 5 and group.isdigit() for group in groups)
    assert any(group.startswith("0") for group in groups)

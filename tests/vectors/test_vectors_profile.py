"""Vectors of chapter 02 and of keys and fingerprints (chapter 03)."""

from __future__ import annotations

import pytest
import rfc8785

from passerelle.errors import ProtocolError
from passerelle.protocol import profile
from passerelle.protocol.fingerprints import fingerprint
from passerelle.protocol.keys import SigningKey, encode_multikey, parse_multikey
from tests.vectors.loading import Case, assert_code, cases, load


@pytest.mark.parametrize("case", cases("json.json", "valid"))
def test_valid_json_has_one_canonical_form(case: Case) -> None:
    """J-11, J-16: the canonical form is that of RFC 8785, and nothing is normalised, which a library of others confirms."""
    value = profile.parse(bytes.fromhex(case["input"]))
    assert profile.encode(value).hex() == case["canonical"]
    assert rfc8785.dumps(value).hex() == case["canonical"]
    assert profile.parse_canonical(bytes.fromhex(case["canonical"])) == value


@pytest.mark.parametrize("case", cases("json.json", "valid"))
def test_only_the_canonical_form_is_canonical(case: Case) -> None:
    """J-12: bytes that differ from their canonical form are refused."""
    data = bytes.fromhex(case["input"])
    if case["input"] == case["canonical"]:
        profile.parse_canonical(data)
        return
    with pytest.raises(ProtocolError) as found:
        profile.parse_canonical(data)
    assert found.value.code == "json.not-canonical"


@pytest.mark.parametrize("reader", [profile.parse, profile.parse_canonical])
@pytest.mark.parametrize("case", cases("json.json", "invalid"))
def test_json_outside_the_profile_is_refused(case: Case, reader: type) -> None:
    """J-1 to J-9: each fault has its code, for both readers."""
    with pytest.raises(ProtocolError) as found:
        reader(bytes.fromhex(case["input"]))
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("json.json", "built"))
def test_sizes(case: Case) -> None:
    """J-9, J-10: limits hold at the byte, and deep input exhausts nothing."""
    data = b"".join(bytes.fromhex(part) * times for part, times in case["parts"])
    if case["code"] is None:
        assert profile.encode(profile.parse_canonical(data)) == data
        return
    with pytest.raises(ProtocolError) as found:
        profile.parse_canonical(data)
    assert_code(found, case)


@pytest.mark.parametrize("case", load("times.json")["valid"], ids=lambda case: case["text"])
def test_times(case: Case) -> None:
    """J-18: UTC, to the second, of the Gregorian calendar; and back to the same text."""
    moment = profile.parse_time(case["text"])
    assert moment.timestamp() == case["posix"]
    assert profile.format_time(moment) == case["text"]


@pytest.mark.parametrize("text", load("times.json")["invalid"], ids=repr)
def test_times_refused(text: str) -> None:
    """J-18: one way to write a time, and only of those that exist."""
    with pytest.raises(ProtocolError) as found:
        profile.parse_time(text)
    assert found.value.code == "time.malformed"


@pytest.mark.parametrize("case", cases("multikeys.json", "valid"))
def test_multikeys(case: Case) -> None:
    """I-29: the keys of RFC 8032 have these multikeys."""
    public = bytes.fromhex(case["public"])
    assert SigningKey(bytes.fromhex(case["seed"])).public == public
    assert encode_multikey(public) == case["multikey"]
    assert parse_multikey(case["multikey"]) == public


@pytest.mark.parametrize("case", cases("multikeys.json", "invalid"))
def test_multikeys_refused(case: Case) -> None:
    """I-29 to I-31: other encodings, points of small order, y of p and more."""
    with pytest.raises(ProtocolError) as found:
        parse_multikey(case["multikey"])
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("fingerprints.json", "cases"))
def test_fingerprints(case: Case) -> None:
    """I-39: twelve groups of five digits."""
    assert fingerprint(case["scid"]) == case["fingerprint"]

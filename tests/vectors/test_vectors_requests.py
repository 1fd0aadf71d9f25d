"""Vectors of signed requests (chapter 10)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime

import pytest

from passerelle.errors import ProtocolError
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.requests import ReplayCache, VerifiedRequest, sign_request, verify_request
from tests.vectors.loading import Case, assert_code, cases, load


def _verify(case: Case) -> VerifiedRequest:
    vectors = load("requests.json")
    keys = {vectors["key_id"]: bytes.fromhex(vectors["public"])}
    return verify_request(
        case["method"],
        case["target_uri"],
        case["headers"],
        bytes.fromhex(case["body"]),
        resolve_key=keys.get,
        now=datetime.fromtimestamp(case["now"], UTC),
    )


@pytest.mark.parametrize("case", cases("requests.json", "valid"))
def test_requests(case: Case) -> None:
    """Q-2 to Q-10: who asks, and that it is asked once (Q-12)."""
    request = _verify(case)
    assert (request.key_id, request.scid) == (load("requests.json")["key_id"], load("requests.json")["scid"])
    cache = ReplayCache()
    now = datetime.fromtimestamp(case["now"], UTC)
    cache.remember(request, now)
    with pytest.raises(ProtocolError) as found:
        cache.remember(request, now)
    assert found.value.code == "request.replayed"


@pytest.mark.parametrize("case", cases("requests.json", "refused"))
def test_requests_refused(case: Case) -> None:
    """Q-2 to Q-10: every fault has its code."""
    with pytest.raises(ProtocolError) as found:
        _verify(case)
    assert_code(found, case)


@pytest.mark.parametrize("case", cases("requests.json", "valid")[:3])
def test_requests_are_signed_alike(case: Case) -> None:
    """Chapter 10, Signed requests: our signer writes the fields of the vectors, byte for byte."""
    vectors = load("requests.json")
    nonce = case["headers"]["Signature-Input"].partition('nonce="')[2].partition('"')[0]
    body = bytes.fromhex(case["body"])
    headers = sign_request(
        case["method"],
        case["target_uri"],
        key=SigningKey(bytes.fromhex(vectors["seed"])),
        key_id=vectors["key_id"],
        now=datetime.fromtimestamp(case["now"], UTC),
        nonce=urlsafe_b64decode(nonce + "=="),
        body=body or None,
        content_type="application/json" if body else None,
    )
    assert headers == case["headers"]

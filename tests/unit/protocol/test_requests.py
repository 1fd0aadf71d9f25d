"""spec/ "Requests, errors, limits": RFC 9421 in the profile ``passerelle-v1``."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from http_message_signatures import HTTPMessageSigner
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from passerelle.errors import ProtocolError
from passerelle.protocol import requests
from passerelle.protocol.keys import SigningKey, verify_signature
from passerelle.protocol.requests import ReplayCache, VerifiedRequest, sign_request, verify_request

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "published"

KEY = SigningKey(b"\x21" * 32)
SCID = "Qm" + "2" * 44
KEY_ID = f"did:webvh:{SCID}:anvt.example#{KEY.multikey}"
NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
NONCE = bytes(range(16))
GET_URI = f"https://cnpv.example/feeds/to/{SCID}/1/checkpoint?from=3"
POST_URI = "https://cnpv.example/notices"
BODY = b'{"origin":"x","size":3}'
SECOND = timedelta(seconds=1)

Headers = dict[str, str]


def get_headers(**changes: Any) -> Headers:
    return sign_request(
        "GET", GET_URI, **{"key": KEY, "key_id": KEY_ID, "now": NOW, "nonce": NONCE, **changes}
    )


def post_headers(body: bytes = BODY, **changes: Any) -> Headers:
    arguments = {"key": KEY, "key_id": KEY_ID, "now": NOW, "nonce": NONCE, **changes}
    return sign_request("POST", POST_URI, body=body, content_type="application/json", **arguments)


def resolve(key_id: str) -> bytes | None:
    return KEY.public if key_id == KEY_ID else None


def verify_get(headers: Any, uri: str = GET_URI, method: str = "GET", **changes: Any) -> VerifiedRequest:
    return verify_request(
        method, uri, headers, **{"body": None, "resolve_key": resolve, "now": NOW, **changes}
    )


def verify_post(headers: Any, body: bytes | None = BODY, **changes: Any) -> VerifiedRequest:
    return verify_request("POST", POST_URI, headers, body, **{"resolve_key": resolve, "now": NOW, **changes})


def refused_get(headers: Any, **changes: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        verify_get(headers, **changes)
    return caught.value.code


def refused_post(headers: Any, body: bytes | None = BODY, **changes: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        verify_post(headers, body, **changes)
    return caught.value.code


def forged(
    components: tuple[str, ...] = ("@method", "@target-uri"),
    parameters: str | None = None,
    *,
    method: str = "GET",
    uri: str = GET_URI,
    values: Headers | None = None,
) -> Headers:
    """A request signed correctly, by hand, over whatever is asked for.

    Args:
        components: Identifiers as they stand in the list, without quotes.
        parameters: What follows the list, the profile's parameters unless said.
        method: Signed for ``@method``.
        uri: Signed for ``@target-uri``.
        values: Header fields, signed where covered, and sent.
    """
    created = int(NOW.timestamp())
    nonce = base64.urlsafe_b64encode(NONCE).rstrip(b"=").decode()
    listed = "(" + " ".join(f'"{name}"' for name in components) + ")"
    listed += (
        parameters
        if parameters is not None
        else f';created={created};expires={created + 300};keyid="{KEY_ID}";alg="ed25519";nonce="{nonce}";tag="passerelle-v1"'
    )
    known = {"@method": method, "@target-uri": uri, **{n.lower(): v for n, v in (values or {}).items()}}
    lines = [f'"{name}": {known[name]}' for name in components]
    base = "\n".join([*lines, f'"@signature-params": {listed}'])
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    return {**(values or {}), "Signature-Input": f"sig1={listed}", "Signature": f"sig1=:{signature}:"}


def parameters(**changes: str | None) -> str:
    """The parameters in the form of the field, some replaced, added or (None) left out."""
    created = int(NOW.timestamp())
    nonce = base64.urlsafe_b64encode(NONCE).rstrip(b"=").decode()
    members: dict[str, str | None] = {
        "created": str(created),
        "expires": str(created + 300),
        "keyid": f'"{KEY_ID}"',
        "alg": '"ed25519"',
        "nonce": f'"{nonce}"',
        "tag": '"passerelle-v1"',
    }
    members |= changes
    return "".join(f";{name}={value}" for name, value in members.items() if value is not None)


# --- the standard ------------------------------------------------------------------------


def test_rfc_9421_b26() -> None:
    """The library, with our keys instead of its own, makes and verifies the published signature."""
    vector = json.loads((VECTORS / "rfc9421-b26-ed25519.json").read_text("utf-8"))
    key = SigningKey(base64.b64decode(vector["privateKeyPkcs8"])[-32:])
    assert key.public == base64.b64decode(vector["publicKey"])
    request = vector["request"]
    signature = base64.b64decode(vector["signature"].removeprefix("sig-b26=:").removesuffix(":"))
    assert verify_signature(key.public, vector["signatureBase"].encode(), signature)

    message = requests._Message(request["method"], request["targetUri"], dict(request["headers"]))
    signer = HTTPMessageSigner(signature_algorithm=requests._Ed25519, key_resolver=requests._OneSigner(key))
    signer.sign(
        message,
        key_id="test-key-ed25519",
        created=datetime.fromtimestamp(1618884473, UTC),
        label="sig-b26",
        include_alg=False,
        covered_component_ids=("date", "@method", "@path", "@authority", "content-type", "content-length"),
        use_existing_digest=True,
    )
    assert message.headers["Signature-Input"] == vector["signatureInput"]
    assert message.headers["Signature"] == vector["signature"]


def test_what_is_signed() -> None:
    """The signature holds over a base written out by hand, in the order of the profile."""
    for headers, method, uri, body in (
        (get_headers(), "GET", GET_URI, None),
        (post_headers(), "POST", POST_URI, BODY),
    ):
        lines = [f'"@method": {method}', f'"@target-uri": {uri}']
        if body:
            digest = base64.b64encode(sha256(body).digest()).decode()
            lines += ['"content-type": application/json', f'"content-digest": sha-256=:{digest}:']
        lines.append(f'"@signature-params": {headers["Signature-Input"].removeprefix("sig1=")}')
        signature = base64.b64decode(headers["Signature"].removeprefix("sig1=:").removesuffix(":"))
        assert verify_signature(KEY.public, "\n".join(lines).encode(), signature)


# --- good requests -----------------------------------------------------------------------


def test_a_request_verifies() -> None:
    expected = VerifiedRequest(KEY_ID, SCID, "AAECAwQFBgcICQoLDA0ODw", NOW, NOW + timedelta(seconds=300))
    assert verify_get(get_headers()) == expected
    assert verify_post(post_headers()) == expected


def test_a_request_made_by_hand_verifies() -> None:
    """The order of parameters, the label and the case of field names are free."""
    assert verify_get(forged()).scid == SCID
    backwards = ";" + ";".join(reversed(parameters().removeprefix(";").split(";")))
    assert verify_get(forged(parameters=backwards)).scid == SCID
    relabelled = {name.upper(): value.replace("sig1=", "other=", 1) for name, value in get_headers().items()}
    assert verify_get(relabelled).scid == SCID


def test_a_signature_with_another_tag_stands_beside_ours() -> None:
    """A proxy may sign too; its signature is not looked at."""
    headers = CIMultiDict(get_headers())
    headers.add("Signature-Input", 'proxy=("@method");created=1;keyid="proxy";tag="other"')
    headers.add("Signature", f"proxy=:{base64.b64encode(bytes(64)).decode()}:")
    assert verify_get(headers).scid == SCID


def test_an_empty_body_is_none() -> None:
    assert verify_get(get_headers(body=b""), body=b"").scid == SCID


# --- bad requests ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Signature": get_headers()["Signature"]},
        {name: value.replace("passerelle-v1", "gnap") for name, value in get_headers().items()},
    ],
)
def test_unsigned(headers: Headers) -> None:
    assert refused_get(headers) == "request.unsigned"


def test_a_signature_holds_for_one_request() -> None:
    """Not for another method, path, query, or another node's address."""
    headers = get_headers()
    assert refused_get(headers, method="POST") == "request.signature"
    assert refused_get(headers, uri=GET_URI + "4") == "request.signature"
    assert refused_get(headers, uri=GET_URI.replace("cnpv", "anvt")) == "request.signature"
    assert refused_get(headers, uri=GET_URI.replace("https", "http")) == "request.signature"
    assert refused_get(headers, resolve_key=lambda _: SigningKey(b"\x22" * 32).public) == "request.signature"
    assert refused_post({**post_headers(), "Content-Type": "text/plain"}) == "request.signature"


def test_the_address_is_ours_whatever_the_request_says() -> None:
    """``Host`` and its friends decide nothing."""
    headers = {
        **get_headers(),
        "Host": "cnpv.example",
        "X-Forwarded-Host": "cnpv.example",
        "Forwarded": "host=x",
    }
    assert verify_get(headers).scid == SCID
    assert refused_get(headers, uri="https://anvt.example/feeds") == "request.signature"


def test_an_unknown_key() -> None:
    assert refused_get(get_headers(), resolve_key=lambda _: None) == "request.key-unknown"

    def refuse(_: str) -> bytes:
        raise ProtocolError("key.small-order")

    assert refused_get(get_headers(), resolve_key=refuse) == "key.small-order"


@pytest.mark.parametrize(
    "key_id", ["", "key", "did:web:anvt.example#k", f"did:webvh:{SCID}#k", "did:webvh:x:y.z#k"]
)
def test_a_key_id_without_agency_is_not_looked_up(key_id: str) -> None:
    def never(_: str) -> bytes:
        raise AssertionError

    assert refused_get(get_headers(key_id=key_id), resolve_key=never) == "request.malformed"


def test_the_body_is_the_one_signed() -> None:
    headers = post_headers()
    assert refused_post(headers, BODY + b" ") == "request.digest"
    assert refused_post(headers, None) == "request.malformed"
    assert refused_post(get_headers()) == "request.signature"
    assert refused_get(forged(), body=BODY) == "request.malformed"


@pytest.mark.parametrize(
    "digest",
    [
        f"sha-256=:{base64.b64encode(bytes(32)).decode()}:",
        f"sha-512=:{base64.b64encode(bytes(64)).decode()}:",
        f"sha-256=:{base64.b64encode(sha256(BODY).digest()).decode()}:, sha-512=:AAAA:",
        base64.b64encode(sha256(BODY).digest()).decode(),
        "",
    ],
)
def test_one_sha_256_digest(digest: str) -> None:
    """Also where the signature over the field holds."""
    values = {"Content-Type": "application/json", "Content-Digest": digest}
    components = ("@method", "@target-uri", "content-type", "content-digest")
    assert refused_post(forged(components, method="POST", uri=POST_URI, values=values)) == "request.digest"


def test_one_content_digest_field() -> None:
    """Two fields that a server joins would be a digest with two members."""
    headers = CIMultiDict(post_headers())
    headers.add("Content-Digest", headers["Content-Digest"])
    assert refused_post(headers) == "request.signature"


def test_no_content_encoding() -> None:
    """Q-8: servers decompress in silence, and the bytes are no longer those of the digest."""
    assert refused_post({**post_headers(), "Content-Encoding": "gzip"}) == "request.malformed"
    assert refused_get({**get_headers(), "content-encoding": "identity"}) == "request.malformed"


@pytest.mark.parametrize(
    "components",
    [
        (),
        ("@method",),
        ("@target-uri", "@method"),
        ("@method", "@target-uri", "x-more"),
        ("@method", "@target-uri", "content-type", "content-digest"),
    ],
)
def test_exactly_these_components_in_this_order(components: tuple[str, ...]) -> None:
    values = {"X-More": "1", "Content-Type": "application/json", "Content-Digest": "sha-256=:AA==:"}
    assert refused_get(forged(components, values=values)) == "request.malformed"


def test_a_body_with_type_and_digest_covered_the_other_way_round() -> None:
    digest = f"sha-256=:{base64.b64encode(sha256(BODY).digest()).decode()}:"
    values = {"Content-Type": "application/json", "Content-Digest": digest}
    good = ("@method", "@target-uri", "content-type", "content-digest")
    assert verify_post(forged(good, method="POST", uri=POST_URI, values=values)).scid == SCID
    swapped = ("@method", "@target-uri", "content-digest", "content-type")
    assert refused_post(forged(swapped, method="POST", uri=POST_URI, values=values)) == "request.malformed"


def test_components_have_no_parameters() -> None:
    listed = '("@method" "@target-uri" "content-type";sf "content-digest")' + parameters()
    digest = f"sha-256=:{base64.b64encode(sha256(BODY).digest()).decode()}:"
    lines = [
        '"@method": POST',
        f'"@target-uri": {POST_URI}',
        '"content-type";sf: application/json',
        f'"content-digest": {digest}',
        f'"@signature-params": {listed}',
    ]
    signature = base64.b64encode(KEY.sign("\n".join(lines).encode())).decode()
    headers = {
        "Content-Type": "application/json",
        "Content-Digest": digest,
        "Signature-Input": f"sig1={listed}",
        "Signature": f"sig1=:{signature}:",
    }
    assert refused_post(headers) == "request.malformed"


CREATED = int(NOW.timestamp())


@pytest.mark.parametrize(
    "changes",
    [
        {"created": None},
        {"expires": None},
        {"keyid": None},
        {"alg": None},
        {"nonce": None},
        {"more": "1"},
        {"alg": '"hmac-sha256"'},
        {"created": f'"{CREATED}"'},
        {"created": f"{CREATED}.0"},
        {"created": "?1"},
        {"expires": f"{CREATED + 301}"},
        {"expires": f"{CREATED}"},
        {"expires": f"{CREATED - 1}"},
        {"created": "999999999999999", "expires": "999999999999999"},
        {"created": "999999999999900", "expires": "999999999999999"},
        {"created": "-999999999999999", "expires": "-999999999999900"},
        {"nonce": '"AAECAwQFBgcICQoLDA0OD"'},
        {"nonce": '"AAECAwQFBgcICQoLDA0ODx"'},
        {"nonce": '"AAECAwQFBgcICQoLDA0ODw=="'},
        {"nonce": '"AAECAwQFBgcICQoLDA0OD+"'},
        {"nonce": ":AAECAwQFBgcICQoLDA0ODw==:"},
        {"keyid": "key"},
    ],
)
def test_exactly_these_parameters(changes: dict[str, str | None]) -> None:
    """Q-4, Q-5: six, each of its type; a life of 1 to 300 seconds; 16 bytes of nonce in one spelling."""
    assert refused_get(forged(parameters=parameters(**changes))) == "request.malformed"


def test_one_signature_with_our_tag() -> None:
    """Two, even if both hold, leave open which one was meant."""
    first, second = get_headers(), get_headers(nonce=bytes(16))
    headers = {
        "Signature-Input": first["Signature-Input"]
        + ", "
        + second["Signature-Input"].replace("sig1", "sig2"),
        "Signature": first["Signature"] + ", " + second["Signature"].replace("sig1", "sig2"),
    }
    assert refused_get(headers) == "request.malformed"
    twice = {name: f"{value}, {value}" for name, value in first.items()}
    assert refused_get(twice) == "request.malformed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Signature", "sig1"),
        ("Signature", "sig1=1"),
        ("Signature", "sig1=:!:"),
        ("Signature", "sig2=:AAAA:"),
        ("Signature", ""),
        ("Signature", "\udc80"),
        ("Signature-Input", 'sig1="x";tag="passerelle-v1"'),
        ("Signature-Input", 'sig1=((((;tag="passerelle-v1"'),
        ("Signature-Input", 'sig1=(1);tag="passerelle-v1"'),
    ],
)
def test_fields_that_do_not_parse(name: str, value: str) -> None:
    assert refused_get({**get_headers(), name: value}) == "request.malformed"


def test_a_short_signature_is_none() -> None:
    assert refused_get({**get_headers(), "Signature": "sig1=:AAAA:"}) == "request.signature"


@pytest.mark.parametrize(
    "uri", ["", "/feeds", "https://cnpv.example/é", "https://cnpv.example/ x", "https:///x"]
)
def test_an_address_that_is_none(uri: str) -> None:
    assert refused_get(get_headers(), uri=uri) == "request.malformed"


@given(
    st.sampled_from(["Signature-Input", "Signature"]),
    st.integers(0, 400),
    st.text(max_size=12),
    st.integers(0, 9),
)
def test_foreign_fields_raise_protocol_errors_only(name: str, at: int, noise: str, cut: int) -> None:
    """Noise anywhere in a field is refused, unless it changes nothing that is said."""
    headers = get_headers()
    at %= len(headers[name])
    headers[name] = headers[name][:at] + noise + headers[name][at + cut :]
    try:
        request = verify_get(headers)
    except ProtocolError as exc:
        assert exc.code.startswith("request.")  # noqa: PT017  # either outcome is right
    else:
        assert request == verify_get(get_headers())


# --- time --------------------------------------------------------------------------------


def test_time_is_forgiven_thirty_seconds() -> None:
    """From 30 seconds before ``created`` to 30 after ``expires``."""
    headers = get_headers()
    assert verify_get(headers, now=NOW - 30 * SECOND).scid == SCID
    assert verify_get(headers, now=NOW + 330 * SECOND).scid == SCID
    assert refused_get(headers, now=NOW - 31 * SECOND) == "request.time"
    assert refused_get(headers, now=NOW + 331 * SECOND) == "request.time"
    assert refused_get(headers, now=NOW + timedelta(hours=5)) == "request.time"


def test_a_wrong_time_tells_who_asked_and_our_clock() -> None:
    """So that the client can sign again, and the server can hide from others that it knows them."""
    with pytest.raises(ProtocolError) as caught:
        verify_get(get_headers(), now=NOW + timedelta(hours=5))
    assert caught.value.params == {"scid": SCID, "server_time": int(NOW.timestamp()) + 5 * 3600}


def test_our_clock_is_for_those_whose_signature_holds() -> None:
    """Every other fault is named before the time."""
    late = NOW + timedelta(hours=5)
    assert refused_get(get_headers(), uri=GET_URI + "4", now=late) == "request.signature"
    assert refused_post(post_headers(), BODY + b" ", now=late) == "request.digest"
    assert refused_get(forged(parameters=parameters(more="1")), now=late) == "request.malformed"


# --- replays -----------------------------------------------------------------------------


def accepted(nonce: int = 0, scid: str = SCID, life: int = 300) -> VerifiedRequest:
    return VerifiedRequest(f"did:webvh:{scid}:x.example#k", scid, f"{nonce:022d}", NOW, NOW + life * SECOND)


def test_a_request_is_accepted_once() -> None:
    """Until nobody would accept it for its time any more."""
    cache = ReplayCache()
    cache.remember(accepted(), NOW)
    cache.remember(accepted(1), NOW)
    cache.remember(accepted(scid="Qm" + "3" * 44), NOW)
    for when in (NOW, NOW + 300 * SECOND, NOW + 330 * SECOND):
        with pytest.raises(ProtocolError) as caught:
            cache.remember(accepted(), when)
        assert caught.value.code == "request.replayed"
        assert caught.value.params["server_time"] == int(when.timestamp())
    cache.remember(accepted(), NOW + 331 * SECOND)


def test_memory_is_bounded_for_each_agency() -> None:
    """A hostile agency fills its own share; old nonces make room, live ones are never dropped."""
    cache = ReplayCache(max_nonces=3)
    for nonce in range(3):
        cache.remember(accepted(nonce), NOW)
    with pytest.raises(ProtocolError, match=r"request\.too-many"):
        cache.remember(accepted(3), NOW)
    with pytest.raises(ProtocolError, match=r"request\.replayed"):
        cache.remember(accepted(0), NOW)
    cache.remember(accepted(3, scid="Qm" + "3" * 44), NOW)
    cache.remember(accepted(4), NOW + 331 * SECOND)
    assert sum(map(len, cache._live.values())) == 2


def test_a_short_life_waits_behind_a_longer_one() -> None:
    """Order of coming, not of expiry: still accepted once, and dropped with the longer."""
    cache = ReplayCache()
    cache.remember(accepted(0), NOW)
    cache.remember(accepted(1, life=1), NOW)
    with pytest.raises(ProtocolError, match=r"request\.replayed"):
        cache.remember(accepted(1, life=1), NOW + 31 * SECOND)
    cache.remember(accepted(2), NOW + 331 * SECOND)
    assert len(cache._live[SCID]) == 1


# --- our own mistakes --------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"x"},
        {"content_type": "text/plain"},
        {"body": b"", "content_type": "text/plain"},
        {"nonce": b"short"},
        {"key_id": "é"},
    ],
)
def test_what_cannot_be_signed(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        get_headers(**change)


@pytest.mark.parametrize(
    ("method", "uri"), [("get", GET_URI), ("GET", "/feeds"), ("GET", "https://x.example/é")]
)
def test_requests_that_cannot_be_signed(method: str, uri: str) -> None:
    with pytest.raises(ValueError):
        sign_request(method, uri, key=KEY, key_id=KEY_ID, now=NOW, nonce=NONCE)

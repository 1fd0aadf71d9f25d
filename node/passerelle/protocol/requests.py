"""Signed requests between nodes: RFC 9421 in the profile ``passerelle-v1`` (spec/ "Requests").

One signature with our tag, over exactly these components in this order, each without
parameters::

    "@method" "@target-uri"                                    without a body
    "@method" "@target-uri" "content-type" "content-digest"    with one

and with exactly the parameters ``created``, ``expires``, ``keyid``, ``alg``, ``nonce`` and
``tag``. The library ``http-message-signatures`` builds and parses the fields; this adapter
narrows it to the profile and takes from it what a pure core may not have: its clock, and
the address of the request as the server saw it. The target URI is the caller's, the
configured public address and the raw path, so that neither ``Host`` nor a proxy decides
what was signed, and a request to one node is worth nothing at another.

A signature here proves who asks now. Who said what is proven by the record's own proof.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)

from passerelle.errors import ProtocolError
from passerelle.protocol.keydocuments import scid_of
from passerelle.protocol.keys import SigningKey, verify_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from http_message_signatures import VerifyResult

TAG: Final = "passerelle-v1"
LABEL: Final = "sig1"
"""Names the signature in both fields. Not signed, so a verifier does not look at it."""

LIFETIME: Final = timedelta(seconds=300)
"""Longest time from ``created`` to ``expires``, and the one that we use."""

TOLERANCE: Final = timedelta(seconds=30)
"""How far two clocks may disagree."""

NONCE_BYTES: Final = 16
MAX_NONCES: Final = 8_192
"""Live nonces remembered for one agency: more than 20 requests a second without a pause."""

_BODYLESS: Final = ("@method", "@target-uri")
_WITH_BODY: Final = (*_BODYLESS, "content-type", "content-digest")
_PARAMETERS: Final = {"created", "expires", "keyid", "alg", "nonce", "tag"}
_NONCE: Final = re.compile("[A-Za-z0-9_-]{21}[AQgw]")  # base64url of 16 bytes, without padding


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """Who asked: the signature holds and the time is right. Whether it is a replay is asked apart.

    Args:
        key_id: DID URL of the request key.
        scid: The agency that the key belongs to.
        nonce: 22 characters, new in every request of an honest client.
        created: When the client signed, by its clock.
        expires: Until when the request may be used.
    """

    key_id: str
    scid: str
    nonce: str
    created: datetime
    expires: datetime


def sign_request(
    method: str,
    target_uri: str,
    *,
    key: SigningKey,
    key_id: str,
    now: datetime,
    nonce: bytes,
    body: bytes | None = None,
    content_type: str | None = None,
) -> dict[str, str]:
    """The header fields that make a request a signed one.

    Args:
        method: ``GET`` or ``POST``, upper case.
        target_uri: The address exactly as it will be asked for; redirects are not followed.
        key: A request key of ours.
        key_id: Its id in our identity document.
        now: The time to sign with, our clock plus the offset that the server told.
        nonce: 16 fresh random bytes.
        body: The exact bytes that will be sent, None or empty for none.
        content_type: Of the body; goes with it.

    Returns:
        ``Signature-Input`` and ``Signature``, with a body also ``Content-Type`` and
        ``Content-Digest``; all are to be sent as they are.

    Raises:
        ValueError: A body without type or the reverse, a nonce of another size, or a
            method or address that cannot be signed.
    """
    if bool(body) != (content_type is not None) or len(nonce) != NONCE_BYTES:
        raise ValueError("a body goes with its content type, and a nonce has 16 bytes")
    headers = {} if content_type is None else {"Content-Type": content_type}
    signer = HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_OneSigner(key))
    try:
        signer.sign(
            _Message(method, target_uri, headers),
            key_id=key_id,
            created=now,
            expires=now + LIFETIME,
            nonce=urlsafe_b64encode(nonce).rstrip(b"=").decode("ascii"),
            label=LABEL,
            tag=TAG,
            covered_component_ids=_WITH_BODY if body else _BODYLESS,
            body=body or None,  # from which the library makes Content-Digest
        )
    except HTTPMessageSignaturesException as exc:
        raise ValueError(f"cannot be signed: {exc}") from exc
    return headers


def verify_request(
    method: str,
    target_uri: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    resolve_key: Callable[[str], bytes | None],
    now: datetime,
) -> VerifiedRequest:
    """Checks a received request; its time last, so that only a partner learns our clock.

    Args:
        method: As received.
        target_uri: Our configured public address, then the raw path and query as received.
        headers: As received; ``items()`` gives repeated fields one by one.
        body: The bytes received, before any decoding; None or empty for none.
        resolve_key: The 32 public bytes of a key id, None where it is unknown. Asked once,
            with an id that belongs to a well-formed DID.
        now: Our clock.

    Raises:
        ProtocolError:
            ``request.unsigned`` without a signature with our tag;
            ``request.malformed`` for a signature outside the profile or a Content-Encoding;
            ``request.key-unknown``;
            ``request.signature`` where the signature does not hold;
            ``request.digest`` where the body is not the one signed;
            ``request.time`` where all that is well, but ``created`` lies more than 30
            seconds ahead of our clock or ``expires`` more than 30 behind. Its parameter
            ``scid`` says who asked, ``server_time`` our clock in POSIX seconds.
    """
    fields = [(name.lower(), value) for name, value in headers.items()]
    if not any(name == "signature-input" and f'tag="{TAG}"' in value for name, value in fields):
        raise ProtocolError("request.unsigned")
    if any(name == "content-encoding" for name, _ in fields):
        raise ProtocolError("request.malformed", reason="content-encoding")
    result = _verify_signature(_Message(method, target_uri, headers), resolve_key)
    request = _check_profile(result, _WITH_BODY if body else _BODYLESS)
    if body and [value.strip() for name, value in fields if name == "content-digest"] != [
        _content_digest(body)
    ]:
        raise ProtocolError("request.digest")
    if request.created > now + TOLERANCE or request.expires < now - TOLERANCE:
        raise ProtocolError("request.time", scid=request.scid, server_time=int(now.timestamp()))
    return request


class ReplayCache:
    """The nonces of requests that were accepted, until they would be too old anyway.

    Call it only with what :func:`verify_request` returned: a nonce remembered before its
    signature was checked would let anybody fill the memory. Each agency has a share of
    its own, so that a hostile one crowds out nobody else.

    Args:
        max_nonces: How many live nonces of one agency are remembered.
    """

    def __init__(self, max_nonces: int = MAX_NONCES) -> None:
        self._max_nonces = max_nonces
        # By agency: nonces in the order of their coming, with the time to forget each.
        self._live: dict[str, dict[tuple[str, str], datetime]] = {}

    def remember(self, request: VerifiedRequest, now: datetime) -> None:
        """Accepts a request once.

        Raises:
            ProtocolError: ``request.replayed`` where the same key used this nonce before;
                ``request.too-many`` where the agency's share is full. Old ones are never
                dropped early: that would let them be replayed.
        """
        live = self._live.setdefault(request.scid, {})
        _forget(live, now)
        use = (request.key_id, request.nonce)
        if use in live:
            raise ProtocolError("request.replayed", scid=request.scid, server_time=int(now.timestamp()))
        if len(live) >= self._max_nonces:
            raise ProtocolError("request.too-many", scid=request.scid)
        live[use] = request.expires + TOLERANCE


def _forget(live: dict[tuple[str, str], datetime], now: datetime) -> None:
    """Drops from the front what is too old to be accepted again.

    Clients may choose shorter lives, so one behind may outlast its time by waiting for one
    in front; never by more than the longest life.
    """
    while live:
        oldest = next(iter(live))
        if live[oldest] >= now:
            return
        del live[oldest]


# --- the library, narrowed ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Message:
    """What the library asks of a request."""

    method: str
    url: str
    headers: Mapping[str, str]


class _Ed25519(HTTPSignatureAlgorithm):
    """Signs and verifies with the keys of this package instead of the library's key types."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: bytes | None = None, private_key: SigningKey | None = None) -> None:
        self._public = public_key
        self._private = private_key

    def sign(self, message: bytes) -> bytes:
        if self._private is None:
            raise RuntimeError("made without a private key")
        return self._private.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        if self._public is None or not verify_signature(self._public, message, signature):
            raise ProtocolError("request.signature")


class _OneSigner(HTTPSignatureKeyResolver):
    """Signing: the one key, whatever its id."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> SigningKey:  # noqa: ARG002  # the library's signature
        return self._key


class _Partners(HTTPSignatureKeyResolver):
    """Verifying: the caller's keys, asked for only with a key id of a well-formed DID."""

    def __init__(self, resolve_key: Callable[[str], bytes | None]) -> None:
        self._resolve_key = resolve_key

    def resolve_public_key(self, key_id: str) -> bytes:
        _scid_of_key(key_id)
        public = self._resolve_key(key_id)
        if public is None:
            raise ProtocolError("request.key-unknown", key_id=key_id)
        return public


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its clock: the profile checks times against ``now``."""

    def validate_created_and_expires(self, sig_input: object, max_age: timedelta | None = None) -> None:
        pass


def _verify_signature(message: _Message, resolve_key: Callable[[str], bytes | None]) -> VerifyResult:
    """The one signature with our tag, as the library read it; it holds, the profile is not checked."""
    verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=_Partners(resolve_key))
    try:
        results: Sequence[VerifyResult] = verifier.verify(message, max_age=None, expect_tag=TAG)
    except HTTPMessageSignaturesException as exc:
        # The library wraps what our key resolver and algorithm raise; their code is the finding.
        if isinstance(exc.__cause__, ProtocolError):
            raise ProtocolError(exc.__cause__.code, **exc.__cause__.params) from exc
        raise ProtocolError("request.malformed", reason="signature") from exc
    if len(results) != 1:
        raise ProtocolError("request.malformed", reason="signatures")
    return results[0]


def _check_profile(result: VerifyResult, components: tuple[str, ...]) -> VerifiedRequest:
    """What was signed, if it is exactly what the profile asks for."""
    covered = [*(f'"{name}"' for name in components), '"@signature-params"']
    if list(result.covered_components) != covered:
        raise ProtocolError("request.malformed", reason="components")
    parameters = result.parameters
    created, expires = parameters.get("created"), parameters.get("expires")
    key_id, nonce = parameters.get("keyid"), parameters.get("nonce")
    if (
        parameters.keys() != _PARAMETERS
        or not (isinstance(created, int) and isinstance(expires, int))
        or not (isinstance(key_id, str) and isinstance(nonce, str) and _NONCE.fullmatch(nonce))
        or not 0 < expires - created <= LIFETIME.total_seconds()
    ):
        raise ProtocolError("request.malformed", reason="parameters")
    return VerifiedRequest(key_id, _scid_of_key(key_id), nonce, _moment(created), _moment(expires))


def _moment(posix_seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(posix_seconds, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise ProtocolError("request.malformed", reason="parameters") from exc


def _scid_of_key(key_id: str) -> str:
    did, _, _ = key_id.partition("#")
    try:
        return scid_of(did)
    except ProtocolError as exc:
        raise ProtocolError("request.malformed", reason="keyid") from exc


def _content_digest(body: bytes) -> str:
    """The one spelling of the field: one member, ``sha-256``."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode('ascii')}:"

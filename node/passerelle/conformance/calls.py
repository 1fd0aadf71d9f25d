"""How the node asks: ranges, widths, and the signature of every request that came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from passerelle.conformance.partner import Partner
from passerelle.conformance.stand import MAX_CALLS, Call, created
from passerelle.errors import ProtocolError
from passerelle.protocol.identity import Identity
from passerelle.protocol.requests import verify_request

_PARTIAL: Final = re.compile(
    r"/(feeds/.+)/(tile/entries|tile/0|objects)/((?:x[0-9]{3}/)*[0-9]{3})\.p/([0-9]+)"
)
_SIGNER: Final = re.compile(r';keyid="did:webvh:([^:"]+)')


def judge_calls(partner: Partner) -> None:
    """P-7, P-11, P-23, Q-2 to Q-8, Q-10, Q-12, W-18: every request that came, by the clock that the kit went by then."""
    partner.calls_to_judge = False
    notes, nonces, came = partner.notes, set[str](), _of_the_node(partner)
    _judge_first_contact(partner, came)
    for call in came:
        _judge_range(partner, call)
        _judge_width(partner, call)
        if not _is_bilateral(partner, call):
            continue
        _judge_signature(partner, call)
        nonce = re.search(r';nonce="([^"]+)"', call.headers.get("signature-input", ""))
        if nonce is not None:
            fresh = nonce[1] not in nonces
            notes.judge(
                fresh, "Q-12", sent=f"its {call.method} {call.path}", got="a nonce that it used before"
            )
            nonces.add(nonce[1])


def _of_the_node(partner: Partner) -> list[Call]:
    """Without those in another agency's name: a port that is given up and taken again is still called by whoever knew it.

    Where all that must be signed are in another's name, the node signs in that name, and they are its.
    """
    identity, calls = partner.seen.identity, list(partner.stand.calls)
    if identity is None:
        return calls
    names = [_SIGNER.search(call.headers.get("signature-input", "")) for call in calls]
    told = zip(calls, names, strict=True)
    its = [call for call, name in told if name is None or name[1] == identity.scid]
    return its if any(_is_bilateral(partner, call) for call in its) else calls


def _judge_first_contact(partner: Partner, calls: Sequence[Call]) -> None:
    """W-18: how far the kit holds the node's feeds, each of them, is asked before it comes a second time."""
    looks = [call.at for call in calls if call.path == f"/{partner.agency.public.origin.path}/checkpoint"]
    if (
        len(looks) < 2 or len(partner.stand.calls) == MAX_CALLS
    ):  # of a node that asks more the first are forgotten
        partner.notes.unseen("W-18", why="no-answer")
        return
    for origin in partner.own_feeds:
        path = f"/{origin.received_path()}/checkpoint"
        asked = [call.at for call in calls if call.path == path]
        kept, got = bool(asked) and asked[0] < looks[1], f"no GET {path} before its second visit"
        partner.notes.judge(kept, "W-18", sent="a first contact", got=got)


def _is_bilateral(partner: Partner, call: Call) -> bool:
    private = (f"/{partner.agency.bilateral.origin.path}/", "/received/")
    return call.method == "POST" or call.path.startswith(private)


def _judge_range(partner: Partner, call: Call) -> None:
    if "range" in call.headers and "/objects/" in call.path:
        has = "if-range" in call.headers
        partner.notes.judge(
            has, "P-7", sent=f"its GET {call.path}", got=f"Range {call.headers['range']}, no If-Range"
        )


def _judge_width(partner: Partner, call: Call) -> None:
    match = _PARTIAL.fullmatch(call.path)
    if match is None:
        return
    number = int(match[3].replace("/", "").replace("x", ""))
    size = number * 256 + int(match[4])
    shown = (match[1], size) in partner.stand.sizes
    partner.notes.judge(
        shown, "P-11", sent=f"its GET {call.path}", got=f"no checkpoint of size {size} was shown"
    )


def _verify(call: Call, address: str, identity: Identity, now: datetime) -> None:
    verify_request(
        call.method,
        address + call.path,
        _Fields(call.fields),
        call.body,
        resolve_key=identity.newest.request_keys.get,
        now=now,
    )


def is_signed_for(partner: Partner, call: Call, address: str) -> bool:
    """Whether the node has signed a request for an address, at whatever time: it may have been told another one."""
    identity = partner.seen.identity
    if identity is None:
        return False
    try:
        _verify(call, address, identity, datetime.fromtimestamp(created(call.headers), UTC))
    except (ProtocolError, ValueError, OverflowError):  # of a year that there is none of, too
        return False
    return True


def _judge_signature(partner: Partner, call: Call) -> None:
    identity = partner.seen.identity
    if identity is None:
        return
    sent = f"its {call.method} {call.path}"
    try:
        _verify(call, partner.agency.address, identity, datetime.fromtimestamp(call.wall, UTC))
    except ProtocolError as error:
        partner.notes.broken(_rule_of_request(error, call), sent=sent, got=error)
        return
    held = ("Q-2", "Q-3", "Q-4", "Q-5", "Q-10", "P-23") + (("Q-7", "Q-8") if call.body else ())
    partner.notes.held(*held)


def _rule_of_request(error: ProtocolError, call: Call) -> str:
    reasons = {"components": "Q-3", "content-encoding": "Q-8", "signatures": "Q-2"}
    if error.code == "request.malformed":
        reason = str(error.params.get("reason"))
        if reason == "parameters" and _life(call) > 300:
            return "Q-5"
        return reasons.get(reason, "Q-4")
    by_code = {
        "request.unsigned": "Q-2",
        "request.digest": "Q-7",
        "request.key-unknown": "Q-10",
        "request.time": "Q-6",
        "request.signature": "P-23",
    }
    return by_code.get(error.code, "Q-2")


def _life(call: Call) -> float:
    match = re.search(r";expires=([0-9]{1,12})", call.headers.get("signature-input", ""))
    return (float(match[1]) if match else 0.0) - created(call.headers)


class _Fields(dict[str, str]):
    """Header fields of which repeated ones are told one by one."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        super().__init__(fields)
        self._fields = fields

    def items(self) -> object:  # type: ignore[override]  # the one way in which it differs
        """Name and value of each field."""
        return self._fields

"""What is one partner's alone, asked for by whoever is not that partner: as if it were not there (Q-14).

A server checks a POST and a bilateral GET at places of their own, so every flawed signature is
tried on both. What is there is compared with what is not, in each form of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from passerelle.conformance.asking import Answer, NoAnswer
from passerelle.conformance.forms import SERVED
from passerelle.conformance.partner import Partner
from passerelle.conformance.refusals import WRONG, Wrong, by_record_key
from passerelle.conformance.serving import stranger

_FORMS: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    ("GET", {}),
    ("GET", {"Accept-Encoding": "gzip"}),
    ("GET", {"Range": "bytes=0-0"}),
    ("GET", {"If-None-Match": "*"}),
    ("HEAD", {}),
)
Told: TypeAlias = tuple[int, bytes, frozenset[tuple[str, str]]]


async def examine(partner: Partner) -> None:
    """Flawed signatures on a GET, and then none at all on everything that is this partner's."""
    for wrong in (*WRONG, by_record_key(partner.agency)):
        if not wrong.of_body:
            await _refused(partner, wrong)
    await _silent(partner)


def told(answer: Answer) -> Told:
    """All that an answer tells, but for its date."""
    fields = frozenset((name, value) for name, value in answer.headers.items() if name != "date")
    return answer.status, answer.body, fields


async def _refused(partner: Partner, wrong: Wrong) -> None:
    path, nowhere = f"{partner.own_path}/checkpoint", f"/feeds/to/{stranger()}/1/checkpoint"
    sent = f"GET {path} with {wrong.what}"

    async def ask() -> Answer:
        return await partner.asker.get(path, headers=wrong.make(partner.signature("GET", path)))

    try:
        nothing = await partner.asker.patiently(lambda: partner.asker.get(nowhere))
        answer = await partner.asker.patiently(ask)
    except NoAnswer:
        return
    notes = partner.notes
    if not notes.judge(answer.status not in SERVED, wrong.rule, sent=sent, got=answer.brief()):
        return
    if "request.time" in wrong.codes:
        kept = (answer.status, answer.code) == (401, "request.time") and "serverTime" in answer.problem
        notes.judge(kept, "Q-16", sent=sent, got=answer.brief())
    else:
        notes.judge(
            told(answer) == told(nothing), "Q-14", sent=sent, got=f"{answer.brief()} {dict(answer.headers)}"
        )


async def _silent(partner: Partner) -> None:
    """Q-14 of what is there, beside what is not; that it is served at all is a matter of the rule of its folder."""
    scid, other = partner.agency.scid, stranger()
    paths = [f"{partner.own_path}/checkpoint", f"/feeds/to/{scid}/latest", f"/mirrors/{scid}/did.jsonl"]
    for feed in (partner.agency.public, partner.agency.bilateral):
        paths += [f"{partner.held_path(feed)}/{name}" for name in ("checkpoint", "receipt")]
    for path in paths:
        for method, fields in _FORMS:
            try:
                there = await _unsigned(partner, method, path, fields)
                nothing = await _unsigned(partner, method, path.replace(scid, other), fields)
            except NoAnswer:
                continue
            asked = f"{method} {path} {dict(fields) or ''}".rstrip()
            _judge(partner, path, f"{asked}, unsigned", there, nothing)


async def _unsigned(partner: Partner, method: str, path: str, fields: Mapping[str, str]) -> Answer:
    return await partner.asker.patiently(lambda: partner.asker.send(method, path, headers=fields))


def _judge(partner: Partner, path: str, sent: str, there: Answer, nothing: Answer) -> None:
    if there.status in SERVED and not path.startswith("/feeds/"):
        rule = "P-27" if path.startswith("/mirrors/") else "P-14"
        partner.notes.broken(rule, sent=sent, got=there.brief())
    else:
        got = f"{there.brief()}, and of nobody's {nothing.brief()}"
        partner.notes.judge(told(there) == told(nothing), "Q-14", sent=sent, got=got)

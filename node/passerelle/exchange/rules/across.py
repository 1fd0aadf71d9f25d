"""What the rules say of records side by side: V12, V16, V21, V24, V28, V30, V32."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from passerelle.exchange import edtf
from passerelle.exchange.rules.holdings import Holdings, Journey
from passerelle.exchange.rules.record import country_of, exact
from passerelle.exchange.rules.references import Key, key_of, ref_id
from passerelle.exchange.rules.table import Finding, error, warning
from passerelle.protocol.profile import Json
from passerelle.protocol.records import Record

PAIR: Final = timedelta(days=30)

Pairs = Iterator[tuple[Finding, Record]]


def judge_across(held: Holdings, found: Sequence[Journey], today: date) -> Pairs:
    """Findings that no single record gives."""
    running = [journey for journey in found if journey.state.is_planned]
    yield from _pairs(running, today)
    yield from _hosts(held, running, today)
    yield from _recommendations(held, today)
    yield from _statistics(held, running)
    yield from _agreements(held)
    yield from _erasures(held, today)
    yield from _programmes(held, running)


def _pairs(running: Sequence[Journey], today: date) -> Pairs:
    """V12: two in opposite directions, thirty days before the first of them begins."""
    pairs: defaultdict[str, list[Journey]] = defaultdict(list)
    for journey in running:
        group = journey.body.get("group")
        if isinstance(group, dict) and group.get("kind") == "crossed-pair":
            pairs[str(group.get("id"))].append(journey)
    for members in pairs.values():
        directions = {(journey.state.sender, journey.state.host) for journey in members}
        is_whole = any((host, sender) in directions for sender, host in directions)
        start = min((journey.start for journey in members if journey.start is not None), default=None)
        if not is_whole and start is not None and today >= start - PAIR:
            for journey in members:
                yield (
                    warning("V12", "rule.half-pair", "/group", start=start.isoformat()),
                    journey.record,
                )


def _hosts(held: Holdings, running: Sequence[Journey], today: date) -> Pairs:
    """V16: as many at a time as the host organisation has room for, under an accreditation that runs.

    What an organisation is, the host agency of its placements says.
    """
    by_host: defaultdict[Key, list[Journey]] = defaultdict(list)
    for journey in running:
        host = ref_id(journey.body, "hostOrganisation") or ref_id(journey.offer, "hostOrganisation")
        if host is not None:
            by_host[journey.state.host, host].append(journey)
    for key, journeys in by_host.items():
        record = held.record("organisation", *key)
        if record is None:
            continue
        hosting = record.body.get("hosting")
        capacity = hosting.get("capacity") if isinstance(hosting, dict) else None
        there = [journey for journey in journeys if _is_there(journey, today)]
        if isinstance(capacity, int) and len(there) > capacity:
            yield (
                warning(
                    "V16", "rule.host-capacity", "/hosting/capacity", capacity=capacity, found=len(there)
                ),
                record,
            )
        for journey in journeys:
            expired = _expired(record.body.get("accreditations"), journey)
            if expired is not None:
                params = {"scheme": journey.state.scheme, "day": expired}
                yield (
                    warning("V16", "rule.accreditation", "/hostOrganisation", **params),
                    journey.record,
                )


def _is_there(journey: Journey, today: date) -> bool:
    start, end = journey.start, journey.end
    return start is not None and start <= today and (end is None or today <= end)


def _expired(accreditations: Json, journey: Journey) -> str | None:
    """The last day of the last accreditation for the scheme, where it lies before the end of the placement."""
    last = journey.span.latest
    days = [
        str(item["to"])
        for item in (accreditations if isinstance(accreditations, list) else [])
        if isinstance(item, dict)
        and item.get("scheme") == journey.state.scheme
        and isinstance(item.get("to"), str)
    ]
    open_ended = any(
        isinstance(item, dict) and item.get("scheme") == journey.state.scheme and "to" not in item
        for item in (accreditations if isinstance(accreditations, list) else [])
    )
    if last is None or open_ended or not days:
        return None
    newest = max(days, key=lambda day: edtf.parse(day).latest or date.max)
    return newest if (edtf.parse(newest).latest or date.max) < last else None


def _recommendations(held: Holdings, today: date) -> Pairs:
    """V21."""
    for record in held.records.get("evaluation", {}).values():
        for number, due, status in recommendations(record):
            if due < today and status not in {"done", "dropped"}:
                path = f"/recommendations/{number}"
                yield (
                    warning("V21", "rule.recommendation", path, number=number + 1, day=due.isoformat()),
                    record,
                )


def recommendations(record: Record) -> Iterator[tuple[int, date, str]]:
    """Number, day and status of each recommendation of an evaluation that has a day."""
    listed = record.body.get("recommendations")
    for number, item in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(item, dict) and isinstance(item.get("due"), str):
            yield number, date.fromisoformat(str(item["due"])), str(item.get("status", "open"))


def _statistics(held: Holdings, running: Sequence[Journey]) -> Pairs:
    """V24: a declared number of placements between two countries, and those that arrived in its period."""
    for record in held.records.get("statistic", {}).values():
        declared, perimeter = _declared(record), record.body.get("perimeter")
        if declared is None or not isinstance(perimeter, dict):
            continue
        ends = (country_of(perimeter.get("from")), country_of(perimeter.get("to")))
        if None in ends:
            continue
        period, scheme = edtf.parse(str(record.body.get("period"))), perimeter.get("scheme")
        counted = sum(
            journey.state.is_realised
            and journey.countries == ends
            and scheme in {None, journey.state.scheme}
            and _is_within(journey.state.arrived_on, period)
            for journey in running
        )
        if counted != declared:
            yield (
                warning("V24", "rule.declared-figure", "/values", declared=declared, counted=counted),
                record,
            )


def _declared(record: Record) -> int | None:
    listed = record.body.get("values")
    if record.body.get("method") != "declared":
        return None
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and row.get("indicator") == "placements" and not row.get("dims"):
            return exact(row.get("quantity"))
    return None


def _is_within(day: date | None, period: edtf.Span) -> bool:
    return day is not None and (period.earliest or date.min) <= day <= (period.latest or date.max)


def _agreements(held: Holdings) -> Pairs:
    """V28: an agreement in force between countries says by which legal tool data may go from one to the other."""
    for record in held.records.get("agreement", {}).values():
        state = held.agreements.get(key_of(record))
        annex = record.body.get("dataAnnex")
        if (
            state is not None
            and state.state in {"in-force", "suspended"}
            and not (isinstance(annex, dict) and annex.get("tool"))
            and len({party.country for party in state.parties}) > 1
        ):
            yield error("V28", "rule.transfer-tool", "/dataAnnex"), record


def _erasures(held: Holdings, today: date) -> Pairs:
    """V30: by its day everybody whom an erasure was addressed to has said that it was done."""
    done = proofs(held)
    for record in held.records.get("erasure", {}).values():
        due = record.body.get("due")
        missing = sorted(set(record.addressees) - done[key_of(record)])
        if isinstance(due, str) and date.fromisoformat(due) < today and missing:
            yield error("V30", "rule.erasure-proof", "/due", day=due, missing=missing), record


def proofs(held: Holdings) -> defaultdict[Key, set[str]]:
    """By erasure, who has said by the day of the look that it was done."""
    done: defaultdict[Key, set[str]] = defaultdict(set)
    for decision in held.records.get("decision", {}).values():
        body, about = decision.body, held.subject(decision.body, "about")
        is_proof = body.get("aboutType") == "erasure" and body.get("outcome") == "accept"
        if is_proof and about is not None and held.has_come(body.get("effective")):
            done[about].add(decision.issuer_scid)
    return done


def _programmes(held: Holdings, running: Sequence[Journey]) -> Pairs:
    """V32."""
    hosts: Mapping[str, set[str]] = defaultdict(set)
    for journey in running:
        programme = ref_id(journey.body, "programme") or ref_id(journey.offer, "programme")
        if programme is not None and journey.countries[1] is not None:
            hosts[programme].add(journey.countries[1])
    for record in held.records.get("programme", {}).values():
        countries, listed = hosts.get(record.id), record.body.get("countries")
        named = {
            str(item.get("country"))
            for item in (listed if isinstance(listed, list) else [])
            if isinstance(item, dict)
        }
        if countries and named and not named & countries:
            yield warning("V32", "rule.programme-host", "/countries", countries=sorted(countries)), record

"""Three agencies with known keys, so that what was changed can be signed again: fuzzing behind the signature."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import base58

from passerelle.protocol import identity as identities
from passerelle.protocol import leaves, objects, profile, proofs
from passerelle.protocol.identity import Identity
from passerelle.protocol.identityentries import PLACEHOLDER, multihash
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.leaves import PublicRecordLeaf
from passerelle.protocol.origins import Origin
from passerelle.protocol.seals import SealingKey
from tests.vectors.loading import VECTORS, load, moment

SAMPLES: Final = VECTORS.parents[1] / "schemas" / "samples"
NOW: Final = moment("2026-11-21T10:00:00Z")
FOUNDED: Final = NOW - timedelta(days=30)
SALT: Final = bytes(range(32))
SEALING: Final = SealingKey(bytes(range(50, 82)))


def key(number: int) -> SigningKey:
    """A signing key made from a number."""
    return SigningKey(bytes([number]) * 32)


UPDATE, RECORD, REQUEST, LOG, WITNESS = key(1), key(51), key(52), key(53), key(54)


@cache
def agency(number: int = 1) -> Identity:
    """An agency; the first one has the keys above."""
    log = identities.create_log(
        domain=f"agency{number}.example",
        update_key=key(number),
        next_update_multikeys=[key(number + 100).multikey],
        record_key=key(number + 50).public,
        request_key=key(number + 51).public,
        log_keys=[key(number + 52).public],
        witness_keys=[key(number + 53).public],
        sealing=[(FOUNDED, SEALING.key_id)],
        now=FOUNDED,
    )
    return identities.parse_identity(log, now=NOW)


@cache
def longer_log() -> bytes:
    """The first agency's log with a second entry, under another domain."""
    return identities.update_log(
        agency().log,
        update_key=key(101),
        next_update_multikeys=[key(102).multikey],
        record_keys=[RECORD.public],
        request_keys=[REQUEST.public],
        log_keys=[LOG.public],
        witness_keys=[WITNESS.public],
        sealing=[(FOUNDED, SEALING.key_id)],
        domain="moved.example:8443",
        now=FOUNDED + timedelta(days=1),
    )


PUBLIC: Final = Origin(agency().scid, None, 1)
BILATERAL: Final = Origin(agency().scid, agency(2).scid, 1)
METHOD: Final = f"{agency().did}#{RECORD.multikey}"


@cache
def sample_records() -> tuple[dict[str, Any], ...]:
    """Every valid sample of every type, as if the first agency had written it, without proof."""
    return tuple(
        _as_ours(path) for path in sorted(SAMPLES.glob("*/valid-*.json")) if path.parent.name != "stub"
    )


def _as_ours(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    record |= {"issuer": agency().did, "issued": profile.format_time(NOW)}
    record.pop("proof", None)
    if record["audience"] != "public":
        record |= {"audience": [agency(2).scid], "seen": {agency(2).scid: {"feed": 1, "size": 0}}}
    return record


@cache
def stubs() -> tuple[dict[str, Any], ...]:
    """The samples of stubs."""
    return tuple(
        json.loads(path.read_text("utf-8")) for path in sorted((SAMPLES / "stub").glob("valid-*.json"))
    )


def signed(tree: Any) -> bytes:
    """A record's tree with a good proof of the first agency, whatever it says.

    A tree outside the profile can have none: it is written as it is, with the proof of nothing.
    A tree that brings a ``proof`` keeps it.
    """
    if not isinstance(tree, dict) or "proof" in tree:
        return loose(tree)
    created = tree.get("issued")
    try:
        whole = proofs.sign(
            tree, RECORD, verification_method=METHOD, created=created if isinstance(created, str) else ""
        )
        return profile.encode(whole)
    except ValueError:
        return loose({**tree, "proof": {}})


def loose(tree: Any) -> bytes:
    """JSON as Python writes it, whatever the profile says."""
    try:
        return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
    except TypeError:  # names that are no text
        return b"{}"


def public_leaf(data: bytes, members: dict[str, Any]) -> bytes:
    """The leaf of public record bytes; members of the record, where they have the right kind."""
    fields = {name: members.get(name) for name in ("id", "type", "version")}
    commitment = objects.commitment(SALT, data)
    leaf = PublicRecordLeaf(commitment, *fields.values())  # type: ignore[arg-type]  # hostile on purpose
    try:
        return leaves.encode_leaf(leaf)
    except ValueError:
        return loose({"commitment": commitment.hex(), "kind": "record", **fields})


# --- identity logs -------------------------------------------------------------------------


def log_of(bodies: Any) -> bytes:
    """A log whose hashes and signatures fit its entries, whatever these say.

    Args:
        bodies: A list of entries with ``parameters``, ``state``, ``versionTime``; ``versionId``
            and ``proof`` are made here.
    """
    lines: list[bytes] = []
    predecessor: str | None = None
    scid = PLACEHOLDER
    for number, body in enumerate(bodies if isinstance(bodies, list) else [bodies], start=1):
        if not isinstance(body, dict):
            lines.append(loose(body))
            continue
        try:
            if predecessor is None:
                scid = predecessor = multihash(profile.encode({**body, "versionId": PLACEHOLDER}))
            entry = json.loads(
                profile.encode({**body, "versionId": predecessor}).replace(
                    PLACEHOLDER.encode(), scid.encode()
                )
            )
            entry["versionId"] = f"{number}-{multihash(profile.encode(entry))}"
            predecessor = entry["versionId"]
            lines.append(
                profile.encode({**entry, "proof": [_proof(entry, key(1 if number == 1 else 99 + number))]})
            )
        except (ValueError, TypeError):
            lines.append(loose({**body, "proof": [{}]}))
    return b"\n".join(lines) + b"\n"


def _proof(entry: dict[str, Any], signer: SigningKey) -> Any:
    method = f"did:key:{signer.multikey}#{signer.multikey}"
    proof: dict[str, Any] = {
        "type": proofs.PROOF_TYPE,
        "cryptosuite": proofs.CRYPTOSUITE,
        "created": entry.get("versionTime"),
        "verificationMethod": method,
        "proofPurpose": proofs.PURPOSE,
    }
    signature = signer.sign(proofs.hash_data(entry, proof))
    return {**proof, "proofValue": "z" + base58.b58encode(signature).decode()}


@cache
def log_bodies() -> tuple[list[dict[str, Any]], ...]:
    """The entries of the logs above as ``log_of`` takes them: the SCID is a placeholder again."""
    found = []
    for log in (agency().log, longer_log()):
        text = log.decode().replace(agency().scid, PLACEHOLDER)
        entries = [json.loads(line) for line in text.splitlines()]
        found.append(
            [{name: entry[name] for name in ("parameters", "state", "versionTime")} for entry in entries]
        )
    return tuple(found)


# --- vectors -------------------------------------------------------------------------------


def vector_bytes(file: str, member: str, *names: str) -> list[bytes]:
    """Cases of a file as bytes: members that are text, as it stands, or hex where asked for as ``hex:name``."""
    found: list[bytes] = []
    for case in load(file)[member]:
        for name in names:
            value = case[name.removeprefix("hex:")] if isinstance(case, dict) else case
            if isinstance(value, str):
                found.append(
                    bytes.fromhex(value)
                    if name.startswith("hex:")
                    else value.encode("utf-8", "surrogatepass")
                )
    return found


def vector_texts(file: str, member: str, name: str) -> list[str]:
    """Cases of a file as text."""
    return [data.decode("utf-8", "surrogatepass") for data in vector_bytes(file, member, name)]

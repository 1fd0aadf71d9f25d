"""Identities: did:webvh 1.0 logs, and the key document that their entries carry (spec/ "Identity and keys").

A log is JSON Lines, one signed entry for each version of the document::

    {"parameters":{…},"proof":[{…}],"state":{…},"versionId":"1-Qm…","versionTime":"…Z"}

The self-certifying identifier (SCID) is a hash of the first entry; each entry's hash
covers the one before. Passerelle narrows the method: portable, pre-rotation never empty
(so an update key is used once, and a stolen one replaces nothing), no witnesses of the
method's own, one proof an entry, the log at the root of its domain.

Outside tools write entries too, so lines meet the JSON profile but need not be canonical,
and are kept as received. This module fetches nothing and resolves no fork: it compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final, Literal

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, proofs
from passerelle.protocol.identityentries import (
    MAX_LOG_BYTES,
    METHOD,
    PLACEHOLDER,
    Entry,
    check_scid,
    multihash,
    parse_entry,
    verify_entry,
)
from passerelle.protocol.keydocuments import (
    KeyDocument,
    also_known_as,
    build_document,
    encode_domain,
    multikeys_of,
    scid_of,
)
from passerelle.protocol.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from passerelle.protocol.profile import Json, JsonObject

TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of our clock an entry may be before it is held."""

MAX_ENTRIES: Final = 512
"""Entries of a log: each costs a signature to check."""

MAX_KEYS: Final = 4_096
"""Different signing keys in all entries of a log: each costs a power in the field to check."""

__all__ = [
    "MAX_LOG_BYTES",
    "Entry",
    "Identity",
    "KeyDocument",
    "common_entries",
    "compare_logs",
    "create_log",
    "parse_identity",
    "scid_of",
    "up_to",
    "update_log",
    "version_ids",
]


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified identity log.

    Args:
        scid: Names the agency on the wire and in storage, whatever its domain.
        log: The bytes as received, held entries included.
        entries: The entries in force, oldest first. Never empty.
        held: How many further entries are left out because they lie ahead of our clock.
        every_record_key_ever: All record keys of ``entries``, by verification method id. A
            key that is not here is unknown yet; one that is here may still not be valid
            at a record's ``issued``.
    """

    scid: str
    log: bytes
    entries: tuple[Entry, ...]
    held: int
    every_record_key_ever: Mapping[str, bytes]

    @property
    def newest(self) -> KeyDocument:
        """The document in force now."""
        return self.entries[-1].document

    @property
    def did(self) -> str:
        """The DID in force now; its domain may change, its SCID does not."""
        return self.newest.did

    @property
    def log_keys_ever(self) -> tuple[bytes, ...]:
        """Log keys of all entries in force, each once: what verifies every checkpoint but a feed's newest."""
        return tuple(dict.fromkeys(key for entry in self.entries for key in entry.document.log_keys))

    @property
    def witness_keys_ever(self) -> tuple[bytes, ...]:
        """Witness keys of all entries in force, each once: what verifies a cosignature, whenever it was made."""
        return tuple(dict.fromkeys(key for entry in self.entries for key in entry.document.witness_keys))

    def at(self, when: datetime) -> KeyDocument | None:
        """The document in force at a time: of the last entry with ``versionTime`` at or before it."""
        for entry in reversed(self.entries):
            if entry.version_time <= when:
                return entry.document
        return None

    def record_key_at(self, when: datetime, method: str, issuer: str) -> bytes | None:
        """The public key for which a verification method stood at a time (R-14 to R-16), 32 bytes.

        None where the identity did not have this DID then; the caller says so in a code of its own.

        Args:
            when: The time that was signed.
            method: ``<issuer>#<multikey>``.
            issuer: The DID of whoever is said to have signed, as written.

        Raises:
            ProtocolError: ``key.unknown`` for a key in no entry held;
                ``key.not-valid-then`` for a key of another DID, or one not listed then.
        """
        if not method.startswith(issuer + "#"):
            raise ProtocolError("key.not-valid-then", method=method)
        # Before the document of that time is looked at: a key or a domain that is new to us is
        # no fault of what was signed, the log that brings it may still be on its way.
        if method not in self.every_record_key_ever:
            raise ProtocolError("key.unknown", method=method)
        then = self.at(when)
        if then is None or then.did != issuer:
            return None
        if method not in then.record_keys:
            raise ProtocolError("key.not-valid-then", method=method)
        return then.record_keys[method]


def up_to(identity: Identity, count: int) -> Identity:
    """The same identity with only its first entries in force: what two branches of a fork have in common.

    Args:
        identity: As parsed.
        count: How many entries count, 1 or more; those ahead of our clock stay left out.
    """
    kept = identity.entries[:count]
    held = identity.held + len(identity.entries) - len(kept)
    return Identity(identity.scid, identity.log, kept, held, _keys_ever(kept))


def create_log(
    *,
    domain: str,
    update_key: SigningKey,
    next_update_multikeys: Sequence[str],
    record_key: bytes,
    request_key: bytes,
    log_keys: Sequence[bytes],
    witness_keys: Sequence[bytes],
    sealing: Sequence[tuple[datetime, str]],
    now: datetime,
) -> bytes:
    """The log of a new identity: one line.

    Args:
        domain: Where the log will be served, with a port if it needs one (``node.example:8443``).
        update_key: Signs this entry, and never again.
        next_update_multikeys: Keys of which one will sign the next entry; only hashes are published.
        record_key: Public key of 32 bytes, as the other keys.
        request_key: Signs requests.
        log_keys: Sign checkpoints; the first is used.
        witness_keys: Sign cosignatures; the first is used.
        sealing: When each sealing key begins, and the SHA-256 of it as hex.
        now: The entry's time.

    Raises:
        ValueError: The domain is none, a list is empty, or a key does not have 32 bytes.
    """

    def first_entry(scid: str) -> JsonObject:
        state = build_document(
            did=f"did:webvh:{scid}:{encode_domain(domain)}",
            record_keys=[record_key],
            request_keys=[request_key],
            log_keys=log_keys,
            witness_keys=witness_keys,
            sealing=sealing,
            successors=(),
        )
        parameters: JsonObject = {"method": METHOD, "scid": scid, "portable": True}
        parameters |= _rotation(update_key, next_update_multikeys)
        time = profile.format_time(now)
        return {"versionId": scid, "versionTime": time, "parameters": parameters, "state": state}

    scid = multihash(profile.encode(first_entry(PLACEHOLDER)))
    log = _signed_line(first_entry(scid), 1, update_key)
    parse_identity(log, now=None)  # nothing leaves that a reader would refuse
    return log


def update_log(
    log: bytes,
    *,
    update_key: SigningKey,
    next_update_multikeys: Sequence[str],
    record_keys: Sequence[bytes],
    request_keys: Sequence[bytes],
    log_keys: Sequence[bytes],
    witness_keys: Sequence[bytes],
    sealing: Sequence[tuple[datetime, str]],
    successors: Sequence[str] = (),
    domain: str | None = None,
    now: datetime,
) -> bytes:
    """The log with one more entry, which states the whole new document.

    Args:
        log: Our own log, verified again here.
        update_key: One of those that the last entry committed to.
        next_update_multikeys: As in :func:`create_log`.
        record_keys: Keys in force from now on; one left out is retired.
        request_keys: Likewise.
        log_keys: Likewise; the first signs.
        witness_keys: Likewise; the first signs.
        sealing: As in :func:`create_log`.
        successors: SHA-256, as hex, of the checkpoints that authorise a next feed.
        domain: The new domain, None to stay.
        now: The entry's time, moved to one second after the last entry where the clock is behind it.

    Raises:
        ValueError: The update key was not committed to, or as :func:`create_log`.
        ProtocolError: ``log`` is no valid log.
    """
    identity = parse_identity(log, now=None)
    last = identity.entries[-1]
    if multihash(update_key.multikey.encode("ascii")) not in last.next_key_hashes:
        raise ValueError("the last entry did not commit to this update key")
    did, former = _names(identity, domain)
    state = build_document(
        did=did,
        record_keys=record_keys,
        request_keys=request_keys,
        log_keys=log_keys,
        witness_keys=witness_keys,
        sealing=sealing,
        successors=successors,
    )
    entry: JsonObject = {
        "versionId": last.version_id,
        "versionTime": profile.format_time(max(now, last.version_time + timedelta(seconds=1))),
        "parameters": _rotation(update_key, next_update_multikeys),
        "state": {**state, "alsoKnownAs": list(former)} if former else state,
    }
    whole = log if log.endswith(b"\n") else log + b"\n"
    whole += _signed_line(entry, len(identity.entries) + 1, update_key)
    parse_identity(whole, now=None)
    return whole


def parse_identity(log: bytes, *, now: datetime | None) -> Identity:
    """Verifies a log from its first entry to its last.

    Args:
        log: JSON Lines of at most 1 MiB.
        now: Our clock. Entries more than five minutes ahead of it are verified, left out
            and counted; None leaves nothing out.

    Raises:
        ProtocolError: ``identity.too-large``; ``identity.too-many`` (entries, keys or items
            of a list, as ``what`` says); ``identity.malformed`` (an entry's form);
            ``identity.unsupported`` (a parameter outside our narrowing of the method);
            ``identity.version`` (number or hash chain); ``identity.scid``;
            ``identity.time`` (not after the entry before); ``identity.pre-rotation`` (a
            key that was not committed to); ``identity.proof``; ``identity.document`` (the
            key document); ``identity.key-refused`` (a Multikey, ``fault`` says why);
            ``identity.ahead`` where even the first entry is ahead of our clock. All but
            the first, a number of entries and the last carry ``entry``, the number of the entry.
    """
    entries: list[Entry] = []
    keys: set[str] = set()
    scid = ""
    for number, line in enumerate(_lines(log), start=1):
        try:
            entry = parse_entry(line)
            scid = scid or check_scid(entry)  # 5
            entries.append(verify_entry(entry, number, scid, entries[-1] if entries else None))
            _count_keys(entries[-1], keys)
        except ProtocolError as exc:
            raise _in_entry(number, exc) from exc
    in_force = [entry for entry in entries if now is None or entry.version_time <= now + TOLERANCE]
    if not in_force:
        raise ProtocolError("identity.ahead")
    return Identity(scid, log, tuple(in_force), len(entries) - len(in_force), _keys_ever(in_force))


def _count_keys(entry: Entry, seen: set[str]) -> None:
    """Adds the signing keys of an entry to those of the entries before it."""
    seen.update(entry.update_keys, multikeys_of(entry.state))
    if len(seen) > MAX_KEYS:
        raise ProtocolError("identity.too-many", what="keys", count=len(seen), max=MAX_KEYS)


def _keys_ever(entries: Sequence[Entry]) -> dict[str, bytes]:
    return {method: key for entry in entries for method, key in entry.document.record_keys.items()}


def compare_logs(held: bytes, offered: bytes) -> Literal["same", "older", "newer", "forked"]:
    """What an offered log is to the one that we hold; both have passed :func:`parse_identity`.

    Versions are compared by their ids, which hash all that they say: other white space or
    a proof made again is no fork. A shorter log is old news, not an alarm.

    Raises:
        ProtocolError: ``identity.another-scid`` where the logs are of two identities.
    """
    ours, theirs = version_ids(held), version_ids(offered)
    if ours[0] != theirs[0]:
        raise ProtocolError("identity.another-scid")
    common = min(len(ours), len(theirs))
    if ours[:common] != theirs[:common]:
        return "forked"
    if len(ours) == len(theirs):
        return "same"
    return "newer" if len(theirs) > len(ours) else "older"


def common_entries(first: bytes, second: bytes) -> int:
    """With how many equal entries two logs of one identity begin: 1 or more, for the SCID is the first one's."""
    pairs = zip(version_ids(first), version_ids(second), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def version_ids(log: bytes) -> list[str]:
    """The ``versionId`` of each entry of a log that has passed :func:`parse_identity`."""
    return [str(parse_entry(line)["versionId"]) for line in _lines(log)]


# --- entries ---------------------------------------------------------------------------


def _lines(log: bytes) -> list[bytes]:
    if len(log) > MAX_LOG_BYTES:
        raise ProtocolError("identity.too-large", size=len(log), max=MAX_LOG_BYTES)
    lines = log.removesuffix(b"\n").split(b"\n", MAX_ENTRIES)
    if len(lines) > MAX_ENTRIES:
        raise ProtocolError("identity.too-many", what="entries", count=len(lines), max=MAX_ENTRIES)
    return lines


def _in_entry(number: int, fault: ProtocolError) -> ProtocolError:
    """Names the entry; faults of other areas become ours, with their own code as ``fault``."""
    area, _, _ = fault.code.partition(".")
    if area == "identity":
        return ProtocolError(fault.code, entry=number, **fault.params)
    codes = {"key": "identity.key-refused", "proof": "identity.proof"}
    return ProtocolError(codes.get(area, "identity.malformed"), entry=number, fault=fault.code)


# --- writing ---------------------------------------------------------------------------


def _names(identity: Identity, domain: str | None) -> tuple[str, tuple[str, ...]]:
    """The DID of the next entry, under a new domain or the same, and the former ones that it names (I-19)."""
    did, former = identity.did, also_known_as(identity.entries[-1].state)
    if domain is None or did.endswith(":" + encode_domain(domain)):
        return did, former
    return f"did:webvh:{identity.scid}:{encode_domain(domain)}", (*former, did)


def _rotation(update_key: SigningKey, next_update_multikeys: Sequence[str]) -> JsonObject:
    if not next_update_multikeys:
        raise ValueError("pre-rotation is never empty: name the keys of the next entry")
    hashes: list[Json] = [multihash(multikey.encode("ascii")) for multikey in next_update_multikeys]
    return {"updateKeys": [update_key.multikey], "nextKeyHashes": hashes}


def _signed_line(entry: JsonObject, number: int, update_key: SigningKey) -> bytes:
    """Numbers, hashes and signs an entry whose ``versionId`` is its predecessor's."""
    versioned: JsonObject = {**entry, "versionId": f"{number}-{multihash(profile.encode(entry))}"}
    method = f"did:key:{update_key.multikey}#{update_key.multikey}"
    created = versioned["versionTime"]
    if not isinstance(created, str):
        raise TypeError("versionTime is text")
    signed = proofs.sign(versioned, update_key, verification_method=method, created=created)
    return profile.encode({**versioned, "proof": [signed["proof"]]}) + b"\n"

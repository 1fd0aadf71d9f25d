"""Checkpoints and cosignatures (C2SP tlog-checkpoint 1.0, tlog-cosignature 1.0).

    <origin>
    <tree size, decimal>
    <base64 of the root hash>
    <blank line>
    \N{EM DASH} <origin> <signature of the log, type 0x01>
    \N{EM DASH} <name of a witness> <base64 of: key id || u64 time || signature, type 0x04>

Extension lines are refused: nothing that counts may stand where witnesses do not look.
An origin outlives its keys, so a verifier is given all log keys that the identity names,
and one good signature is enough. A cosignature says: as of that time, this is the
largest consistent tree that I have seen for this origin. Its message does not hold the
witness's name, so one key never serves two witnesses.

What this module does not do: it compares no two checkpoints, and reads no clock.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import notes
from passerelle.protocol.keys import SIGNATURE_BYTES, verify_signature
from passerelle.protocol.merkle import EMPTY_ROOT, HASH_BYTES
from passerelle.protocol.notes import COSIGNATURE_V1, NoteSignature, SignedNote, Verifier
from passerelle.protocol.tiles import MAX_TREE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from passerelle.protocol.keys import SigningKey

_TIME_BYTES: Final = 8
_MAX_TIME: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's claim about its own tree: origin, size, root hash, one per line.

    Args:
        origin: Identity of the log. Never empty, no space, no ``+``: it also names the key.
        tree_size: Number of leaves, 0 to 2^53 - 1.
        root_hash: Root of the first ``tree_size`` leaves, 32 bytes; ``EMPTY_ROOT`` for none.
    """

    origin: str
    tree_size: int
    root_hash: bytes

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Inverse of ``encode``.

        Args:
            text: Text of the note, its final newline included.

        Raises:
            ProtocolError: ``checkpoint.malformed`` unless ``text`` is exactly what ``encode`` writes
                for values in range; ``checkpoint.empty-root`` for another root at size 0.
        """
        try:
            origin, size, root = text.removesuffix("\n").split("\n")
            # int() refuses absurdly long numbers itself, and takes forms that encode() never writes.
            parsed = cls(origin, int(size), base64.b64decode(root, validate=True))
        except ValueError as exc:
            raise ProtocolError("checkpoint.malformed") from exc
        in_range = 0 <= parsed.tree_size <= MAX_TREE_SIZE and len(parsed.root_hash) == HASH_BYTES
        if not in_range or not notes.is_key_name(origin) or parsed.encode() != text:
            raise ProtocolError("checkpoint.malformed")
        if parsed.tree_size == 0 and parsed.root_hash != EMPTY_ROOT:
            raise ProtocolError("checkpoint.empty-root", origin=origin)
        return parsed

    def encode(self) -> str:
        """The text that is signed: three lines."""
        return f"{self.origin}\n{self.tree_size}\n{base64.b64encode(self.root_hash).decode('ascii')}\n"


def sign_checkpoint(checkpoint: Checkpoint, log_key: SigningKey) -> SignedNote:
    """The checkpoint under the log's own signature, whose name is the origin."""
    text = checkpoint.encode()
    if Checkpoint.parse(text) != checkpoint:
        raise ValueError("not a checkpoint that can be read back")
    return notes.sign_note(text, checkpoint.origin, log_key)


def verify_checkpoint(data: bytes, origin: str, log_keys: Iterable[bytes]) -> Checkpoint:
    """The checkpoint of ``origin`` in the signed note ``data``.

    Args:
        data: The note, as received.
        origin: The log that it must speak of.
        log_keys: Public keys that may sign for the log, 32 bytes each. Any one will do; a bad
            signature under one of them refuses the note; lines of other keys are ignored.

    Raises:
        ProtocolError: ``note.*`` or ``checkpoint.*`` of the forms; ``checkpoint.origin`` for
            another log; ``note.unsigned``, ``note.signature``.
    """
    note = SignedNote.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != origin:
        raise ProtocolError("checkpoint.origin", expected=origin, found=checkpoint.origin[:200])
    notes.verify_note(note, [Verifier(origin, public) for public in log_keys])
    return checkpoint


def cosign(note: SignedNote, witness_key: SigningKey, name: str, time: int) -> NoteSignature:
    """The witness's line for a checkpoint that it has verified; ``note.with_signatures`` adds it.

    Args:
        note: The signed checkpoint. Only its text is signed.
        witness_key: Key that signs for this one witness and for nothing else.
        name: Name of the witness, ``passerelle/<SCID>/witness`` for an agency.
        time: POSIX seconds, when the witness saw the checkpoint.
    """
    if not 0 <= time <= _MAX_TIME:
        raise ValueError("a time is seconds since 1970")
    key_id = notes.key_id(name, COSIGNATURE_V1, witness_key.public)
    signature = witness_key.sign(_cosigned_message(note.text, time))
    return NoteSignature(name, key_id, time.to_bytes(_TIME_BYTES, "big") + signature)


def verify_cosignature(note: SignedNote, name: str, witness_keys: Iterable[bytes]) -> int:
    """The latest time, in POSIX seconds, at which the witness cosigned this text.

    Args:
        note: The checkpoint with its lines; the log's own are left to ``verify_checkpoint``.
        name: Name of the witness.
        witness_keys: Public keys of the witness, 32 bytes each; any one will do.

    Raises:
        ProtocolError: ``cosignature.missing`` where no line is of these keys;
            ``cosignature.invalid`` where one is, and does not verify.
    """
    witnesses = [Verifier(name, public, COSIGNATURE_V1) for public in witness_keys]
    times: list[int] = []
    for line in note.signatures:
        makers = [witness.public for witness in witnesses if witness.made(line)]
        if not makers:
            continue
        time, signature = int.from_bytes(line.blob[:_TIME_BYTES], "big"), line.blob[_TIME_BYTES:]
        message = _cosigned_message(note.text, time)
        well_formed = len(signature) == SIGNATURE_BYTES and time <= _MAX_TIME
        if not well_formed or not any(verify_signature(public, message, signature) for public in makers):
            raise ProtocolError("cosignature.invalid", name=name)
        times.append(time)
    if not times:
        raise ProtocolError("cosignature.missing", name=name)
    return max(times)


def _cosigned_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()

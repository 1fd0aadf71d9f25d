"""spec "Feeds": checkpoints and cosignatures. The worked example byte for byte, then each fault."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import checkpoints, merkle, notes
from passerelle.protocol.checkpoints import Checkpoint
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.merkle import EMPTY_ROOT, Node, leaf_hash
from passerelle.protocol.notes import NoteSignature, SignedNote
from passerelle.protocol.tiles import MAX_TREE_SIZE

LOG_KEY = SigningKey(bytes(range(32)))
WITNESS_KEY = SigningKey(bytes(range(32, 64)))
ORIGIN = "vol.example/agency-a/public"
WITNESS = "vol.example/agency-b/w1"
TIME = 1_700_000_000
STRANGER = SigningKey(bytes(32))

WORKED_600 = """vol.example/agency-a/public
600
v3dyglMp7Q5YWb3i2edP6bGnfVwc+noD1kp0SlTuiPg=

\N{EM DASH} vol.example/agency-a/public k8GQAlVI118hHD7fTLM3VuTUKSJmOOzDLjAMwLHbwyoi1fcJc2QMZf4mjRR/BqiO7/pSo5h5bXSwo6vqD3b+A8t4pgE=
\N{EM DASH} vol.example/agency-b/w1 HUMtSgAAAABlU/EAK6O2ac6ST3iefr0iBLAwRDsbHKJHBl2bpRSaiPUdN+wwBERizJdKNCREi43br0nQyr/GiEs5MTsBLW4YEKZQAA==
""".encode()

WORKED_5 = """vol.example/agency-a/public
5
yPFA0nVVp4Kn5u40sWJWSMGpIO/IGbB5vSHKLdpohO4=

\N{EM DASH} vol.example/agency-a/public k8GQArbSlIc+iIfYrW+f4Kzm0vWyiE4XQF8K2Gmz5kWBjKJLBtm3UYxC84JTAwYRo/U62WNtpyBcF9C5yYeu0niQkQ8=
\N{EM DASH} vol.example/agency-b/w1 HUMtSgAAAABlU/EA5aMt5Cq9qoD7uvzzKdc5Xv6Va+FMS7acD7X6v0UaXFTj3ZHBgpfn0CsFLfAjj0lNA2QBOImnUtoRe5heBtdcBw==
""".encode()

# tlog-proof of entry 2 in size 5, and the consistency proof of the add-checkpoint body from 3 to 5
WORKED_INCLUSION = (
    "p3MU24guqCjDQfV5sB28DbN8XL8DojgzAwhEBmfBj00=",
    "/h+2s9jnS+4u7RyHxkdMxC6zihyqhcmu/Yo8NQExOSU=",
    "OuVJIxGtMHi2jmTcTBaZliNIE3AQvjA90g21B9lTj8A=",
)
WORKED_CONSISTENCY = (
    "PcBScDQMpoZKQqUYjxxjaHboVKs1RdmBrGZc+3SqTcw=",
    "p3MU24guqCjDQfV5sB28DbN8XL8DojgzAwhEBmfBj00=",
    "/h+2s9jnS+4u7RyHxkdMxC6zihyqhcmu/Yo8NQExOSU=",
    "OuVJIxGtMHi2jmTcTBaZliNIE3AQvjA90g21B9lTj8A=",
)

origins = st.text(min_size=1, max_size=40).filter(notes.is_key_name)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(f"entry {index}\n".encode()) for index in range(size)]


def tree(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, merkle.root_of(leaves(size)))


def cosigned(size: int) -> SignedNote:
    note = checkpoints.sign_checkpoint(tree(size), LOG_KEY)
    return note.with_signatures(checkpoints.cosign(note, WITNESS_KEY, WITNESS, TIME))


def code_of(data: bytes, origin: str = ORIGIN, keys: tuple[bytes, ...] = (LOG_KEY.public,)) -> str:
    with pytest.raises(ProtocolError) as caught:
        checkpoints.verify_checkpoint(data, origin, keys)
    return caught.value.code


@pytest.mark.parametrize(("size", "expected"), [(600, WORKED_600), (5, WORKED_5)])
def test_worked_example_is_made(size: int, expected: bytes) -> None:
    """The cosigned checkpoints of sizes 600 and 5, from the seeds, byte for byte."""
    assert cosigned(size).encode() == expected


@pytest.mark.parametrize(("size", "data"), [(600, WORKED_600), (5, WORKED_5)])
def test_worked_example_is_read(size: int, data: bytes) -> None:
    """The cosigned checkpoints of sizes 600 and 5 verify."""
    assert checkpoints.verify_checkpoint(data, ORIGIN, (LOG_KEY.public,)) == tree(size)
    assert checkpoints.verify_cosignature(SignedNote.parse(data), WITNESS, (WITNESS_KEY.public,)) == TIME


def test_worked_size_on_disk() -> None:
    """The checkpoint of size 600 has 336 bytes, 133 of them the cosignature."""
    assert len(WORKED_600) == 336
    assert len(checkpoints.sign_checkpoint(tree(600), LOG_KEY).encode()) == 203


def test_worked_proofs() -> None:
    """tlog-proof of entry 2 in size 5, and the step from 3 to 5, against the signed roots."""
    signed = checkpoints.verify_checkpoint(WORKED_5, ORIGIN, (LOG_KEY.public,))
    held = leaves(5)
    nodes = {Node(0, index): hash_ for index, hash_ in enumerate(held)}
    nodes[Node(1, 0)] = merkle.node_hash(held[0], held[1])
    nodes[Node(1, 1)] = merkle.node_hash(held[2], held[3])
    nodes[Node(2, 0)] = merkle.node_hash(nodes[Node(1, 0)], nodes[Node(1, 1)])
    inclusion = merkle.build_inclusion(5, 2, nodes)
    assert tuple(base64.b64encode(hash_).decode() for hash_ in inclusion) == WORKED_INCLUSION
    merkle.verify_inclusion(5, 2, held[2], inclusion, signed.root_hash)
    consistency = merkle.build_consistency(3, 5, nodes)
    assert tuple(base64.b64encode(hash_).decode() for hash_ in consistency) == WORKED_CONSISTENCY
    merkle.verify_consistency(3, 5, consistency, merkle.root_of(held[:3]), signed.root_hash)


def test_any_log_key_may_sign() -> None:
    """spec: of the log keys that the identity names the first signs, all verify."""
    keys = (STRANGER.public, LOG_KEY.public)
    assert checkpoints.verify_checkpoint(WORKED_600, ORIGIN, keys) == tree(600)


def test_foreign_lines_are_ignored() -> None:
    """Lines of witnesses and of nobody, before and after the log's own."""
    note = cosigned(5)
    grease = NoteSignature("grease.example", b"1234", b"any")
    shuffled = SignedNote(note.text, (grease, *reversed(note.signatures)))
    assert checkpoints.verify_checkpoint(shuffled.encode(), ORIGIN, (LOG_KEY.public,)) == tree(5)
    assert checkpoints.verify_cosignature(shuffled, WITNESS, (WITNESS_KEY.public,)) == TIME


def test_wrong_key() -> None:
    """Code note.unsigned: nobody known signed."""
    assert code_of(WORKED_600, keys=(STRANGER.public,)) == "note.unsigned"
    assert code_of(WORKED_600, keys=()) == "note.unsigned"
    assert code_of(WORKED_600, keys=(WITNESS_KEY.public,)) == "note.unsigned"


def test_wrong_name() -> None:
    """L-13, code note.unsigned: the log's own key, under another name than the origin."""
    text = Checkpoint(ORIGIN, 0, EMPTY_ROOT).encode()
    assert code_of(notes.sign_note(text, f"{ORIGIN}/2", LOG_KEY).encode()) == "note.unsigned"


def test_wrong_origin() -> None:
    """Code checkpoint.origin: a good checkpoint of another log."""
    assert code_of(WORKED_600, origin="vol.example/agency-c/public") == "checkpoint.origin"


def test_tampered() -> None:
    """Code note.signature: another size under the same signature; a bad line of a second known key."""
    assert code_of(WORKED_600.replace(b"\n600\n", b"\n601\n")) == "note.signature"
    bad = NoteSignature(ORIGIN, notes.key_id(ORIGIN, notes.ED25519, STRANGER.public), bytes(64))
    forged = SignedNote.parse(WORKED_600).with_signatures(bad)
    assert code_of(forged.encode(), keys=(LOG_KEY.public, STRANGER.public)) == "note.signature"


def test_every_flipped_bit() -> None:
    """No bit of text, log signature or cosignature can change unnoticed."""
    for place in range(len(WORKED_5) * 8):
        changed = bytearray(WORKED_5)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(ProtocolError):
            verify_both(bytes(changed))


def verify_both(data: bytes) -> None:
    checkpoints.verify_checkpoint(data, ORIGIN, (LOG_KEY.public,))
    checkpoints.verify_cosignature(SignedNote.parse(data), WITNESS, (WITNESS_KEY.public,))


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\n{ROOT}\nextension\n",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n1_0\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n 5\n{ROOT}\n",
        f"{ORIGIN}\n\u0665\n{ROOT}\n",
        f"{ORIGIN}\n{MAX_TREE_SIZE + 1}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT[:-2]}B=\n",
        f"{ORIGIN}\n5\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n5\n {ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"two words\n5\n{ROOT}\n",
    ],
)
def test_malformed(text: str) -> None:
    """Code checkpoint.malformed: a checkpoint has exactly one spelling, and no extension lines."""
    with pytest.raises(ProtocolError) as caught:
        Checkpoint.parse(text)
    assert caught.value.code == "checkpoint.malformed"


def test_empty_tree() -> None:
    """Code checkpoint.empty-root: at size 0 there is one root."""
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert Checkpoint.parse(empty.encode()) == empty
    with pytest.raises(ProtocolError) as caught:
        Checkpoint.parse(Checkpoint(ORIGIN, 0, bytes(32)).encode())
    assert caught.value.code == "checkpoint.empty-root"


def test_unreadable_checkpoints_are_not_signed() -> None:
    """Our own mistakes get no signature."""
    with pytest.raises(ProtocolError):
        checkpoints.sign_checkpoint(Checkpoint("two words", 1, bytes(32)), LOG_KEY)


def test_cosignature_of_nobody() -> None:
    """Code cosignature.missing: no line under that name and these keys."""
    note = SignedNote.parse(WORKED_600)
    for name, keys in (
        (WITNESS, (STRANGER.public,)),
        ("other.example", (WITNESS_KEY.public,)),
        (WITNESS, ()),
    ):
        with pytest.raises(ProtocolError) as caught:
            checkpoints.verify_cosignature(note, name, keys)
        assert caught.value.code == "cosignature.missing"


def test_cosignature_that_fails() -> None:
    """Code cosignature.invalid: another text, another time, another length."""
    line = checkpoints.cosign(cosigned(5), WITNESS_KEY, WITNESS, TIME)
    later = (TIME + 1).to_bytes(8, "big") + line.blob[8:]
    text = cosigned(5).text
    too_late = WITNESS_KEY.sign(f"cosignature/v1\ntime {2**63}\n{text}".encode())
    ages_later = (2**63).to_bytes(8, "big") + too_late
    for text, blob in (
        (cosigned(3).text, line.blob),
        (cosigned(5).text, later),
        (cosigned(5).text, ages_later),
        (cosigned(5).text, line.blob[:-1]),
        (cosigned(5).text, line.blob[:5]),
    ):
        forged = SignedNote(text, (NoteSignature(WITNESS, line.key_id, blob),))
        with pytest.raises(ProtocolError) as caught:
            checkpoints.verify_cosignature(forged, WITNESS, (WITNESS_KEY.public,))
        assert caught.value.code == "cosignature.invalid"


def test_latest_cosignature_counts() -> None:
    """A witness that cosigned twice has seen the tree at its latest time."""
    note = cosigned(5)
    twice = note.with_signatures(checkpoints.cosign(note, WITNESS_KEY, WITNESS, TIME + 60))
    assert checkpoints.verify_cosignature(twice, WITNESS, (WITNESS_KEY.public,)) == TIME + 60


def test_a_log_signature_is_no_cosignature() -> None:
    """The two types have different key ids, so neither passes for the other."""
    note = checkpoints.sign_checkpoint(tree(5), LOG_KEY)
    with pytest.raises(ProtocolError) as caught:
        checkpoints.verify_cosignature(note, ORIGIN, (LOG_KEY.public,))
    assert caught.value.code == "cosignature.missing"


def test_impossible_times() -> None:
    """A time is seconds since 1970."""
    with pytest.raises(ValueError, match="1970"):
        checkpoints.cosign(cosigned(5), WITNESS_KEY, WITNESS, -1)


@given(origins, st.integers(1, MAX_TREE_SIZE), st.binary(min_size=32, max_size=32))
def test_round_trip(origin: str, size: int, root: bytes) -> None:
    """parse(encode(x)) == x."""
    checkpoint = Checkpoint(origin, size, root)
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint


@given(st.text() | st.from_regex(r"\w+\n\d+\n[A-Za-z0-9+/]{43}=\n", fullmatch=True))
def test_any_text(text: str) -> None:
    """Any text parses to what encodes to it, or raises ProtocolError."""
    try:
        checkpoint = Checkpoint.parse(text)
    except ProtocolError:
        return
    assert checkpoint.encode() == text


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Verifying any bytes raises ProtocolError and nothing else."""
    with pytest.raises(ProtocolError):
        checkpoints.verify_checkpoint(data, ORIGIN, (LOG_KEY.public,))

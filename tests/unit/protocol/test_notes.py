"""spec "Feeds": signed notes. The vector of the standard, then each form that is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import notes
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.notes import COSIGNATURE_V1, NoteSignature, SignedNote, Verifier

# https://c2sp.org/signed-note@v1.0.0, section "Example"
PUBLISHED_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED_NOTE = """This is an example message.

\N{EM DASH} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()

KEY = SigningKey(bytes(range(32)))
NAME = "vol.example/agency-a/public"
VERIFIER = Verifier(NAME, KEY.public)
GREASE = NoteSignature("grease.example/x", b"\x01\x02\x03\x04", b"random bytes")

names = st.text(min_size=1, max_size=20).filter(notes.is_key_name)
lines = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n")).map(
    lambda text: text + "\n"
)


def refused(data: bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        SignedNote.parse(data)
    return caught.value.code


def test_published_note() -> None:
    """C2SP signed-note: the example verifies under its vkey."""
    verifier = notes.parse_vkey(PUBLISHED_VKEY)
    note = SignedNote.parse(PUBLISHED_NOTE)
    assert note.text == "This is an example message.\n"
    assert notes.verify_note(note, [verifier]) == note.signatures
    assert note.encode() == PUBLISHED_NOTE
    assert notes.encode_vkey(verifier) == PUBLISHED_VKEY


def test_every_flipped_bit_of_the_published_note() -> None:
    """No bit of a note can change: the form breaks, the signature fails, or nobody known signed."""
    verifier = notes.parse_vkey(PUBLISHED_VKEY)
    for position in range(len(PUBLISHED_NOTE) * 8):
        changed = bytearray(PUBLISHED_NOTE)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            notes.verify_note(SignedNote.parse(bytes(changed)), [verifier])


def test_worked_vkeys() -> None:
    """The worked example: the keys of log and witness."""
    log = "vol.example/agency-a/public+93c19002+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    witness = "vol.example/agency-b/w1+1d432d4a+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
    assert notes.encode_vkey(VERIFIER) == log
    assert notes.parse_vkey(log) == VERIFIER
    witness_key = SigningKey(bytes(range(32, 64)))
    assert notes.parse_vkey(witness) == Verifier(
        "vol.example/agency-b/w1", witness_key.public, COSIGNATURE_V1
    )


def test_unknown_lines_are_ignored() -> None:
    """L-6, C2SP signed-note: a line of an unknown key says nothing, wherever it stands."""
    signed = notes.sign_note("text\n", NAME, KEY)
    same_name = NoteSignature(NAME, b"\0\0\0\0", b"x")
    same_id = NoteSignature("other.example", VERIFIER.key_id, b"x")
    for added in (GREASE, same_name, same_id):
        for mixed in (SignedNote("text\n", (added, *signed.signatures)), signed.with_signatures(added)):
            assert notes.verify_note(SignedNote.parse(mixed.encode()), [VERIFIER]) == signed.signatures


def test_as_many_lines_as_there_may_be() -> None:
    """L-9: 64 lines are read, and 65 are too many."""
    signed = notes.sign_note("text\n", NAME, KEY)
    full = signed.with_signatures(*[GREASE] * 63)
    assert notes.verify_note(SignedNote.parse(full.encode()), [VERIFIER]) == signed.signatures
    assert refused(full.with_signatures(GREASE).encode()) == "note.too-large"


def test_a_known_key_that_does_not_verify_refuses_the_note() -> None:
    """L-7, code note.signature: even beside a good line of another known key, and beside its own good line."""
    other = SigningKey(bytes(32))
    good = notes.sign_note("text\n", "other.example", other)
    bad = notes.sign_note("another text\n", NAME, KEY).signatures
    own = notes.sign_note("text\n", NAME, KEY).with_signatures(*bad)
    for note in (
        good.with_signatures(*bad),
        own,
        SignedNote("text\n", (NoteSignature(NAME, VERIFIER.key_id, b"x"),)),
    ):
        with pytest.raises(ProtocolError) as caught:
            notes.verify_note(note, [VERIFIER, Verifier("other.example", other.public)])
        assert caught.value.code == "note.signature"


def test_nobody_known_signed() -> None:
    """Code note.unsigned: under a wrong key, a wrong name, a wrong type."""
    note = notes.sign_note("text\n", NAME, KEY)
    strangers = [
        Verifier(NAME, SigningKey(bytes(32)).public),
        Verifier("other.example", KEY.public),
        Verifier(NAME, KEY.public, COSIGNATURE_V1),
    ]
    for verifiers in (strangers, []):
        with pytest.raises(ProtocolError) as caught:
            notes.verify_note(note, verifiers)
        assert caught.value.code == "note.unsigned"


def test_a_witness_key_signs_no_note() -> None:
    """Code note.unsigned: a type-4 key says nothing by a signature over the text."""
    line = NoteSignature(NAME, notes.key_id(NAME, COSIGNATURE_V1, KEY.public), KEY.sign(b"text\n"))
    with pytest.raises(ProtocolError) as caught:
        notes.verify_note(SignedNote("text\n", (line,)), [Verifier(NAME, KEY.public, COSIGNATURE_V1)])
    assert caught.value.code == "note.unsigned"


def test_two_known_keys_of_one_name_and_id() -> None:
    """Where names and ids collide, either key may have signed."""

    class Colliding(Verifier):
        @property
        def key_id(self) -> bytes:
            return VERIFIER.key_id

    note = notes.sign_note("text\n", NAME, KEY)
    assert notes.verify_note(note, [Colliding(NAME, SigningKey(bytes(32)).public), VERIFIER])


def test_the_last_blank_line_divides() -> None:
    """C2SP signed-note: a text may hold blank lines, and what looks like a signature."""
    inner = notes.sign_note("text\n", NAME, KEY).encode().decode()
    outer = SignedNote.parse(notes.sign_note(inner, "outer.example", KEY).encode())
    assert outer.text == inner
    assert notes.verify_note(outer, [Verifier("outer.example", KEY.public)])


LINE = GREASE.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        f"text\n{LINE}".encode(),
        f"text\n\n{LINE}"[:-1].encode(),
        f"text\n\n{LINE}\n".encode(),
        f"te\txt\n\n{LINE}".encode(),
        f"text\r\n\n{LINE}".encode(),
        f"text\n\n{LINE[1:]}".encode(),
        f"text\n\n- {LINE[2:]}".encode(),
        f"text\n\n{LINE.replace('=', '')}".encode(),
        f"text\n\n{LINE.replace('grease', 'gr+ase')}".encode(),
        ("text\n\n" + LINE.replace("grease", "gr\N{NO-BREAK SPACE}ase")).encode(),
        f"text\n\n\N{EM DASH}  {base64.b64encode(bytes(9)).decode()}\n".encode(),
        f"text\n\n\N{EM DASH} a {base64.b64encode(bytes(4)).decode()}\n".encode(),
        "text\n\n\N{EM DASH} a\n".encode(),
        "text\n\n\N{EM DASH} a AAAAAAB=\n".encode(),
        b"t\xff\n\n" + LINE.encode(),
    ],
)
def test_malformed_notes(data: bytes) -> None:
    """Code note.malformed: a note has exactly one spelling."""
    assert refused(data) == "note.malformed"


def test_limits() -> None:
    """Code note.too-large: sixteen lines of 5 kB are fine, more than 64 lines or 128 KiB are not."""
    long_line = NoteSignature("pq.example", b"abcd", bytes(5000))
    roomy = SignedNote("text\n", (long_line,) * 16)
    assert SignedNote.parse(roomy.encode()) == roomy
    assert refused(SignedNote("text\n", (GREASE,) * 65).encode()) == "note.too-large"
    assert refused(SignedNote("text\n" * 30_000, (GREASE,)).encode()) == "note.too-large"


def vkey_of(signature_type: int, public: bytes, name: str = "a") -> str:
    """A vkey whose parts agree, whatever they are."""
    key = base64.b64encode(bytes([signature_type]) + public).decode()
    return f"{name}+{notes.key_id(name, signature_type, public).hex()}+{key}"


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        PUBLISHED_VKEY + "\n",
        PUBLISHED_VKEY.replace("530d903a", "530D903A"),
        PUBLISHED_VKEY.replace("530d903a", "530d903b"),
        PUBLISHED_VKEY.replace("example.com/foo", "example.com/ foo"),
        PUBLISHED_VKEY.replace("example.com/foo", ""),
        PUBLISHED_VKEY[:-2],
        PUBLISHED_VKEY + "=",
        vkey_of(2, bytes(32)),
        vkey_of(1, bytes(31)),
        vkey_of(1, bytes(32), name="two words"),
    ],
)
def test_malformed_vkeys(vkey: str) -> None:
    """Code note.vkey: another form, id, type or length."""
    with pytest.raises(ProtocolError) as caught:
        notes.parse_vkey(vkey)
    assert caught.value.code == "note.vkey"


def test_own_mistakes() -> None:
    """What could not be read back is not signed."""
    with pytest.raises(ValueError, match="lines of text"):
        notes.sign_note("no newline", NAME, KEY)
    with pytest.raises(ValueError, match="signature line"):
        NoteSignature("two words", b"abcd", b"x")


@given(texts, st.lists(lines, min_size=1, max_size=5))
def test_round_trip(text: str, signatures: list[NoteSignature]) -> None:
    """parse(encode(x)) == x."""
    note = SignedNote(text, tuple(signatures))
    assert SignedNote.parse(note.encode()) == note


@given(
    st.binary(max_size=100)
    | st.lists(st.sampled_from(["\n", "\n\n", "text", "\N{EM DASH} ", "a", " ", "AAAAAAA=", LINE])).map(
        lambda parts: "".join(parts).encode()
    )
)
def test_any_bytes(data: bytes) -> None:
    """Any bytes parse to what encodes to them, or raise ProtocolError."""
    try:
        note = SignedNote.parse(data)
    except ProtocolError:
        return
    assert note.encode() == data


@given(st.text() | st.from_regex(r"\w+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", fullmatch=True))
def test_any_vkey(text: str) -> None:
    """Any text parses to what encodes to it, or raises ProtocolError."""
    try:
        verifier = notes.parse_vkey(text)
    except ProtocolError:
        return
    assert notes.encode_vkey(verifier) == text

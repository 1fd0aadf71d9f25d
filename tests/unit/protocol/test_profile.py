"""spec/ "JSON profile": one language, one canonical form."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from passerelle.errors import ProtocolError
from passerelle.protocol import profile
from tests import pace

INTEGERS = st.integers(-profile.MAX_INTEGER, profile.MAX_INTEGER)
STRINGS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAMES = st.text(st.characters(max_codepoint=126, exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | STRINGS,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=20,
)
READERS = pytest.mark.parametrize("read", [profile.parse, profile.parse_canonical])
Reader = Callable[[bytes], profile.Json]


def nested(depth: int) -> bytes:
    """Arrays in arrays, ``depth`` of them."""
    return b"[" * depth + b"]" * depth


@READERS
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.syntax"),
        (b"{", "json.syntax"),
        (b"[1] 2", "json.syntax"),
        (b'{"a":01}', "json.syntax"),
        (b"[NaN]", "json.syntax"),
        (b"[-Infinity]", "json.syntax"),
        (b'["\x01"]', "json.syntax"),
        (b"\xef\xbb\xbf{}", "json.syntax"),
        (b'["\xff"]', "json.not-utf8"),
        (b'["\xed\xa0\x80"]', "json.not-utf8"),
        ('{"a":"é"}'.encode("utf-16"), "json.not-utf8"),
        (b'{"a":1,"a":1}', "json.duplicate-member"),
        (b'{"a":{"b":1,"c":2,"b":3}}', "json.duplicate-member"),
        (b'{"a":1,"\\u0061":1}', "json.duplicate-member"),
        (b"[1.5]", "json.not-an-integer"),
        (b"[1.0]", "json.not-an-integer"),
        (b"[1e3]", "json.not-an-integer"),
        (b"[-0.0]", "json.not-an-integer"),
        (b"[1e400]", "json.not-an-integer"),
        (b"[9007199254740992]", "json.integer-range"),
        (b"[-9007199254740992]", "json.integer-range"),
        (b"[18446744073709551616]", "json.integer-range"),
        (b"[" + b"9" * 5000 + b"]", "json.integer-range"),
        (b'["\\u0000"]', "json.nul"),
        (b'{"\\u0000":1}', "json.nul"),
        (b'["\\ud800"]', "json.surrogate"),
        (b'["\\udc00\\ud800"]', "json.surrogate"),
        (b'{"\\ud800":1}', "json.member-name"),
        ('{"é":1}'.encode(), "json.member-name"),
        ('{"a":"é","b":{"é":1}}'.encode(), "json.member-name"),
        (nested(33), "json.too-deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "json.too-deep"),
        (b"[" * 100_000, "json.too-deep"),
    ],
)
def test_refused(read: Reader, data: bytes, code: str) -> None:
    """Both readers refuse the same bytes and give the same name to the fault."""
    with pytest.raises(ProtocolError) as caught:
        read(data)
    assert caught.value.code == code


@READERS
def test_size_is_bounded_to_the_byte(read: Reader) -> None:
    """A record has at most 256 KiB; one byte more is refused before anything is parsed."""
    largest = b'"' + b"a" * (profile.MAX_RECORD_BYTES - 2) + b'"'
    assert read(largest) == "a" * (profile.MAX_RECORD_BYTES - 2)
    with pytest.raises(ProtocolError, match=r"json\.too-large"):
        read(b"\xff" + largest)


@READERS
def test_naming_a_duplicate_takes_no_longer_than_reading(read: Reader) -> None:
    """A record full of short members costs a reader milliseconds, not a square of its size."""
    members = ",".join(f'"{n:x}":1' for n in range(20_000))
    text = f'{{{members},"4e1f":1}}'.encode()

    def read_it() -> None:
        with pytest.raises(ProtocolError) as caught:
            read(text)
        assert caught.value.code == "json.duplicate-member"
        assert caught.value.params["name"] == "4e1f"

    assert pace.units(read_it) < pace.A_SECOND


@READERS
@pytest.mark.parametrize(
    "data",
    [
        nested(32),
        b"[" * 32 + b'"leaf"' + b"]" * 32,
        b"[9007199254740991,-9007199254740991]",
        b'"\\\\u0000"',
        '{"a":"é","b":"😀"}'.encode(),
        b'{"":{}}',
        b"null",
    ],
)
def test_accepted_at_the_edge(read: Reader, data: bytes) -> None:
    """Limits are inclusive, and an escaped backslash before ``u0000`` is no U+0000."""
    assert profile.encode(read(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'"\\u00e9"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\u000a"',
        b"[-0]",
        b'["\\\\u0000", 1]',
    ],
)
def test_not_canonical(data: bytes) -> None:
    """Bytes that differ from their canonical form are refused as records, accepted in an identity log."""
    assert profile.encode(profile.parse(data)) != data
    with pytest.raises(ProtocolError) as caught:
        profile.parse_canonical(data)
    assert caught.value.code == "json.not-canonical"


@given(VALUES)
def test_canonical_form_is_rfc_8785(value: object) -> None:
    """Inside the profile the canonical form is JCS, as an outside library writes it."""
    data = profile.encode(value)
    assert data == rfc8785.dumps(value)  # type: ignore[arg-type]  # hypothesis gives object
    assert profile.parse_canonical(data) == profile.parse(data) == value


@given(VALUES, st.randoms(use_true_random=False))
def test_any_spelling_of_a_value_parses_to_it(value: object, random: object) -> None:
    """White space and escapes do not change what is said."""
    data = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert profile.parse(data) == value


@given(st.binary() | st.text().map(str.encode) | VALUES.map(lambda v: json.dumps(v).encode()[:-1]))
@READERS
def test_foreign_bytes_raise_protocol_errors_only(read: Reader, data: bytes) -> None:
    """Whatever a peer sends is a value or a ProtocolError of this area."""
    try:
        value = read(data)
    except ProtocolError as exc:
        assert exc.code.startswith("json.")  # noqa: PT017  # either outcome is right
    else:
        assert profile.parse(profile.encode(value)) == value


@given(st.text(alphabet='[]{}",:\\u0d8e1.-aéN \n', max_size=30))
@pytest.mark.parametrize("wrap", ["{}", "[{}]", '{{"a":{}}}'])
def test_the_fast_reader_accepts_what_the_strict_one_calls_canonical(wrap: str, text: str) -> None:
    """The library only makes it faster: the accepted language is that of the strict reader."""
    data = wrap.format(text).encode()

    def canonical() -> bool:
        try:
            return profile.encode(profile.parse(data)) == data
        except ProtocolError:
            return False

    try:
        profile.parse_canonical(data)
        accepted = True
    except ProtocolError:
        accepted = False
    assert accepted == canonical()


class Text(str):
    """A subclass, which JSON libraries would write as a plain string."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [1.0, 2**53, ("a",), {"é": 1}, {1: 2}, "\0", "\ud800", b"", Text("a"), {Text("a"): 1}, datetime.now(UTC)],
    ids=repr,
)
def test_encoding_our_own_mistake_is_a_value_error(value: object) -> None:
    """What no reader would accept is never written, and is not a peer's fault."""
    with pytest.raises(ValueError, match="profile"):
        profile.encode([value])


def test_time_is_written_to_the_second_in_utc() -> None:
    """Cut, never rounded; years are padded."""
    moment = datetime(2026, 11, 21, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert profile.format_time(moment) == "2026-11-21T10:00:00Z"
    assert profile.format_time(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        profile.format_time(datetime(2026, 11, 21))  # noqa: DTZ001  # the mistake under test


@given(st.datetimes(timezones=st.just(UTC)))
def test_time_round_trip(moment: datetime) -> None:
    """A time read back is the time written, to the second."""
    assert profile.parse_time(profile.format_time(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T10:00:00",
        "2026-11-21T10:00:00+00:00",
        "2026-11-21T10:00:00.0Z",
        "2026-11-21t10:00:00z",
        "2026-11-21 10:00:00Z",
        "2026-11-21T10:00:00Z\n",
        "2026-02-29T10:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T10:00:60Z",
        "0000-11-21T10:00:00Z",
        "٢٠٢٦-11-21T10:00:00Z",
        "",
    ],
)
def test_other_spellings_of_a_time_are_refused(text: str) -> None:
    """One spelling: ``YYYY-MM-DDThh:mm:ssZ`` of a second that exists."""
    with pytest.raises(ProtocolError, match=r"time\.malformed"):
        profile.parse_time(text)


def slowly_plain(value: object, depth: int = 1) -> bool:
    """What the walk over a tree asks, put plainly; the root is at depth 1."""
    if type(value) in {str, int, bool, type(None)}:
        return True
    if depth > profile.MAX_DEPTH:
        return False
    if type(value) is dict:
        return all(map(str.isascii, value)) and all(slowly_plain(item, depth + 1) for item in value.values())
    return type(value) is list and all(slowly_plain(item, depth + 1) for item in value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.tuples() | st.builds(Text),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(), inner) | st.builds(lambda item: [item], inner)
        ),
        max_leaves=12,
    ),
    st.integers(0, profile.MAX_DEPTH + 1),
)
def test_the_walk_over_a_tree(value: object, deeper: int) -> None:
    """spec/ "JSON profile": kinds, names and depth, as in the plain definition."""
    for _ in range(deeper):
        value = [value]
    assert profile._is_plain(value, names_are_ascii=False) == slowly_plain(value)

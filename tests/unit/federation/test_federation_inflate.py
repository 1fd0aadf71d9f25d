"""spec/07 P-10: a coding is undone whole, within a limit, or not at all."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.errors import TransportError
from passerelle.sync import client
from passerelle.sync.client import inflate

GOOD = b"the bytes of a file " * 50


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(GOOD)[:-9], "gzip"),
        (gzip.compress(GOOD)[:20], "gzip"),
        (b"", "gzip"),
        (GOOD, "gzip"),
        (gzip.compress(GOOD) + b"more", "gzip"),
        (gzip.compress(GOOD) + gzip.compress(GOOD), "gzip"),
        (zlib.compress(GOOD), "gzip"),
        (zstandard.ZstdCompressor().compress(GOOD)[:-3], "zstd"),
        (zstandard.ZstdCompressor(write_content_size=False).compress(GOOD)[:-3], "zstd"),
        (b"", "zstd"),
        (GOOD, "zstd"),
        (zstandard.ZstdCompressor().compress(GOOD) + b"more", "zstd"),
        (GOOD, "br"),
        (gzip.compress(GOOD), "gzip, gzip"),
    ],
)
def test_a_damaged_coding_is_the_road_s_fault(body: bytes, coding: str) -> None:
    """P-10, F-8: what does not inflate whole is thrown away, never taken for a shorter file."""
    with pytest.raises(TransportError) as failed:
        inflate(body, coding, 10_000)
    assert failed.value.code == "road.damaged"


def test_a_coding_that_wants_much_memory() -> None:
    """P-10: a window beyond 8 MiB is not opened, however small what is in it."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    engine = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(TransportError) as failed:
        inflate(engine.compress(GOOD) + engine.flush(), "zstd", 10_000)
    assert failed.value.code == "road.damaged"


@pytest.mark.parametrize("size", [0, 1, 1_023, 1_024, 1_025, 100_000, 5_000_000])
def test_what_was_coded_comes_back(size: int) -> None:
    """P-9: each coding gives the same bytes, of any size up to the limit."""
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    for coding, coded in (("gzip", gzip.compress(data)), ("zstd", zstandard.ZstdCompressor().compress(data))):
        assert inflate(coded, coding, size) == data
    assert inflate(data, "identity", size) == data


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_goes_off_in_the_open(coding: str) -> None:
    """P-10: 64 MiB out of a few kilobytes is refused before it is there."""
    if coding == "gzip":
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(64)) + packer.flush()
    else:
        engine = zstandard.ZstdCompressor().compressobj()
        bomb = b"".join(engine.compress(b"\0" * 2**20) for _ in range(64)) + engine.flush()
    with pytest.raises(TransportError) as failed:
        inflate(bomb, coding, 100_000)
    assert failed.value.code == "road.too-long"


@given(st.binary(max_size=3_000), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_inflating_whole_gives_what_piece_by_piece_gives(
    monkeypatch: pytest.MonkeyPatch, data: bytes, spoilt: list[tuple[int, int]]
) -> None:
    """P-10: a frame that tells its size is undone in one go, and refused where the slow way refuses it."""
    coded = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(data))
    for at, byte in spoilt:
        coded[at % len(coded)] = byte
    found = []
    for whole in (client.MAX_INFLATED_WHOLE, 0):
        with monkeypatch.context() as changed:
            changed.setattr(client, "MAX_INFLATED_WHOLE", whole)
            try:
                found.append(inflate(bytes(coded), "zstd", 2_500))
            except TransportError as error:
                found.append(error.code.encode())
    assert found[0] == found[1]

"""Addresses out of documents: read strictly, compared by the place that they name."""

from __future__ import annotations

import pytest

from passerelle.errors import ProtocolError
from passerelle.sync.addresses import public_address, site_of
from tests.unit.sync.author import Agency


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://[v1.x]:80",
        "https://host:99999",
        "https://host:port",
        "https://",
        "ftp://togo.example",
        "https://①②⑦.0.0.1",
        "https://tögo.example",
        "https://togo.example\n",
        "https://user@togo.example",
        "https://togo.example/?a",
        "https://togo.example/#a",
        "/togo.example",
        "",
    ],
)
def test_an_address_that_a_document_may_not_name(agencies: tuple[Agency, Agency], address: str) -> None:
    """P-16: nothing but ProtocolError comes out of a partner's bytes."""
    with pytest.raises(ProtocolError, match=r"descriptor\.wrong"):
        public_address(agencies[1].descriptor(address))


@pytest.mark.parametrize(
    "address", ["https://togo.example", "http://[::1]:80/", "https://togo.example:8443/node"]
)
def test_an_address_that_a_document_may_name(agencies: tuple[Agency, Agency], address: str) -> None:
    """P-16: a host, perhaps a port and a path; the slash at the end says nothing."""
    assert public_address(agencies[1].descriptor(address)) == address.rstrip("/")


@pytest.mark.parametrize(
    "spelling",
    ["https://Togo.Example", "https://togo.example:443/", "https://togo.example./x", "https://TOGO.example/"],
)
def test_two_spellings_of_one_place(spelling: str) -> None:
    """Whose server answers is decided by scheme, host and port."""
    assert site_of(spelling) == site_of("https://togo.example")
    assert site_of(spelling) != site_of("http://togo.example")

"""Addresses out of documents: read strictly, compared by the place that they name."""

from __future__ import annotations

import socket

import pytest
from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from passerelle.errors import ProtocolError, TransportError
from passerelle.protocol.profile import Json
from passerelle.protocol.schemas import Schemas
from passerelle.sync import contact
from passerelle.sync.addresses import public_address, site_of
from passerelle.sync.client import Road
from passerelle.sync.guard import PublicOnlyResolver, is_public
from tests.unit.sync.author import START, Agency
from tests.unit.sync.conftest import Follower


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
        "https://togo.example?",
        "https://togo.example/#",
        "/togo.example",
        "",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0x7f.1",
        "https://017700000001",
        "https://127.0.0.1.",
        "https://1.2.3.4.5",
        "https://togo.example\\@127.0.0.1",
        "https://togo.example:443@127.0.0.1",
    ],
)
def test_an_address_that_a_document_may_not_name(agencies: tuple[Agency, Agency], address: str) -> None:
    """P-16, P-25: nothing but ProtocolError comes out of a partner's bytes, and a number has one spelling."""
    with pytest.raises(ProtocolError, match=r"descriptor\.wrong"):
        public_address(agencies[1].descriptor(address))


@pytest.mark.parametrize(
    "address", ["https://togo.example", "http://[::1]:80/", "https://togo.example:8443/node"]
)
def test_an_address_that_a_document_may_name(agencies: tuple[Agency, Agency], address: str) -> None:
    """P-16: a host, perhaps a port and a path; the slash at the end says nothing."""
    assert public_address(agencies[1].descriptor(address)) == address.rstrip("/")


def test_of_several_addresses_the_first_is_the_node_s(agencies: tuple[Agency, Agency]) -> None:
    """P-17: the others are for people."""
    body: dict[str, Json] = {"addresses": ["https://a.example", "https://b.example"], "lang": "fr"}
    assert public_address(agencies[1].record(type="node", body=body)) == "https://a.example"


@pytest.mark.parametrize(
    "spelling",
    ["https://Togo.Example", "https://togo.example:443/", "https://togo.example./x", "https://TOGO.example/"],
)
def test_two_spellings_of_one_place(spelling: str) -> None:
    """Whose server answers is decided by scheme, host and port."""
    assert site_of(spelling) == site_of("https://togo.example")
    assert site_of(spelling) != site_of("http://togo.example")


@pytest.mark.parametrize(
    "host",
    [
        "①②⑦.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "127.0.0.1",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[2002:7f00:1::]",
        "[64:ff9b::a00:1]",
        "[::]",
        "[::1]",
        "0.0.0.0",
        "0",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "togo.localhost",
    ],
)
async def test_the_host_that_is_dialled_is_the_one_that_is_checked(follower: Follower, host: str) -> None:
    """P-16: the library dials the normalised host, so no other spelling reaches our own network."""
    address = follower.site.address.replace("127.0.0.1", host)
    road = Road(follower.author.scid, address, address, trusted_address=False)
    with pytest.raises(TransportError, match=r"road\.private-address"):
        await follower.client.get(road, "/.well-known/did.jsonl", max_bytes=10_000)
    assert follower.site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "2002:0a00:0001::1",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "64:ff9b:1:2::8.8.8.8",
        "::ffff:192.168.0.1",
        "::127.0.0.1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1%eth0",
        "fec0::1",
        "fd00::1",
        "ff0e::1",
        "5f00::1",
        "4000::1",
        "3fff::1",
        "2001:db8::1",
        "192.88.99.1",
        "192.0.0.9",
        "192.0.0.10",
        "192.31.196.1",
        "192.52.193.1",
        "192.175.48.1",
        "2001:1::1",
        "2620:4f:8000::1",
        "224.0.0.1",
        "0.0.0.0",
        "100.64.0.1",
        "169.254.169.254",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "127.1",
        "2130706433",
        "not an address",
    ],
)
def test_an_address_that_leads_inwards(address: str) -> None:
    """P-16: the private address within a tunnel's or a translator's is what answers."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "2002:0808:0808::1", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_open_internet(address: str) -> None:
    """NAT64 is how a node in a network of IPv6 alone reaches the others."""
    assert is_public(address)


@pytest.mark.parametrize("port", [1, 22, 25, 444, 1023])
async def test_a_document_leads_to_no_other_service(follower: Follower, port: int) -> None:
    """P-24: below 1024 a partner's document leads to ports 80 and 443 alone."""
    address = f"http://8.8.8.8:{port}"
    road = Road(follower.author.scid, address, address, trusted_address=False)
    with pytest.raises(TransportError, match=r"road\.port-refused"):
        await follower.client.get(road, "/.well-known/did.jsonl", max_bytes=10_000)


def resolved(host: str) -> ResolveResult:
    """What a look-up gives back for one address."""
    return ResolveResult(
        hostname="togo.example",
        host=host,
        port=80,
        family=socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )


async def test_a_name_that_changes_its_mind(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-16: what was checked is what is connected to; a name is not looked up again in between."""
    answers = [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"]]

    async def lookup(*_: object) -> list[ResolveResult]:
        return [resolved(host) for host in answers.pop(0)]

    monkeypatch.setattr(ThreadedResolver, "resolve", lookup)
    address = follower.site.address.replace("127.0.0.1", "togo.example")
    road = Road(follower.author.scid, address, address, trusted_address=False)
    for _ in range(2):
        with pytest.raises(TransportError, match=r"road\.private-address"):
            await follower.client.get(road, "/.well-known/did.jsonl", max_bytes=10_000)
    assert follower.site.asked == []
    assert answers == []


async def test_of_several_addresses_only_the_public_ones_are_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-16: a name that points outwards and inwards at once is followed outwards alone."""

    async def lookup(*_: object) -> list[ResolveResult]:
        return [resolved(host) for host in ("127.0.0.1", "8.8.8.8", "192.168.0.1")]

    monkeypatch.setattr(ThreadedResolver, "resolve", lookup)
    resolver = PublicOnlyResolver()
    assert [found["host"] for found in await resolver.resolve("togo.example", 80)] == ["8.8.8.8"]
    await resolver.close()


async def test_what_answers_is_no_node(follower: Follower) -> None:
    """First contact: a site without the two documents of a node is said to be none, with what it answered."""
    del follower.site.files["/.well-known/did.jsonl"]
    with pytest.raises(TransportError, match=r"road\.not-a-node") as caught:
        await contact.introduce(follower.client, follower.site.address, START, Schemas.packaged())
    assert caught.value.params["status"] == 404

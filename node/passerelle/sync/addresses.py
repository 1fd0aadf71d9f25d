"""Addresses that documents claim: read, compared, never believed.

Signatures of our requests cover the address that a partner's descriptor claims. A partner
that claimed another node's address would be sent requests that are good there, and could
replay them; so an address belongs to one agency, and to us if it is ours.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from yarl import URL

from passerelle.errors import ProtocolError
from passerelle.protocol.records import Record
from passerelle.storage.peers import Peer
from passerelle.sync.guard import is_odd_number

Site = tuple[str, str, int]
"""Scheme, host and port: what decides whose server answers."""

_PORTS = {"http": 80, "https": 443}


def public_address(descriptor: Record) -> str:
    """The first address of a descriptor, without a trailing slash.

    Raises:
        ProtocolError: ``descriptor.wrong``: none, or none that a document may name.
    """
    addresses = descriptor.body.get("addresses")
    first = addresses[0] if isinstance(addresses, list | tuple) and addresses else None
    if not isinstance(first, str):
        raise ProtocolError("descriptor.wrong")
    _check_claimed(first)
    return first.rstrip("/")


def _check_claimed(address: str) -> None:
    """ASCII only, and numbers in their one form: anything else is another host once a library has read it."""
    if not address.isascii() or any(sign <= " " or sign == "\x7f" for sign in address):
        raise ProtocolError("descriptor.wrong")
    try:
        parts = urlsplit(address)
        site_of(address)
        host = host_of(address)
    except ValueError as exc:
        raise ProtocolError("descriptor.wrong") from exc
    if is_odd_number(host) or "@" in parts.netloc or set(address) & set("?#"):
        raise ProtocolError("descriptor.wrong")


def _url(address: str) -> URL:
    try:
        return URL(address)
    except IndexError as exc:  # how the library ends on ``https://[v1.a]@``
        raise ValueError("no address") from exc


def host_of(address: str) -> str:
    """The host to which a connection goes, in the form in which the HTTP library dials it.

    Raises:
        ValueError: No address with a host.
    """
    host = _url(address).host
    if not host or not host.strip("."):
        raise ValueError("an address has a host")
    if "[" in address:
        ipaddress.ip_address(host)  # a later form of literal (RFC 3986 3.2.2) is none that we dial
    return host


def site_of(address: str) -> Site:
    """Scheme, host and port, so that two spellings of one place are equal.

    Raises:
        ValueError: No address of a node.
    """
    url = _url(address)
    if url.scheme not in _PORTS:
        raise ValueError("an address is https:// or http://")
    return url.scheme, host_of(address).lower().rstrip("."), url.port or _PORTS[url.scheme]


def owner_of(address: str, partners: Iterable[Peer]) -> str | None:
    """The SCID of the partner whose descriptor claims the site of this address."""
    wanted = site_of(address)
    for partner in partners:
        try:
            claimed = public_address(Record.parse(partner.descriptor))
        except ProtocolError:  # kept before this was checked: it claims nothing
            continue
        if site_of(claimed) == wanted:
            return partner.scid
    return None

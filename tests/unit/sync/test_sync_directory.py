"""Whose key it is that a request names."""

from __future__ import annotations

from datetime import datetime

from passerelle.protocol.identity import parse_identity
from passerelle.protocol.keys import SigningKey
from passerelle.storage.peers import Peer
from passerelle.sync.directory import Directory
from tests.unit.sync.author import START, Agency

LATER = SigningKey(bytes(range(32)))


def clock() -> datetime:
    return START


def test_a_request_key_is_one_of_the_newest_document() -> None:
    """Q-10: a key that a newer entry has dropped signs no request any more, and one of a stranger never does."""
    us, them, stranger = Agency("togo"), Agency("mali"), Agency("niger")
    directory = Directory(us.scid, clock)
    for agency in (them, stranger):
        directory.keep_identity(parse_identity(agency.log, now=START))
    directory.keep_peer(Peer(them.scid, None, "https://mali.example", False, 0, None, b""))
    old, new = f"{them.did}#{them.keys.request.multikey}", f"{them.did}#{LATER.multikey}"
    assert (directory.request_key(old), directory.request_key(new)) == (them.keys.request.public, None)
    assert directory.request_key(f"{them.did}#{them.keys.record.multikey}") is None
    assert directory.request_key(f"{stranger.did}#{stranger.keys.request.multikey}") is None
    directory.keep_identity(parse_identity(them.rotate_request_key(LATER), now=START))
    assert (directory.request_key(old), directory.request_key(new)) == (None, LATER.public)

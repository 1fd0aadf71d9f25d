"""What every use case works with, named once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from passerelle.config import Config
from passerelle.desk.drafting import Drafting
from passerelle.desk.scribing import Scribing
from passerelle.exchange.rules.book import Rulebook
from passerelle.protocol.schemas import Schemas
from passerelle.storage.database import Database
from passerelle.storage.heads import Head
from passerelle.sync.client import Client
from passerelle.sync.confirming import Confirming
from passerelle.sync.directory import Directory
from passerelle.sync.follower import Follower
from passerelle.sync.publisher import Publisher
from passerelle.sync.signing import Tools


@dataclass(frozen=True, slots=True)
class Context:
    """The running parts of a node.

    Args:
        config: The settings.
        database: The rows.
        directory: Identities and partners.
        schemas: The schema registry.
        publisher: The one writer of our feeds.
        follower: The visits to partners.
        client: Sends requests to partners.
        fence: Ends a read-only state on a person's word.
        clock: Gives the present, aware, UTC.
        scribing: Signs great numbers of new public records.
        rules: The rules of the field.
        tools: Keys, schemas and clock with which a document that is no record is signed.
    """

    config: Config
    database: Database
    directory: Directory
    schemas: Schemas
    publisher: Publisher
    follower: Follower
    client: Client
    fence: Confirming
    clock: Callable[[], datetime]
    scribing: Scribing
    rules: Rulebook
    tools: Tools

    @property
    def heads(self) -> Mapping[str, Head]:
        """Our own heads in force, by origin."""
        return self.publisher.current

    @property
    def drafting(self) -> Drafting:
        """What drafts are made with now."""
        agency = self.config.agency
        return Drafting(
            self.own,
            agency.code,
            agency.fictitious,
            agency.languages[0],
            lambda name: self.directory.find(name).scid,
        )

    @property
    def own(self) -> str:
        """Our SCID."""
        return self.directory.own_scid

    def code_of(self, scid: str) -> str | None:
        """The short code bound to an agency here: ours, a partner's, or None."""
        if scid == self.own:
            return self.config.agency.code
        partner = self.directory.peer(scid)
        return None if partner is None else partner.code

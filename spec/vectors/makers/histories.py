"""Histories for the vectors of the fold: who said what, where it stands, what its author had seen."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

from makers.common import Tree, seed
from makers.signed_records import Actors, record_id

COUNTRIES: Final = {"togo": "TG", "mali": "ML", "france": "FR"}
SCIDS: Final = Actors().scids
TOGO, MALI, FRANCE = "togo", "mali", "france"


def party(agency: str) -> Tree:
    """An agency and its country."""
    return {"agency": SCIDS[agency], "country": COUNTRIES[agency]}


def direction(sender: str, host: str) -> Tree:
    """From the sending to the hosting agency."""
    return {"from": party(sender), "to": party(host)}


def quota(sender: str, host: str, persons: int, per_period: str = "total", **more: Any) -> Tree:
    """A row of an agreement's directions."""
    return direction(sender, host) | {"quota": {"persons": persons, "perPeriod": per_period}} | more


class History:
    """Feeds while they grow. Digests are SHA-256 of names, for nothing here is signed.

    Args:
        name: Of the file; makes ids and digests its own.

    Attributes:
        common: How many entries every case of the file begins with.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.entries: list[Tree] = []
        self._sizes: dict[str, int] = {}
        self._cosigned: dict[tuple[str, str], int] = {}
        self.common = 0

    def branch(self) -> History:
        """A copy that goes its own way; what stands so far is common."""
        other = deepcopy(self)
        other.common = len(self.entries)
        return other

    def branch_of(self, common: History) -> History:
        """A copy that goes its own way; what stood at ``common`` is common, the rest its own."""
        other = deepcopy(self)
        other.common = len(common.entries)
        return other

    @property
    def own(self) -> list[Tree]:
        """What is not common."""
        return self.entries[self.common :]

    def entry(self, label: str) -> Tree:
        """What was published under a label."""
        return next(entry for entry in self.entries if entry["label"] == label)

    def ref(self, label: str) -> Tree:
        """How another record names it."""
        return {name: self.entry(label)[name] for name in ("id", "digest")}

    def size(self, author: str, partner: str) -> int:
        """Leaves of a bilateral feed."""
        return self._sizes.get(_origin(author, partner), 0)

    def sync(self, *agencies: str) -> None:
        """Each of them cosigns all that the others have written to it."""
        for reader in agencies:
            for author in agencies:
                self._cosigned[reader, author] = self.size(author, reader)

    def publish(
        self,
        label: str,
        author: str,
        to: Sequence[str],
        kind: str,
        body: Tree,
        *,
        after: str | None = None,
        seen: dict[str, int] | None = None,
        under: str | None = None,
    ) -> str:
        """Puts a record into the feed to each addressee, or, with nobody addressed, into the public feed.

        Args:
            label: What cases call it.
            author: Agency.
            to: Agencies.
            kind: Record type.
            body: The members that the fold reads, and no others.
            after: Label of the version before.
            seen: Sizes in place of those cosigned.
            under: Label whose id it takes as version 2 of what nobody holds.
        """
        before = self.entry(after) if after else None
        entry: Tree = {
            "label": label,
            "digest": seed(f"fold/{self.name}/{label}").hex(),
            "places": [self._place(author, partner) for partner in to or [None]],
            "id": before["id"] if before else record_id(f"fold/{self.name}/{label}"),
            "type": kind,
            "schema": f"urn:passerelle:schema:{kind}:1.0",
            "version": before["version"] + 1 if before else 1,
            "issuer": SCIDS[author],
            "audience": sorted(SCIDS[agency] for agency in to) if to else "public",
            "body": body,
        }
        if under:
            unknown = seed(f"fold/{self.name}/before {label}").hex()
            entry |= {"id": self.entry(under)["id"], "version": 2, "previous": unknown}
        if before:
            entry["previous"] = before["digest"]
        if to:
            known = {agency: self._cosigned.get((author, agency), 0) for agency in to} | (seen or {})
            entry["seen"] = {SCIDS[agency]: {"feed": 1, "size": size} for agency, size in known.items()}
        self.entries.append(entry)
        return label

    def _place(self, author: str, partner: str | None) -> Tree:
        origin = _origin(author, partner)
        index = self._sizes.get(origin, 0)
        self._sizes[origin] = index + 1
        return {"origin": origin, "index": index}

    def erase(self, label: str, *members: str) -> None:
        """Leaves a stub: the header's members stay, of the body those named."""
        entry = self.entry(label)
        body = entry.pop("body")
        entry["residue"] = {name: body[name] for name in members}

    # --- records by type -----------------------------------------------------------------

    def agreement(
        self,
        label: str,
        author: str,
        others: Sequence[str],
        rows: Sequence[Tree],
        *,
        after: str | None = None,
        period: str = "2017/..",
    ) -> str:
        """An agreement of all parties."""
        parties = [party(agency) for agency in (author, *others)]
        body = {"parties": parties, "period": period, "schemes": ["vir"], "directions": list(rows)}
        return self.publish(label, author, others, "agreement", body, after=after)

    def decide(
        self,
        label: str,
        author: str,
        to: Sequence[str],
        about: str,
        outcome: str,
        effective: str,
        *,
        scope: Tree | None = None,
        seen: dict[str, int] | None = None,
    ) -> str:
        """A decision on the version published under a label."""
        body = {
            "about": self.ref(about),
            "aboutType": self.entry(about)["type"],
            "outcome": outcome,
            "effective": effective,
        }
        return self.publish(
            label, author, to, "decision", body | ({"scope": scope} if scope else {}), seen=seen
        )

    def offer(self, label: str, host: str, places: int = 9, **more: Any) -> str:
        """A public offer."""
        body = {"scheme": "vir", "places": places, "host": party(host)}
        return self.publish(label, host, (), "offer", body | more)

    def nominate(
        self,
        label: str,
        sender: str,
        host: str,
        day: str,
        *,
        agreement: str = "agreement",
        offer: str = "offer",
        dossier: str | None = None,
        seen: dict[str, int] | None = None,
        under: str | None = None,
    ) -> str:
        """A nomination, with a dossier of its own before it where none is named."""
        if dossier is None:
            card = {"part": "card", "sendingAgency": SCIDS[sender]}
            dossier = self.publish(f"dossier of {label}", sender, (host,), "dossier", card)
        body = {
            "dossier": self.ref(dossier),
            "offer": self.ref(offer),
            "agreement": self.ref(agreement),
            "direction": direction(sender, host),
            "nominatedOn": day,
        }
        return self.publish(label, sender, (host,), "nomination", body, seen=seen, under=under)

    def place(
        self, label: str, nomination: str, planned: str, *, agreement: str = "agreement", **more: Any
    ) -> str:
        """A placement by the host of a nomination."""
        named = self.entry(nomination)["body"]
        sender, host = (_agency(named["direction"][end]["agency"]) for end in ("from", "to"))
        body = {
            "nomination": self.ref(nomination),
            "agreement": self.ref(agreement),
            "direction": named["direction"],
            "scheme": "vir",
            "planned": planned,
        }
        return self.publish(label, host, (sender,), "placement", body | more)

    def happen(self, label: str, author: str, to: str | None, placement: str, kind: str, day: str) -> str:
        """An event that was done; a public one where nobody is addressed."""
        about = [{"id": self.entry(placement)["id"], "type": "placement"}]
        return self.publish(
            label,
            author,
            (to,) if to else (),
            "event",
            {"kind": kind, "about": about, "status": "done", "actual": day},
        )


def _agency(scid: str) -> str:
    return next(name for name, own in SCIDS.items() if own == scid)


def _origin(author: str, partner: str | None) -> str:
    return f"passerelle/{SCIDS[author]}/" + (f"to/{SCIDS[partner]}/1" if partner else "public/1")

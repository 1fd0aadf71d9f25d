"""Members of identity logs that are of another kind than they should be, and which fault is told of two (chapter 03)."""

from __future__ import annotations

from typing import Any

from makers import identities
from makers.common import Key, Tree

TOGO = "togo"
UNREADABLE = "z6Mk"


def _case(name: str, rule: str, code: str, log: list[Tree], **more: Any) -> Tree:
    return identities.refused(name, rule, code, log, webvh=more.pop("webvh", "any"), **more)


def first() -> list[Tree]:
    """Faults of a first entry."""
    keys = identities.Keys.of(TOGO)
    honest = identities.one_entry(TOGO)[0]
    own, method = honest["state"]["passerelle"], honest["state"]["verificationMethod"][0]
    stranger = [Key(f"many/{n}").multikey for n in range(65)]

    def of(**state: Any) -> list[Tree]:
        return [identities.first_entry(TOGO, "togo.example", keys, state=state)]

    def passerelle(**changes: Any) -> list[Tree]:
        return of(passerelle=own | changes)

    def proved(proof: Any) -> list[Tree]:
        return [{**honest, "proof": proof}]

    did = f"did:webvh:{identities.PLACEHOLDER}:togo.example"
    no_key = method | {"id": f"{did}#{UNREADABLE}", "controller": did, "publicKeyMultibase": UNREADABLE}
    document, many, refused_key = "identity.document", "identity.too-many", "identity.key-refused"
    port = [identities.first_entry(TOGO, "togo.example%3A65536", keys)]
    again = identities.proved_again
    return [
        _case("a port that cannot be", "I-3", document, port, webvh="rejects"),
        _case("a proof that is no list", "I-16", "identity.proof", proved(honest["proof"][0])),
        _case("a proof that is a string in a list", "I-16", "identity.malformed", proved(["x"])),
        _case("two strings as proofs", "I-16", "identity.proof", proved(["x", "x"])),
        _case("a versionId that is a number", "I-10", "identity.version", [again({**honest, "versionId": 1})]),
        _case("methods that are no list", "I-48", document, of(verificationMethod={"0": method})),
        _case("a method that is no object", "I-48", document, of(verificationMethod=["x"])),
        _case("a key that is none before a method that is no object", "I-48", refused_key, of(verificationMethod=[no_key, "x"])),
        _case("log keys that are no list", "I-48", document, passerelle(log=own["log"][0])),
        _case("a key that is none before a number", "I-48", document, passerelle(log=[UNREADABLE, 1])),
        _case("sealing keys that are no list", "I-48", document, passerelle(sealing={})),
        _case("a successor that is no hash", "I-48", document, passerelle(successors=["0"])),
        _case("no list for records, no object for the rest", "I-48", document, of(assertionMethod="x", passerelle=[])),
        _case("sixty-five record keys, and no object for the rest", "I-45", many, of(assertionMethod=stranger, passerelle=[])),
        _case("nothing for the rest", "I-48", document, of(passerelle=None)),
        _case("sixty-five other names under the same DID", "I-45", many, of(alsoKnownAs=["x"] * 65)),
    ]  # fmt: skip


def many_keys() -> list[Tree]:
    """A log that reaches 4,096 signing keys in its entry 33, 62 of them for no use, and names one more in entry 34."""
    log = identities.one_entry(TOGO)
    first_keys = identities.Keys.of(TOGO)
    did = log[0]["state"]["id"]

    def of(purpose: str, number: int, count: int = 64) -> tuple[Key, ...]:
        return tuple(Key(f"many/{purpose}/{number}/{n}") for n in range(count))

    def grown(number: int, witnesses: tuple[Key, ...], log_keys: tuple[Key, ...], **state: Any) -> None:
        keys = identities.Keys(first_keys.record, first_keys.request, log_keys, witnesses)
        time = f"2025-02-01T00:00:{number:02}Z"
        log.append(identities.next_entry(log, TOGO, keys, time, state=state))

    # Four keys and an update key in the first entry; an update key and 128 keys in each of the next 31.
    for number in range(2, 33):
        grown(number, of("witness", number), of("log", number))
    found = 5 + 31 * 129
    unused = of("unused", 33, 62)
    named = [
        {
            "id": f"{did}#{key.multikey}",
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.multikey,
        }
        for key in unused
    ]
    methods = [*log[0]["state"]["verificationMethod"], *named]
    rest = 4096 - found - 1 - len(unused)
    for number in (33, 34):
        grown(number, of("witness", 33, 1), of("log", 33, rest - 1), verificationMethod=methods)
    return [_case("4,097 signing keys", "I-46", "identity.too-many", log, entry=34)]


def later() -> list[Tree]:
    """Faults of a second entry."""
    one = identities.one_entry(TOGO)
    keys = identities.Keys.of(TOGO)
    key, stranger = identities.update_key(TOGO, 2), Key("stranger").multikey

    def updated(*names: Any) -> list[Tree]:
        parameters = {"updateKeys": list(names)}
        return [*one, identities.next_entry(one, TOGO, keys, identities.SECOND, parameters=parameters)]

    def with_members(**members: Any) -> list[Tree]:
        honest = identities.next_entry(one, TOGO, keys, identities.SECOND)
        bare = {name: value for name, value in honest.items() if name != "proof"}
        return [*one, identities.finish({**bare, "versionId": one[0]["versionId"], **members}, 2, key)]

    unrotated, refused_key = "identity.pre-rotation", "identity.key-refused"
    return [
        _case("a key without commitment, then one that is none", "I-15", unrotated, updated(key.multikey, stranger, UNREADABLE), entry=2),
        _case("a key that is none, then one without commitment", "I-15", refused_key, updated(key.multikey, UNREADABLE, stranger), entry=2),
        _case("a key that is none, then a number", "I-14", "identity.unsupported", updated(key.multikey, UNREADABLE, 1), entry=2),
        _case("a versionTime that is a number", "I-11", "identity.time", with_members(versionTime=5), entry=2),
        _case("a state that is no object", "I-48", "identity.malformed", with_members(state="x"), entry=2),
        _case("parameters that are no object", "I-13", "identity.malformed", with_members(parameters=[]), entry=2),
    ]  # fmt: skip

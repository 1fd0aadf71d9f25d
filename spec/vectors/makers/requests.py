"""``requests.json``: signed requests, accepted and refused (chapter 10)."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

from makers.common import SELF, Key, Tree, canonical, seed
from makers.signed_records import Actors

NOW: Final = 1_795_255_200
KEY: Final = Key("togo/request/1")
GET: Final = ("@method", "@target-uri")
POST: Final = (*GET, "content-type", "content-digest")
URI: Final = "https://mali.example"


def nonce(name: str) -> str:
    """16 bytes in base64url."""
    return urlsafe_b64encode(seed("nonce/" + name)[:16]).rstrip(b"=").decode()


def digest(body: bytes) -> str:
    """RFC 9530."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def signed(method: str, uri: str, key_id: str, body: bytes = b"", *, key: Key = KEY, **changes: Any) -> Tree:
    """A request; ``changes`` replace parameters (None removes one), ``components``, ``label`` or ``content_digest``."""
    digested = changes.pop("content_digest", digest(body))
    headers = {"Content-Type": "application/json", "Content-Digest": digested} if body else {}
    values = {"@method": method, "@target-uri": uri} | {
        name.lower(): value for name, value in headers.items()
    }
    components = changes.pop("components", POST if body else GET)
    label = changes.pop("label", "sig1")
    parameters: Tree = {
        "created": NOW,
        "keyid": key_id,
        "alg": "ed25519",
        "expires": NOW + 300,
        "nonce": nonce(method + uri),
        "tag": "passerelle-v1",
    } | changes
    listed = " ".join(f'"{name}"' for name in components)
    encoded = "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in parameters.items()
        if value is not None
    )
    lines = [f'"{name}": {values[name]}' for name in components]
    base = "\n".join([*lines, f'"@signature-params": ({listed}){encoded}'])
    headers["Signature-Input"] = f"{label}=({listed}){encoded}"
    headers["Signature"] = f"{label}=:{b64encode(key.sign(base.encode())).decode()}:"
    return {"method": method, "target_uri": uri, "headers": headers, "body": body.hex(), "base": base}


def make_requests() -> Tree:
    """Requests of Togo to Mali."""
    actors = Actors()
    key_id = f"{actors.did}#{KEY.multikey}"
    togo, mali = actors.scids["togo"], actors.scids["mali"]
    path = f"{URI}/feeds/to/{togo}/1/checkpoint"
    notice = canonical({"origin": f"passerelle/{togo}/to/{mali}/1", "size": 118})
    get, post = signed("GET", path, key_id), signed("POST", f"{URI}/notices", key_id, notice)

    def valid(name: str, request: Tree, now: int = NOW) -> Tree:
        return {"name": name, "now": now, **request}

    def refused(name: str, rule: str, code: str, request: Tree, now: int = NOW, **changes: Any) -> Tree:
        bare = {member: value for member, value in request.items() if member != "base"}
        return {"name": name, "rule": rule, "code": code, "now": now, **bare, **changes}

    def with_headers(request: Tree, **headers: str | None) -> Tree:
        merged = request["headers"] | {name.replace("_", "-"): value for name, value in headers.items()}
        return {**request, "headers": {name: value for name, value in merged.items() if value is not None}}

    def twice(request: Tree) -> Tree:
        second = signed(request["method"], request["target_uri"], key_id, label="sig2")["headers"]
        return with_headers(
            request,
            **{
                name.replace("-", "_"): f"{request['headers'][name]}, {second[name]}"
                for name in ("Signature-Input", "Signature")
            },
        )

    def any_get(**changes: Any) -> Tree:
        return signed("GET", path, key_id, **changes)

    other_body = notice.replace(b"118", b"119")
    return {
        "chapter": "10",
        "about": "Requests as received at target_uri by a node whose clock is at now (POSIX seconds) and that knows the key of "
        "key_id. base is what was signed. body is hex. refused: with code.",
        "made_by": SELF,
        "confirmed_by": ["http-message-signatures (npm)"],
        "key_id": key_id,
        "seed": seed(KEY.name).hex(),
        "public": KEY.public.hex(),
        "scid": togo,
        "valid": [
            valid("GET", get),
            valid("POST", post),
            valid(
                "GET with a query and escapes",
                signed("GET", f"{URI}/feeds/to/{togo}/1/x%2Fy?a=1&b=%C3%A9", key_id),
            ),
            valid("29 seconds early", get, NOW - 29),
            valid("29 seconds after its end", get, NOW + 329),
            valid("a short life", any_get(expires=NOW + 5)),
            valid("another label", any_get(label="passerelle")),
        ],
        "refused": [
            refused(
                "no signature",
                "Q-2",
                "request.unsigned",
                with_headers(get, Signature=None, Signature_Input=None),
            ),
            refused("another tag", "Q-2", "request.unsigned", any_get(tag="fapi-2-request")),
            refused("no tag", "Q-2", "request.unsigned", any_get(tag=None)),
            refused("two signatures with the tag", "Q-2", "request.malformed", twice(get)),
            refused("no method covered", "Q-3", "request.malformed", any_get(components=("@target-uri",))),
            refused("components in another order", "Q-3", "request.malformed", any_get(components=GET[::-1])),
            refused(
                "a body that is not covered",
                "Q-3",
                "request.malformed",
                signed("POST", f"{URI}/notices", key_id, notice, components=GET),
            ),
            refused("no nonce", "Q-4", "request.malformed", any_get(nonce=None)),
            refused("a nonce of 15 bytes", "Q-4", "request.malformed", any_get(nonce=nonce("x")[:20])),
            refused("no created", "Q-4", "request.malformed", any_get(created=None)),
            refused("no expires", "Q-4", "request.malformed", any_get(expires=None)),
            refused("no alg", "Q-4", "request.malformed", any_get(alg=None)),
            refused("another alg", "Q-4", "request.malformed", any_get(alg="ecdsa-p256-sha256")),
            refused("a key that is no DID URL", "Q-4", "request.malformed", any_get(keyid="togo")),
            refused("301 seconds of life", "Q-5", "request.malformed", any_get(expires=NOW + 301)),
            refused("an end before the beginning", "Q-5", "request.malformed", any_get(expires=NOW - 1)),
            refused("31 seconds early", "Q-6", "request.time", get, NOW - 31),
            refused("31 seconds after its end", "Q-6", "request.time", get, NOW + 331),
            refused("hours early", "Q-6", "request.time", get, NOW - 7200),
            refused("another body", "Q-7", "request.digest", post, body=other_body.hex()),
            refused(
                "another body and its digest",
                "Q-7",
                "request.signature",
                with_headers(post, Content_Digest=digest(other_body)),
                body=other_body.hex(),
            ),
            *(
                refused(
                    name,
                    "Q-7",
                    "request.digest",
                    signed("POST", f"{URI}/notices", key_id, notice, content_digest=told),
                )
                for name, told in (
                    ("a parameter of the digest", digest(notice) + ";x=1"),
                    ("a second digest", digest(notice) + ", sha-512=:AAAA:"),
                    ("the digest twice", digest(notice) + ", " + digest(notice)),
                    ("another digest alone", digest(notice).replace("sha-256", "sha-512")),
                )
            ),
            refused(
                "a body without its type", "Q-7", "request.malformed", with_headers(post, Content_Type=None)
            ),
            refused(
                "a body without its digest",
                "Q-7",
                "request.malformed",
                with_headers(post, Content_Digest=None),
            ),
            refused("a body that was not signed", "Q-3", "request.malformed", get, body=notice.hex()),
            refused("a body that was taken away", "Q-3", "request.malformed", post, body=""),
            refused(
                "a content encoding", "Q-8", "request.malformed", with_headers(post, Content_Encoding="gzip")
            ),
            refused(
                "sent to another node",
                "Q-9",
                "request.signature",
                get,
                target_uri=path.replace("mali", "france"),
            ),
            refused("sent to another path", "Q-3", "request.signature", get, target_uri=path + "s/118"),
            refused("a GET made a POST", "Q-3", "request.signature", get, method="POST"),
            refused(
                "an unknown key",
                "Q-10",
                "request.key-unknown",
                signed("GET", path, f"{actors.did}#{Key('stranger').multikey}", key=Key("stranger")),
            ),
            refused("signed by another key", "Q-35", "request.signature", any_get(key=Key("stranger"))),
            refused(
                "a parameter changed",
                "Q-4",
                "request.signature",
                with_headers(
                    get,
                    Signature_Input=get["headers"]["Signature-Input"].replace(str(NOW + 300), str(NOW + 200)),
                ),
            ),
        ],
    }

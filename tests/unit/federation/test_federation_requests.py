"""spec/10: who is answered, in which order the checks run, and with which status and code."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from passerelle.errors import StorageError
from passerelle.node import utc_now
from passerelle.protocol.keys import SigningKey
from passerelle.protocol.profile import encode, format_time, parse_time
from passerelle.protocol.requests import sign_request
from passerelle.server.federation import app
from passerelle.server.federation.app import NOTICES_PER_MINUTE
from passerelle.sync import outofturn
from passerelle.sync.client import Road
from tests.unit.federation.conftest import Network
from tests.unit.federation.world import Here, Reply, answering, ask, ask_signed, signed

pytestmark = pytest.mark.asyncio(loop_scope="package")

Fields = dict[str, str]
EXISTING = "/feeds/to/{mali}/1/checkpoint"
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Hands:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: NOON)

    def __call__(self) -> datetime:
        return self.now


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


# --- bilateral GET, step 1: nobody is told anything ----------------------------------------


def unsigned(net: Network, path: str) -> Fields:
    return {}


def damaged(net: Network, path: str) -> Fields:
    fields = signed(net.mali, net.togo, path)
    label, _, value = fields["Signature"].partition("=:")
    return {**fields, "Signature": f"{label}=:{'B' if value[0] == 'A' else 'A'}{value[1:]}"}


def by_another_partner(net: Network, path: str) -> Fields:
    return signed(net.france, net.togo, path)


def by_a_stranger(net: Network, path: str) -> Fields:
    return signed(net.burkina, net.togo, path)


def by_another_key(net: Network, path: str, now: datetime | None = None) -> Fields:
    """Under Mali's DID, with a key that stands in no document."""
    key = SigningKey.generate(secrets.token_bytes)
    did = net.mali.node.directory.own.did
    return sign_request(
        "GET",
        net.togo.public + path,
        key=key,
        key_id=f"{did}#{key.multikey}",
        now=now or utc_now(),
        nonce=secrets.token_bytes(16),
    )


def under_a_stolen_name(net: Network, path: str) -> Fields:
    """Mali's key id over Burkina's signature."""
    return sign_request(
        "GET",
        net.togo.public + path,
        key=net.burkina.node.keys.request,
        key_id=net.mali.key_id,
        now=utc_now(),
        nonce=secrets.token_bytes(16),
    )


def by_another_key_and_late(net: Network, path: str) -> Fields:
    return by_another_key(net, path, utc_now() - timedelta(hours=5))


def by_another_partner_and_late(net: Network, path: str) -> Fields:
    return signed(net.france, net.togo, path, now=utc_now() - timedelta(hours=5))


def for_another_node(net: Network, path: str) -> Fields:
    return signed(net.mali, net.france, path)


def for_where_it_is_reached(net: Network, path: str) -> Fields:
    return signed(net.mali, net.togo, path, public=net.togo.url)


def for_another_path(net: Network, path: str) -> Fields:
    return signed(net.mali, net.togo, path + "s")


def for_a_query(net: Network, path: str) -> Fields:
    return signed(net.mali, net.togo, f"{path}?page=1")


def for_another_method(net: Network, path: str) -> Fields:
    return signed(net.mali, net.togo, path, method="HEAD")


def twice(net: Network, path: str) -> Fields:
    one, two = signed(net.mali, net.togo, path), signed(net.mali, net.togo, path)
    return {name: f"{one[name]}, {two[name].replace('sig1=', 'sig2=')}" for name in one}


def coded(net: Network, path: str) -> Fields:
    return {**signed(net.mali, net.togo, path), "Content-Encoding": "gzip"}


def under_another_tag(net: Network, path: str) -> Fields:
    fields = signed(net.mali, net.togo, path)
    return {**fields, "Signature-Input": fields["Signature-Input"].replace("passerelle-v1", "passerelle-v2")}


def with_other_components(net: Network, path: str) -> Fields:
    fields = signed(net.mali, net.togo, path)
    return {**fields, "Signature-Input": fields["Signature-Input"].replace('"@method" ', "")}


def without_the_input(net: Network, path: str) -> Fields:
    return {"Signature": signed(net.mali, net.togo, path)["Signature"]}


def without_the_signature(net: Network, path: str) -> Fields:
    return {"Signature-Input": signed(net.mali, net.togo, path)["Signature-Input"]}


def with_nonsense(net: Network, path: str) -> Fields:
    return {"Signature-Input": 'sig1=((("@method);tag="passerelle-v1"', "Signature": "sig1=:!:"}


NOBODY: list[Callable[[Network, str], Fields]] = [
    *(unsigned, damaged, by_another_partner, by_a_stranger, by_another_key, under_a_stolen_name),
    *(by_another_key_and_late, by_another_partner_and_late, for_another_node, for_where_it_is_reached),
    *(for_another_path, for_a_query, for_another_method, twice, coded, under_another_tag),
    *(with_other_components, without_the_input, without_the_signature, with_nonsense),
]
SECRETS = [
    EXISTING,
    "/feeds/to/{mali}/latest",
    "/feeds/to/{mali}/1/objects/000.p/3",
    "/feeds/to/{mali}/2/checkpoint",
    "/feeds/to/{mali}/1/nothing",
    "/feeds/to/{burkina}/1/checkpoint",
    "/feeds/to/x/1/checkpoint",
    "/received/{mali}/to/1/receipt",
    "/received/{mali}/to/1/objects/000",
    "/received/{burkina}/public/1/checkpoint",
]


@pytest.mark.parametrize("ask_as", NOBODY, ids=lambda made: made.__name__)
@pytest.mark.parametrize("template", SECRETS)
async def test_to_anybody_else_it_does_not_exist(
    net: Network, template: str, ask_as: Callable[[Network, str], Fields]
) -> None:
    """Q-14, steps 1 and 4: byte for byte the answer that the partner gets for what does not exist."""
    path = net.path(template)
    if ask_as is by_another_partner_and_late or ask_as is by_another_partner:
        assert net.france.scid not in path
    reply = await ask(net.togo, path, headers=ask_as(net, path))
    absent = await ask_signed(net.mali, net.togo, net.path("/feeds/to/{mali}/3/checkpoint"))
    assert reply.undated == absent.undated
    assert (reply.status, reply.code) == (404, "path.not-found")


async def test_the_same_answer_in_the_language_asked_for(net: Network) -> None:
    """Q-14 holds in each language: it depends on the request alone."""
    path, wish = net.path(EXISTING), {"Accept-Language": "en"}
    nobody = await ask(net.togo, path, headers=wish)
    absent = await ask_signed(net.mali, net.togo, net.path("/feeds/to/{mali}/3/checkpoint"), headers=wish)
    assert nobody.undated == absent.undated
    assert nobody.headers["content-language"] == "en"


# --- steps 2 and 3: a partner is told what is wrong ----------------------------------------


@pytest.mark.parametrize("hours", [-5, -0.2, 0.2, 5, 24 * 400])
@pytest.mark.parametrize("template", [EXISTING, "/feeds/to/{mali}/2/checkpoint"])
async def test_a_partner_with_a_wrong_clock_is_told_ours(net: Network, template: str, hours: float) -> None:
    """Step 2 before step 4: 401 with the code and the server's time, whether or not the path exists."""
    async with answering(net.togo.node, clock=Hands()) as togo:
        path = net.path(template)
        reply = await ask_signed(net.mali, togo, path, now=NOON + timedelta(hours=hours))
        assert (reply.status, reply.code) == (401, "request.time")
        assert parse_time(reply.problem["serverTime"]) == NOON


@pytest.mark.parametrize(("created", "status"), [(-1, 401), (0, 200), (29, 200), (30, 200), (31, 401)])
async def test_a_request_from_the_future(net: Network, created: int, status: int) -> None:
    """Q-6: at most 30 seconds ahead of our clock. Q-23: never from before the process began."""
    async with answering(net.togo.node, clock=Hands(), began=NOON) as togo:
        reply = await ask_signed(net.mali, togo, net.path(EXISTING), now=NOON + seconds(created))
        assert reply.status == status


@pytest.mark.parametrize(("age", "status"), [(0, 200), (300, 200), (330, 200), (331, 401)])
async def test_a_request_that_has_expired(net: Network, age: int, status: int) -> None:
    """Q-6: at most 30 seconds behind our clock, 300 seconds after it was made."""
    clock = Hands()
    async with answering(net.togo.node, clock=clock) as togo:
        clock.now = NOON + seconds(600)
        reply = await ask_signed(net.mali, togo, net.path(EXISTING), now=clock.now - seconds(age))
        assert reply.status == status


async def test_a_request_is_good_once(net: Network) -> None:
    """Q-12, step 3: the same request again is 401 `request.replayed`, with the server's time."""
    path = net.path(EXISTING)
    fields = signed(net.mali, net.togo, path)
    assert (await ask(net.togo, path, headers=fields)).status == 200
    again = await ask(net.togo, path, headers=fields)
    assert (again.status, again.code) == (401, "request.replayed")
    assert abs(parse_time(again.problem["serverTime"]) - utc_now()) < seconds(30)


async def test_a_nonce_is_its_key_s_own(net: Network) -> None:
    """Q-12: the nonce of one agency means nothing for another."""
    nonce = secrets.token_bytes(16)
    for asker in (net.mali, net.france):
        path = f"/feeds/to/{asker.scid}/1/checkpoint"
        fields = signed(asker, net.togo, path, nonce=nonce)
        assert (await ask(net.togo, path, headers=fields)).status == 200


async def test_a_nonce_is_remembered_once_the_signature_holds(net: Network) -> None:
    """Q-13: whoever cannot sign cannot use up a nonce."""
    path, nonce = net.path(EXISTING), secrets.token_bytes(16)
    fields = signed(net.mali, net.togo, path, nonce=nonce)
    assert (await ask(net.togo, path, headers=signed(net.mali, net.france, path, nonce=nonce))).status == 404
    assert (await ask(net.togo, path, headers={**fields, "Signature": "sig1=:AAAA:"})).status == 404
    late = signed(net.mali, net.togo, path, nonce=nonce, now=utc_now() - timedelta(hours=1))
    assert (await ask(net.togo, path, headers=late)).status == 401
    assert (await ask(net.togo, path, headers=fields)).status == 200


async def test_a_request_from_before_a_restart(net: Network) -> None:
    """Q-23: what an earlier process may have answered is refused as of a wrong time, seen before or not."""
    path, clock = net.path(EXISTING), Hands()
    fields = signed(net.mali, net.togo, path, now=NOON)
    async with answering(net.togo.node, clock=clock) as togo:
        assert (await ask(togo, path, headers=fields)).status == 200
    clock.now = NOON + seconds(1)
    async with answering(net.togo.node, clock=clock, began=clock.now) as togo:
        played = await ask(togo, path, headers=fields)
        assert (played.status, played.code) == (401, "request.time")
        assert (await ask_signed(net.mali, togo, path, now=clock.now)).status == 200


async def test_a_request_from_within_the_second_of_a_restart(net: Network) -> None:
    """Q-23: a request states whole seconds, so the second in which a process began counts as before it."""
    path, clock = net.path(EXISTING), Hands(NOON + seconds(0.2))
    fields = signed(net.mali, net.togo, path, now=clock.now)
    async with answering(net.togo.node, clock=clock) as togo:
        assert (await ask(togo, path, headers=fields)).status == 200
    clock.now = NOON + seconds(0.8)
    async with answering(net.togo.node, clock=clock, began=clock.now) as togo:
        played = await ask(togo, path, headers=fields)
        assert (played.status, played.code) == (401, "request.time")
        told = parse_time(played.problem["serverTime"])
        assert told == NOON + seconds(1)
        assert (await ask_signed(net.mali, togo, path, now=told)).status == 200


async def test_a_process_that_has_just_begun_delays_nobody(net: Network) -> None:
    """Q-15, Q-24: who signs anew with the time that it was told is answered, within the very second of the start."""
    began = utc_now()
    async with answering(net.togo.node, began=began.replace(microsecond=1) + seconds(3)) as togo:
        road = Road(togo.scid, togo.url, togo.public, trusted_address=True)
        answer = await net.mali.node.client.get(road, net.path(EXISTING), max_bytes=4_096, signed=True)
        assert answer.status == 200


async def test_the_time_of_a_process_does_not_go_back(net: Network) -> None:
    """Q-34: a clock that is set back brings no nonce back and refuses nobody; partners are told the time that goes on."""
    path, clock = net.path(EXISTING), Hands(NOON + seconds(3_600))
    fields = signed(net.mali, net.togo, path, now=NOON + seconds(3_600))
    async with answering(net.togo.node, clock=clock) as togo:
        assert (await ask(togo, path, headers=fields)).status == 200
        clock.now = NOON
        again = await ask(togo, path, headers=fields)
        assert (again.status, again.code) == (401, "request.replayed")
        assert parse_time(again.problem["serverTime"]) >= NOON + seconds(3_600)
        assert (await ask_signed(net.mali, togo, path, now=NOON + seconds(3_600))).status == 200


async def test_a_share_of_nonces_that_is_full(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/10 table, Q-17: a partner that asks too much is told so, with when to come back, and no other is."""
    monkeypatch.setattr("passerelle.protocol.requests.ReplayCache.__init__.__defaults__", (2,), raising=True)
    async with answering(net.togo.node) as togo:
        path = net.path(EXISTING)
        replies = [await ask_signed(net.mali, togo, path) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert replies[2].code == "request.too-many"
        assert int(replies[2].headers["retry-after"]) > 0
        assert (await ask_signed(net.france, togo, f"/feeds/to/{net.france.scid}/1/checkpoint")).status == 200


# --- keys that are not known ---------------------------------------------------------------


@dataclass(slots=True)
class Pulls:
    """Identity logs that were asked for."""

    asked: list[str] = field(default_factory=list)

    async def __call__(self, scid: str) -> None:
        self.asked.append(scid)


async def test_an_unknown_key_of_a_partner_pulls_its_log_once_a_minute(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q-11: at most one pull a minute for each partner, and none for whoever is not one."""
    pulls, path = Pulls(), net.path(EXISTING)
    async with answering(net.togo.node, refresh=pulls) as togo:
        for _ in range(3):
            await ask(togo, path, headers=by_another_key(net, path))
        assert pulls.asked == [net.mali.scid]
        await ask(togo, path, headers=by_a_stranger(net, path))
        await ask(togo, path, headers=by_another_partner(net, path))
        theirs = f"/feeds/to/{net.burkina.scid}/1/checkpoint"
        await ask_signed(net.burkina, togo, theirs)
        assert pulls.asked == [net.mali.scid]
        assert outofturn.AGAIN_SECONDS == 60.0
        assert not net.togo.node.directory.out_of_turn.begin(net.mali.scid), (
            "F-63: one bound with what visits ask"
        )
        monkeypatch.setattr(outofturn, "AGAIN_SECONDS", 0.0)
        await ask(togo, path, headers=by_another_key(net, path))
        assert pulls.asked == [net.mali.scid] * 2


async def test_a_key_that_the_log_then_shows_is_taken(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Q-10, Q-11: a partner that has changed its key is answered once its log is here, which nobody waits for."""
    directory, path = net.togo.node.directory, net.path(EXISTING)
    known = directory.request_key(net.mali.key_id)
    log: list[bytes | None] = [None]
    monkeypatch.setattr(
        directory, "request_key", lambda key_id: log[0] if key_id == net.mali.key_id else None
    )

    go_on, done = asyncio.Event(), asyncio.Event()

    async def pull(scid: str) -> None:
        await go_on.wait()
        log[0] = known
        done.set()

    async with answering(net.togo.node, refresh=pull) as togo:
        first = await ask_signed(net.mali, togo, path)
        assert first.undated == (await ask(togo, path, headers=by_a_stranger(net, path))).undated
        assert first.status == 404
        go_on.set()
        await done.wait()
        assert (await ask_signed(net.mali, togo, path)).status == 200


# --- notices -------------------------------------------------------------------------------


def told(here: Here, **more: object) -> bytes:
    return json.dumps({"origin": f"passerelle/{here.scid}/public/1", "size": 3} | more).encode()


async def post(net: Network, togo: Here, body: bytes, sent: bytes | None = None, **more: str) -> Reply:
    fields = signed(net.mali, togo, "/notices", method="POST", body=body)
    return await ask(togo, "/notices", method="POST", headers={**fields, **more}, body=sent or body)


@pytest.mark.parametrize("own", [True, False])
async def test_a_notice_is_taken(net: Network, own: bool) -> None:
    """F-29, spec/10 table: well-formed and signed is 202, with nothing said of what is known of that origin."""
    async with answering(net.togo.node) as togo:
        origin = f"passerelle/{(net.togo if own else net.burkina).scid}/public/1"
        reply = await post(net, togo, told(net.mali, origin=origin, size=0))
        assert (reply.status, reply.body) == (202, b"")
        assert togo.notices == [(net.mali.scid, origin)]


NO_NOTICES = {
    b"": "json.syntax",
    b"{": "json.syntax",
    b"[]": "notice.malformed",
    b"{}": "notice.malformed",
    b"null": "notice.malformed",
    b'{"origin":"passerelle/x/public/1","size":1}': "notice.malformed",
    b'{"origin":1,"size":1}': "notice.malformed",
    b'{"origin":"x","origin":"y","size":1}': "json.duplicate-member",
    b'{"origin":"x","size":1.5}': "json.not-an-integer",
    b'{"origin":"x","size":9007199254740992}': "json.integer-range",
    b'{"origin":"\xff","size":1}': "json.not-utf8",
    b'{"origin":"a\\u0000b","size":1}': "json.nul",
    b"[" * 40 + b"]" * 40: "json.too-deep",
}


@pytest.mark.parametrize(("body", "code"), NO_NOTICES.items())
async def test_a_notice_that_is_none(net: Network, body: bytes, code: str) -> None:
    """spec/10 table: 400 with the code of what is wrong; nothing is passed on."""
    async with answering(net.togo.node) as togo:
        fields = signed(net.mali, togo, "/notices", method="POST", body=body)
        reply = await ask(togo, "/notices", method="POST", headers=fields, body=body)
        assert (reply.status, reply.code) == (400, code)
        assert togo.notices == []


@pytest.mark.parametrize("more", [{"size": -1}, {"size": True}, {"size": None}, {"size": "3"}, {"note": 1}])
async def test_a_notice_with_other_members(net: Network, more: dict[str, object]) -> None:
    """spec/09: a notice has an origin and a size, nothing else."""
    async with answering(net.togo.node) as togo:
        reply = await post(net, togo, told(net.mali, **more))
        assert (reply.status, reply.code) == (400, "notice.malformed")


async def test_a_notice_by_nobody(net: Network) -> None:
    """spec/10 table: 401 with the code of what is wrong with the signature."""
    async with answering(net.togo.node) as togo:
        body = told(net.mali)
        made = signed(net.mali, togo, "/notices", method="POST", body=body)

        async def code(fields: Fields, sent: bytes = body) -> tuple[int, str]:
            reply = await ask(togo, "/notices", method="POST", headers=fields, body=sent)
            assert "serverTime" not in reply.problem
            return reply.status, reply.code

        def without(name: str) -> Fields:
            return {header: value for header, value in made.items() if header != name}

        elsewhere = signed(net.mali, net.france, "/notices", method="POST", body=body)
        stranger = signed(net.burkina, togo, "/notices", method="POST", body=body)
        bodiless = signed(net.mali, togo, "/notices", method="POST")
        assert await code({}) == (401, "request.unsigned")
        assert await code(without("Signature-Input")) == (401, "request.unsigned")
        assert await code(without("Content-Digest")) == (401, "request.malformed")
        assert await code(without("Content-Type")) == (401, "request.malformed")
        assert await code({**made, "Content-Encoding": "gzip"}) == (401, "request.malformed")
        assert await code({**made, "Content-Encoding": "identity"}) == (401, "request.malformed")
        assert await code({**made, "Content-Type": "text/plain"}) == (401, "request.signature")
        assert await code(bodiless) == (401, "request.malformed")
        assert await code(elsewhere) == (401, "request.signature")
        assert await code(stranger) == (401, "request.key-unknown")
        assert await code(made, body.replace(b"3", b"4")) == (401, "request.digest")
        assert togo.notices == []
        assert (await ask(togo, "/notices", method="POST", headers=made, body=body)).status == 202


async def test_two_signatures_on_a_notice(net: Network) -> None:
    """Q-2: exactly one signature with the tag."""
    async with answering(net.togo.node) as togo:
        body = told(net.mali)
        one, two = (signed(net.mali, togo, "/notices", method="POST", body=body) for _ in range(2))
        both = {
            **one,
            "Signature": f"{one['Signature']}, {two['Signature'].replace('sig1', 'sig2')}",
            "Signature-Input": f"{one['Signature-Input']}, {two['Signature-Input'].replace('sig1', 'sig2')}",
        }
        reply = await ask(togo, "/notices", method="POST", headers=both, body=body)
        assert (reply.status, reply.code) == (401, "request.malformed")


async def test_a_notice_late_or_again(net: Network) -> None:
    """spec/10 table, Q-15: 401 with the time by which to sign again."""
    clock = Hands()
    async with answering(net.togo.node, clock=clock) as togo:
        body = told(net.mali)
        late = signed(net.mali, togo, "/notices", method="POST", body=body, now=NOON - timedelta(hours=3))
        good = signed(net.mali, togo, "/notices", method="POST", body=body, now=NOON)
        replies = [
            await ask(togo, "/notices", method="POST", headers=fields, body=body)
            for fields in (late, good, good)
        ]
        assert [reply.status for reply in replies] == [401, 202, 401]
        assert [replies[0].code, replies[2].code] == ["request.time", "request.replayed"]
        assert {reply.problem["serverTime"] for reply in (replies[0], replies[2])} == {format_time(NOON)}


@pytest.mark.parametrize(("size", "status"), [(4_096, 400), (4_097, 413), (300_000, 413)])
@pytest.mark.parametrize("by", ["partner", "nobody"])
async def test_a_notice_that_is_too_large(net: Network, size: int, status: int, by: str) -> None:
    """spec/10 limits: 4,096 bytes of a notice; more is 413 to whoever sends it, before anything is checked."""
    body = b'{"origin":"' + b"x" * (size - 13) + b'"}'
    fields = signed(net.mali, net.togo, "/notices", method="POST", body=body) if by == "partner" else {}
    reply = await ask(net.togo, "/notices", method="POST", headers=fields, body=body)
    expected = status if by == "partner" or status == 413 else 401
    assert reply.status == expected
    assert expected != 413 or reply.code == "request.too-large"


async def test_a_body_that_does_not_come(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Q-31: who announces a body and does not send it is told so in time, and the connection is closed."""
    monkeypatch.setattr(app, "BODY_SECONDS", 0.2)
    async with answering(net.togo.node) as togo:
        fields = signed(net.mali, togo, "/notices", method="POST", body=told(net.mali))
        reply = await ask(togo, "/notices", method="POST", headers={**dict(fields), "Content-Length": "90"})
    assert (reply.status, reply.code) == (408, "request.too-slow")


async def test_too_many_notices(net: Network) -> None:
    """spec/10 table, Q-17: 429 with Retry-After for that sender alone, and again a 202 when it has waited."""
    async with answering(net.togo.node) as togo:
        body = told(net.mali)
        replies = [await post(net, togo, body) for _ in range(NOTICES_PER_MINUTE + 2)]
        assert [reply.status for reply in replies] == [202] * NOTICES_PER_MINUTE + [429, 429]
        assert replies[-1].code == "request.too-many"
        assert int(replies[-1].headers["retry-after"]) > 0
        assert (await ask_signed(net.france, togo, "/notices", method="POST", body=body)).status == 202


# --- methods, faults of our own ------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/notices", "POST"),
        ("PUT", "/notices", "POST"),
        ("POST", "/feeds/public/1/checkpoint", "GET,HEAD"),
        ("DELETE", "/feeds/public/1/objects/000", "GET,HEAD"),
        ("POST", EXISTING, "GET,HEAD"),
        ("PUT", "/feeds/to/{burkina}/1/checkpoint", "GET,HEAD"),
        ("PATCH", "/.well-known/did.jsonl", "GET,HEAD"),
        ("OPTIONS", "/received/{mali}/to/1/receipt", "GET,HEAD"),
    ],
)
async def test_a_method_that_is_not_offered(net: Network, method: str, path: str, allowed: str) -> None:
    """spec/10 table: 405 `request.method`, with the methods that there are (RFC 9110 15.5.6)."""
    reply = await ask(net.togo, net.path(path), method=method)
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "request.method", allowed)


@pytest.mark.parametrize("path", ["/", "/inbox", "/feeds/public/1/x/y", "/desk/status"])
async def test_a_post_to_nowhere(net: Network, path: str) -> None:
    """spec/10 table: what is not there is 404 or has no such method; never the desk of the node."""
    assert (await ask(net.togo, path, method="POST", body=b"{}")).status in {404, 405}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (
            StorageError("storage.unusable", path="/var/lib/passerelle/passerelle.sqlite"),
            503,
            "node.read-only",
        ),
        (StorageError("fence.partner-ahead", rows=1, head=2), 503, "node.read-only"),
        (RuntimeError("/var/lib/passerelle/keys/log.seed"), 500, "node.unexpected"),
        (OSError(28, "No space left", "/var/lib/passerelle/lock"), 500, "node.unexpected"),
    ],
)
async def test_a_fault_of_our_own(net: Network, fault: Exception, status: int, code: str) -> None:
    """Q-16, Q-17, Q-19: a code and when to come back, nothing of the machine that it happened on."""

    def fail(sender: str, origin: str) -> None:
        raise fault

    async with answering(net.togo.node, noticed=fail) as togo:
        reply = await post(net, togo, told(net.mali))
    assert (reply.status, reply.code) == (status, code)
    assert ("retry-after" in reply.headers) == (status == 503)
    assert reply.problem["params"] == {}
    assert not any(
        word in reply.raw for word in (b"/var/lib", b"sqlite", b"Traceback", b"RuntimeError", b"OSError")
    )


# --- problem documents ---------------------------------------------------------------------


async def every_problem(net: Network, togo: Here, lang: str) -> list[Reply]:
    """One answer of each code that the tables have for a request."""
    wish = {"Accept-Language": lang}
    path, body = net.path(EXISTING), told(net.mali)
    hour = timedelta(hours=1)
    replayed = signed(net.mali, togo, path)
    await ask(togo, path, headers=replayed)

    async def notice(fields: Fields, sent: bytes = body) -> Reply:
        return await ask(togo, "/notices", method="POST", headers={**fields, **wish}, body=sent)

    made = signed(net.mali, togo, "/notices", method="POST", body=body)
    stranger = signed(net.burkina, togo, "/notices", method="POST", body=body)
    elsewhere = signed(net.mali, net.france, "/notices", method="POST", body=body)
    empty = signed(net.mali, togo, "/notices", method="POST", body=b"{}")
    return [
        await ask(togo, "/nothing", headers=wish),
        await ask(togo, path, headers=wish),
        await ask(togo, "/notices", headers=wish),
        await ask(togo, "/feeds/public/1/tile/0/000", headers={**wish, "Range": "bytes=99999-"}),
        await ask_signed(net.mali, togo, path, headers=wish, now=utc_now() - hour),
        await ask(togo, path, headers={**replayed, **wish}),
        await notice({}),
        await notice({**made, "Content-Encoding": "gzip"}),
        await notice(elsewhere),
        await notice(stranger),
        await notice(made, body + b" "),
        await notice(made, b"x" * 5_000),
        await notice(empty, b"{}"),
    ]


async def test_problems_speak_two_languages_in_two_voices(net: Network) -> None:
    """spec/10, RFC 9457: `detail` for staff, `developer` for developers, in the language asked for; Q-18: the code."""
    async with answering(net.togo.node) as togo:
        in_french = await every_problem(net, togo, "fr-TG, en;q=0.3")
        in_english = await every_problem(net, togo, "en")
    assert {reply.code for reply in in_french} == {
        *("path.not-found", "request.method", "request.range", "request.time", "request.replayed"),
        *("request.unsigned", "request.malformed", "request.signature", "request.key-unknown"),
        *("request.digest", "request.too-large", "notice.malformed"),
    }
    for french, english in zip(in_french, in_english, strict=True):
        one, other = french.problem, english.problem
        members = {"type", "title", "status", "code", "detail", "developer", "params"}
        assert set(one) - {"serverTime"} == set(other) - {"serverTime"} == members
        assert (french.headers["content-language"], english.headers["content-language"]) == ("fr", "en")
        assert one["code"] == other["code"]
        assert one["status"] == french.status == english.status
        assert one["type"] == f"urn:passerelle:problem:{one['code']}"
        for member in ("title", "detail", "developer"):
            assert one[member]
            assert one[member] != other[member], member
        assert one["detail"] != one["developer"]
        assert "accept-language" in french.headers["vary"].lower()
        assert french.headers["cache-control"] == "private, no-store"


async def test_errors_tell_no_secret(net: Network) -> None:
    """Q-19: no error holds a secret of the node, a path of its disk, a salt, or the name of a class."""
    node = net.togo.node
    keys = node.keys
    seeds = [keys.record.seed, keys.request.seed, keys.log.seed, keys.witness.seed]
    seeds += [key.seed for key in keys.sealing]
    async with node.database.reading() as connection:
        rows = await connection.exec_driver_sql("select salt from vault_salt")
        salts = [bytes(row[0]) for row in rows]
    assert len(salts) > 300
    words = [str(node.paths.home).encode(), b"sqlite", b"ProtocolError", b"Traceback", b"site-packages"]
    async with answering(node) as togo:
        replies = [*await every_problem(net, togo, "fr"), *await every_problem(net, togo, "en")]
    for reply in replies:
        for secret in (*seeds, *salts):
            assert secret not in reply.raw
            assert secret.hex().encode() not in reply.raw
        assert not any(word in reply.raw for word in words), reply.raw


async def test_what_cannot_be_asked_for_is_not_told_twice(net: Network) -> None:
    """spec/02: even a problem document is JSON of the profile, so a client reads it with the same eyes."""
    reply = await ask(net.togo, "/nothing")
    assert json.loads(encode(reply.problem)) == reply.problem

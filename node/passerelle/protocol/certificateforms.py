"""The members of certificates and endorsements, and the forms that they have (spec/24-certificates.md).

Each check takes the parsed value of one member and raises ``certificate.malformed`` with the
member's name. What a signature proves, and what one document says of another, is no matter of
this module.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from passerelle.errors import ProtocolError
from passerelle.protocol import profile, recordheaders
from passerelle.protocol.keydocuments import scid_of
from passerelle.protocol.origins import Origin

if TYPE_CHECKING:
    from datetime import datetime

    from passerelle.protocol.profile import Json, JsonObject

CONTEXT: Final[list[Json]] = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
CERTIFICATE: Final[list[Json]] = ["VerifiableCredential", "OpenBadgeCredential"]
ENDORSEMENT: Final[list[Json]] = ["VerifiableCredential", "EndorsementCredential"]

_SHARED: Final = frozenset(
    {"@context", "id", "type", "name", "issuer", "validFrom", "credentialSubject", "relatedResource", "proof"}
)
_SUBJECT: Final = frozenset({"type", "identifier", "activityStartDate", "activityEndDate", "achievement"})
_SUBJECT_MORE: Final = frozenset({"role", "narrative", "result"})
_ACHIEVEMENT: Final = frozenset(
    {"id", "type", "achievementType", "name", "description", "criteria", "inLanguage"}
)
_MAX_SKILLS: Final = 32
_MAX_RESULTS: Final = 2

_HASH: Final = re.compile(r"sha256\$([0-9a-f]{64})")
_SCHEME: Final = re.compile("urn:passerelle:scheme:[a-z][a-z0-9-]{0,63}")
_LANGUAGE: Final = re.compile("[a-z]{2,3}")
_URI: Final = re.compile("(?:https://|urn:)[\x21-\x7e]+")
_SUM: Final = re.compile("urn:passerelle:result:(?:days|hours)")
_COUNT: Final = re.compile("[1-9][0-9]{0,5}")
_SRI: Final = re.compile("sha256-([A-Za-z0-9+/]{43}=)")
_LEAF: Final = re.compile("urn:passerelle:leaf:(.{1,200})/(0|[1-9][0-9]{0,15})/([0-9a-f]{64})")


def malformed(member: str) -> ProtocolError:
    """The fault of a member's form."""
    return ProtocolError("certificate.malformed", member=member)


def check_members(value: JsonObject) -> None:
    """Refuses another set of members than that of the document's type, and other constants in it."""
    kind = value.get("type")
    if kind not in (CERTIFICATE, ENDORSEMENT):
        raise malformed("type")
    if kind == CERTIFICATE:
        _parse_object(value, "document", _SHARED | {"evidence"}, {"validUntil"})
    else:
        _parse_object(value, "document", _SHARED)
    if value["@context"] != CONTEXT:
        raise malformed("@context")
    parse_text(value["name"], "name")
    parse_matching(recordheaders.ID, value["id"], "id")


def parse_issuer(value: Json) -> tuple[str, str]:
    """The issuer's DID as written, and its SCID."""
    issuer = _parse_object(value, "issuer", {"id", "name", "type"})
    _check_constant(issuer["type"], ["Profile"], "issuer/type")
    parse_text(issuer["name"], "issuer/name")
    did = parse_text(issuer["id"], "issuer/id")
    try:
        return did, scid_of(did)
    except ProtocolError as exc:
        raise malformed("issuer/id") from exc


def parse_moment(value: Json, member: str) -> datetime:
    """A time of J-18."""
    try:
        return profile.parse_time(parse_text(value, member))
    except ProtocolError as exc:
        raise malformed(member) from exc


def parse_subject(value: Json, signed: datetime) -> str:
    """The commitment to the person, as hex; the rest of ``credentialSubject`` is checked.

    Args:
        value: The member.
        signed: ``validFrom``, before which the service has to have ended.
    """
    subject = _parse_object(value, "credentialSubject", _SUBJECT, _SUBJECT_MORE)
    _check_constant(subject["type"], ["AchievementSubject"], "credentialSubject/type")
    first = _parse_day(subject["activityStartDate"], "activityStartDate")
    last = _parse_day(subject["activityEndDate"], "activityEndDate")
    if not first <= last <= signed:
        raise malformed("activityEndDate")
    _check_achievement(subject["achievement"])
    for member in ("role", "narrative"):
        if member in subject:
            parse_text(subject[member], member)
    if "result" in subject:
        _check_results(subject["result"])
    return _parse_identifier(subject["identifier"])


def _parse_day(value: Json, member: str) -> datetime:
    day = parse_moment(value, member)
    if not str(value).endswith("T00:00:00Z"):
        raise malformed(member)
    return day


def _parse_identifier(value: Json) -> str:
    members = {"hashed", "identityHash", "identityType", "type"}
    identifier = _parse_object(_only(value, "identifier"), "identifier", members)
    _check_constant(identifier["hashed"], True, "hashed")
    _check_constant(identifier["identityType"], "ext:passerelle-person-v1", "identityType")
    _check_constant(identifier["type"], "IdentityObject", "identifier/type")
    return parse_matching(_HASH, identifier["identityHash"], "identityHash")[7:]


def _check_achievement(value: Json) -> None:
    achievement = _parse_object(value, "achievement", _ACHIEVEMENT, {"alignment"})
    parse_matching(_SCHEME, achievement["id"], "achievement/id")
    _check_constant(achievement["type"], ["Achievement"], "achievement/type")
    _check_constant(achievement["achievementType"], "CommunityService", "achievementType")
    parse_text(achievement["name"], "achievement/name")
    parse_text(achievement["description"], "description")
    parse_text(_parse_object(achievement["criteria"], "criteria", {"narrative"})["narrative"], "criteria")
    parse_matching(_LANGUAGE, achievement["inLanguage"], "inLanguage")
    if "alignment" in achievement:
        for item in _items(achievement["alignment"], _MAX_SKILLS, "alignment"):
            skill = _parse_object(item, "alignment", {"targetName", "targetUrl", "type"})
            _check_constant(skill["type"], ["Alignment"], "alignment/type")
            parse_text(skill["targetName"], "targetName")
            parse_matching(_URI, skill["targetUrl"], "targetUrl")


def _check_results(value: Json) -> None:
    sums = []
    for item in _items(value, _MAX_RESULTS, "result"):
        result = _parse_object(item, "result", {"resultDescription", "type", "value"})
        _check_constant(result["type"], ["Result"], "result/type")
        sums.append(parse_matching(_SUM, result["resultDescription"], "resultDescription"))
        parse_matching(_COUNT, result["value"], "result/value")
    if sums != sorted(set(sums)):
        raise malformed("result")


def parse_resource(value: Json) -> tuple[str, str]:
    """The identifier and the digest, as hex, of the one document that ``relatedResource`` names."""
    members = {"digestSRI", "id", "mediaType"}
    resource = _parse_object(_only(value, "relatedResource"), "relatedResource", members)
    _check_constant(resource["mediaType"], "application/json", "mediaType")
    text = parse_matching(_SRI, resource["digestSRI"], "digestSRI")[7:]
    digest = binascii.a2b_base64(text)
    if base64.b64encode(digest).decode("ascii") != text:  # bits that stand for nothing
        raise malformed("digestSRI")
    return parse_matching(recordheaders.ID, resource["id"], "relatedResource/id"), digest.hex()


def parse_evidence(value: Json) -> tuple[Origin, int, str]:
    """The bilateral feed, the index and the commitment, as hex, of the leaf that ``evidence`` names."""
    evidence = _parse_object(_only(value, "evidence"), "evidence", {"id", "type"})
    _check_constant(evidence["type"], ["Evidence"], "evidence/type")
    match = _LEAF.fullmatch(parse_text(evidence["id"], "evidence/id"))
    if match is None or int(match[2]) >= profile.MAX_INTEGER:  # a size is at most that, an index one less
        raise malformed("evidence/id")
    try:
        origin = Origin.parse(match[1])
    except ProtocolError as exc:
        raise malformed("evidence/id") from exc
    if origin.is_public:
        raise malformed("evidence/id")
    return origin, int(match[2]), match[3]


def parse_endorsed(value: Json) -> str:
    """The id of the certificate that an endorsement is of."""
    subject = _parse_object(value, "credentialSubject", {"id", "type"})
    _check_constant(subject["type"], ["EndorsementSubject"], "credentialSubject/type")
    return parse_matching(recordheaders.ID, subject["id"], "credentialSubject/id")


# --- kinds of values ---------------------------------------------------------------------


def parse_text(value: Json, member: str) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value:
        raise malformed(member)
    return value


def parse_matching(pattern: re.Pattern[str], value: Json, member: str) -> str:
    """A string of one form."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise malformed(member)
    return value


def _parse_object(
    value: Json,
    member: str,
    members: frozenset[str] | set[str],
    more: frozenset[str] | set[str] = frozenset(),
) -> JsonObject:
    """An object with exactly these members, and perhaps some of the others."""
    if not isinstance(value, dict) or not members <= value.keys() <= members | more:
        raise malformed(member)
    return value


def _check_constant(value: Json, wanted: Json, member: str) -> None:
    if value != wanted or type(value) is not type(wanted):
        raise malformed(member)


def _items(value: Json, most: int, member: str) -> list[Json]:
    """A list of 1 to ``most`` items."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise malformed(member)
    return value


def _only(value: Json, member: str) -> Json:
    """The item of a list of one."""
    return _items(value, 1, member)[0]

"""From the files of a certificate to the sheet that is printed, refused where the person is another."""

from __future__ import annotations

import re
from typing import Final

from passerelle.cli.persons import Holder
from passerelle.cli.session import mapping
from passerelle.errors import InputError, ProtocolError
from passerelle.paper import Sheet
from passerelle.protocol import certificates
from passerelle.protocol.certificates import Certificate, Endorsement
from passerelle.protocol.profile import JsonObject

_PATH: Final = "/certificate"
"""Of an agency's own site: where the code for phones leads."""

_ADDRESS: Final = re.compile(r"https://[!\"$-~]{1,300}")
"""Without a fragment, and short enough that a phone reads the code on paper."""


def sheet_of(
    document: str, endorsement: str | None, holder: Holder, told: JsonObject, address: str | None
) -> Sheet:
    """The sheet of a certificate that the desk has checked.

    Args:
        document: Its file.
        endorsement: The file of the other agency's, or None.
        holder: What the volunteer's own file has.
        told: Of ``certificate_sheet``.
        address: For the code for phones; the issuer's where None, and where none is known of it, no such code.

    Raises:
        InputError: ``certificate.person-mismatch`` where the certificate is about somebody else;
            ``certify.address`` for an address that has a fragment, is too long for the code, or is none.
    """
    certificate = certificates.parse(document.encode())
    given = None if endorsement is None else certificates.parse(endorsement.encode())
    if not isinstance(certificate, Certificate) or not isinstance(given, Endorsement | None):
        raise TypeError("the desk has looked at them")
    try:
        certificates.check_person(certificate, holder.person)
    except ProtocolError as exc:
        raise InputError(exc.code, **exc.params) from exc
    known = told["address"]
    base = address or (None if known is None else f"{str(known).rstrip('/')}{_PATH}")
    if base is not None and not _ADDRESS.fullmatch(base):
        raise InputError("certify.address", address=base[:200])
    logs = {scid: str(log).encode() for scid, log in mapping(told["logs"]).items()}
    digits = holder.person.salt.hex()
    return Sheet(certificate, given, holder.name, holder.birth_date, digits, base, logs)

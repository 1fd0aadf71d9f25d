"""The certificate of an examination that a node has passed: canonical JSON, not signed.

A signature of the kit's made-up agency would prove nothing; whoever doubts a certificate
examines the node again with the kit and the table that it names.
"""

from __future__ import annotations

from passerelle.conformance.report import KIT_VERSION, Report
from passerelle.errors import InputError
from passerelle.protocol.profile import Json, encode


def certificate(report: Report) -> bytes:
    """The canonical bytes of a certificate, one line without an end.

    Raises:
        InputError: ``conformance.not-passed``: a mandatory rule is broken, or the node was not looked at
            in both roles to the end.
    """
    if not report.conforms:
        raise InputError("conformance.not-passed", broken=report.broken, roles=list(report.roles))
    rules: dict[str, Json] = {
        finding.rule.id: finding.verdict if finding.why is None else f"{finding.verdict}: {finding.why}"
        for finding in report.findings
    }
    return encode(
        {
            "use": "passerelle/conformance/v1",
            "date": report.date,
            "url": report.url,
            "scid": report.scid,
            "kit": KIT_VERSION,
            "spec": report.spec,
            "table": report.table,
            "roles": list(report.roles),
            "rules": rules,
        }
    )

"""What other versions of this program know of record types, made from what this one knows."""

from __future__ import annotations

import orjson

from passerelle.protocol.schemas import Schemas


def schemas_that_know(knows: str) -> Schemas:
    """The schemas of a version.

    Args:
        knows: ``-`` for this one, ``without:TYPE`` for an older one that does not know a type,
            ``major:TYPE`` for a newer one that writes a type under the major version 2.
    """
    real = Schemas.packaged()
    documents = dict(real._documents)
    change, _, record_type = knows.partition(":")
    urn = f"urn:passerelle:schema:{record_type}:1.0"
    if change == "without":
        del documents[urn]
    elif change == "major":
        newer = urn.replace(":1.0", ":2.0")
        documents[newer] = orjson.loads(orjson.dumps(documents[urn]).replace(urn.encode(), newer.encode()))
    return Schemas(documents, real.code_lists())

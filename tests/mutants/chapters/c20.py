"""Chapter 20 of the law: versions and extension."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

CHAPTER: Final = Chapter(
    "20",
    mutants=(
        Mutant(
            "X-18",
            "schemas/offer.json",
            '"$id": "urn:passerelle:schema:offer:1.0"',
            '"$id": "urn:passerelle:schema:offer:1.1"',
        ),
        Mutant(
            "X-17",
            "protocol/proofs.py",
            '_CONSTANT: Final = (("type", PROOF_TYPE), ("cryptosuite", CRYPTOSUITE), ("proofPurpose", PURPOSE))',
            '_CONSTANT: Final = (("type", PROOF_TYPE), ("proofPurpose", PURPOSE))',
        ),
    ),
)

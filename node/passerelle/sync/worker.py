"""A process that examines: ``python -m passerelle.sync.worker``, started by the examiner and by nobody else."""

from __future__ import annotations

import pickle

from passerelle.protocol.schemas import Schemas
from passerelle.sync import pipes
from passerelle.sync.findings import Finding, examine_all

Answer = list[Finding] | str
"""What was found, or the name of what went wrong in here."""


def _answer(data: bytes) -> Answer:
    try:
        return examine_all(*pickle.loads(data))  # noqa: S301  from our own parent
    except Exception as error:  # noqa: BLE001  told to the parent, which examines the bundle itself
        return type(error).__name__


if __name__ == "__main__":
    Schemas.packaged()
    pipes.main(_answer)

"""The files that lie in a PDF, as a printed certificate carries its own."""

from __future__ import annotations

import io
import logging
from itertools import islice
from typing import Final

from passerelle.errors import InputError

MAX_FILES: Final = 16
MAX_FILE_BYTES: Final = 2 * 2**20
"""Of one file: an identity log may have 1 MiB."""

# What it finds wrong in a PDF it would say on standard error, in English; here it becomes one code.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def attachments_of(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """Name and bytes of each file in a PDF, in order.

    Args:
        data: The PDF.
        name: Of it, for the sentence of a fault.

    Raises:
        InputError: ``certify.pdf-unreadable``; ``certify.pdf-empty`` where no file lies in it.
    """
    from pypdf import PdfReader  # noqa: PLC0415  few runs read a PDF

    try:
        found = []
        for held in islice(PdfReader(io.BytesIO(data)).attachment_list, MAX_FILES + 1):
            content = held.content  # inflated here, one at a time: the next is not where one is too large
            found.append((str(held.name), content))
            if len(content) > MAX_FILE_BYTES:
                break
    except Exception as exc:  # a stranger's file: the library names no set of its own
        raise InputError("certify.pdf-unreadable", path=name) from exc
    if len(found) > MAX_FILES or any(len(content) > MAX_FILE_BYTES for _, content in found):
        raise InputError("certify.pdf-unreadable", path=name)
    if not found:
        raise InputError("certify.pdf-empty", path=name)
    return found

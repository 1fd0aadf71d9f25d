"""What is wrong in a file, and where: a code with values, for the catalogue to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to put right before a row can be published.

    Args:
        file: The file as the user named it.
        row: Row as a spreadsheet counts it, the headings being row 1; in JSON the position from
            1; None for the whole file.
        column: Heading as it stands in the file, or the member's path in JSON; None for the row.
        code: ``offers.*``, or a code of the protocol for JSON that is not in the profile.
        params: Values for the sentence.
    """

    file: str
    row: int | None
    column: str | None
    code: str
    params: Mapping[str, object]


class CellError(ValueError):
    """A cell does not say what its column needs.

    Args:
        code: ``offers.*``, also attribute.
        params: Values for the sentence, also attribute.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

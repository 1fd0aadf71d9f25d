"""Chapter 06 of the law: objects and seals."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_OBJECTS: Final = "protocol/objects.py"
_SEALS: Final = "protocol/seals.py"
_INTAKE: Final = "protocol/intake.py"

CHAPTER: Final = Chapter(
    "06",
    mutants=(
        Mutant("O-1", "sync/pen.py", "return self.random(SALT_BYTES)", "return bytes(SALT_BYTES)"),
        Mutant("O-2", _INTAKE, "if objects.commitment(salt, data) != leaf.commitment:", "if False:"),
        Mutant("O-3", _OBJECTS, "if len(object_) <= SALT_BYTES:", "if False:"),
        Mutant(
            "O-4",
            _SEALS,
            "if len(object_) < least or not object_.startswith(_HEADER):",
            "if len(object_) < least:",
        ),
        Mutant("O-5", _SEALS, "if len(plaintext).bit_count() != 1:", "if False:"),
        Mutant("O-6", _SEALS, "1 << (len(plaintext) - 1).bit_length())", "MOST_PLAINTEXT_BYTES)"),
        Mutant(
            "O-7",
            _SEALS,
            "if not inflate.eof or inflate.unused_data or inflate.unconsumed_tail:",
            "if False:",
        ),
        Mutant(
            "O-8",
            _SEALS,
            "        data = inflate.decompress(stream, MAX_RECORD_BYTES + 1)\n"
            "    except zlib.error as exc:\n"
            '        raise ProtocolError("object.stream") from exc\n'
            "    if len(data) > MAX_RECORD_BYTES:\n"
            '        raise ProtocolError("object.too-large", max=MAX_RECORD_BYTES)\n',
            "        data = inflate.decompress(stream)\n"
            "    except zlib.error as exc:\n"
            '        raise ProtocolError("object.stream") from exc\n',
        ),
        Mutant("O-9", _SEALS, "if any(plaintext[stream_end:]):", "if False:"),
        Mutant("O-10", _INTAKE, '    "object.unopened": "unopened",\n', ""),
        Mutant("O-11", _SEALS, "if objects.commitment(salt, data) != commitment:", "if False:"),
        Mutant("O-12", _INTAKE, "if record.issuer_scid != origin.author:", "if False:"),
        Mutant("O-13", _INTAKE, " or not (record.is_public or me in record.addressees):", ":"),
        Mutant(
            "O-16",
            "protocol/tiles.py",
            "_check_width(len(objects), width)",
            "_check_width(len(objects), None)",
        ),
    ),
)

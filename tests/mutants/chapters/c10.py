"""Chapter 10 of the law: requests, errors, limits."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_REQUESTS: Final = "protocol/requests.py"
_CLIENT: Final = "sync/client.py"
_ASKING: Final = "server/federation/asking.py"
_ERRORS: Final = "server/federation/errors.py"
_DOORS: Final = "server/federation/doorman.py"
_LISTENING: Final = "server/listening.py"

CHAPTER: Final = Chapter(
    "10",
    mutants=(
        Mutant(
            "Q-1",
            "server/doors.py",
            "if not is_loopback(server.host) and not server.certificate and not proxied:",
            "if False:",
        ),
        Mutant("Q-2", _REQUESTS, "if len(results) != 1:", "if not results:"),
        Mutant("Q-3", _REQUESTS, "if list(result.covered_components) != covered:", "if False:"),
        Mutant("Q-4", _REQUESTS, "parameters.keys() != _PARAMETERS\n        or not", "not"),
        Mutant(
            "Q-5",
            _REQUESTS,
            "        or not 0 < expires - created <= LIFETIME.total_seconds()\n",
            "",
        ),
        Mutant(
            "Q-6",
            _REQUESTS,
            "if request.created > now + TOLERANCE or request.expires < now - TOLERANCE:",
            "if False:",
        ),
        Mutant("Q-7", _REQUESTS, "if body and [value.strip()", "if False and [value.strip()"),
        Mutant("Q-8", _REQUESTS, 'if any(name == "content-encoding" for name, _ in fields):', "if False:"),
        Mutant(
            "Q-9",
            _ASKING,
            "target = self._public_address + target_of(request)",
            'target = f"{request.scheme}://{request.host}{target_of(request)}"',
        ),
        Mutant(
            "Q-10",
            "sync/directory.py",
            "            document = self._identities[partner].newest if partner in self._identities else None\n"
            "            if document is not None and key_id in document.request_keys:\n"
            "                return document.request_keys[key_id]\n",
            "            for entry in self._identities[partner].entries if partner in self._identities else ():\n"
            "                if key_id in entry.document.request_keys:\n"
            "                    return entry.document.request_keys[key_id]\n",
        ),
        Mutant(
            "Q-35",
            _REQUESTS,
            "if self._public is None or not verify_signature(self._public, message, signature):",
            "if self._public is None:",
        ),
        Mutant("Q-11", _ASKING, "or not self._directory.out_of_turn.begin(scid):", "or False:"),
        Mutant("Q-12", _REQUESTS, "if use in live:", "if False:"),
        Mutant(
            "Q-13",
            _ASKING,
            'if exc.code == "request.time":\n',
            'if exc.code == "request.signature":\n'
            '                said = request.headers["Signature-Input"]\n'
            "                key_id, nonce = (\n"
            '                    said.partition(f\'{name}="\')[2].partition(\'"\')[0] for name in ("keyid", "nonce")\n'
            "                )\n"
            "                early = VerifiedRequest(key_id, scid_of(key_id.partition('#')[0]), nonce, now, now)\n"
            "                self._replays.remember(early, now)\n"
            '            if exc.code == "request.time":\n',
        ),
        Mutant("Q-23", _ASKING, "if verified.created < self._earliest:", "if False:"),
        Mutant("Q-34", _ASKING, "self._clock = Onward(clock)", "self._clock = clock"),
        Mutant("Q-24", _ASKING, "format_time(max(now, self._earliest))", "format_time(now)"),
        Mutant(
            "Q-14",
            _ASKING,
            'raise Refusal("path.not-found") from exc',
            'raise Refusal("path.not-found", extra={"why": exc.code}) from exc',
        ),
        Mutant(
            "Q-15",
            _CLIENT,
            "        self._offsets[road.scid] = theirs - self._clock()\n        return True\n",
            "        return True\n",
        ),
        Mutant("Q-16", _ERRORS, '    "request.digest": 401,\n', ""),
        Mutant("Q-17", _ERRORS, "if self.status in {429, 503}:", "if False:"),
        Mutant("Q-18", "words/problems.py", '        "code": code,\n', ""),
        Mutant(
            "Q-19",
            _ERRORS,
            'else "node.unexpected"\n    return Problem(code, STATUS[code])',
            'else "node.unexpected"\n    return Problem(code, STATUS[code], getattr(error, "params", {}))',
        ),
        Mutant(
            "Q-25",
            _LISTENING,
            "answer = Problem(code, status, headers={hdrs.SERVER: NAME}).response(request)",
            "answer = super().handle_error(request, status, exc, message)",
        ),
        Mutant("Q-26", _LISTENING, "response.headers[hdrs.SERVER] = NAME", "pass"),
        Mutant("Q-20", _CLIENT, 'code = told.get("code")', 'code = told.get("detail")'),
        Mutant("Q-21", _CLIENT, "if total > max_bytes:", "if False:"),
        Mutant("Q-22", _CLIENT, "asyncio.timeout(self._deadline.total_seconds())", "asyncio.timeout(None)"),
        Mutant(
            "Q-31",
            _DOORS,
            "return now - self.since > (HEAD_SECONDS if self.asking else IDLE_SECONDS)",
            "return False",
        ),
        Mutant("Q-32", _DOORS, "if not door.signed and not door.busy]", "if not door.busy]"),
    ),
)

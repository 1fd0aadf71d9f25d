"""Chapter 09 of the law: following."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_FOLLOWER: Final = "sync/follower.py"
_PULL: Final = "sync/pull.py"
_FETCH: Final = "sync/fetch.py"
_KEEPING: Final = "sync/keeping.py"
_AGAIN: Final = "sync/again.py"
_COVERING: Final = "sync/covering.py"
_RECEIPTS: Final = "sync/receipts.py"
_REJECTIONS: Final = "desk/rejections.py"

CHAPTER: Final = Chapter(
    "09",
    mutants=(
        Mutant(
            "F-1",
            _FOLLOWER,
            "for partner in self._tools.directory.peers:\n            self.follow(partner.scid)",
            "pass",
        ),
        Mutant(
            "F-2",
            _FOLLOWER,
            "        if state is not None:\n            state.wake.set()\n",
            "        if state is not None:\n"
            '            state.identity_checked = float("-inf")\n'
            "            state.wake.set()\n",
        ),
        Mutant(
            "F-3",
            "sync/turns.py",
            "chosen = min(waiting, key=lambda item: self._had_at(item[0], now))",
            "chosen = waiting[0]",
        ),
        Mutant(
            "F-4",
            _FOLLOWER,
            "min(self._settings.backoff_max_seconds, FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 20))",
            "FIRST_BACKOFF_SECONDS * 2.0",
        ),
        Mutant(
            "F-5",
            _FOLLOWER,
            "        if state is not None:\n            state.wake.set()\n",
            "",
        ),
        Mutant("F-44", _FOLLOWER, "NOTICE_GAP_SECONDS * 2.0 ** min(fruitless, 20)", "NOTICE_GAP_SECONDS"),
        Mutant(
            "F-63",
            "sync/outofturn.py",
            'if not wished and now - self._asked.get(scid, float("-inf")) < AGAIN_SECONDS:',
            "if False:",
        ),
        Mutant("F-6", _FETCH, "offset = held.entries_end if skipped else 0", "offset = 0"),
        Mutant(
            "F-7", _PULL, "if target.tree_size <= self._feed.size:", "if target.tree_size == self._feed.size:"
        ),
        Mutant(
            "F-8",
            _FETCH,
            'raise TransportError("road.root-missed", origin=self._origin.encode(), size=target.tree_size)',
            'raise ProtocolError("road.root-missed", origin=self._origin.encode(), size=target.tree_size)',
        ),
        Mutant(
            "F-9",
            _FETCH,
            "if frontier.size != target.tree_size or frontier.root() != target.root_hash:",
            "if False:",
        ),
        Mutant(
            "F-10",
            _PULL,
            "            await feeds.put_checkpoint(connection, self._feed.id, head, self._now)\n"
            '        self._tools.crash.reach("after-follow-rows")',
            "        async with self._tools.database.writing() as connection:\n"
            "            await feeds.put_checkpoint(connection, self._feed.id, head, self._now)\n"
            '        self._tools.crash.reach("after-follow-rows")',
        ),
        Mutant(
            "F-41",
            _PULL,
            "cut = min(target.tree_size, (self._feed.size + MAX_GROWTH) // TILE_WIDTH * TILE_WIDTH)",
            "cut = target.tree_size",
            ("tests/unit/sync/test_sync_forks.py::test_a_large_growth_is_taken_in_parts",),
        ),
        Mutant(
            "F-62", _PULL, 'self._tools.allowances.require(self._road.scid, "leaves", "setbacks")', "pass"
        ),
        Mutant(
            "F-34",
            _FETCH,
            "if frontier.size != target.tree_size or frontier.root() != target.root_hash:",
            "if not beyond and (frontier.size != target.tree_size or frontier.root() != target.root_hash):",
        ),
        Mutant("F-35", _FETCH, "if root_of(hashes) != root:", "if False:"),
        Mutant(
            "F-36",
            _PULL,
            "stretches = [item.stretch for item in group]",
            "stretches = [item.stretch for item in reversed(group)]",
        ),
        Mutant(
            "F-37",
            _PULL,
            "            await feeds.put_checkpoint(connection, self._feed.id, head, self._now)\n"
            '        self._tools.crash.reach("after-follow-rows")',
            "            if self._feed.size == head.size:\n"
            "                await feeds.put_checkpoint(connection, self._feed.id, head, self._now)\n"
            '        self._tools.crash.reach("after-follow-rows")',
        ),
        Mutant("F-38", _COVERING, "limit = held.size if len(open_)", "limit = 2**53 if len(open_)"),
        Mutant(
            "F-47",
            _PULL,
            'if state == "current":',
            'if state == "current" and self._feed.size > before:',
        ),
        Mutant(
            "F-11",
            "protocol/intake.py",
            '_STATUS_OF.get(error.code, "quarantined")',
            '_STATUS_OF.get(error.code, "passed-over")',
        ),
        Mutant(
            "F-12",
            _KEEPING,
            'if result.status == "accepted" and index not in repeated:',
            'if result.status in {"accepted", "quarantined"} and index not in repeated:',
        ),
        Mutant(
            "F-13",
            _KEEPING,
            'elif result.status != "passed-over":\n',
            'elif result.status != "passed-over":\n'
            '            if result.status == "quarantined":\n'
            "                raise ValueError(result.code)\n",
        ),
        Mutant(
            "F-14",
            _KEEPING,
            'if result.status == "accepted" and index not in repeated:',
            "alone = result.heading is None or result.heading.version == 1\n"
            '        if result.status == "accepted" and index not in repeated and alone:',
        ),
        Mutant("F-15", _KEEPING, "if size > self.quarantined:", "if False:"),
        Mutant("F-39", _KEEPING, "replace(setback, object=None, gap=True)", "replace(setback, object=None)"),
        Mutant("F-40", _AGAIN, "if not missed:", "if True:"),
        Mutant("F-16", _PULL, '"quarantined": again.this_code()', '"quarantined": ""'),
        Mutant(
            "F-17",
            _REJECTIONS,
            "if now - await setback_rows.last_reported(connection, scid) < ONCE_IN_SECONDS:",
            "if False:",
        ),
        Mutant(
            "F-18",
            _REJECTIONS,
            'of_rejection = item.params.get("type") == "rejection"',
            "of_rejection = False",
        ),
        Mutant(
            "F-19",
            _FETCH,
            "        if frontier.root() != target.root_hash:\n            return None\n",
            "",
        ),
        Mutant("F-64", "protocol/merkle.py", "if len(subtree) != HASH_BYTES:", "if False:"),
        Mutant(
            "F-20", _PULL, '(first.note, note, b"".join(proof))', '(first.note, first.note, b"".join(proof))'
        ),
        Mutant("F-21", _FOLLOWER, 'if held.state == "forked":', "if False:"),
        Mutant(
            "F-22",
            _FOLLOWER,
            '            visit.pulled.append(Pulled(origin.encode(), "forked", error.code, held.size, 0, {}, 0))\n'
            "            return\n",
            "            raise\n",
        ),
        Mutant(
            "F-23",
            _COVERING,
            "open_ = [] if held.origin.is_public else await gaps.lowest(connection, held.id)",
            "open_: list[int] = []",
        ),
        Mutant(
            "F-42",
            _COVERING,
            "if closed_at.get(index, head.size) >= head.size]",
            "if index not in closed_at]",
        ),
        Mutant("F-24", _COVERING, "open_ = [] if held.origin.is_public else await", "open_ = await"),
        Mutant(
            "F-25",
            _RECEIPTS,
            "covered >= head.size or tools.closed() is not None:",
            "covered == head.size:",
        ),
        Mutant(
            "F-26",
            _RECEIPTS,
            "        await evidence.put_receipt(connection, held.id, own, head.size, receipt, time)\n",
            "",
        ),
        Mutant("F-27", _RECEIPTS, "time = max(now, last)", "time = now"),
        Mutant(
            "F-28",
            "protocol/checkpoints.py",
            "if not well_formed or not any(verify_signature(public, message, signature) for public in makers):",
            "if False:",
        ),
        Mutant("F-43", _RECEIPTS, "if time > (tools.clock() + AHEAD).timestamp():", "if False:"),
        Mutant(
            "F-29",
            "server/federation/app.py",
            "        self._sources.noticed(sender, origin)\n",
            "        if Origin.parse(origin).author not in {sender, self._sources.directory.own_scid}:\n"
            '            raise Refusal("path.not-found")\n'
            "        self._sources.noticed(sender, origin)\n",
        ),
    ),
)

"""Chapter 08 of the law: publishing and the rollback fence."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_PUBLISHER: Final = "sync/publisher.py"
_BATCH: Final = "sync/batch.py"
_FENCE: Final = "sync/fence.py"
_CONFIRMING: Final = "sync/confirming.py"
_DATABASE: Final = "storage/database.py"
_HEADS: Final = "storage/heads.py"
_HOME: Final = "storage/home.py"
_BEHIND_ITS_HEAD: Final = (
    "tests/faults/test_faults_fence.py::test_an_old_database_beside_a_newer_head_signs_nothing",
)
_FENCED: Final = ("tests/faults/test_faults_fence.py",)
_WRITTEN: Final = (
    "                swaps = await batch.write(self.current, int(self._tools.clock().timestamp()))\n"
    '            self._crash.reach("after-publish-rows")\n'
    "            self._last_issued = batch.last_issued\n"
    '            await self._move(swaps, "publish-head")\n'
)
_ONE_WRITER: Final = (
    '            self._writer = new_engine(place, begin="BEGIN IMMEDIATE", pool_size=1)\n'
    '            self._reader = new_engine(place, begin="BEGIN", pool_size=READERS)\n'
    "        self._remote = isinstance(place, Access)\n"
    "        self._name = name_of(place)\n"
    "        self._turn = asyncio.Lock()\n"
)
_MANY_WRITERS: Final = (
    _ONE_WRITER.replace("IMMEDIATE", "")
    .replace("pool_size=1", "pool_size=READERS")
    .replace("asyncio.Lock()", '__import__("contextlib").nullcontext()')
)
"""The turn, the one connection and SQLite's own lock, each of which would keep the rule alone."""

CHAPTER: Final = Chapter(
    "08",
    mutants=(
        Mutant("W-1", _DATABASE, _ONE_WRITER, _MANY_WRITERS),
        Mutant("W-2", _HOME, "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),
        Mutant(
            "W-3",
            _BATCH,
            "        self.stands.append(stand)\n        self.digests.append(item.heading.digest)\n",
            "        at = 0 if stand is item.stands[-1] else len(self.stands)\n"
            "        self.stands.insert(at, stand)\n        self.digests.insert(at, item.heading.digest)\n",
        ),
        Mutant(
            "W-4",
            _BATCH,
            "            if not item.unchecked:\n                await self._tools.check(record, ahead)\n",
            "",
        ),
        Mutant(
            "W-5",
            _BATCH,
            "in_order = self.last_issued is None or early.issued >= self.last_issued",
            "in_order = True",
        ),
        Mutant(
            "W-6",
            _PUBLISHER,
            _WRITTEN,
            "                swaps = await batch.write(self.current, int(self._tools.clock().timestamp()))\n"
            '                await self._move(swaps, "publish-head")\n'
            '            self._crash.reach("after-publish-rows")\n'
            "            self._last_issued = batch.last_issued\n",
        ),
        Mutant(
            "W-7",
            _PUBLISHER,
            "        try:\n            await self._heads.replace(swaps)\n",
            "        self.current.update({swap.origin: swap.new for swap in swaps})\n"
            "        try:\n            await self._heads.replace(swaps)\n",
        ),
        Mutant(
            "W-8",
            _HOME,
            'return self.home / "head.sqlite"',
            'return self.home / "passerelle.sqlite"',
            _BEHIND_ITS_HEAD,
        ),
        Mutant("W-9", _HEADS, "if not moved:", "if False:"),
        Mutant(
            "W-10",
            _PUBLISHER,
            '            await self._move(swaps, "publish-head")\n',
            "            for group in groups:\n"
            "                if not group.done.done():\n"
            "                    group.done.set_result(group.answer)\n"
            '            await self._move(swaps, "publish-head")\n',
        ),
        Mutant(
            "W-11",
            _PUBLISHER,
            "known = None if group.key is None else await record_rows.get_answer(batch.connection, group.key)",
            "known = None",
        ),
        Mutant(
            "W-31",
            _DATABASE,
            "            if self.failed is not None:\n                raise self.failed\n",
            "",
        ),
        Mutant(
            "W-32",
            "node.py",
            "                for path in (*in_home, paths.heads):\n                    await asyncio.to_thread(settle, path)\n",
            "",
        ),
        Mutant(
            "W-12",
            _PUBLISHER,
            "            while not self._queue.empty():\n                self._waiting.append(self._queue.get_nowait())\n",
            "",
        ),
        Mutant(
            "W-13",
            _FENCE,
            'return StorageError("fence.rows-behind", origin=origin, rows=newest.size, head=head.size)',
            "return None",
        ),
        Mutant(
            "W-14",
            _CONFIRMING,
            "asked = await asyncio.gather(*(self._ask(partner) for partner in self._directory.peers))",
            "asked: list[Asked] = []",
            _FENCED,
        ),
        Mutant(
            "W-15",
            _FENCE,
            "theirs = verify_checkpoint(note, origin.encode(), directory.own.log_keys_ever)",
            "from passerelle.protocol.notes import SignedNote\n\n"
            "        theirs = Checkpoint.parse(SignedNote.parse(note).text)",
        ),
        Mutant("W-16", _FENCE, "if size > ours:", "if False:"),
        Mutant("W-19", _FENCE, "await heads.replace([Swap(found.origin, old, found.head)])", "pass"),
        Mutant(
            "W-20",
            _FENCE,
            'if found.error.code == "fence.rows-differ" or not heads.exists:',
            "if not heads.exists:",
        ),
        Mutant(
            "W-17",
            _FENCE,
            "    current = dict(await heads.read()) if heads.exists else {}\n    swaps: list[Swap] = []\n",
            "    if not heads.exists:\n"
            "        found = await missing_heads(database, heads)\n"
            "        await heads.create()\n"
            "        await heads.replace(found)\n"
            "    current = dict(await heads.read()) if heads.exists else {}\n    swaps: list[Swap] = []\n",
            _FENCED,
        ),
        Mutant("W-18", "sync/follower.py", "if not state.asked:", "if False:"),
        Mutant(
            "W-21",
            _CONFIRMING,
            "        for item in asked:\n"
            "            for contradiction in item.contradictions:\n"
            "                await self._fenced(contradiction)\n"
            "        return Standing(self._publisher.closed, await self._obstacle(asked), await self._sizes(), asked)\n",
            "        return Standing(self._publisher.closed, await self._obstacle(()), await self._sizes(), asked)\n",
            _FENCED,
        ),
        Mutant(
            "W-22",
            _CONFIRMING,
            'return InputError("fence.not-confirmable", code=closed.code)',
            "return None",
        ),
        Mutant("W-23", _CONFIRMING, "        await self._heads.replace(swaps)\n", "", _FENCED),
        Mutant(
            "W-24",
            _FENCE,
            'if found.error.code == "fence.rows-differ" or not heads.exists:',
            'if found.error.code == "fence.rows-differ":',
            _FENCED,
        ),
        Mutant(
            "W-25",
            _CONFIRMING,
            "if concerned and len(agreeing) == len(concerned):",
            "if True:",
            _FENCED,
        ),
        Mutant(
            "W-33",
            "initialise.py",
            "        made = await _build(home, Paths(building), config, secret, secret_file)\n"
            "        _put_in_place(building, home, CrashPoints.from_environment(fictitious=agency.fictitious))\n",
            "        _put_in_place(building, home, CrashPoints.from_environment(fictitious=agency.fictitious))\n"
            "        made = await _build(home, Paths(home), config, secret, secret_file)\n",
        ),
        Mutant(
            "W-34",
            _PUBLISHER,
            "        async with self._rows() as connection:\n"
            "            if also is not None:\n"
            "                await also(connection)\n",
            "        if also is not None:\n"
            "            async with self._rows() as connection:\n"
            "                await also(connection)\n"
            "        async with self._rows() as connection:\n",
        ),
    ),
)

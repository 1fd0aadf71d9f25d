"""Chapter 08 of the law: publishing and the rollback fence."""

from __future__ import annotations

from typing import Final

from tests.mutants.model import Chapter, Mutant

_PUBLISHER: Final = "sync/publisher.py"
_HOME: Final = "storage/home.py"

CHAPTER: Final = Chapter(
    "08",
    mutants=(
        Mutant("W-2", _HOME, "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),
        Mutant(
            "W-7",
            _PUBLISHER,
            "        try:\n            await self._heads.replace(swaps)\n",
            "        self.current.update({swap.origin: swap.new for swap in swaps})\n"
            "        try:\n            await self._heads.replace(swaps)\n",
        ),
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
            "W-33",
            "initialise.py",
            "        made = await _build(home, Paths(building), config, secret, secret_file)\n"
            "        _put_in_place(building, home, CrashPoints.from_environment(fictitious=agency.fictitious))\n",
            "        _put_in_place(building, home, CrashPoints.from_environment(fictitious=agency.fictitious))\n"
            "        made = await _build(home, Paths(home), config, secret, secret_file)\n",
        ),
    ),
    not_yet=(
        "W-1 W-3 W-4 W-5 W-6 W-8 W-9 W-11 W-31 W-32 W-12 W-13 W-14 W-15 W-16 W-19 W-20 W-17 W-18 W-21 "
        "W-22 W-23 W-24 W-25 W-34"
    ),
    most=25,
)

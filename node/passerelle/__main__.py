"""``python -m passerelle``: the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; loaded only here, for worker processes load this module too."""
    from passerelle.cli import main as run  # noqa: PLC0415

    return run()


if __name__ == "__main__":
    sys.exit(main())

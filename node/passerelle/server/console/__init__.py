"""The console: what staff look at. For now one read-only page, the board.

``console_app`` makes an aiohttp application that stands alone or is mounted under a prefix. It
is given the board as data and knows neither storage nor desk; it decides nothing.
"""

from __future__ import annotations

from passerelle.server.console.app import BoardSource, console_app
from passerelle.server.console.guard import LOOPBACK_NAMES
from passerelle.server.console.present import Labels

__all__ = ["LOOPBACK_NAMES", "BoardSource", "Labels", "console_app"]

"""The pure core: bytes in, facts out (spec/).

Nothing below this package reads a clock, a file (but the packaged schemas), a socket or
the environment, and nothing logs. Time and randomness are arguments. Parsers of foreign
bytes raise :class:`passerelle.errors.ProtocolError` and nothing else; own mistakes are
``ValueError``.
"""

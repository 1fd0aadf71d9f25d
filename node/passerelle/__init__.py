"""Passerelle: a node with which volunteering agencies exchange volunteers, with no server in the middle.

The packages stand in rows, and a module imports only from the rows below its own; ``docs/developer/layers.md``
draws them and ``pyproject.toml`` holds them. Nothing is imported here, so that an auditor who wants only
``passerelle.protocol`` loads nothing else.
"""

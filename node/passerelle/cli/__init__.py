"""The command line, one edge of a node: it reads arguments and files, asks the desk, and prints.

Rules of who may do what stand in the desk, once; sentences stand in the catalogues. Answers go
to standard output, everything else (progress, errors) to standard error.
"""

from passerelle.cli.main import main

__all__ = ["main"]

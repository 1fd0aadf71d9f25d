"""HTTP: what nodes call, what staff look at, and the local socket that commands use."""

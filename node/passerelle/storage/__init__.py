"""Rows are the truth: the database, the head store and the vault.

Everything that a node serves is derived from rows of one database, except the head
of each own feed, which lives in a store of its own (:mod:`passerelle.storage.heads`),
outside what a backup restores.
"""

"""JSON Schemas by record type, code lists and samples, as data (no code lives here).

``<type>.json`` is the schema of one record type; ``common.json`` holds the value types
that records share, ``header.json`` what every record begins with, ``stub.json`` what stays
of an erased one. ``codes/`` holds the code lists with their labels. ``samples/`` holds,
for each type, records that are valid and records that break one rule each.

Read them through :mod:`passerelle.protocol.schemas`.
"""

"""JSON Schemas, code lists, rule packs and their samples: data, for any language.

This file only makes the folder a package, so that ``importlib.resources`` finds it installed and in a clone.
"""

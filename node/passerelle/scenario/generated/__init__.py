"""Demonstration data from a seed: networks of made-up agencies, their agreements, volunteers and all that follows.

Byte for byte the same for the same size and seed. Nobody in it exists, every record says ``synthetic: true``.
"""

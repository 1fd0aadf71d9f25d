"""Scenarios to run and samples to copy: data.

This file only makes the folder a package, so that ``importlib.resources`` finds it installed and in a clone.
"""

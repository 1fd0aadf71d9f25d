"""A person's own files of offers, read and explained: CSV as French Excel writes it, and JSON.

``tables`` turns bytes into rows, ``columns`` knows the headings in French and English,
``cells`` reads one cell, ``offers`` makes the body of an offer from a row, ``files``
reads a whole file and collects every fault with its row and column. Nothing here
publishes and nothing here speaks: a fault is a code with values.
"""

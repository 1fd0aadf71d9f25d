"""The law of the exchange, as data (no code lives here): ``rules.json``, a row for each rule, and all codes.

The chapters beside it are the text that counts; the table is made from them by
``python -m tests.vectors.rule_table`` and compared by a test. Read it through
:mod:`passerelle.conformance.rules`.
"""

"""The rules of the field, V01 to V32, and the packs of values that they take by scheme.

What only one agency's own node asks: of what it is about to publish, and, as findings at its desk, of all that it
holds. A verdict of the fold never rests on them, so a partner's fold does not depend on our packs.
"""

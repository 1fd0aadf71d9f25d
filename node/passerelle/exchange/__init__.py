"""The fold: from the records held to the state of agreements, nominations and placements.

Pure. No clock (``as_of`` is an argument), no I/O, no settings of the node, and no knowledge
of which node folds: two agencies that hold the same records compute the same state, whatever
order the records came in (spec/11-fold.md).
"""

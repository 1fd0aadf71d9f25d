"""How fast 20,000 offers get from one node to another, on disk, between real processes.

``offers`` makes them from a seed, ``measure`` watches memory and times bare signature
checks, ``__main__`` plays and prints. Run by ``make bench``; there is no bar yet.
"""

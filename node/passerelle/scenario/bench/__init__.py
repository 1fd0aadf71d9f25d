"""How fast offers get from one node to another, on disk, between real processes.

``offers`` makes them from a seed, ``measure`` watches memory and times bare signature
checks, ``run`` plays, ``__main__`` prints beside the bars. Run by ``make bench``.
"""

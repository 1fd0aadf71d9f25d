"""How records leave this node and how those of its partners arrive."""

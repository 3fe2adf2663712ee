"""From files to labelled examples: readers of every format, and what is inferred of them. NumPy only."""

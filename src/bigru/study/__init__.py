"""Studies: what a score is worth, beside the plainest thing that could work."""

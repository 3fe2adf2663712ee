"""Studies: what a score is worth beside the plainest thing that could work, and how fast a layer is."""

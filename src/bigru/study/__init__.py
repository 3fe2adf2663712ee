"""Studies: nearest neighbour by DTW beside a series classifier, and how fast a layer is."""

"""Tables with time: read, made even, and cut into windows. NumPy only."""

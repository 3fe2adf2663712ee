"""From inputs to numbers: features of texts, series, recordings and tables, and batches of them. NumPy only."""

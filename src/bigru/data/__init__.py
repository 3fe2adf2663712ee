"""From files to arrays: readers, features of texts and series, batches, and the data doctor. NumPy only."""

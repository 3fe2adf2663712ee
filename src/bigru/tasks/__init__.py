"""Tasks: from examples to targets, and from logits to answers and scores. NumPy only.

Each file has the same five public words, in this order: `Config`, `featurise`, `targets`, `decode`, `score`.
"""

"""Rows of tables by their ids, and what rows come to over the steps: what surrounds the GRU of a model of texts."""

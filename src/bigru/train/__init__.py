"""Training: from features and targets to weights, and from weights to a saved model.

`fit.fit` trains, `export.export` checks and packs, `recipes` holds every default. Lightning runs
the loop and never shows; importing this package imports neither torch nor Lightning, its modules do.
"""

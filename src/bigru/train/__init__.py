"""Training: from features and targets to weights, and from weights to a saved model.

`fit.fit` trains, `export.export` checks and packs, `recipes` holds every default. `trainer.Trainer` runs the loop;
importing this package does not import torch, its modules do.
"""

"""Running a saved model on NumPy alone: `network` computes logits, `predictor` answers."""

"""Running a saved model without torch: `network` computes logits, `predictor` answers."""

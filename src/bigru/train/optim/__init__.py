"""From gradients to new weights: AdamW by rows, the schedule of the rate, the average of the weights."""

"""One training from start to end: `fit.fit`, its steps, evaluation, checkpoints and display."""

"""What a training starts from, other than random weights: an earlier model."""

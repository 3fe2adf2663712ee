"""What a training is for: losses, soft targets and the dev score."""

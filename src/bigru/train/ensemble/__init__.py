"""Several trainings that end in one model."""

"""Weights that others trained, read into saved models."""

"""Answers while an input is still coming."""

"""Vectors of words or characters that others trained, in the formats that people have."""

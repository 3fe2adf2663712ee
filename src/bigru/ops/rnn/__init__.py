"""The plain recurrent network, for comparison: `reference.py`. Its fast engines stand in `ops.recurrent`."""

"""The LSTM, for comparison: `reference.py`. Its fast engines stand in `ops.recurrent`."""

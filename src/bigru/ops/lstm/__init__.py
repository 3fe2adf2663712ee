"""The LSTM, for comparison: `reference.py` (NumPy) and `autograd.py` (torch steps)."""

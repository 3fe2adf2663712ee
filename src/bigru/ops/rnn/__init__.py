"""The plain recurrent network, for comparison: `reference.py` (NumPy) and `autograd.py` (torch steps)."""

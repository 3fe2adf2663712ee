"""What the three cells share.

| file | what |
|---|---|
| `walk.py` | the order in which the steps of a padded batch are visited |
| `chunking.py` | chunks with a bounded look-ahead; `chunk_reference.py` is their specification |
| `autograd.py` | the torch seam: what `bigru.nn` calls, whatever the cell |
| `vectorised.py` | the plain recurrent network and the LSTM in NumPy, all walks in one loop: what prediction calls |
"""

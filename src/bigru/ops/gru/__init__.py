"""The gated recurrent unit, and what the three cells share.

| file | what |
|---|---|
| `reference.py` | the equations in NumPy, forward and backward: the specification |
| `walk.py` | the order in which the steps of a padded batch are visited |
| `vectorised.py` | fast inference in NumPy, all cells, both directions in one loop |
| `autograd.py` | the torch seam, all cells: what `bigru.nn` calls |
"""

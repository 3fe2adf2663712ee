"""The gated recurrent unit.

| file | what |
|---|---|
| `reference.py` | the equations in NumPy, forward and backward: the specification |
| `native.py` | the compiled kernels on NumPy arrays: what prediction calls |
| `autograd.py` | the compiled kernels as operators of torch: what `ops.recurrent.autograd` calls |
"""

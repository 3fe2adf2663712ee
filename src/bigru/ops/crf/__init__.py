"""The linear-chain conditional random field (`docs/math/crf.md`).

| file | what |
|---|---|
| `weights.py` | the scores of a chain and hard constraints on them |
| `reference.py` | log-likelihood, Viterbi, n-best, marginals in NumPy: the specification |
| `native.py` | the same compiled, for NumPy arrays: what prediction calls |
| `autograd.py` | the torch loss with its gradient: what training calls, on a CPU the compiled one |
| `torch_ops.py` | the loss in torch's operators, for GPUs and float64 |
"""

"""The linear-chain conditional random field (`docs/math/crf.md`).

| file | what |
|---|---|
| `reference.py` | log-likelihood, Viterbi, n-best, marginals, constraints in NumPy: the specification |
| `chain.py` | the checked batch and the two recursions that `reference.py` is written with |
| `autograd.py` | the torch loss with its own forward-backward gradient: what training calls |
"""

"""Torch modules: the GRU and what is built on it.

| file | what |
|---|---|
| `gru.py` | `GRU`, a drop-in for `torch.nn.GRU` |
| `recurrent.py` | one layer of any cell, its walks and how they are joined |
| `encoder.py` | stacked layers with dropout and normalisation |
| `embedding.py`, `pooling.py`, `heads.py` | what stands before and after the encoder |
| `model.py` | `SequenceModel`: the whole network a configuration describes |
"""

from __future__ import annotations

from .gru import GRU
from .recurrent import Recurrent

__all__ = ["GRU", "Recurrent"]

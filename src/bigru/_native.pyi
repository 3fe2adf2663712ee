"""The compiled kernels; `native/python/` says what each function takes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Walks = Sequence[Sequence[Any]]

def isa() -> str | None: ...
def use_isa(name: str | None) -> None: ...
def instruction_sets() -> list[tuple[str, bool]]: ...
def threads() -> int: ...
def product_rate(precision: str, threads: int) -> float | None: ...
def vector_math(function: str, x: np.ndarray, y: np.ndarray) -> None: ...
def gru_gates(B: int, T: int, I: int, H: int, D: int, lengths: np.ndarray | None) -> np.ndarray: ...
def gru_forward(
    weights: Walks,
    reverse: Sequence[bool],
    reset_after: bool,
    precision: str,
    threads: int,
    time_first: bool,
    x: np.ndarray,
    lengths: np.ndarray | None,
    h0: np.ndarray | None,
    y: np.ndarray,
    h_n: np.ndarray,
    gates: np.ndarray | None,
) -> None: ...
def gru_backward(
    weights: Walks,
    reverse: Sequence[bool],
    reset_after: bool,
    precision: str,
    threads: int,
    time_first: bool,
    x: np.ndarray,
    lengths: np.ndarray | None,
    h0: np.ndarray | None,
    y: np.ndarray,
    gates: np.ndarray,
    dy: np.ndarray | None,
    dh_n: np.ndarray | None,
    dx: np.ndarray | None,
    dh0: np.ndarray | None,
    gradients: Walks | None,
) -> None: ...

CrfScores = tuple[np.ndarray, np.ndarray, np.ndarray]

def crf_forward(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    tags: np.ndarray,
    losses: np.ndarray,
    keep: bool,
) -> np.ndarray | None: ...
def crf_backward(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    tags: np.ndarray,
    kept: np.ndarray,
    d_losses: np.ndarray,
    d_emissions: np.ndarray | None,
    d_transitions: np.ndarray | None,
    d_start: np.ndarray | None,
    d_end: np.ndarray | None,
) -> None: ...
def crf_marginals(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    marginals: np.ndarray,
    log_z: np.ndarray,
) -> None: ...
def crf_viterbi(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    paths: np.ndarray,
    path_scores: np.ndarray,
) -> None: ...
def crf_nbest(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    paths: np.ndarray,
    path_scores: np.ndarray,
) -> None: ...
def crf_span_marginals(
    emissions: np.ndarray,
    lengths: np.ndarray | None,
    scores: CrfScores,
    threads: int,
    rows: np.ndarray,
    starts: np.ndarray,
    sizes: np.ndarray,
    tags: np.ndarray,
    continues: np.ndarray | None,
    probabilities: np.ndarray,
) -> None: ...
def ctc_greedy(
    logits: np.ndarray, lengths: np.ndarray | None, threads: int, labellings: tuple[np.ndarray, ...]
) -> None: ...
def ctc_beam(
    logits: np.ndarray,
    lengths: np.ndarray | None,
    threads: int,
    width: int,
    n: int,
    candidates: int,
    weight: float,
    bonus: float,
    model: tuple[Any, ...] | None,
    labellings: tuple[np.ndarray, ...],
) -> None: ...
def ctc_align(
    logits: np.ndarray,
    lengths: np.ndarray | None,
    threads: int,
    counts: np.ndarray,
    symbols: np.ndarray,
    labellings: tuple[np.ndarray, ...],
) -> None: ...

class Prepared:
    def __init__(self, weights: Walks, reverse: Sequence[bool], reset_after: bool, precision: str) -> None: ...
    def infer(
        self,
        x: np.ndarray,
        lengths: np.ndarray | None,
        h0: np.ndarray | None,
        y: np.ndarray,
        h_n: np.ndarray,
        threads: int,
    ) -> None: ...
    def step(self, x: np.ndarray, h: np.ndarray) -> None: ...

class Tables:
    def __init__(self, tables: Sequence[tuple[np.ndarray, np.ndarray | None]]) -> None: ...
    def lookup(self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, to: np.ndarray) -> None: ...
    def bag(self, ids: np.ndarray, starts: np.ndarray, lengths: np.ndarray, to: np.ndarray) -> None: ...

def pool(values: np.ndarray, lengths: np.ndarray, pooling: str, to: np.ndarray, column: int) -> None: ...
def ngrams(
    codes: np.ndarray,
    lengths: np.ndarray,
    first: int,
    last: int,
    size: int,
    known: np.ndarray | None,
    to: np.ndarray,
    column: int,
) -> None: ...
def lexicon_matches(
    codes: np.ndarray,
    lengths: np.ndarray,
    symbols: np.ndarray,
    children: np.ndarray,
    values: np.ndarray,
    to: np.ndarray,
) -> None: ...

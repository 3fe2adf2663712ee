"""Which plain model stands beside a training: one for each task and kind of input, and what it may cost."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from ..config.targets import TARGETS
from ..errors import argument
from ..features.segment import infer_unit

if TYPE_CHECKING:
    from .chain import WordsAt

__all__ = ["CHOICES", "LEAST", "FittedPlain", "PlainChoice", "Rows", "TooLongError", "fit_plain", "work_share"]

LEAST = 3.0
"""Seconds that a plain model may take however short the training is."""

MINUTE = 60.0
"""Seconds that the most work of a choice takes about, on one core."""

SHARE = 0.1
"""Share of a training's time that a plain model may take."""

WORDY = 0.3
"""What a letter of a word costs, by that of a character which is a unit of its own."""

FEWEST = 0.5
"""Share of the rows that a plain model learns from at least: with fewer it says nothing about the network."""


class TooLongError(Exception):
    """A plain model would take too long: so many seconds about, on one core."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it would take about {seconds:,.0f} s ({argument('plain', True)} fits it all the same)")


class PlainModel(Protocol):
    """Anything that has been fitted to inputs and answers others."""

    def predict(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """Return a target per input."""


class Rows(NamedTuple):
    """Inputs and their targets: labels, lists of labels, or lists of tags."""

    inputs: Sequence[Any]
    targets: Sequence[Any]

    def take(self, places: np.ndarray) -> Rows:
        """Return the rows at some places."""
        return Rows([self.inputs[n] for n in places], [self.targets[n] for n in places])


class How(NamedTuple):
    """The scheme of tags, how many features tokens have, a seed, and what a lexicon says of units."""

    scheme: str | None
    features: int
    seed: int
    words_at: WordsAt | None = None


Fit = Callable[[Rows, Rows | None, How], PlainModel]
"""Fits a model to rows, with dev rows to choose by if there are any."""


@dataclass(frozen=True)
class PlainChoice:
    """A plain model.

    Attributes:
        name: what it is called within a sentence.
        where: where it stands in this package.
        work: what it costs to fit it to rows; a minute for `most`.
        most: the most work; beyond it the model is fitted to some of the rows.
        fit: fits it.
    """

    name: str
    where: str
    work: Callable[[Rows], float]
    most: float
    fit: Fit


class FittedPlain(NamedTuple):
    """A plain model that has been fitted.

    Attributes:
        model: answers inputs.
        rows: how many rows it was fitted to.
        seconds: what that took.
    """

    model: PlainModel
    rows: int
    seconds: float


@dataclass(frozen=True)
class Constant:
    """The only target that was seen."""

    target: Any

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Return it for every input."""
        return [self.target] * len(inputs)


@dataclass(frozen=True)
class EachLabel:
    """One model per label, each of which answers "yes" or "no"."""

    models: dict[str, PlainModel]

    def predict(self, inputs: Sequence[Any]) -> list[list[str]]:
        """Return the labels of each input."""
        answers = {label: model.predict(inputs) for label, model in self.models.items()}
        return [[label for label, found in answers.items() if found[n] == "yes"] for n in range(len(inputs))]


def fit_plain(
    task: str,
    kind: str,
    rows: Rows,
    dev: Rows | None,
    *,
    multi_label: bool = False,
    scheme: str | None = None,
    features: int = 0,
    seed: int = 0,
    share: float | None = 1.0,
    words_at: WordsAt | None = None,
) -> FittedPlain | None:
    """Fit the plain model of a task; None where there is none.

    Args:
        task: "classify", "tag", ...
        kind: "text", "tokens", "series" or "audio" (as frames of features [T, I]).
        rows: what to learn from; tags are one per unit, and the inputs of tags are lists of units.
        dev: what settings are chosen by, if the model has any.
        multi_label: whether targets are lists of labels.
        scheme: how tags spell spans, None where they spell none.
        features: how many features stand behind the word in every unit of tags.
        seed: of the rows that are drawn where all would cost too much, and of the model.
        share: share of the most work of the choice that may be spent; None for as much as it takes.
        words_at: what a lexicon says of the units of tags, None without one.

    Raises:
        MissingExtraError: a package that the model needs is not installed.
        TooLongError: less than `FEWEST` of the rows would be learnt from within the work.
        ValueError: the model finds nothing to learn from, as where no two texts share a word.
    """
    choice = CHOICES.get((task, kind))
    if choice is None:
        return None
    started = time.perf_counter()
    labels = sorted({label for row in rows.targets for label in row}) if multi_label else []
    work, most = choice.work(rows) * max(1, len(labels)), choice.most * (1.0 if share is None else share)
    if share is not None and work > most:
        if most < FEWEST * work:
            raise TooLongError(MINUTE * work / choice.most)
        count = int(len(rows.inputs) * most / work)
        rows = rows.take(np.sort(np.random.default_rng(seed).permutation(len(rows.inputs))[:count]))

    def fit(some: Rows, judge: Rows | None) -> PlainModel:
        first = some.targets[0]
        if TARGETS[task].per_example and all(target == first for target in some.targets):
            return Constant(first)
        return choice.fit(some, judge, How(scheme, features, seed, words_at))

    with warnings.catch_warnings():
        # Rows of many classes that come once or twice are no mistake here.
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        if multi_label:
            model: PlainModel = EachLabel({label: fit(_has(label, rows), dev and _has(label, dev)) for label in labels})
        else:
            model = fit(rows, dev)
    return FittedPlain(model, len(rows.inputs), time.perf_counter() - started)


def work_share(seconds: float | None) -> float:
    """Return the share of the most work that suits a training which may take so many seconds, None for any number."""
    return 1.0 if seconds is None else min(1.0, max(LEAST, SHARE * seconds) / MINUTE)


def _has(label: str, rows: Rows) -> Rows:
    return Rows(rows.inputs, ["yes" if label in target else "no" for target in rows.targets])


def _letters(rows: Rows) -> float:
    """Return characters (those of words at their price) times the models that several classes need."""
    classes = len({target for target in rows.targets if isinstance(target, str)})
    letters = sum(len(x) if isinstance(x, str) else sum(map(len, x)) for x in rows.inputs)
    return letters * (1.0 if infer_unit(rows.inputs) == "char" else WORDY) * (classes if classes > 2 else 1)


def _steps(rows: Rows) -> float:
    """Return units, those of many tags counted for more: a CRF adds up over pairs of tags."""
    tags = len({tag for row in rows.targets for tag in row})
    return float(sum(map(len, rows.inputs)) * (1 + tags / 32))


def _channels(rows: Rows) -> float:
    """Return series times their channels."""
    return float(sum(1 if x.ndim == 1 else x.shape[1] for x in rows.inputs))


def _bag(rows: Rows, dev: Rows | None, how: How) -> PlainModel:
    from .words import BagOfWords

    unit = "char" if infer_unit(rows.inputs) == "char" else "word"
    texts = _Texts("" if unit == "char" else " ")
    judge = (texts.of(dev.inputs), dev.targets) if dev is not None and len(dev.inputs) else None
    texts.model = BagOfWords(unit, 2).fit(texts.of(rows.inputs), rows.targets, judge)
    return texts


@dataclass
class _Texts:
    """A model of texts that is asked about lists of tokens as well."""

    glue: str
    model: Any = None

    def of(self, inputs: Sequence[Any]) -> list[str]:
        return [x if isinstance(x, str) else self.glue.join(x) for x in inputs]

    def predict(self, inputs: Sequence[Any]) -> list[str]:
        return list(self.model.predict(self.of(inputs)))


def _chain(rows: Rows, dev: Rows | None, how: How) -> PlainModel:
    from .chain import Chain

    return Chain(how.scheme, how.features, how.words_at).fit(rows.inputs, rows.targets)


def _forest(rows: Rows, dev: Rows | None, how: How) -> PlainModel:
    from .statistics import Statistics

    return Statistics(how.seed).fit(rows.inputs, rows.targets)


_BAG = PlainChoice(
    "a bag of words and pairs with logistic regression", "bigru.plain.words.BagOfWords", _letters, 20e6, _bag
)
_CHAIN = PlainChoice("a linear-chain CRF on plain features", "bigru.plain.chain.Chain", _steps, 350e3, _chain)
_FOREST = PlainChoice("a forest on simple statistics", "bigru.plain.statistics.Statistics", _channels, 200e3, _forest)

CHOICES = {
    ("classify", "text"): _BAG,
    ("classify", "tokens"): _BAG,
    ("tag", "text"): _CHAIN,
    ("tag", "tokens"): _CHAIN,
    ("classify", "series"): _FOREST,
    ("classify", "audio"): _FOREST,
}
"""The plain model by task and kind of input; none where a plain model has nothing to say."""

"""A transcriber with the face of scikit-learn."""

from __future__ import annotations

import os
from typing import Any

from sklearn.base import BaseEstimator

from .. import bundle as saved
from ..runtime.predictor import Predictor
from .fitted import fitted_bundle, restore, tags_for, train

__all__ = ["BiGRUTranscriber"]


class BiGRUTranscriber(BaseEstimator):
    """Writes down what is said in recordings: characters, letters, or tokens such as pinyin syllables.

    None stands for the default (`bigru.train.defaults.DEFAULTS`). Parameters that `BiGRUClassifier` has too mean the
    same.

    Args:
        unit: "char" or "token" (what spaces part); None looks at the transcripts.
        beam: prefixes that decoding keeps; 1 takes the likeliest symbol of each step.
        language: whether a beam listens to a language model of the training transcripts.
        sample_rate: hertz that recordings are resampled to; None takes that of most of them, 16,000 at most.
        mel_bins: bands per frame.
        time_masks, freq_masks: how much of each recording is hidden in training (SpecAugment).
        speed: how much faster and slower recordings are played in training as well.

    Attributes:
        classes_: the symbols, sorted.
        history_, best_score_, bundle_: see `BiGRUClassifier`.
    """

    TASK = "transcribe"

    def __init__(
        self,
        *,
        hidden: int | None = None,
        layers: int | None = None,
        unit: str | None = None,
        beam: int | None = None,
        language: bool | None = None,
        sample_rate: int | None = None,
        mel_bins: int | None = None,
        time_masks: int | None = None,
        freq_masks: int | None = None,
        speed: float | None = None,
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        ema_decay: float | None = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        precision: str | None = None,
        random_state: Any = 0,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.unit = unit
        self.beam = beam
        self.language = language
        self.sample_rate = sample_rate
        self.mel_bins = mel_bins
        self.time_masks = time_masks
        self.freq_masks = freq_masks
        self.speed = speed
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema_decay = ema_decay
        self.patience = patience
        self.max_seconds = max_seconds
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any, X_dev: Any = None, y_dev: Any = None, groups: Any = None, init: Any = None
    ) -> BiGRUTranscriber:
        """Train.

        Args:
            X: N recordings: paths, or pairs of samples [N] and their rate.
            y: N transcripts.
            X_dev, y_dev: examples that choose the best epoch; without them a tenth of X is held out.
            groups: N values that say what inputs belong to (speakers, documents): all of one are held out or none.
            init: a model to start from, for these labels and others: the folder of a saved one, the name of a shipped
                one, or a fitted estimator; `forgetting_` then says what became of its labels.

        Raises:
            ArgumentError: X and y are not of the kinds above, or a parameter does not fit.
            DataError: a recording cannot be used, or a transcript is empty or longer than its recording allows.
        """
        train(self, "transcribe", X, y, (X_dev, y_dev), groups, init)
        return self

    def predict(self, X: Any) -> list[str]:
        """Return the transcript of each recording."""
        return [answer["text"] for answer in self.transcribe(X)]

    def transcribe(self, X: Any) -> list[dict[str, Any]]:
        """Return transcripts with confidence and time stamps; see `bigru.tasks.transcribe.answer`."""
        return list(Predictor(fitted_bundle(self)).predict_iter(list(X)))

    def score(self, X: Any, y: Any) -> float:
        """Return 1 less the edits per symbol; below 0 where more is heard than was said."""
        from ..tasks import transcribe

        config = fitted_bundle(self).config
        report = transcribe.score(config, list(map(str, y)), self.transcribe(X))
        return 1.0 - report["wer" if config.unit == "token" else "cer"]

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(fitted_bundle(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUTranscriber:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return restore(cls(), saved.load(path))

    def __sklearn_tags__(self) -> Any:
        return tags_for(super().__sklearn_tags__(), two_d=False)

"""What a training returns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import bundle as saved
from ...bundle import Bundle
from ...metrics.score import Report
from ...runtime.predictor import Predictor, ready
from ..start.forgetting import Forgetting

if TYPE_CHECKING:
    from ...runtime.forecaster import Forecaster
    from ..loop.fit import Fitted

__all__ = ["Trained", "training_metrics"]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained and verified model, and what is known about it.

    Attributes:
        model: the model, ready to predict: what `bigru.load` returns for its folder.
        reports: its scores by part: "dev", the examples that chose the epoch, and "test", of those there are.
        plain: the scores of the plain model that was fitted to the same rows: `name`, `where`, `score`, `dev`,
            `test`, `rows`, `of`, `seconds`, or `name` and `left_out`, the reason why; None where there is none.
        settings: every setting with the value that it had, by name.
        inferred: what was inferred from the training data, in words.
        remarks: lines on what the scores are worth.
        history: per epoch its figures; empty where `finished_before`.
        forgetting: what became of the model that the training started from; None where it started from none, or
            nothing says so.
        folder: where the model is saved, None if it is not.
        finished_before: whether there was nothing left to train: the training to resume had saved its model.
    """

    model: Predictor | Forecaster
    reports: Mapping[str, Report] = field(default_factory=dict)
    plain: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    inferred: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    history: list[dict[str, float]] = field(default_factory=list)
    forgetting: Forgetting | None = None
    folder: Path | None = None
    finished_before: bool = False

    @property
    def bundle(self) -> Bundle:
        """The model as it is saved."""
        return self.model.bundle

    @property
    def dev(self) -> Report | None:
        """The scores on the examples that chose the epoch, None where there are none."""
        return self.reports.get("dev")

    @property
    def test(self) -> Report | None:
        """The scores on the test examples, None where none were given."""
        return self.reports.get("test")

    @property
    def metrics(self) -> dict[str, Any]:
        """What metrics.json holds: facts on the training, the verification, and the scores."""
        return self.bundle.metrics

    def predict(self, inputs: Any) -> Any:
        """Answer inputs, or continue a table; see `predict` of `bigru.Predictor` and of the forecaster."""
        return self.model.predict(inputs)

    def save(self, folder: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read.

        Args:
            folder: where to.
            force: whether a model that is there is replaced.

        Raises:
            BundleError: something is in the way, or nothing can be written there.
        """
        saved.save(self.bundle, folder, force)

    @classmethod
    def of_folder(cls, folder: Path, made: Bundle) -> Trained:
        """Return what is known of a model that an earlier training saved."""
        parts: list[str] = [name for name in ("dev", "test") if name in made.metrics]
        reports = {name: Report.from_json(made.metrics[name]) for name in parts}
        plain = made.metrics.get("plain")
        kept = made.metrics.get("forgetting")
        return cls(
            model=ready(made),
            reports=reports,
            plain=plain,
            forgetting=None if kept is None else Forgetting.from_json(kept),
            folder=folder,
            finished_before=True,
        )


def training_metrics(fitted: Fitted, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what metrics.json keeps of a training under "training": facts on the data, and on the training."""
    given = {"ensemble": fitted.ensemble, "linear_score": fitted.linear_score, "network_score": fitted.network_score}
    more = {name: value for name, value in given.items() if value is not None}
    return {
        **facts,
        **more,
        "score": fitted.score_name,
        "best_score": fitted.best_score,
        "best_epoch": fitted.best_epoch,
        "steps": fitted.steps,
        "seconds": round(fitted.seconds, 1),
        "sequences_per_second": round(fitted.rates[0], 1),
        "time_steps_per_second": round(fitted.rates[1], 1),
        "reproducible": fitted.reproducible,
    }

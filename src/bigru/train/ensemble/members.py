"""Several trainings, one model: networks with seeds of their own, and one of the usual size that learns from them.

Networks that differ in their first weights and in the order of their batches err in different places, so that the mean
of their probabilities is better than each of them (Hansen & Salamon 1990, "Neural network ensembles"). One network
that learns from that mean (`distill`) keeps a part of the gain and costs what one network costs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import torch

from ...config import ModelConfig, TrainConfig
from ...ops.crf.native import viterbi
from ...tasks import tag
from ..data.fingerprint import changes
from ..data.holdout import drop_features, drop_targets
from ..data.loader import Data, Targets
from ..data.seeds import MEMBER, MIXED, derive
from ..linear.part import VECTORS
from ..loop import checkpoint
from ..loop.checks import refuse_ensemble
from ..loop.display import Display
from ..loop.fit import Fitted, fit
from ..loop.job import TrainingJob
from ..loop.memory import enough_memory
from ..objective.distill import LEAST, SHARE, SoftTargets
from ..objective.evaluator import Evaluator
from ..objective.losses import choose_loss
from ..regularise.lookahead import dev_chunking
from .mean import MeanModel, answer_all
from .mixing import mix_examples

__all__ = ["fit_ensemble"]

COPIES, MOST = 3, 100_000
"""Mixed examples for each real one, and how many there are at most."""


def fit_ensemble(job: TrainingJob) -> Fitted:
    """Train `job.training.ensemble` networks, and one that learns from them; with an ensemble of 1, that one alone.

    All are judged by the same examples, which none of them learns from: those of `dev`, or a tenth held out once. The
    first network is what there would be without the others. Of a limited time each training gets the same share, the
    last one included. The checkpoint of each lies in a folder of its own below `folder`, that of the last one in
    `folder`; the caller removes them (`checkpoint.remove`).

    Errors and bits are those of `bigru.train.loop.fit.fit`; loggers follow the last training.

    Returns:
        The last training, with the seconds of all.

    Raises:
        ArgumentError: several trainings of a task whose answers have no mean: transcripts and forecasts.
        TrainingError: the checkpoints in `folder` are of another number of trainings.
    """
    count = job.training.ensemble
    if job.folder is not None:
        _check_folder(job.folder, count, job.resume)
    if count == 1:
        return fit(job)
    refuse_ensemble(job.task, count)
    learn, judge, held = job.divide()
    limit = job.training.max_seconds
    training = replace(job.training, max_seconds=None if limit is None else limit / (count + 1))
    shown = [drop_features(variant, held) for variant in job.variants]
    soft = None if job.soft is None else job.soft._replace(rows=drop_targets(job.soft.rows, held))
    # What is held out is held out for all of them here, and by none of them again.
    job = replace(job, train=learn, dev=judge, training=training, variants=shown, soft=soft, groups=None)
    say = _speaker(job.progress)
    if held is not None and judge is not None:
        say(f"{len(held)} examples are held out from the training data with seed {training.seed}, for all trainings")
    members = _members(job, say)
    weights = [member.weights for member in members]
    with enough_memory():
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        mean = MeanModel(job.config, cast("ModelConfig", job.model), weights, device)
        score = None if judge is None else _score(job, mean, judge)
        lesson, soft = _lesson(job, mean)
        del mean
    added = lesson[0][len(learn[0]) :]
    say(f"one model learns what the {count} answer to {len(learn[0])} examples and to {len(added)} mixed ones")
    last = replace(
        job,
        train=lesson,
        training=_last(training, len(learn[0]) / len(lesson[0])),
        variants=[[*variant, *added] for variant in shown],
        soft=soft,
        initial_weights=_middle(weights) | _vectors(job.initial_weights),
        resume=job.resume and job.folder is not None and checkpoint.exists(job.folder),
    )
    fitted = fit(last, title="the one model", hold=False)
    scores = [member.best_score for member in members]
    if score is not None:
        each = ", ".join(f"{one:.4f}" for one in scores)
        saved = f"{fitted.best_score:.4f} of the one that is saved"
        say(f"dev {fitted.score_name}: {each} of the {count}, {score:.4f} of their mean, {saved}")
    return replace(
        fitted,
        seconds=fitted.seconds + sum(member.seconds for member in members),
        held_out=held,
        ensemble={"members": count, "member_scores": scores, "score": score, "student_score": fitted.best_score},
    )


def _members(job: TrainingJob, say: Callable[[str], None]) -> list[Fitted]:
    """Return the trainings that are taught by nobody, each with a seed of its own; those that have ended are read."""
    found, training = [], job.training
    for number in range(1, training.ensemble + 1):
        place = None if job.folder is None else checkpoint.member_folder(job.folder, number)
        title = f"member {number} of {training.ensemble}"
        own = replace(training, seed=training.seed if number == 1 else derive(training.seed, MEMBER, number))
        say(f"{title}, with seed {own.seed}")
        going = job.resume and place is not None and checkpoint.exists(place)
        member = replace(job, training=own, folder=place, resume=going, loggers=())
        found.append(fit(member, title=title, hold=False))
        if place is not None:
            checkpoint.remove_previous(place)
    return found


def _last(training: TrainConfig, share: float) -> TrainConfig:
    """Return how the one model is trained: as many steps as others take, of more examples in fewer epochs.

    First vectors are in the mean of the weights that it starts from.
    """
    epochs = max(1, round(training.epochs * share))
    return replace(training, seed=derive(training.seed, MEMBER), epochs=epochs, init_from_cooccurrence=False)


def _speaker(progress: str) -> Callable[[str], None]:
    """Return what says a line between two trainings."""

    def say(text: str) -> None:
        with Display(progress) as display:
            display.say(text)

    return say


def _check_folder(folder: str | os.PathLike[str], count: int, resume: bool) -> None:
    """Refuse a folder with the checkpoints of another training, or of another number of them, or without any."""
    places = [*checkpoint.list_members(folder), *([folder] if checkpoint.exists(folder) else [])]
    if not resume:
        if places:
            checkpoint.refuse_taken(folder)
        return
    if not places:
        checkpoint.refuse_missing(folder)
    state = checkpoint.load(places[0], lambda line: None)
    was = state["fingerprint"].get("training.ensemble")
    if was != str(count):
        checkpoint.refuse_changed(folder, changes({"training.ensemble": was}, {"training.ensemble": str(count)}))


def _score(job: TrainingJob, mean: MeanModel, judge: Data) -> float:
    """Return the dev score of the mean of the answers."""
    loss = choose_loss(mean, mean.shape, judge[1], job.training, job.config.constraints if mean.shape.crf else None)
    return Evaluator(job.task, job.config, mean.shape, judge, loss, dev_chunking(job.training)).score(mean)[0]


def _lesson(job: TrainingJob, mean: MeanModel) -> tuple[Data, SoftTargets]:
    """Return the examples that the one model learns from, mixed ones behind them, and their soft targets."""
    features, targets = job.train
    count = min(COPIES * len(features), MOST)
    more = mix_examples(features, count, derive(job.training.seed, MIXED))
    window = dev_chunking(job.training)
    rows, added = (answer_all(mean, some, window) for some in (features, more))
    # What the networks decide stands where a label would: a mixed example has none.
    decisions = _decide(job.config, mean, added, targets)
    return ([*features, *more], _join_targets(targets, decisions)), SoftTargets(
        _join_targets(rows, added), SHARE, len(features)
    )


def _decide(config: Any, mean: MeanModel, rows: Targets, targets: Targets) -> Targets:
    """Return what probabilities decide, in the form of `targets`."""
    if mean.shape.per_step:
        return [_path(config, mean, row) for row in rows]
    shares = np.asarray(rows)
    if np.asarray(targets).dtype.kind == "f":
        return (shares >= config.threshold).astype(np.float32)
    return _likeliest(shares)


def _path(config: Any, mean: MeanModel, shares: np.ndarray) -> np.ndarray:
    """Return the tags [T] that the probabilities [T, K] of one sequence decide: with a CRF a legal path."""
    if mean.shape.crf:
        chain = {name: value.cpu().numpy() for name, value in mean.state_dict().items() if name.startswith("crf.")}
        weights = tag.prepare(config, chain)
        assert weights is not None
        return viterbi(np.log(shares.clip(LEAST, 1.0))[None], weights)[0][0]
    return _likeliest(shares)


def _likeliest(shares: np.ndarray) -> np.ndarray:
    """Return the likeliest class of each row [N, K]; one probability is that of the second of two."""
    return (shares[:, 0] > 0.5).astype(np.int64) if shares.shape[1] == 1 else shares.argmax(axis=1)


def _join_targets(one: Targets, other: Targets) -> Targets:
    """Return the targets of two sets of examples, one behind the other."""
    return np.concatenate([one, np.asarray(other)]) if isinstance(one, np.ndarray) else [*one, *other]


def _vectors(weights: Mapping[str, np.ndarray] | None) -> dict[str, np.ndarray]:
    """Return the vectors among first weights that linear parts are fitted with."""
    return {name: table for name, table in (weights or {}).items() if name.startswith(VECTORS)}


def _middle(weights: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the mean of networks' weights, by name.

    As a network it is worth little, but it is the best start found for one that learns from them: embeddings and
    the linear part, which every network has in the same places, are better known to the mean than to each.
    """
    return {name: np.stack([own[name] for own in weights]).mean(axis=0) for name in weights[0]}

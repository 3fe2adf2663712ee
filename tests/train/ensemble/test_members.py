from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import TrainConfig
from bigru.errors import ArgumentError, TrainingError
from bigru.ops.crf.native import marginals
from bigru.tasks import classify, forecast, tag, transcribe
from bigru.train.data.holdout import divide
from bigru.train.ensemble import members
from bigru.train.ensemble.mean import MeanModel
from bigru.train.ensemble.members import fit_ensemble
from bigru.train.linear.part import fit_linear_part
from bigru.train.loop import checkpoint
from bigru.train.loop.callback import TrainingCallback
from bigru.train.loop.checks import refuse_ensemble
from bigru.train.loop.fit import Fitted, fit
from bigru.train.loop.job import TrainingJob
from bigru.train.objective.distill import SoftTargets
from bigru.train.recipes import plan
from tolerances import FLOAT32

CPU = torch.device("cpu")

CHILD = """
import os, signal, sys
from bigru.train.loop import callback
from test_members import train

settle, before = callback.TrainingCallback.settle, []
def settled(self):
    settle(self)
    before.append(self.state.step)
    if len(before) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
callback.TrainingCallback.settle = settled
train(sys.argv[1])
"""


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def several(problem: Any, count: int = 2, dev: bool = True, training: dict[str, Any] | None = None, **more: Any) -> Any:
    """Train `count` networks, and one that learns from them, silently unless `progress` says otherwise."""
    judge = problem.dev if dev else None
    return fit_ensemble(replace(problem, dev=judge).job(training={"ensemble": count, **(training or {})}, **more))


def train(folder: str | Path | None, resume: bool = False, count: int = 2) -> Fitted:
    """Train on random series: 3 trainings of 2 epochs, 4 steps an epoch and 16 in the last training."""
    from bigru.config import EncoderConfig, ModelConfig
    from bigru.features.series import SeriesFeatures

    random = np.random.default_rng(0)
    features = [random.standard_normal((length, 2)).astype(np.float32) for length in random.integers(1, 9, 36)]
    targets = random.integers(0, 2, 36)
    config = classify.Config(("no", "yes"), SeriesFeatures((0.0, 0.0), (1.0, 1.0)))
    model = ModelConfig(outputs=1, input_size=2, encoder=EncoderConfig(hidden=4, dropout=0.3), pooling=("max",))
    training = TrainConfig(epochs=2, batch_size=7, ema_decay=0.9, ensemble=count)
    arguments = (classify, config, model, (features[:28], targets[:28]), (features[28:], targets[28:]), training)
    return fit_ensemble(TrainingJob(*arguments, folder=folder, resume=resume, progress="silent"))


# ---- one training -------------------------------------------------------------------------------------------


def test_an_ensemble_of_one_is_the_training_itself(labelled: Any) -> None:
    one = several(labelled, 1)
    assert same(one.weights, labelled.fit().weights)
    assert one.ensemble is None


# ---- what is learnt -----------------------------------------------------------------------------------------


@pytest.mark.train
def test_the_figures_of_all_trainings_are_kept_and_the_saved_one_is_scored(labelled: Any) -> None:
    fitted = several(labelled, 3, training={"epochs": 12})
    found = fitted.ensemble
    assert (found["members"], len(found["member_scores"])) == (3, 3)
    assert found["member_scores"][0] == labelled.fit(training={"epochs": 12}).best_score
    assert found["student_score"] == fitted.best_score
    assert min(found["score"], fitted.best_score) > 0.75
    shapes = {name: weight.shape for name, weight in labelled.fit(training={"epochs": 1}).weights.items()}
    assert {name: weight.shape for name, weight in fitted.weights.items()} == shapes
    assert all(weight.dtype == np.float32 for weight in fitted.weights.values())


@pytest.mark.train
def test_the_same_seed_gives_the_same_bits_and_another_gives_others(labelled: Any) -> None:
    one, two, other = several(labelled), several(labelled), several(labelled, training={"seed": 1})
    assert same(one.weights, two.weights)
    assert not same(one.weights, other.weights)


@pytest.mark.train
@pytest.mark.parametrize(("crf", "scheme"), [(True, "BIO"), (True, None), (False, "BIO"), (False, None)])
def test_taggers_learn_from_several(tagged: Callable[..., Any], crf: bool, scheme: str | None) -> None:
    fitted = several(tagged(crf, scheme), training={"epochs": 12})
    assert fitted.ensemble["score"] > 0.9
    assert fitted.best_score > 0.9


@pytest.mark.train
def test_texts_learn_from_several(texts: Any) -> None:
    assert several(texts, training={"epochs": 8}).best_score > 0.9


@pytest.mark.train
def test_the_one_model_learns_what_the_others_answer(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[TrainingJob] = []
    weights: list[dict[str, np.ndarray]] = []

    def noted(job: TrainingJob, **named: Any) -> Fitted:
        found = fit(job, **named)
        jobs.append(job)
        weights.append(found.weights)
        return found

    monkeypatch.setattr(members, "fit", noted)
    several(labelled)
    assert [job.training.seed for job in jobs[:1]] == [0]
    assert len({job.training.seed for job in jobs}) == 3
    last, count = jobs[2], len(labelled.train[0])
    features, targets = last.train
    assert last.soft is not None
    assert last.initial_weights is not None
    mean = MeanModel(labelled.config, labelled.model, weights[:2], CPU)
    for n in (0, count - 1, count, len(features) - 1):
        x = torch.from_numpy(np.asarray(features[n], np.float32))[None]
        want = mean.probabilities(x, torch.tensor([len(features[n])]))[0].numpy()
        np.testing.assert_allclose(last.soft.rows[n], want, **FLOAT32)
        assert n < count or targets[n] == int(want[0] > 0.5)
    np.testing.assert_array_equal(targets[:count], labelled.train[1])
    middle = {name: (one + weights[1][name]) / 2 for name, one in weights[0].items()}
    assert all(np.allclose(last.initial_weights[name], middle[name]) for name in middle)


@pytest.mark.train
def test_a_linear_part_is_fitted_to_what_has_labels_not_to_mixed_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[Any] = []

    def noted(data: Any, *more: Any) -> Any:
        learnt.append(data)
        return fit_linear_part(data, *more)

    monkeypatch.setattr("bigru.train.loop.fit.fit_linear_part", noted)
    inputs = [[*("so", "it", "is")[: n % 3], ("good", "bad")[n % 2]] for n in range(30)]
    tags = [["o"] * (len(words) - 1) + [words[-1]] for words in inputs]
    for task, labels in (("tag", tags), ("classify", [words[-1] for words in inputs])):
        learnt.clear()
        made = plan(task, inputs, labels, "tokens", options={"hidden": 4, "epochs": 8, "ensemble": 2})
        assert made.training.separate_linear
        data = made.task.featurise(made.config, inputs), made.task.targets(made.config, labels)
        fitted = fit_ensemble(TrainingJob(*made[:3], data, data, made.training, progress="silent"))
        assert fitted.best_score == 1.0
        assert len(learnt) == 3
        for features, targets in learnt:
            assert all(map(np.array_equal, features, data[0]))
            assert all(map(np.array_equal, targets, data[1]))
            assert len(features) == len(targets) == 30


@pytest.mark.train
def test_many_labels_learn_from_several() -> None:
    inputs = [text for text in ("ab", "a", "b", "c", "cab", "ca") for _ in range(10)]
    labels = [[one for one in "ab" if one in text] for text in inputs]
    made = plan("classify", inputs, labels, "text", multi_label=True, options={"hidden": 4, "epochs": 6, "ensemble": 2})
    data = made.task.featurise(made.config, inputs), made.task.targets(made.config, labels)
    fitted = fit_ensemble(TrainingJob(*made[:3], data, data, made.training, progress="silent"))
    assert fitted.score_name == "micro_f1"
    assert fitted.best_score is not None
    assert fitted.best_score > 0.9


# ---- what judges --------------------------------------------------------------------------------------------


@pytest.mark.train
def test_a_tenth_is_held_out_once_for_all(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Any] = []

    def noted(job: TrainingJob, **named: Any) -> Fitted:
        judged.append(job.dev)
        return fit(job, **named)

    monkeypatch.setattr(members, "fit", noted)
    fitted = several(labelled, dev=False)
    _, judge, held = divide(labelled.train, None, 0)
    assert held is not None
    assert fitted.held_out.tolist() == held.tolist()
    assert len(held) == 6
    assert judge is not None
    for features, targets in judged:
        assert all(map(np.array_equal, features, judge[0]))
        assert targets.tolist() == judge[1].tolist()


def test_without_enough_examples_nobody_is_judged(labelled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    few = replace(labelled, train=([labelled.train[0][0]] * 10, np.array([0, 1] * 5)))
    fitted = several(few, dev=False, progress="plain")
    assert fitted.ensemble == {"members": 2, "member_scores": [None, None], "score": None, "student_score": None}
    said = capsys.readouterr().err
    assert "10 training examples, no dev examples" in said
    assert "40 training examples, no dev examples" in said


@pytest.mark.train
def test_the_display_says_which_training_it_is(labelled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fitted = several(labelled, dev=False, progress="plain")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "6 examples are held out from the training data with seed 0, for all trainings"
    assert said[1:3] == ["member 1 of 2, with seed 0", "54 training examples, 6 dev examples"]
    assert said[3].startswith("member 1 of 2  epoch 1/3  loss ")
    assert "one model learns what the 2 answer to 54 examples and to 162 mixed ones" in said
    assert said[-2].startswith("the one model  epoch 1/1  loss ")
    first, second = fitted.ensemble["member_scores"]
    figures = f"{fitted.ensemble['score']:.4f} of their mean, {fitted.best_score:.4f} of the one that is saved"
    assert said[-1] == f"dev accuracy: {first:.4f}, {second:.4f} of the 2, {figures}"


# ---- the mean -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crf", [True, False])
def test_the_mean_is_that_of_each_networks_probabilities(tagged: Callable[..., Any], crf: bool) -> None:
    problem = tagged(crf)
    weights = [problem.fit(training={"seed": seed}).weights for seed in (0, 1)]
    x, lengths = torch.randn(3, 5, 1), torch.tensor([5, 0, 2])
    mean = MeanModel(problem.config, problem.model, weights, CPU)
    alone = [MeanModel(problem.config, problem.model, [own], CPU).members[0] for own in weights]
    with torch.no_grad():
        logits = [network(x, lengths) for network in alone]
    if crf:
        chains = [tag.prepare(problem.config, own) for own in weights]
        each = [
            torch.from_numpy(marginals(own.numpy(), chain, lengths.numpy()))
            for own, chain in zip(logits, chains, strict=True)
            if chain is not None
        ]
    else:
        each = [own.softmax(-1) for own in logits]
    want = (each[0] + each[1]) / 2
    real = torch.arange(5) < lengths[:, None]
    torch.testing.assert_close(mean.probabilities(x, lengths)[real], want[real], **FLOAT32)
    torch.testing.assert_close(mean(x, lengths).softmax(-1)[real], want[real], **FLOAT32)


# ---- killed, stopped, limited -------------------------------------------------------------------------------


@pytest.mark.train
@pytest.mark.process
@pytest.mark.parametrize("at", [3, 9, 13, 20, 27])
def test_killed_in_any_training_it_ends_with_the_same_bits(tmp_path: Path, at: int) -> None:
    whole = train(None)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), str(at)],
        env={"PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[2]}", "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (child.returncode, child.stderr) == (-9, "")
    resumed = train(tmp_path, resume=True)
    assert same(resumed.weights, whole.weights)
    assert resumed.ensemble == whole.ensemble


@pytest.mark.train
def test_ctrl_c_keeps_what_has_ended(labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle, steps = TrainingCallback.settle, []

    def settled(self: TrainingCallback) -> None:
        steps.append(self.state.step)
        self.interrupt.requested = len(steps) == 30
        settle(self)

    whole = several(labelled)
    monkeypatch.setattr(TrainingCallback, "settle", settled)
    place = str(checkpoint.member_folder(tmp_path, 2))
    with pytest.raises(TrainingError) as caught:
        several(labelled, folder=tmp_path)
    assert str(caught.value) == (
        f"train: stopped at step 4 of 24; the checkpoint is kept in {place!r}. "
        "Go on with the same command and --resume."
    )
    assert [path.name for path in checkpoint.list_members(tmp_path)] == ["1", "2"]
    assert sorted(path.name for path in checkpoint.member_folder(tmp_path, 1).iterdir()) == [checkpoint.CURRENT]
    monkeypatch.undo()
    assert same(several(labelled, folder=tmp_path, resume=True).weights, whole.weights)
    checkpoint.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.train
def test_a_time_is_shared_by_all_trainings(labelled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fitted = several(labelled, 3, training={"epochs": 100_000, "max_seconds": 2.0}, progress="plain")
    assert capsys.readouterr().err.count("at most 0.5 s; a training limited by time is not reproducible") == 4
    assert not fitted.reproducible
    assert fitted.seconds > 2.0


# ---- refused ------------------------------------------------------------------------------------------------


def test_another_number_of_trainings_is_not_gone_on_with(tmp_path: Path) -> None:
    train(tmp_path)
    for count in (1, 3):
        with pytest.raises(TrainingError) as caught:
            train(tmp_path, resume=True, count=count)
        assert str(caught.value) == (
            f"train: data and configuration must be those that the training in {str(tmp_path)!r} began with, got a "
            f"change of training.ensemble (was 2, is {count}). Give them as they were, or train in another folder."
        )


def test_a_single_training_is_not_gone_on_with_as_several(tmp_path: Path) -> None:
    train(tmp_path, count=1)
    with pytest.raises(TrainingError, match=r"a change of training\.ensemble \(was 1, is 2\)"):
        train(tmp_path, resume=True)


def test_a_folder_with_the_checkpoint_of_a_member_is_not_overwritten(tmp_path: Path) -> None:
    train(tmp_path)
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        (tmp_path / name).unlink()
    for count in (1, 2):
        with pytest.raises(TrainingError) as caught:
            train(tmp_path, count=count)
        assert str(caught.value) == (
            f"train: folder must be without the checkpoint of another training, got {str(tmp_path)!r}, which holds "
            "one. Go on with it (--resume), replace it (--force), or name another folder."
        )


def test_resume_needs_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, resume=True)
    assert str(caught.value) == (
        f"train: folder must be one that holds a checkpoint, got {str(tmp_path)!r}, which holds none. "
        "Run without --resume to start a training there."
    )


@pytest.mark.train
def test_other_data_are_refused_by_the_first_member(labelled: Any, tmp_path: Path) -> None:
    several(labelled, folder=tmp_path)
    other = replace(labelled, train=(labelled.train[0], 1 - labelled.train[1]))
    with pytest.raises(TrainingError, match="a change of training targets"):
        several(other, folder=tmp_path, resume=True)


@pytest.mark.parametrize(("task", "name"), [(transcribe, "transcripts"), (forecast, "forecasts")])
def test_answers_without_a_mean_are_refused(task: Any, name: str) -> None:
    refuse_ensemble(task, 1)
    with pytest.raises(ArgumentError) as caught:
        refuse_ensemble(task, 3)
    assert str(caught.value) == f"train: ensemble must be 1 for {name}, got 3. Leave it out."


@pytest.mark.train
def test_soft_targets_of_others_are_for_each_training_but_the_last(labelled: Any) -> None:
    rows = np.full((60, 1), 0.5, np.float32)
    plain, taught = several(labelled), several(labelled, soft=SoftTargets(rows, 0.9))
    assert plain.ensemble is not None
    assert taught.ensemble is not None
    assert taught.ensemble["members"] == plain.ensemble["members"]
    assert any((taught.weights[name] != weight).any() for name, weight in plain.weights.items())


def test_no_training_at_all_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        TrainConfig(ensemble=0)
    assert str(caught.value) == "TrainConfig: ensemble must be greater than 0, got 0."

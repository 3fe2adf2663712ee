from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import EncoderConfig
from bigru.errors import ArgumentError, DataError, MissingExtraError, TrainingError
from bigru.features.batching import pad
from bigru.runtime.network.sequence import Network
from bigru.train.data.loader import Batch
from bigru.train.loop import callback, checkpoint, loggers
from bigru.train.loop.callback import TrainingCallback
from bigru.train.loop.trainer import Trainer
from tolerances import BF16_LOSS, FLOAT32, FLOAT32_STEP, near


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def at_step(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], None]) -> None:
    """Have `act` called during a training as soon as it has taken `step` steps."""
    settle = TrainingCallback.settle

    def settled(self: TrainingCallback) -> None:
        if self.state.step == step:
            act()
        settle(self)

    monkeypatch.setattr(TrainingCallback, "settle", settled)


@pytest.fixture
def chosen_by_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a dev set of any size choose the epoch."""
    monkeypatch.setattr("bigru.train.objective.evaluator.FEW", 0)


# ---- learning --------------------------------------------------------------------------------------------


@pytest.mark.train
def test_a_separable_problem_is_learnt_whole(labelled: Any, chosen_by_dev: None) -> None:
    fitted = labelled.fit(training={"epochs": 25, "patience": 25})
    assert fitted.history[-1]["loss"] < 0.5 * fitted.history[0]["loss"]
    assert fitted.best_score == 1.0
    assert (fitted.score_name, fitted.reproducible) == ("accuracy", True)
    assert fitted.held_out is None


@pytest.mark.train
@pytest.mark.parametrize(("crf", "scheme"), [(True, "BIO"), (False, "BIO"), (True, None), (False, None)])
def test_tags_are_learnt_with_and_without_crf_and_scheme(tagged: Any, crf: bool, scheme: str | None) -> None:
    fitted = tagged(crf, scheme).fit(training={"epochs": 20, "patience": 20})
    assert fitted.score_name == ("span_f1" if scheme else "accuracy")
    assert fitted.best_score > 0.97
    assert ("crf.transitions" in fitted.weights) == crf


@pytest.mark.train
def test_the_same_seed_gives_the_same_bits_and_another_gives_others(labelled: Any) -> None:
    one, two, other = labelled.fit(), labelled.fit(), labelled.fit(training={"seed": 1})
    assert same(one.weights, two.weights)
    assert not same(one.weights, other.weights)


def test_the_callers_randomness_and_settings_are_left_alone(labelled: Any) -> None:
    torch.manual_seed(3)
    state, handler = torch.get_rng_state(), signal.getsignal(signal.SIGINT)
    labelled.fit()
    assert torch.equal(torch.get_rng_state(), state)
    assert signal.getsignal(signal.SIGINT) is handler
    assert torch.is_grad_enabled()


def test_a_caller_without_gradients_gets_the_same_bits(labelled: Any) -> None:
    whole = labelled.fit()
    with torch.no_grad():
        assert same(labelled.fit().weights, whole.weights)
        assert not torch.is_grad_enabled()


@pytest.mark.process
def test_a_training_of_series_imports_neither_torchs_compiler_nor_scikit_learn() -> None:
    # Each takes as long to import as a small training.
    code = "import sys, test_kill; test_kill.train(None); print({'torch._dynamo', 'sklearn'} & set(sys.modules))"
    environment = {"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1", "PATH": ""}
    child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=240)
    assert (child.stdout, child.stderr) == ("set()\n", "")


@pytest.mark.parametrize(
    ("change", "weight", "smoothing", "tolerance"),
    [
        ({}, (1.0, 1.0), 0.0, FLOAT32),
        ({"class_weights": "balanced"}, (30 / (2 * 24), 30 / (2 * 6)), 0.0, FLOAT32),
        ({"label_smoothing": 0.1}, (1.0, 1.0), 0.1, FLOAT32),
        ({"precision": "bf16"}, (1.0, 1.0), 0.0, BF16_LOSS),
    ],
)
def test_the_loss_of_a_first_step_by_hand(
    labelled: Any, change: dict[str, Any], weight: tuple[float, float], smoothing: float, tolerance: dict[str, float]
) -> None:
    """Twenty-four of one class and six of the other, without dropout: what the first weights lose on them."""
    inputs, targets = labelled.train
    chosen = [*np.flatnonzero(targets == 0)[:24], *np.flatnonzero(targets == 1)[:6]]
    x, gold = [inputs[n] for n in chosen], targets[chosen]
    still = EncoderConfig(hidden=8, dropout=0.0, input_dropout=0.0, embedding_dropout=0.0, ngram_dropout=0.0)
    model = replace(labelled.model, encoder=still)
    once = {"epochs": 1, "batch_size": 30, "learning_rate": 1e-12, **change}
    fitted = replace(labelled, model=model, train=(x, gold)).fit(training=once)
    logits = Network(model, fitted.weights)(*pad(x)).astype(np.float64)[:, 0]
    wanted = gold * (1 - smoothing) + smoothing / 2
    losses = wanted * np.logaddexp(0, -logits) + (1 - wanted) * np.logaddexp(0, logits)
    each = np.array(weight)[gold]
    assert fitted.history[0]["loss"] == near((losses * each).sum() / each.sum(), tolerance)


@pytest.mark.train
def test_class_weights_train_a_crf(tagged: Any) -> None:
    assert tagged().fit(training={"epochs": 12, "class_weights": "balanced"}).best_score > 0.9


def test_the_average_is_what_is_scored_and_returned(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    name = "encoder.layers.0.weight_ih_l0"
    settle = "settle", lambda self: seen.append(self.trainer.average.state_dict()[name].clone())
    monkeypatch.setattr(TrainingCallback, *settle)
    with_average = labelled.fit(training={"epochs": 1})
    assert np.array_equal(with_average.weights[name], seen[-1].numpy())


def test_without_an_average_the_last_weights_count(labelled: Any) -> None:
    fitted = labelled.fit(training={"ema_decay": 0.0, "epochs": 1})
    assert fitted.best_epoch == 1
    assert not same(fitted.weights, labelled.fit(training={"epochs": 1}).weights)


def test_initial_weights_are_the_start(labelled: Any) -> None:
    first = labelled.fit()
    tiny = {"learning_rate": 1e-12, "epochs": 1}
    again = labelled.fit(training=tiny, initial_weights=first.weights)
    for name, weight in first.weights.items():
        np.testing.assert_allclose(again.weights[name], weight, **FLOAT32_STEP)
    head = {"head.bias": np.array([5.0])}
    assert labelled.fit(training=tiny, initial_weights=head).weights["head.bias"][0] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {"head.bais": np.zeros(1)},
            r"initial_weights must be named as the model's, got 'head\.bais'\. Did you mean 'head\.bias'",
        ),
        ({"head.bias": np.zeros(2)}, r"initial_weights 'head\.bias' must be of shape \[1\], got \[2\]"),
    ],
)
def test_initial_weights_that_do_not_fit_are_refused(labelled: Any, weights: dict, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        labelled.fit(initial_weights=weights)


# ---- the dev set -----------------------------------------------------------------------------------------


def test_without_dev_a_tenth_is_held_out_and_said(labelled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fitted = replace(labelled, dev=None).fit(progress="plain", training={"epochs": 1})
    assert len(fitted.held_out) == 6
    assert fitted.best_score is not None
    said = capsys.readouterr()
    assert "54 training examples, 6 dev examples, held out from the training data with seed 0\n" in said.err
    assert said.out == ""


def test_too_few_to_hold_out_trains_on_all_to_the_end(labelled: Any, capsys: pytest.CaptureFixture[str]) -> None:
    few = [1 - labelled.train[1][0], labelled.train[1][0]]
    train = (labelled.train[0][:2], np.array(few))
    fitted = replace(labelled, train=train, dev=None).fit(progress="plain")
    assert "no dev examples: there are too few to hold some out" in capsys.readouterr().err
    assert (fitted.best_score, fitted.score_name, fitted.best_epoch, len(fitted.history)) == (None, "", 3, 3)


def test_training_cools_down_when_the_score_no_longer_rises(
    labelled: Any, chosen_by_dev: None, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    scores = iter([(0.5, 1.0), (0.7, 1.0), (0.7, 0.9), (0.6, 0.1), (0.7, 0.95), (0.6, 0.9), (0.8, 0.9)])
    monkeypatch.setattr("bigru.train.objective.evaluator.Evaluator.score", lambda self, model: next(scores))
    rates = []
    step = Trainer.step

    def noted(self: Trainer, batch: Batch) -> None:
        rates.append(self.rate)
        step(self, batch)

    monkeypatch.setattr(Trainer, "step", noted)
    fitted = labelled.fit(progress="plain", training={"epochs": 40, "patience": 3})
    per_epoch = fitted.steps // 7
    assert [row["step"] for row in fitted.history] == [per_epoch * n for n in range(1, 8)]
    assert (fitted.best_score, fitted.best_epoch) == (0.8, 7)
    assert rates[-1] < 0.1 * rates[5 * per_epoch - 1]
    assert "no better dev score for 3 epochs: the rate falls to 0 within 2 more epochs" in capsys.readouterr().err


def test_of_few_dev_examples_the_last_epoch_is_taken(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([(0.5, 1.0), (0.9, 0.1), (0.7, 0.9), (0.6, 0.9), (0.6, 0.95)])
    monkeypatch.setattr("bigru.train.objective.evaluator.Evaluator.score", lambda self, model: next(scores))
    fitted = labelled.fit(training={"epochs": 5, "patience": 1})
    assert (fitted.best_score, fitted.best_epoch, len(fitted.history)) == (0.6, 5, 5)


def test_a_tie_in_score_goes_to_the_smaller_loss(
    labelled: Any, chosen_by_dev: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([(0.5, 1.0), (0.7, 1.0), (0.7, 0.9), (0.6, 0.1), (0.7, 0.95)])
    monkeypatch.setattr("bigru.train.objective.evaluator.Evaluator.score", lambda self, model: next(scores))
    fitted = labelled.fit(training={"epochs": 5})
    assert (fitted.best_score, fitted.best_epoch) == (0.7, 3)


# ---- time ------------------------------------------------------------------------------------------------


def test_a_time_budget_ends_the_training_at_rate_zero(
    labelled: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    now = [0.0]
    rates = []
    step = Trainer.step

    def slow(self: Trainer, batch: Batch) -> None:
        rates.append(self.rate)
        step(self, batch)
        now[0] += 1.0

    monkeypatch.setattr(Trainer, "step", slow)
    monkeypatch.setattr(callback.time, "perf_counter", lambda: now[0])
    fitted = labelled.fit(progress="plain", training={"epochs": 1000, "max_seconds": 20.0, "patience": 1000})
    assert (fitted.steps, fitted.reproducible) == (20, False)
    assert rates[-1] < 0.1 * max(rates)
    assert fitted.history[-1]["step"] == 20
    assert "at most 20 s; a training limited by time is not reproducible to the bit" in capsys.readouterr().err


# ---- kill and resume -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 1, 8, 13])
def test_a_stopped_training_goes_on_to_the_same_bits(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    whole = labelled.fit()
    with monkeypatch.context() as patch:
        at_step(patch, step, lambda: os.kill(os.getpid(), signal.SIGINT))
        want = rf"stopped at step {step} of 24; the checkpoint is kept in .*\. Go on with the same command and --resume"
        with pytest.raises(TrainingError, match=want):
            labelled.fit(folder=tmp_path)
    resumed = labelled.fit(folder=tmp_path, resume=True)
    assert same(resumed.weights, whole.weights)
    for one, two in zip(resumed.history, whole.history, strict=True):
        assert {**one, "seconds": 0} == {**two, "seconds": 0}
    assert (resumed.best_score, resumed.best_epoch, resumed.steps) == (whole.best_score, whole.best_epoch, whole.steps)


@pytest.mark.train
def test_embedded_texts_go_on_to_the_same_bits(texts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = texts.fit()
    assert whole.best_score == 1.0
    with monkeypatch.context() as patch:
        at_step(patch, 11, lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(TrainingError, match="stopped at step 11"):
            texts.fit(folder=tmp_path)
    assert same(texts.fit(folder=tmp_path, resume=True).weights, whole.weights)


@pytest.mark.train
def test_a_kill_during_the_evaluation_repeats_the_evaluation(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = labelled.fit()

    def die(self: TrainingCallback, over: bool) -> None:
        self.save()
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(TrainingCallback, "_finish_epoch", die)
        with pytest.raises(RuntimeError, match="killed"):
            labelled.fit(folder=tmp_path)
    assert same(labelled.fit(folder=tmp_path, resume=True).weights, whole.weights)


def test_resuming_a_finished_training_returns_it(labelled: Any, tmp_path: Path) -> None:
    whole = labelled.fit(folder=tmp_path)
    again = labelled.fit(folder=tmp_path, resume=True)
    assert same(again.weights, whole.weights)
    assert again.history == whole.history


@pytest.mark.train
def test_cooling_goes_on_where_it_was(
    labelled: Any, chosen_by_dev: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bigru.train.objective.evaluator.Evaluator.score", lambda self, model: (0.5, 1.0))
    patience = {"epochs": 40, "patience": 2}
    whole = labelled.fit(training=patience)
    with monkeypatch.context() as patch:
        at_step(patch, 3 * whole.steps // 4 + 1, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(TrainingError, match="stopped at step"):
            labelled.fit(folder=tmp_path, training=patience)
    again = labelled.fit(folder=tmp_path, training=patience, resume=True)
    assert len(again.history) == len(whole.history) == 4
    assert same(again.weights, whole.weights)


def test_ctrl_c_without_a_folder_is_a_keyboard_interrupt(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, 3, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        labelled.fit()


def test_a_second_ctrl_c_does_not_wait(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = signal.getsignal(signal.SIGINT)

    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    at_step(monkeypatch, 3, twice)
    with pytest.raises(KeyboardInterrupt):
        labelled.fit()
    assert signal.getsignal(signal.SIGINT) is handler


def test_checkpoints_are_also_written_by_the_clock(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    monkeypatch.setattr(checkpoint, "save", lambda folder, state: saved.append(state["step"]))
    labelled.fit(folder=tmp_path)
    assert saved == [0, 8, 16, 24]
    monkeypatch.setattr(callback, "CHECKPOINT_SECONDS", 0.0)
    saved.clear()
    labelled.fit(folder=tmp_path)
    assert saved == list(range(25))


def test_resume_with_other_data_or_settings_is_refused(labelled: Any, tmp_path: Path) -> None:
    labelled.fit(folder=tmp_path, training={"epochs": 1})
    features, targets = labelled.train
    others = [
        (replace(labelled, train=(features, 1 - targets)), {}, r"a change of training targets\. Give"),
        (replace(labelled, train=(features[::-1], targets)), {}, r"a change of training features\. Give"),
        (replace(labelled, dev=None), {}, r"dev features \(was .*, is \"?held out"),
        (
            labelled,
            {"learning_rate": 0.5},
            r"a change of training\.learning_rate \(was 0\.02, is 0\.5\)\. Give them as",
        ),
        (
            replace(labelled, model=replace(labelled.model, encoder=EncoderConfig(hidden=9))),
            {},
            r"model\.encoder\.hidden \(was 8, is 9\)",
        ),
    ]
    for problem, change, message in others:
        with pytest.raises(TrainingError, match=message):
            problem.fit(folder=tmp_path, resume=True, training={"epochs": 1, **change})


def test_a_folder_with_a_checkpoint_is_not_overwritten(labelled: Any, tmp_path: Path) -> None:
    labelled.fit(folder=tmp_path, training={"epochs": 1})
    with pytest.raises(
        TrainingError, match=r"folder must be without the checkpoint of another training, got .*Go on with it"
    ):
        labelled.fit(folder=tmp_path)


def test_resume_needs_a_folder_that_holds_a_checkpoint(labelled: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="folder must be given to resume from, got None"):
        labelled.fit(resume=True)
    with pytest.raises(TrainingError, match="folder must be one that holds a checkpoint"):
        labelled.fit(folder=tmp_path, resume=True)


@pytest.mark.train
def test_a_full_disk_stops_with_a_sentence_and_can_go_on(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = labelled.fit()
    with monkeypatch.context() as patch:

        def full(number: int) -> None:
            raise OSError(28, "No space left on device")

        at_step(patch, 13, lambda: patch.setattr(os, "fsync", full))
        with pytest.raises(TrainingError, match=r"No space left on device\)\. The checkpoint before it is intact"):
            labelled.fit(folder=tmp_path)
    assert same(labelled.fit(folder=tmp_path, resume=True).weights, whole.weights)


# ---- what is said, written and refused -------------------------------------------------------------------


def test_nothing_but_our_own_lines_is_said_and_nothing_written(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(), caplog.at_level(logging.DEBUG):
        warnings.simplefilter("error")
        labelled.fit()
        assert capfd.readouterr() == ("", "")
        labelled.fit(progress="plain")
    out, err = capfd.readouterr()
    assert out == ""
    assert [line[:12] for line in err.splitlines()] == ["60 training ", "epoch 1/3  l", "epoch 2/3  l", "epoch 3/3  l"]
    for word in ("steps/s", "sequences/s", "dev accuracy", "left"):
        assert word in err.splitlines()[-1]
    assert caplog.records == []
    assert list(tmp_path.iterdir()) == []


def test_loggers_write_below_the_folder(labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callback, "EVERY", 10)
    labelled.fit(folder=tmp_path, loggers=("csv", "tensorboard"))
    rows = (tmp_path / "logs/csv/from_step_0/metrics.csv").read_text().splitlines()
    assert {"train/loss", "train/rate", "train/steps_per_second", "epoch/dev_accuracy", "step"} <= set(
        rows[0].split(",")
    )
    assert len(rows) == 1 + 2 + 3
    assert [p.name[:6] for p in (tmp_path / "logs/tensorboard/from_step_0").iterdir() if p.name != "hparams.yaml"] == [
        "events"
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == [checkpoint.PREVIOUS, checkpoint.CURRENT, "logs"]


def test_logs_that_cannot_be_written_stop_with_a_sentence(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, figures: dict, step: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loggers.CsvLogger, "log", full)
    with pytest.raises(TrainingError, match="logs must be writable, got No space left on device below"):
        labelled.fit(folder=tmp_path, loggers=["csv"])


def test_loggers_are_refused_by_name_without_folder_and_without_their_package(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ArgumentError, match=r"loggers must be one of csv, tensorboard, got 'cvs'. Did you mean 'csv'"):
        labelled.fit(folder=tmp_path, loggers=["cvs"])
    with pytest.raises(ArgumentError, match="folder must be given where there are loggers, got None"):
        labelled.fit(loggers=["csv"])
    monkeypatch.setattr(loggers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r"logging for TensorBoard needs the package tensorboard.*bigru\[logs\]"
    ):
        labelled.fit(folder=tmp_path, loggers=["tensorboard"])


def test_a_loss_that_is_not_finite_names_step_and_remedy(labelled: Any, tmp_path: Path) -> None:
    features = [x.copy() for x in labelled.train[0]]
    features[7][0, 0] = np.nan
    problem = replace(labelled, train=(features, labelled.train[1]))
    with pytest.raises(
        TrainingError, match=r"loss must be finite at every step, got nan by step \d\. Lower the learning rate"
    ):
        problem.fit(folder=tmp_path)
    assert checkpoint.load(tmp_path, print)["step"] == 0


def test_one_class_is_refused_by_name(labelled: Any, tagged: Any) -> None:
    problem = replace(labelled, train=(labelled.train[0], np.ones(60, np.int64)))
    with pytest.raises(
        DataError, match=r"labels of the training examples must be at least two, got 'rise' alone\. One class"
    ):
        problem.fit()
    empty = replace(tagged(), train=([np.zeros((0, 1), np.float32)], [np.zeros(0, np.int64)]))
    with pytest.raises(DataError, match="labels of the training examples must be at least two, got none"):
        empty.fit()


def test_examples_must_be_there_and_paired(labelled: Any) -> None:
    features, targets = labelled.train
    with pytest.raises(DataError, match=r"training examples must be at least one, .*got 0 features and 0 targets"):
        replace(labelled, train=([], targets[:0])).fit()
    with pytest.raises(DataError, match=r"training examples must be .* got 60 features and 59 targets"):
        replace(labelled, train=(features, targets[:59])).fit()
    with pytest.raises(DataError, match="dev examples must be at least one"):
        replace(labelled, dev=([], targets[:0])).fit()


def test_the_model_must_fit_the_task(labelled: Any) -> None:
    with pytest.raises(ArgumentError, match="outputs of the model must be 1, the outputs of the task, got 2"):
        replace(labelled, model=replace(labelled.model, outputs=2)).fit()

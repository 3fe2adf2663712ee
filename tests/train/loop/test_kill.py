"""SIGKILL at any moment, a checkpoint being written included, and the resumed training ends with the same bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bigru.config import EncoderConfig, ModelConfig, TrainConfig
from bigru.features.series import SeriesFeatures
from bigru.tasks import classify
from bigru.train.loop import checkpoint
from bigru.train.loop.fit import Fitted, fit
from bigru.train.loop.job import TrainingJob

pytestmark = pytest.mark.process

CHILD = """
import io, os, signal, sys
import torch
from bigru.train.loop import callback
from test_kill import train

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def at_step(folder, step):
    settle = callback.TrainingCallback.settle
    def settled(self):
        settle(self)
        if self.state.step == step:
            die()
    callback.TrainingCallback.settle = settled
    train(folder)

def while_writing(folder, step):
    save = torch.save
    def saved(state, file):
        if state["step"] == step:
            whole = io.BytesIO()
            save(state, whole)
            file.write(whole.getvalue()[: whole.tell() // 2])
            file.flush()
            die()
        save(state, file)
    torch.save = saved
    train(folder)

callback.CHECKPOINT_SECONDS = 0.0
for how, step, folder in zip(*[iter(sys.argv[1:])] * 3):
    if os.fork() == 0:
        {"at_step": at_step, "while_writing": while_writing}[how](folder, int(step))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def train(folder: str | Path | None, resume: bool = False) -> Fitted:
    """Train on random series, 24 steps in 3 epochs, with everything on that changes from step to step."""
    random = np.random.default_rng(0)
    features = [random.standard_normal((length, 2)).astype(np.float32) for length in random.integers(1, 9, 60)]
    targets = random.integers(0, 2, 60)
    config = classify.Config(("no", "yes"), SeriesFeatures((0.0, 0.0), (1.0, 1.0)))
    encoder = EncoderConfig(hidden=4, layers=2, dropout=0.3, recurrent_dropout=0.2)
    model = ModelConfig(outputs=1, input_size=2, encoder=encoder, pooling=("max", "attention"))
    training = TrainConfig(epochs=3, batch_size=7, ema_decay=0.9)
    data = features[:50], targets[:50]
    dev = features[50:], targets[50:]
    return fit(
        TrainingJob(classify, config, model, data, dev, training, folder=folder, resume=resume, progress="silent")
    )


@pytest.mark.train
def test_killed_at_random_steps_and_while_writing_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = train(None)
    assert whole.steps == 24
    steps = np.random.default_rng().integers(1, 24, 3).tolist()
    kills = [("at_step", n) for n in steps] + [("while_writing", steps[0]), ("at_step", 24), ("at_step", 8)]
    arguments = [str(part) for n, (how, step) in enumerate(kills) for part in (how, step, tmp_path / str(n))]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        env={"PYTHONPATH": str(Path(__file__).parent), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert child.stderr == ""
    assert child.stdout.split() == ["-9"] * len(kills)
    for n, (how, step) in enumerate(kills):
        folder = tmp_path / str(n)
        found = checkpoint.load(folder, pytest.fail)["step"]
        assert found == step - (how == "while_writing"), (how, step)
        resumed = train(folder, resume=True)
        assert all(np.array_equal(resumed.weights[name], weight) for name, weight in whole.weights.items()), (how, step)
        assert [{**row, "seconds": 0} for row in resumed.history] == [{**row, "seconds": 0} for row in whole.history]

"""The command line in one process, and tiny files and models to run it on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from bigru.bundle import Bundle, load, save
from bigru.cli import run
from bigru.config import EncoderConfig, ModelConfig
from bigru.features.text import TextFeatures
from bigru.tasks import classify


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


Bigru = Callable[..., Result]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread: the models are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def bigru(capsys: pytest.CaptureFixture[str]) -> Bigru:
    """Run a command line and return its exit code and what it wrote."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def refused(bigru: Bigru) -> Callable[..., str]:
    """Run a command line that must be refused: code 2, one line on stderr, nothing on stdout. Return the line."""

    def call(*arguments: object) -> str:
        result = bigru(*arguments)
        *before, line = result.err.splitlines()
        assert (result.code, result.out) == (2, ""), result
        assert "Traceback" not in result.err
        # Above the line there is only what was read and decided so far.
        assert not any(text.startswith("bigru") for text in before), result.err
        assert line.startswith(f"bigru {arguments[0]}: ")
        return line

    return call


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Forty labelled texts as CSV; a text says what its label is."""
    path = tmp_path / "reviews.csv"
    rows = [f"{word}{n},{label}\n" for n in range(20) for word, label in (("好看", "good"), ("难看", "bad"))]
    path.write_text("text,label\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved classifier of characters that answers "b" if there are more of them, else "a"."""
    features = TextFeatures.fit(["ab"], channels=("unit",), unit="char")
    channel = features.channels[0]
    encoder = EncoderConfig(hidden=1, direction="forward")
    shape = ModelConfig(1, channels=(channel,), encoder=encoder, pooling=("sqrt_n",))
    embedding = np.zeros((channel.size, channel.dim), np.float32)
    embedding[1:, 0] = [-8.0 if unit == "a" else 8.0 for unit in features.vocabulary]
    weights = {"embedding.0.weight": embedding}
    for name, size in (("weight_ih", (3, channel.dim)), ("weight_hh", (3, 1)), ("bias_ih", (3,)), ("bias_hh", (3,))):
        weights[f"encoder.layers.0.{name}_l0"] = np.zeros(size, np.float32)
    weights |= {"head.weight": np.eye(1, channel.dim, dtype=np.float32), "head.bias": np.zeros(1, np.float32)}
    folder = tmp_path_factory.mktemp("models") / "ab"
    save(Bundle("classify", shape, classify.Config(("a", "b"), features), weights), folder)
    return folder


@pytest.fixture(scope="session")
def fine(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved classifier that answers "b" after an "a", by a weight that 8 bits lose beside the other, else "a"."""
    made = load(model)
    weights = {name: np.zeros_like(array) for name, array in made.weights.items()}
    a, b = (made.config.features.vocabulary.index(unit) + 1 for unit in "ab")
    weights["embedding.0.weight"][a, 1] = 100
    weights["embedding.0.weight"][b, 0] = -1
    weights["encoder.layers.0.weight_ih_l0"][2, :2] = 1, 0.003
    weights["head.bias"][:] = -0.01
    weights["head.weight"] = np.ones((1, 1), np.float32)
    folder = tmp_path_factory.mktemp("models") / "fine"
    save(replace(made, model=replace(made.model, pooling=("last",)), weights=weights), folder)
    return folder

"""Write the golden models: `python tests/golden/make.py`, once for each format, never again for a folder that exists.

A golden model is a promise to those who have saved one: what this version wrote must load and answer with the same bits
in every later one. A folder is therefore never written again, not even where a test fails: the code is wrong then. A
new task, cell, pooling or format gets a new name below; only folders that are not there are written. The folders whose
names begin with `old-` were written by earlier versions of this package in the same way.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from answer import DIGESTS, FOLDER, digests, exactly, golden, names

from bigru.bundle import Bundle, save
from bigru.bundle.quantized import QuantizedWeights
from bigru.bundle.weights import shapes
from bigru.config import MERGES, POOLINGS, ChannelConfig, ConvConfig, EncoderConfig, ForecastModelConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.features.table import TableFeatures
from bigru.features.text import TextFeatures
from bigru.ops.ctc.language import SymbolModel
from bigru.runtime.predictor import Predictor
from bigru.tables.times import TimeStep
from bigru.tables.timetable import Series, TimeTable
from bigru.tasks import classify, forecast, tag, transcribe

ZH = ["好电影，真好看", "坏电影", "不好看，一点也不好", "苹果公司在加州发布了新款手机", "", "好"]
EN = ["The lowest price in New York", "prices were lower, not the lowest", "end of it all", "", "unheard of", "The"]
TOKENS = [["Ada", "Lovelace", "was", "born", "in", "London"], ["York"], ["in", "1815", "and", "unseen"]]
HASHED = (ChannelConfig("bigram", 32, 3), ChannelConfig("trigram", 16, 2))
CHARS = TextFeatures.fit(ZH, unit="char", channels=(ChannelConfig("unit", 1, 5), *HASHED), replace={"，": ","})
PLAIN = TextFeatures.fit(ZH, unit="char", channels=(ChannelConfig("unit", 1, 5),))
LOOKS = tuple(ChannelConfig(name, 24, 2) for name in ("suffix3", "shape", "lower", "before"))
WORDS = TextFeatures.fit(EN, unit="word", channels=(ChannelConfig("unit", 1, 4), *LOOKS), lowercase=True)
READ = TextFeatures.fit(TOKENS, unit="token", channels=(ChannelConfig("unit", 1, 4), ChannelConfig("shape", 16, 2)))
PIECES = TextFeatures.fit(EN * 3, unit="subword", channels=(ChannelConfig("unit", 1, 4),), max_size=60)
PAIR = SeriesFeatures((0.5, -0.25), (2.0, 0.75))
GAPS = SeriesFeatures((0.5, 0.1, 3.0), (1.0, 0.3, 2.0), (1,), (0.0, 0.1, 0.2), (1.0, 1.1, 1.2))
MELS = AudioFeatures(8000, 6, normalise="none", mean=(0.0,) * 6, std=(2.0,) * 6)
LEVEL = AudioFeatures(8000, 6, frame_shift=12.5, mean=(0.0,) * 6, std=(2.0,) * 6)
BIO = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
BMES = ("O", "B-X", "M-X", "E-X", "S-X")
SYMBOLS = ("a", "b", " ")
LANGUAGE = SymbolModel.fit([[1, 2, 3, 1], [2, 2, 1], [1, 3, 1, 2]], 4, order=3)
FRONT = (ConvConfig(6, 5), ConvConfig(4, 3, 2))


def weights(model: Any, seed: int) -> dict[str, np.ndarray]:
    """Draw the weights of a model; tables smaller than matrices, so that no answer is certain."""
    random = np.random.default_rng(seed)
    found = {name: random.normal(0.0, 0.5, size).astype(np.float32) for name, size in shapes(model).items()}
    if "interval.radius" in found:
        found["interval.radius"] = np.sort(np.abs(found["interval.radius"]), axis=0)
    return found


def model(
    task: str, config: Any, seed: int, hidden: int = 6, encoder: dict[str, Any] | None = None, **rest: Any
) -> Any:
    """Return a model of a task that reads its inputs step by step."""
    read = config.features
    width = {"channels": read.channels} if isinstance(read, TextFeatures) else {"input_size": read.values}
    shape = ModelConfig(config.outputs, encoder=EncoderConfig(hidden=hidden, **(encoder or {})), **width, **rest)
    return Bundle(task, shape, config, weights(shape, seed), {"dev": {"accuracy": 0.5}}, "Weights that were drawn.")


def hours(rows: int) -> TimeTable:
    """Return a table of hours: daily cycles of two targets, a column of the past and one that is known."""
    random = np.random.default_rng(7)
    times = np.datetime64("2024-02-27", "s") + np.arange(rows) * np.timedelta64(3600, "s")
    phase = np.arange(rows)[:, None] * np.pi / 12 + np.arange(4)
    values = (10 + 3 * np.sin(phase) + 0.25 * random.standard_normal((rows, 4))).round(2)
    return TimeTable(
        [Series("", times, values, np.arange(2, rows + 2))], ("a", "b", "c", "d"), TimeStep("second", 3600), "", "t"
    )


def written(table: TimeTable, columns: tuple[str, ...], ahead: tuple[str, ...], horizon: int) -> str:
    """Return a table as CSV; what is not known of the last `horizon` rows is left empty."""
    series = table.series[0]
    lines = ["time," + ",".join(columns)]
    for n, (time, row) in enumerate(zip(series.times, series.values, strict=True)):
        known = n < len(series.times) - horizon
        cells = [repr(float(row[table.columns.index(c)])) if known or c in ahead else "" for c in columns]
        lines.append(f"{time}".replace("T", " ") + "," + ",".join(cells))
    return "\n".join(lines if ahead else lines[: len(lines) - horizon]) + "\n"


def forecaster(seed: int, roles: dict[str, tuple[str, ...]], **shape: Any) -> tuple[Bundle, str]:
    """Return a forecaster of 12 rows back and 5 ahead, and the table that it is asked about."""
    roles = {"past": (), "known": (), "calendar": (), **roles}
    whole = hours(60)
    order = (*roles["targets"], *roles["past"], *roles["known"])
    places = [whole.columns.index(name) for name in order]
    series = replace(whole.series[0], values=whole.series[0].values[:, places])
    table = replace(whole, series=[series], columns=order)
    read = TableFeatures.fit(table, [40], **roles)
    rest = {"encoder": EncoderConfig(hidden=6), "levels": (0.5, 0.9), **shape}
    net = ForecastModelConfig(12, 5, 3, len(read.targets), len(read.past), read.known_width, **rest)
    loss = "pinball" if net.quantiles else "mae"
    config = forecast.Config(read, 12, 5, net.quantiles, net.levels, loss, "2024-02-28T15:00:00")
    ahead = (*roles["known"],)
    return Bundle("forecast", net, config, weights(net, seed)), written(table, order, ahead, 5 if ahead else 0)


def texts() -> dict[str, tuple[Bundle, list[Any]]]:
    """Return the models that read texts or tokens, and their inputs."""
    made = {
        "text-binary": model(
            "classify", classify.Config(("bad", "good"), CHARS, threshold=0.4), 1, pooling=POOLINGS, wide_linear=True
        ),
        "text-classes": model("classify", classify.Config(("a", "b", "c"), WORDS), 2, pooling=("mean", "max")),
        "text-multi-label": model(
            "classify", classify.Config(("x", "y", "z"), WORDS, True, 0.45), 3, pooling=("max",), wide_linear=True
        ),
        "text-subwords": model(
            "classify", classify.Config(("a", "b", "c"), PIECES), 4, pooling=("attention", "sqrt_n")
        ),
        "text-one-label": model("classify", classify.Config(("x",), PLAIN, True), 5, pooling=("last",)),
        "text-rnn": model(
            "classify", classify.Config(("a", "b"), PLAIN), 6, encoder={"cell": "rnn"}, pooling=("last", "sqrt_n")
        ),
        "text-deep": model(
            "classify",
            classify.Config(("a", "b", "c"), CHARS),
            7,
            7,
            {"layers": 2, "layer_norm": True, "reset_after": False},
            pooling=("last", "mean"),
        ),
        "tags-bio-crf": model(
            "tag", tag.Config(BIO, CHARS, "BIO", True), 8, 7, {"layers": 2}, crf=True, skip=True, wide_linear=True
        ),
        "tags-bmes-crf": model("tag", tag.Config(BMES, PLAIN, "BMES", True, ("X",)), 9, crf=True),
        "tags-states-crf": model("tag", tag.Config(("p", "q", "r"), PLAIN, None, True), 10, crf=True),
        "tags-iob1": model("tag", tag.Config(("O", "B-X", "I-X"), PLAIN, "IOB1"), 11, skip=True),
        "tags-bioes": model("tag", tag.Config(("O", "B-X", "I-X", "E-X", "S-X"), CHARS, "BIOES", True), 12, crf=True),
        "tags-two": model("tag", tag.Config(("no", "yes"), CHARS), 13, wide_linear=True),
    }
    tokens = {
        "tags-tokens": model("tag", tag.Config(("N", "V", "X"), READ), 14, encoder={"direction": "forward"}),
        "tags-tokens-crf": model("tag", tag.Config(BIO, READ, "BIO", True), 15, crf=True, skip=True),
        "tokens-classes": model("classify", classify.Config(("a", "b", "c"), READ), 16, pooling=("attention",)),
    }
    english = ("text-classes", "text-multi-label", "text-subwords")
    return {name: (m, EN if name in english else ZH) for name, m in made.items()} | {
        name: (m, TOKENS) for name, m in tokens.items()
    }


def series() -> dict[str, tuple[Bundle, list[Any]]]:
    """Return the models that read series: each merge, each pooling and each cell among them."""
    random = np.random.default_rng(3)
    pairs = [random.normal(0, 1.5, (n, 2)).round(3).tolist() for n in (1, 2, 9, 33)]
    three = classify.Config(("a", "b", "c"), PAIR)
    made = {
        f"merge-{kind}": model("classify", three, 20 + n, 5, {"merge": kind}, pooling=("mean",))
        for n, kind in enumerate(MERGES)
    }
    made |= {f"pooling-{kind}": model("classify", three, 30 + n, 5, pooling=(kind,)) for n, kind in enumerate(POOLINGS)}
    made |= {
        f"steps-{cell}-{direction}": model(
            "tag", tag.Config(("0", "1"), PAIR), 40 + n, 5, {"cell": cell, "direction": direction}
        )
        for n, (cell, direction) in enumerate(
            [
                ("gru", "both"),
                ("gru", "backward"),
                ("rnn", "forward"),
                ("rnn", "both"),
                ("lstm", "both"),
                ("lstm", "backward"),
            ]
        )
    }
    gaps = [[[*row, 3.0 + row[0]] for row in x] for x in pairs]
    gaps[2][4][1] = float("nan")
    front = model(
        "classify",
        classify.Config(("a", "b", "c"), GAPS),
        50,
        5,
        {"layers": 2, "merge": "gated", "layer_norm": True},
        conv=FRONT,
        pooling=("last", "attention"),
    )
    lstm = model("classify", three, 51, 5, {"cell": "lstm", "merge": "sum", "layers": 2}, pooling=("last", "max"))
    return {name: (m, pairs) for name, m in made.items()} | {
        "series-front": (front, gaps),
        "series-lstm": (lstm, pairs),
    }


def recordings() -> dict[str, tuple[Bundle, list[Any]]]:
    """Return the models that read recordings: tones and noise of 16 bits at 8 kHz."""
    random = np.random.default_rng(5)
    times = np.arange(1600) / 8000
    tones = [
        sum(np.sin(2 * np.pi * f * times) for f in own) + 0.05 * random.standard_normal(1600)
        for own in ((300, 2200), (900,))
    ]
    heard = [(4000 * tone).astype(np.int16).tolist() for tone in tones]
    inputs = [heard[0], heard[1][:500], heard[0][:700] + heard[1][:700]]
    made = {
        "speech-greedy": model("transcribe", transcribe.Config(SYMBOLS, MELS, stride=2), 60, 5, conv=FRONT),
        "speech-beam": model(
            "transcribe", transcribe.Config(SYMBOLS, MELS, beam=4), 61, 5, {"direction": "forward", "merge": "mul"}
        ),
        "speech-language": model(
            "transcribe", transcribe.Config(SYMBOLS, MELS, beam=6, language=LANGUAGE, weight=0.75, bonus=0.5), 62, 5
        ),
        "sounds": model("classify", classify.Config(("a", "b", "c"), LEVEL), 63, 5, pooling=("max",)),
    }
    return {name: (m, inputs) for name, m in made.items()}


def forecasts() -> dict[str, tuple[Bundle, str]]:
    """Return the forecasters, and the table that each is asked about."""
    ahead = {"direction": "forward"}
    return {
        "forecast-intervals": forecaster(
            70, {"targets": ("a",), "past": ("c",), "known": ("d",), "calendar": ("hour", "weekday")}, linear="all"
        ),
        "forecast-quantiles": forecaster(
            71,
            {"targets": ("a", "b"), "past": ("c",)},
            quantiles=(0.1, 0.5, 0.9),
            normalise="revin",
            joint=True,
            linear="own",
            encoder=EncoderConfig(hidden=6, layers=2),
        ),
        "forecast-shared": forecaster(
            72, {"targets": ("a", "b")}, linear="shared", encoder=EncoderConfig(hidden=6, **ahead), levels=(0.8,)
        ),
        "forecast-plain": forecaster(73, {"targets": ("a", "b")}, normalise="none", levels=()),
    }


def asked(bundle: Bundle, inputs: list[Any]) -> dict[str, Any]:
    """Return how a model is asked: in every precision that it has, as a stream where it can be one."""
    encoder = bundle.model.encoder
    stream: dict[str, int] | None = None
    with suppress(ArgumentError):
        if bundle.task != "forecast":
            options = {} if encoder.direction == "forward" else {"lookahead": 3, "chunk": 2}
            Predictor(bundle).stream(**options)
            stream = options
    explained = bundle.task == "classify" and isinstance(bundle.config.features, TextFeatures) and inputs is not TOKENS
    precisions = ["fp32", "bf16", "int8"] if encoder.cell == "gru" else ["fp32"]
    return {"inputs": inputs, "precisions": precisions, "stream": stream, "explain": explained}


def write(name: str, bundle: Bundle, inputs: list[Any], table: str | None = None) -> None:
    """Write a model and what it is asked; nothing where it is there."""
    place = FOLDER / name
    if place.exists():
        return
    save(bundle, place / "model")
    if table is not None:
        (place / "table.csv").write_text(table, encoding="utf-8")
    store(place, asked(bundle, inputs))


def store(place: Path, content: dict[str, Any]) -> None:
    """Write golden.json, an input or an answer a line."""
    text = json.dumps(content, ensure_ascii=False)
    (place / "golden.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    made = texts() | series() | recordings()
    for name in ("text-multi-label", "tags-bio-crf", "series-front"):
        bundle, inputs = made[name]
        made[f"{name}-int8"] = replace(bundle, weights=QuantizedWeights.of(bundle.weights)), inputs
    for name, (bundle, inputs) in made.items():
        write(name, bundle, inputs)
    for name, (bundle, table) in forecasts().items():
        write(name, bundle, [], table)
    found = exactly()
    for name in names():
        content = golden(name)
        if "answers" not in content:
            store(FOLDER / name, content | {"answers": found[name]})
            print(name)
    DIGESTS.write_text(json.dumps(digests(), indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Hostile and broken saved models, each one change away from a sound one.

`python tests/bundle/samples.py` writes them to tests/bundle/hostile, where they are kept, so that a reader
that forgives one of them later is caught by files older than itself.
"""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FOLDER = Path(__file__).parent / "hostile"

Files = dict[str, bytes | str]
"""Content by name; a str is where a symbolic link of that name points to."""

CONFIG: dict[str, Any] = {
    "model_type": "bigru",
    "format_version": 1,
    "library_version": "0.1.0",
    "task": "classify",
    "task_config": {"labels": ["no", "yes"], "multi_label": False, "threshold": 0.5},
    "features": {
        "kind": "text",
        "unit": "char",
        "channels": [{"name": "unit", "size": 4, "dim": 2}],
        "lowercase": False,
        "replace": {"，": ","},
        "segmenter": None,
    },
    "model": {
        "outputs": 1,
        "channels": [{"name": "unit", "size": 4, "dim": 2}],
        "values": 0,
        "encoder": {
            "cell": "gru",
            "hidden": 1,
            "layers": 1,
            "direction": "forward",
            "merge": "concat",
            "reset_after": True,
            "layer_norm": False,
            "dropout": 0.3,
            "embedding_dropout": 0.1,
            "recurrent_dropout": 0.0,
        },
        "pooling": ["max"],
        "crf": False,
    },
}

SHAPES = {
    "embedding.0.weight": (4, 2),
    "encoder.layers.0.weight_ih_l0": (3, 2),
    "encoder.layers.0.weight_hh_l0": (3, 1),
    "encoder.layers.0.bias_ih_l0": (3,),
    "encoder.layers.0.bias_hh_l0": (3,),
    "head.weight": (1, 1),
    "head.bias": (1,),
}


class Sample(NamedTuple):
    """The files of a folder, and what its refusal says after the folder's name."""

    files: Files
    message: str


def safetensors(
    header: dict[str, Any] | None = None,
    data: bytes | None = None,
    change: Callable[[dict[str, Any]], Any] | None = None,
) -> bytes:
    """Write a safetensors file by hand, header and data as they are given."""
    entries: dict[str, Any] = {}
    content, offset = b"", 0
    for n, (name, shape) in enumerate(SHAPES.items()):
        array = np.arange(np.prod(shape), dtype="<f4") / 8 - n / 4
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + array.nbytes]}
        content += array.tobytes()
        offset += array.nbytes
    entries = entries if header is None else header
    if change is not None:
        change(entries)
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + (content if data is None else data)


def sound() -> Files:
    """Return the model that every sample is a change of."""
    return {
        "config.json": json.dumps(CONFIG, ensure_ascii=False, indent=1).encode(),
        "vocabulary.json": '["好", "坏", "!"]'.encode(),
        "model.safetensors": safetensors(),
    }


def config(*path: str | int, value: Any = None, drop: bool = False) -> Files:
    """Return the sound model with one entry of its config.json changed or left out."""
    changed = copy.deepcopy(CONFIG)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return sound() | {"config.json": json.dumps(changed, ensure_ascii=False, indent=1).encode()}


def text(old: str, new: str) -> Files:
    """Return the sound model with one stretch of the text of its config.json replaced."""
    content = sound()["config.json"]
    assert isinstance(content, bytes)
    assert old.encode() in content
    return sound() | {"config.json": content.replace(old.encode(), new.encode(), 1)}


def weights(change: Callable[[dict[str, Any]], Any]) -> Files:
    """Return the sound model with the header of its weights changed."""
    return sound() | {"model.safetensors": safetensors(change=change)}


def without(name: str) -> Files:
    """Return the sound model without one file."""
    return {key: value for key, value in sound().items() if key != name}


def poisoned(value: float) -> Files:
    """Return the sound model with one weight replaced."""
    content = safetensors()
    return sound() | {"model.safetensors": content[:-4] + struct.pack("<f", value)}


def reshaped(name: str, shape: list[int]) -> Callable[[dict[str, Any]], None]:
    """Return a change of one array's shape."""
    return lambda header: header[name].update(shape=shape)


def shifted(name: str, offsets: list[int]) -> Callable[[dict[str, Any]], None]:
    """Return a change of where one array lies."""
    return lambda header: header[name].update(data_offsets=offsets)


def bigrams(size: int) -> Files:
    """Return a model that claims a table of `size` rows in features and model alike."""
    changed = copy.deepcopy(CONFIG)
    channel = {"name": "bigram", "size": size, "dim": 2}
    changed["features"]["channels"].append(channel)
    changed["model"]["channels"].append(channel)
    return sound() | {"config.json": json.dumps(changed, ensure_ascii=False).encode()}


def tagger(**changes: Any) -> Files:
    """Return a tagger's configuration over the sound model's network."""
    changed = copy.deepcopy(CONFIG)
    changed["task"] = "tag"
    changed["task_config"] = {"labels": ["O", "B-X"], "scheme": "BIO", "crf": False, "entity_labels": None, **changes}
    return sound() | {"config.json": json.dumps(changed, ensure_ascii=False).encode()}


def samples() -> dict[str, Sample]:
    """Return every sample by the name of its folder."""
    return documents() | configurations() | features() | arrays()


AT = "/config.json: "
VALID = AT + "file must be valid JSON, got "
TENSORS = "/model.safetensors: "
DAMAGED = TENSORS + "file must be valid safetensors, got "
KEYS = AT + "keys must be model_type, format_version, library_version, task, task_config, features, model, got "
TASK = AT + "Bundle: task must be one of classify, tag, forecast, transcribe, got "
VERSION = AT + "format_version must be a whole number from 1, got "
TASK_KEYS = AT + "classify.Config: configuration must be an object with labels, multi_label, threshold, got "
LINK = "file must be a file of the folder itself, got a symbolic link. Copy the file itself there."
FIRST, LAST = "embedding.0.weight", "head.bias"
SIZE = len(safetensors())


def documents() -> dict[str, Sample]:
    """Return samples whose files are not what a reader of JSON or text can take."""
    return {
        "config-missing": Sample(without("config.json"), ": folder must be a saved model, with config.json, got none."),
        "config-truncated": Sample(sound() | {"config.json": sound()["config.json"][:200]}, VALID + "Expecting"),
        "config-empty": Sample(sound() | {"config.json": b""}, VALID + "Expecting value"),
        "config-not-utf8": Sample(
            sound() | {"config.json": b"\xff\xfe{}"}, AT + "file must be UTF-8, got byte 0 that is not."
        ),
        "config-key-twice": Sample(
            text('"task": "classify",', '"task": "tag", "task": "classify",'), VALID + "the key 'task' twice."
        ),
        "config-deep": Sample(sound() | {"config.json": b"[" * 5_000}, VALID + "more than 32 levels."),
        "config-nested": Sample(sound() | {"config.json": b"[" * 40 + b"]" * 40}, VALID + "more than 32 levels."),
        "config-not-a-number": Sample(text("0.5", "NaN"), VALID + "the number NaN."),
        "config-overflow": Sample(text("0.5", "1e999"), VALID + "the number 1e999."),
        "config-long-integer": Sample(text("0.5", "9" * 5000), VALID + "the number 999999999999999999...."),
        "config-half-surrogate": Sample(text('"no"', '"\\ud800"'), VALID + "'utf-8' codec can't encode character"),
        "config-list": Sample(sound() | {"config.json": b"[]"}, AT + "model_type must be 'bigru', got list."),
        "config-link": Sample(
            sound() | {"config.json": "../../../../README.md"},
            AT + LINK,
        ),
    }


def configurations() -> dict[str, Sample]:
    """Return samples whose config.json is JSON and yet no configuration."""
    return {
        "other-model": Sample(config("model_type", value="bert"), AT + "model_type must be 'bigru', got 'bert'."),
        "version-newer": Sample(
            config("format_version", value=4),
            AT + "format_version must be at most 3, got 4. The model was saved by bigru 0.1.0; this is ",
        ),
        "version-zero": Sample(config("format_version", value=0), VERSION + "0."),
        "version-text": Sample(config("format_version", value="1"), VERSION + "'1'."),
        "version-true": Sample(config("format_version", value=True), VERSION + "True."),
        "key-unknown": Sample(config("hook", value="os.system"), KEYS + "'hook' as well."),
        "key-missing": Sample(config("features", drop=True), KEYS + "'features' missing."),
        "task-unknown": Sample(
            config("task", value="translate"),
            TASK + "'translate'. Did you mean 'transcribe'?",
        ),
        "task-list": Sample(
            config("task", value=["tag"]),
            TASK + "['tag']. Did you mean 'tag'?",
        ),
        "task-config-unknown-key": Sample(
            config("task_config", "hook", value=1), TASK_KEYS + "['hook', 'labels', 'multi_label', 'threshold']."
        ),
        "task-config-null": Sample(config("task_config", value=None), TASK_KEYS + "NoneType."),
        "labels-numbers": Sample(
            config("task_config", "labels", value=[0, 1]),
            AT + "classify.Config: labels must be a list of strings, got [0, 1].",
        ),
        "labels-one": Sample(
            config("task_config", "labels", value=["yes"]),
            AT + "classify.Config: labels must be at least 2 labels, got ['yes'].",
        ),
        "threshold-true": Sample(
            config("task_config", "threshold", value=True),
            AT + "classify.Config: threshold must be int or float, got True.",
        ),
        "scheme-unknown": Sample(
            tagger(scheme="BILOU"), AT + "tag.Config: scheme must be one of BIO, IOB1, BIOES, BMES, got 'BILOU'."
        ),
        "tagger-with-pooling": Sample(
            tagger(), AT + "Bundle: outputs of the model must be 2, as the task says, got 1."
        ),
        "model-unknown-key": Sample(
            config("model", "hook", value=1),
            AT + "ModelConfig: key must be one of outputs, channels, input_size, encoder, pooling, skip, crf, "
            "wide_linear, conv, got 'hook'.",
        ),
        "model-text": Sample(
            config("model", value="gru"), AT + "ModelConfig: configuration must be an object, got str."
        ),
        "model-hidden-text": Sample(
            config("model", "encoder", "hidden", value="2"), AT + "EncoderConfig: hidden must be of type int, got '2'."
        ),
        "model-hidden-huge": Sample(
            config("model", "encoder", "hidden", value=10**9),
            AT + "EncoderConfig: hidden must be at most 65536, got 1000000000.",
        ),
        "model-layers-huge": Sample(
            config("model", "encoder", "layers", value=10**9),
            AT + "EncoderConfig: layers must be at most 64, got 1000000000.",
        ),
        "model-no-outputs": Sample(
            config("model", "outputs", drop=True), AT + "ModelConfig: outputs must be given, got nothing."
        ),
        "front-stride": Sample(
            config("model", "front", value=[{"filters": 2, "kernel": 2, "stride": 3}]),
            AT + "ConvConfig: stride must be within 1..2, the kernel, so that no step goes unread, got 3.",
        ),
        "front-text": Sample(
            config("model", "front", value="64x5"),
            AT + "ModelConfig: conv must be of type tuple[ConvConfig, ...], got '64x5'.",
        ),
        "front-huge": Sample(
            config("model", "front", value=[{"filters": 10**9, "kernel": 10**9}]),
            AT + "ConvConfig: filters must be at most 65536, got 1000000000.",
        ),
        "model-crf": Sample(
            config("model", "crf", value=True),
            AT + "ModelConfig: crf is not allowed with pooling (got pooling ('max',)).",
        ),
        "model-no-pooling": Sample(
            config("model", "pooling", value=[]),
            AT + "Bundle: pooling of the model must be used, as the task says, got unused.",
        ),
    }


def features() -> dict[str, Sample]:
    """Return samples whose features, vocabulary or side files do not fit."""
    return {
        "channel-no-size": Sample(
            config("features", "channels", 0, "size", drop=True), AT + "ChannelConfig: size must be given, got nothing."
        ),
        "channel-other-size": Sample(
            config("features", "channels", 0, "size", value=5),
            AT + "TextFeatures: size of unit must be 4, the vocabulary and the unknown, got 5.",
        ),
        "channel-not-in-model": Sample(
            config("model", "channels", 0, "dim", value=3),
            AT
            + "Bundle: channels of the model must be (ChannelConfig(name='unit', size=4, dim=2),), as the task says, ",
        ),
        "table-huge": Sample(
            bigrams(10**15),
            TENSORS
            + "size must be within 8000000000000124..8000000000002436 bytes, as the configuration says, "
            + f"got {SIZE}.",
        ),
        "features-unknown": Sample(
            config("features", "kind", value="video"),
            AT + "Bundle: kind of features must be one of text, series, audio, table, got 'video'.",
        ),
        "features-series": Sample(
            config("features", value={"kind": "series", "mean": [0], "std": [0]}),
            AT + "SeriesFeatures: std must be greater than 0, got 0.0.",
        ),
        "features-replace": Sample(
            config("features", "replace", value={"ab": "c"}),
            AT + "TextFeatures: replace must be single characters, got {'ab': 'c'}.",
        ),
        "vocabulary-missing": Sample(
            without("vocabulary.json"),
            AT + "TextFeatures: size of unit must be 1, the vocabulary and the unknown, got 4.",
        ),
        "vocabulary-short": Sample(
            sound() | {"vocabulary.json": b'["a"]'},
            AT + "TextFeatures: size of unit must be 2, the vocabulary and the unknown, got 4.",
        ),
        "vocabulary-twice": Sample(
            sound() | {"vocabulary.json": b'["a", "b", "a"]'},
            AT + "TextFeatures: vocabulary must be distinct units, got 'a' twice.",
        ),
        "vocabulary-object": Sample(
            sound() | {"vocabulary.json": b'{"a": 1}'},
            AT + "TextFeatures: vocabulary must be a list of strings, got {'a': 1}.",
        ),
        "vocabulary-words": Sample(
            sound() | {"vocabulary.json": b'["a", "bc", "d"]'},
            AT + "TextFeatures: vocabulary must be single characters, got 'bc'.",
        ),
        "vocabulary-link": Sample(
            sound() | {"vocabulary.json": "../../../../pyproject.toml"}, "/vocabulary.json: " + LINK
        ),
        "tokenizer-foreign": Sample(
            sound() | {"tokenizer.json": b"{}"},
            AT + "TextFeatures: tokenizer must be given for subwords, and only for them, got one for the unit char.",
        ),
        "metrics-list": Sample(
            sound() | {"metrics.json": b"[]"}, "/metrics.json: document must be an object, got list."
        ),
        "metrics-not-utf8": Sample(
            sound() | {"metrics.json": b"\x80"}, "/metrics.json: file must be UTF-8, got byte 0 that is not."
        ),
    }


def arrays() -> dict[str, Sample]:
    """Return samples whose weights are damaged or not those of the configuration."""
    return {
        "weights-missing": Sample(
            without("model.safetensors"), TENSORS + "file must be a plain file, got no such file."
        ),
        "weights-link": Sample(
            sound() | {"model.safetensors": "../../samples.py"},
            TENSORS + "file must be a plain file, got a symbolic link.",
        ),
        "weights-empty": Sample(
            sound() | {"model.safetensors": b""},
            TENSORS + "size must be within 100..2156 bytes, as the configuration says, got 0.",
        ),
        "weights-truncated": Sample(sound() | {"model.safetensors": safetensors()[:-4]}, DAMAGED),
        "weights-longer": Sample(sound() | {"model.safetensors": safetensors() + b"\0" * 8}, DAMAGED),
        "weights-far-longer": Sample(
            sound() | {"model.safetensors": safetensors() + b"\0" * 4096},
            TENSORS + f"size must be within 100..2156 bytes, as the configuration says, got {SIZE + 4096}.",
        ),
        "weights-header-huge": Sample(
            sound() | {"model.safetensors": struct.pack("<Q", 1 << 62) + safetensors()[8:]}, DAMAGED
        ),
        "weights-header-longer-than-file": Sample(
            sound() | {"model.safetensors": struct.pack("<Q", 1 << 20) + safetensors()[8:]}, DAMAGED
        ),
        "weights-header-not-json": Sample(
            sound() | {"model.safetensors": struct.pack("<Q", 8) + b"notjson!" + bytes(112)}, DAMAGED
        ),
        "weights-pickle": Sample(
            sound() | {"model.safetensors": b"\x80\x04cos\nsystem\n(S'true'\ntR." + bytes(200)}, DAMAGED
        ),
        "weights-offset-outside": Sample(weights(shifted(LAST, [96, 4096])), DAMAGED),
        "weights-offset-overlap": Sample(weights(shifted(LAST, [92, 96])), DAMAGED),
        "weights-offset-negative": Sample(weights(shifted(FIRST, [-32, 0])), DAMAGED),
        "weights-shape-overflow": Sample(weights(reshaped(FIRST, [1 << 62, 1 << 62])), DAMAGED),
        "weights-shape-turned": Sample(
            weights(reshaped(FIRST, [2, 4])), TENSORS + "embedding.0.weight must be of shape [4, 2], got [2, 4]."
        ),
        "weights-shape-scalar": Sample(
            weights(reshaped(LAST, [])), TENSORS + "head.bias must be of shape [1], got []."
        ),
        "weights-integers": Sample(
            weights(lambda header: header[FIRST].update(dtype="I32")),
            TENSORS + "embedding.0.weight must be F32, got I32.",
        ),
        "weights-dtype-unknown": Sample(weights(lambda header: header[FIRST].update(dtype="OBJ")), DAMAGED),
        "weights-name-missing": Sample(
            weights(lambda header: header.update({"head.bios": header.pop(LAST)})),
            TENSORS + "weights must be complete, with head.bias, got none of that name.",
        ),
        "weights-name-extra": Sample(
            weights(lambda header: header.update({"zero": {"dtype": "F32", "shape": [0], "data_offsets": [100, 100]}})),
            TENSORS + "weights must be those of the configuration, got 'zero' as well.",
        ),
        "weights-not-a-number": Sample(poisoned(float("nan")), TENSORS + "head.bias must be finite, got nan."),
        "weights-infinite": Sample(poisoned(float("inf")), TENSORS + "head.bias must be finite, got inf."),
    }


def write(folder: Path, files: Files) -> None:
    """Write one sample."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        if isinstance(content, str):
            (folder / name).symlink_to(content)
        else:
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    for name, sample in samples().items():
        write(FOLDER / name, sample.files)

"""Any change of any file of a saved model is refused in one sentence, or leaves one that answers or refuses in one."""

from __future__ import annotations

import copy
import json
import os
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigru import bundle
from bigru.bundle.card import page
from bigru.config import ForecastModelConfig
from bigru.errors import BigruError, BundleError
from bigru.metrics import classification_report
from bigru.ops.ctc.language import SymbolModel
from bigru.runtime.network.forecast import ForecastNetwork
from bigru.runtime.predictor import Predictor
from bigru.tasks import transcribe
from bigru.verify.samples import sample_features
from verify.conftest import AUDIO, BUNDLES, made

EXAMPLES = int(os.environ.get("BIGRU_FUZZ", "40"))
"""Of each fuzz; a long run is `BIGRU_FUZZ=5000 pytest tests/bundle/test_fuzz.py`."""

LISTENING = transcribe.Config(
    ("a", "b"), AUDIO, beam=3, language=SymbolModel.fit([[1, 2, 1], [2, 2]], 3, 2), weight=0.5
)
SOUND = {
    **{
        name: BUNDLES[name]
        for name in ("text", "words", "series", "entities", "speech", "forecast", "quantiles", "stored")
    },
    "language": made("transcribe", LISTENING),
}
REPORT = classification_report(["a", "b"], ["a", "a"], ["a", "b"]).to_json()

fuzz = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), print_blob=True, database=None)

numbers = st.integers(-(10**18), 10**18) | st.sampled_from([0, 1, 2, -1, 2**31, 2**63 - 1, 10**17])
scalars = st.none() | st.booleans() | numbers | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
words = st.sampled_from(
    ["../../etc/passwd", "/", "unit", "gru", "text", "table", "classify", "forecast", "\x1b[2J\n", ""]
)
values = st.recursive(
    scalars | words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner), max_leaves=6
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of each sound model."""
    found = {}
    for name, sound in SOUND.items():
        folder = tmp_path_factory.mktemp("sound") / name
        bundle.save(sound, folder)
        (folder / "metrics.json").write_text(json.dumps({"dev": REPORT, "training": {"steps": 3}}))
        found[name] = {path.name: path.read_bytes() for path in folder.iterdir()}
    return found


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(way for key, entry in inner for way in paths(entry, (*here, key)))]


def change(data: st.DataObject, value: Any) -> Any:
    """Return a JSON value with up to three of its parts replaced, left out, repeated, or moved."""
    value = {"root": copy.deepcopy(value)}
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(paths(value)[1:]))
        place = value
        for key in way[:-1]:
            place = place[key]
        kind = data.draw(st.sampled_from(["replace", "nudge", "drop", "repeat", "move"]))
        if kind == "drop" and len(way) > 1:
            del place[way[-1]]
        elif kind == "repeat" and isinstance(place, list):
            place.extend([place[way[-1]]] * data.draw(st.integers(1, 3)))
        elif kind == "move":
            whole = copy.deepcopy(value["root"])
            for key in data.draw(st.sampled_from(paths(whole))):
                whole = whole[key]
            place[way[-1]] = whole
        elif kind == "nudge" and type(place[way[-1]]) in (int, float):
            place[way[-1]] += data.draw(st.sampled_from([-1, 1, 0.5, 10**6]))
        else:
            place[way[-1]] = data.draw(values)
        if not paths(value)[1:]:
            break
    return value.get("root")


def read(files: dict[str, bytes]) -> bundle.Bundle | None:
    """Load the files; None if they are refused, which takes one short sentence that names nothing but the folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "m"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        try:
            return bundle.load(folder)
        except BundleError as error:
            said = str(error)
            assert said.startswith(str(folder))
            assert said.isprintable(), said
            assert len(said) < 900
            return None


def answer(loaded: bundle.Bundle) -> None:
    """Have a model that was not refused answer, which it may refuse in turn."""
    lengths = (0, 1, 5)
    with np.errstate(all="ignore"):
        if isinstance(loaded.model, ForecastModelConfig):
            windows = sample_features(loaded, lengths)
            ForecastNetwork(loaded.model, loaded.weights)(np.stack(windows))
            return
        predictor = Predictor(loaded)
        for x in sample_features(loaded, lengths):
            logits = predictor._network(
                x[None].astype(np.float32 if x.dtype.kind == "f" else np.int64), np.array([len(x)])
            )
            predictor._decode(logits, np.array([len(x)]), ["a" * len(x)])


def refusal(loaded: bundle.Bundle) -> str:
    """Return in which words a model refuses to answer, none if it answers."""
    try:
        answer(loaded)
    except BigruError as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", SOUND)
@fuzz
@given(data=st.data())
def test_a_changed_configuration(written: dict[str, dict[str, bytes]], name: str, data: st.DataObject) -> None:
    files = written[name]
    changed = change(data, json.loads(files["config.json"]))
    loaded = read(files | {"config.json": json.dumps(changed).encode()})
    if loaded is not None:
        assert refusal(loaded).isprintable()


@fuzz
@given(data=st.data())
def test_changed_metrics(written: dict[str, dict[str, bytes]], data: st.DataObject) -> None:
    files = written["text"]
    changed = change(data, json.loads(files["metrics.json"]))
    loaded = read(files | {"metrics.json": json.dumps(changed).encode()})
    if loaded is not None:
        page(loaded.task, loaded.model, loaded.config, loaded.metrics, "")
        bundle.folder._contents(loaded)


@fuzz
@given(data=st.data())
def test_a_changed_vocabulary(written: dict[str, dict[str, bytes]], data: st.DataObject) -> None:
    files = written["words"]
    changed = change(data, json.loads(files["vocabulary.json"]))
    loaded = read(files | {"vocabulary.json": json.dumps(changed).encode()})
    assert loaded is None or len(loaded.config.features.vocabulary) == len(json.loads(files["vocabulary.json"]))  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["series", "stored"])
@fuzz
@given(data=st.data(), which=st.integers(0, 5))
def test_a_changed_header_of_the_weights(
    written: dict[str, dict[str, bytes]], name: str, data: st.DataObject, which: int
) -> None:
    files = written[name]
    content = files["model.safetensors"]
    (size,) = struct.unpack("<Q", content[:8])
    changed = json.dumps(change(data, json.loads(content[8 : 8 + size]))).encode()
    size_given = (len(changed), 0, size, len(changed) + 1, 2**62, 2**63)[which]
    loaded = read(files | {"model.safetensors": struct.pack("<Q", size_given) + changed + content[8 + size :]})
    assert loaded is None or loaded.model == SOUND[name].model


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["series", "stored"])
@fuzz
@given(places=st.lists(st.floats(0, 1, exclude_max=True), max_size=3), value=st.integers(0, 255), cut=st.floats(0, 2))
def test_changed_bytes_of_the_weights(
    written: dict[str, dict[str, bytes]], name: str, places: list[float], value: int, cut: float
) -> None:
    content = bytearray(written[name]["model.safetensors"])
    for place in places:
        content[int(place * len(content))] = value
    loaded = read(written[name] | {"model.safetensors": bytes(content[: int(cut * len(content))])})
    if loaded is not None:
        assert refusal(loaded).isprintable()


@fuzz
@given(
    content=st.binary(max_size=200),
    name=st.sampled_from(["config.json", "metrics.json", "README.md", "tokenizer.json"]),
)
def test_any_bytes_in_place_of_a_file(written: dict[str, dict[str, bytes]], content: bytes, name: str) -> None:
    read(written["text"] | {name: content})

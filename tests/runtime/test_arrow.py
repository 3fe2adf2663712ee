"""Answers over Arrow tables: the predictor's own, in columns of one type, in this process and in Ray's workers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import drawn
from bigru import bundle
from bigru.config import ChannelConfig
from bigru.errors import ArgumentError, DataError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.runtime.arrow import ArrowPredictor
from bigru.tasks import classify, tag

TEXTS = ["好电影", "", "这部电影太棒了，情节扣人心弦", "坏", "电影"]
CHARACTERS = TextFeatures.fit(TEXTS, unit="char", channels=(ChannelConfig("unit", 1, 3),))
TAGS = ("O", "B-LOC", "E-LOC", "S-LOC")
RAY = Path(__file__).parents[2] / "examples" / "scale" / "ray_data.py"


def saved(folder: Path, task: str, config: Any, **shape: Any) -> Path:
    bundle.save(drawn.made(task, config, **shape), folder)
    return folder


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = classify.Config(("bad", "good"), CHARACTERS)
    return saved(tmp_path_factory.mktemp("models") / "classifier", "classify", config, pooling=("max",))


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = tag.Config(TAGS, CHARACTERS, "BIOES", True)
    return saved(tmp_path_factory.mktemp("models") / "tagger", "tag", config, crf=True)


def test_columns_are_the_answers(classifier: Path) -> None:
    answer = ArrowPredictor(classifier)
    table = answer(pa.table({"n": range(5), "text": TEXTS}))
    assert table.column_names == ["n", "text", "label", "confidence", "scores"]
    assert table.select(answer.schema.names).to_pylist() == answer.predictor.predict(TEXTS)


def test_tags_and_entities(tagger: Path) -> None:
    answer = ArrowPredictor(tagger, keep=())
    assert answer(pa.table({"text": TEXTS})).to_pylist() == answer.predictor.predict(TEXTS)


def test_many_labels(tmp_path: Path) -> None:
    config = classify.Config(("a", "b"), CHARACTERS, multi_label=True)
    answer = ArrowPredictor(saved(tmp_path / "model", "classify", config, pooling=("max",)), keep=[])
    assert answer(pa.table({"text": TEXTS})).to_pylist() == answer.predictor.predict(TEXTS)


def test_series(tmp_path: Path) -> None:
    config = tag.Config(("0", "1"), SeriesFeatures((0.0, 0.0), (1.0, 1.0)))
    answer = ArrowPredictor(saved(tmp_path / "model", "tag", config), "series", keep=[])
    series = [[[1.0, 2.0]], [[0.5, 0.1], [3.0, 4.0]]]
    assert answer(pa.table({"series": series})).to_pylist() == answer.predictor.predict([np.array(s) for s in series])


def test_types_do_not_depend_on_the_batch(tagger: Path) -> None:
    answer = ArrowPredictor(tagger)
    empty = answer(pa.table({"text": pa.array([], pa.string())}))
    assert empty.schema == answer(pa.table({"text": TEXTS})).schema
    assert empty.num_rows == 0


def test_a_partition_is_answered_batch_by_batch(classifier: Path) -> None:
    answer = ArrowPredictor(classifier, keep=["text"])
    batches = pa.table({"text": TEXTS * 2}).to_batches(max_chunksize=3)
    done = list(answer.partition(iter(batches)))
    assert [batch.num_rows for batch in done] == [3, 3, 3, 1]
    assert pa.Table.from_batches(done).equals(answer(pa.table({"text": TEXTS * 2})).combine_chunks())


def test_it_travels_as_a_few_words(classifier: Path) -> None:
    answer = ArrowPredictor(classifier)
    letter = pickle.dumps(answer)
    assert len(letter) < 1000
    table = pa.table({"text": TEXTS})
    assert pickle.loads(letter)(table).equals(answer(table))


def test_what_does_not_fit_is_refused(classifier: Path) -> None:
    answer = ArrowPredictor(classifier)
    with pytest.raises(DataError, match="column must be one of review, got 'text'"):
        answer(pa.table({"review": TEXTS}))
    with pytest.raises(DataError, match="row 1 of the batch: text must be a value, got null"):
        answer(pa.table({"text": ["好", None]}))
    with pytest.raises(DataError, match="columns must be others than the answers', got 'label'"):
        answer(pa.table({"text": TEXTS, "label": TEXTS}))
    with pytest.raises(ArgumentError):
        answer(pa.table({"text": [1, 2]}))


@pytest.mark.process
def test_two_workers_of_ray_answer_as_one_process(classifier: Path, tmp_path: Path) -> None:
    texts = [f"{text}{n}" for n in range(2000) for text in TEXTS]
    for part in range(4):
        (tmp_path / "texts").mkdir(exist_ok=True)
        parquet.write_table(pa.table({"text": texts[part::4]}), tmp_path / "texts" / f"{part}.parquet")
    command = [sys.executable, RAY, classifier, tmp_path / "texts", tmp_path / "answers"]
    environment = os.environ | {"RAY_TMPDIR": str(tmp_path.parents[2]), "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=200, env=environment
    )
    assert done.returncode == 0, done.stderr[-3000:]
    table = parquet.read_table(tmp_path / "answers")
    assert sorted(table["text"].to_pylist()) == sorted(texts)
    answer = ArrowPredictor(classifier, keep=["text"])
    want = {row["text"]: row for row in answer(pa.table({"text": texts})).to_pylist()}
    assert all(row == want[row["text"]] for row in table.to_pylist())

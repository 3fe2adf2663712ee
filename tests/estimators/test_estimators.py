from __future__ import annotations

import pickle
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import bigru
from bigru import BiGRUClassifier, BiGRUTagger
from bigru.errors import ArgumentError, DataError
from tolerances import FLOAT32_STEP

pytestmark = pytest.mark.train

RANDOM = np.random.default_rng(0)
ENDS = RANDOM.integers(0, 2, 80)
TEXTS = [
    "".join(RANDOM.choice(list("abc"), n)) + "xy"[end] for n, end in zip(RANDOM.integers(1, 6, 80), ENDS, strict=True)
]
WORDS = [[*("so", "it", "is")[: n % 3], "good" if end else "bad"] for n, end in enumerate(ENDS)]
BLOCK = RANDOM.choice([-1.0, 1.0], (60, 5, 2))
STEPS = (BLOCK[:, :, 0] > 0).astype(int)

QUICK: dict[str, Any] = {"hidden": 8, "epochs": 12, "batch_size": 8, "learning_rate": 0.03, "dropout": 0.1}
TINY = {**QUICK, "hidden": 2, "epochs": 1, "batch_size": 32}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# ---- labels of whole inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize(("made", "labels"), [(BiGRUClassifier, ENDS.tolist()), (BiGRUTagger, None)])
def test_several_trainings_teach_one_model(made: Any, labels: list | None) -> None:
    y = labels or [["o"] * (len(words) - 1) + [words[-1]] for words in WORDS]
    model = made(**QUICK, ensemble=2).fit(WORDS, y, WORDS, y)
    assert model.score(WORDS, y) == 1.0
    assert model.bundle_.metrics["training"]["ensemble"]["student_score"] == model.best_score_ == 1.0
    assert clone(model).get_params()["ensemble"] == 2


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [(["no", "yes"], "U"), ([3, 20], "i"), ([False, True], "b"), ([1.0, 2.0], "f")],
)
def test_labels_come_back_as_they_were_given(labels: list, dtype: str) -> None:
    y = [labels[end] for end in ENDS]
    model = BiGRUClassifier(**QUICK).fit(TEXTS, y, TEXTS, y)
    predicted = model.predict(TEXTS)
    assert predicted.dtype.kind == dtype
    assert predicted.tolist() == y
    assert model.classes_.tolist() == labels
    assert model.score(TEXTS, y) == 1.0
    assert model.score(TEXTS, y, sample_weight=np.ones(80)) == 1.0


def test_probabilities_follow_the_order_of_classes() -> None:
    y = [[9, 10, 100][n % 3] for n in range(60)]
    texts = ["abc"[n % 3] * 3 for n in range(60)]
    model = BiGRUClassifier(**QUICK).fit(texts, y)
    shares = model.predict_proba(texts)
    assert model.classes_.tolist() == [9, 10, 100]
    assert model.bundle_.config.labels == ("10", "100", "9")
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, **FLOAT32_STEP)
    assert model.classes_[shares.argmax(axis=1)].tolist() == model.predict(texts).tolist() == y
    assert model.predict_proba([]).shape == (0, 3)


@pytest.mark.parametrize(
    "X",
    [
        WORDS,
        np.array([" ".join(words) for words in WORDS]),
        np.array([[" ".join(words)] for words in WORDS], object),
        pd.Series([" ".join(words) for words in WORDS]),
        pd.DataFrame({"text": [" ".join(words) for words in WORDS]}),
    ],
    ids=["tokens", "array", "column array", "series", "frame"],
)
def test_texts_and_tokens_in_any_container(X: Any) -> None:
    y = pd.Series(np.where(ENDS, "good", "bad"))
    model = BiGRUClassifier(**QUICK, channels=("unit",)).fit(X, y)
    assert model.score(X, y) == 1.0


@pytest.mark.parametrize("as_list", [False, True])
def test_series(as_list: bool) -> None:
    X: Any = [series[: 2 + n % 3] for n, series in enumerate(BLOCK)] if as_list else BLOCK
    y = (BLOCK[:, 0, 0] > 0).astype(int)
    model = BiGRUClassifier(**QUICK).fit(X, y)
    assert model.score(X, y) == 1.0
    flat = BLOCK[:, :, 0]
    assert BiGRUClassifier(**TINY).fit(flat, y).predict(flat).shape == (60,)


def test_a_frame_of_numbers_holds_one_series_per_row() -> None:
    frame = pd.DataFrame(BLOCK[:, :, 0])
    model = BiGRUClassifier(**QUICK).fit(frame, STEPS[:, 0])
    assert model.bundle_.model.input_size == 1
    assert model.score(frame, STEPS[:, 0]) == 1.0


def test_many_labels() -> None:
    texts = ["".join(RANDOM.permutation(list("abc"))[: 1 + n % 3]) for n in range(90)]
    y = [[label for label in ("A", "B") if label.lower() in text] for text in texts]
    model = BiGRUClassifier(**{**QUICK, "epochs": 24}, channels=("unit",)).fit(texts, y, texts, y)
    assert model.score(texts, y) > 0.98
    assert model.predict(texts[:9]) == y[:9]
    assert model.predict_proba(["a"]).shape == (1, 2)
    with pytest.raises(ArgumentError, match="sample_weight must be None for many labels, got weights"):
        model.score(texts, y, sample_weight=np.ones(90))


def test_a_dev_set_is_used_and_parameters_reach_the_training() -> None:
    y = ENDS.tolist()
    model = BiGRUClassifier(
        **{**TINY, "epochs": 2}, direction="forward", pooling=("last",), class_weights="balanced", random_state=5
    )
    model.fit(TEXTS[:60], y[:60], TEXTS[60:], y[60:])
    assert len(model.history_) == 2
    assert 0 <= model.best_score_ <= 1
    assert (model.bundle_.model.encoder.direction, model.bundle_.model.pooling) == ("forward", ("last",))
    assert model.bundle_.metrics["training"]["steps"] == 4
    other = clone(model).set_params(random_state=6).fit(TEXTS[:60], y[:60], TEXTS[60:], y[60:])
    assert not np.array_equal(other.bundle_.weights["head.weight"], model.bundle_.weights["head.weight"])


# ---- a label per step ------------------------------------------------------------------------------------


def test_the_tutorial_shape_in_and_out() -> None:
    model = BiGRUTagger(**QUICK).fit(BLOCK, STEPS)
    predicted = model.predict(BLOCK)
    assert (predicted.shape, predicted.dtype.kind) == ((60, 5), "i")
    assert model.score(BLOCK, STEPS) > 0.95
    shares = model.predict_proba(BLOCK[:3])
    assert shares.shape == (3, 5, 2)
    assert ((shares[..., 1] > 0.5) == predicted[:3]).all()
    assert model.bundle_.model.outputs == 1


@pytest.mark.parametrize("crf", [None, False])
def test_spans_of_tokens(crf: bool | None) -> None:
    X = [["in", "New", "York"], ["Paris"], ["we", "saw", "Rome"], []] * 20
    y = [["O", "B-L", "I-L"], ["B-L"], ["O", "O", "B-L"], []] * 20
    model = BiGRUTagger(**QUICK, crf=crf).fit(X, y)
    assert model.bundle_.config.scheme == "BIO"
    assert model.bundle_.config.crf == (crf is None)
    assert model.score(X, y) == 1.0
    assert model.predict(X[:4]) == y[:4]
    shares = model.predict_proba(X[:4])
    assert [row.shape for row in shares] == [(3, 3), (1, 3), (3, 3), (0, 3)]
    np.testing.assert_allclose(shares[0].sum(axis=1), 1.0, **FLOAT32_STEP)
    answers = bigru.Predictor(model.bundle_).predict(X[:2])
    for row, tags, answer in zip(shares, y, answers, strict=False):
        np.testing.assert_allclose(
            [p[model.classes_.tolist().index(t)] for p, t in zip(row, tags, strict=True)], answer["confidence"]
        )


def test_tags_without_a_scheme_and_characters() -> None:
    y = [list(text.upper()) for text in TEXTS]
    model = BiGRUTagger(**QUICK, unit="char").fit(TEXTS, y)
    assert model.bundle_.config.scheme is None
    assert model.score(TEXTS, y) == 1.0
    assert BiGRUTagger(**TINY, scheme=None).fit([["a", "b"]] * 9, [["O", "B-X"]] * 9).bundle_.config.scheme is None


# ---- as scikit-learn expects it --------------------------------------------------------------------------


def test_a_saved_model_comes_back_with_its_labels(tmp_path: Path) -> None:
    model = BiGRUClassifier(**QUICK).fit(TEXTS, ENDS + 3)
    model.save(tmp_path / "model")
    loaded = BiGRUClassifier.load(tmp_path / "model")
    found = model.predict(TEXTS).tolist()
    assert loaded.predict(TEXTS).tolist() == found
    assert set(found) == {3, 4}
    assert np.mean(found == ENDS + 3) > 0.9
    assert bigru.load(tmp_path / "model").predict("ax")["label"] in ("3", "4")
    with pytest.raises(
        ArgumentError, match=r"load: model must be one for tag, got one for classify\. Use BiGRUClassifier\.load"
    ):
        BiGRUTagger.load(tmp_path / "model")
    tagger = BiGRUTagger(**TINY).fit(BLOCK, STEPS)
    tagger.save(tmp_path / "tagger")
    assert np.array_equal(BiGRUTagger.load(tmp_path / "tagger").predict(BLOCK), tagger.predict(BLOCK))


def test_fitted_models_pickle() -> None:
    model = BiGRUClassifier(**TINY).fit(TEXTS, ENDS)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(TEXTS), model.predict_proba(TEXTS))


@pytest.mark.parametrize("kind", [BiGRUClassifier, BiGRUTagger])
def test_parameters_are_kept_cloned_and_plain(kind: Any) -> None:
    model = kind(hidden=3, channels=["unit"], max_seconds=2.5)
    assert clone(model).get_params() == model.get_params()
    assert model.get_params()["channels"] == ["unit"]
    assert repr(model) == f"{kind.__name__}(channels=['unit'], hidden=3, max_seconds=2.5)"
    with pytest.raises(NotFittedError):
        model.predict(TEXTS)


def test_cross_validation_grid_search_and_pipelines() -> None:
    assert is_classifier(BiGRUClassifier())
    y = np.where(ENDS, "b", "a")
    pipeline = Pipeline(
        [("lower", FunctionTransformer(lambda X: [x.lower() for x in X])), ("model", BiGRUClassifier(**TINY))]
    )
    assert cross_val_score(pipeline, TEXTS, y, cv=2).shape == (2,)
    search = GridSearchCV(pipeline, {"model__hidden": [2, 8], "model__epochs": [10]}, cv=2, error_score="raise").fit(
        TEXTS, y
    )
    assert search.best_params_["model__hidden"] in (2, 8)
    assert search.score(TEXTS, y) > 0.8
    assert cross_val_score(BiGRUTagger(**TINY), BLOCK, STEPS, cv=2).shape == (2,)


def test_a_column_of_a_frame_through_a_column_transformer() -> None:
    frame = pd.DataFrame({"text": TEXTS, "other": range(80)})
    choose = ColumnTransformer([("text", "passthrough", ["text"])])
    assert make_pipeline(choose, BiGRUClassifier(**TINY)).fit(frame, ENDS).predict(frame).shape == (80,)


@parametrize_with_checks([BiGRUClassifier(hidden=8, epochs=6, batch_size=16, learning_rate=0.05)])
def test_what_scikit_learn_checks_of_every_classifier(estimator: Any, check: Any) -> None:
    check(estimator)


# ---- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ("one text", [1], r"X must be a list of inputs, got str"),
        (TEXTS, ENDS[:5], r"fit: y must be as long as X \(80\), got 5"),
        (["a", ["b"]], [0, 1], r"inputs must be all texts, all lists of tokens, or all series of numbers, got list"),
        ([None, "a"], [0, 1], r"inputs must be all texts, .*got NoneType 'None'"),
        (TEXTS, ["a"] * 80, r"labels must be at least 2 labels, got \['a'\]\. Nothing can be learnt from one class"),
        (TEXTS, ["a", 1] * 40, r"labels must be all strings, all whole numbers or all booleans, got int, str"),
        (TEXTS, [None] * 80, r"label 1 must be a class, got a missing value \(None\)"),
        (TEXTS, np.full((80, 2), 7), r"y must be a list with one label per input, got ndarray \[80, 2\]"),
        (
            pd.DataFrame({"a": TEXTS, "b": TEXTS}),
            ENDS,
            r"numbers, or a frame of one column, got the columns a, b\. Choose the column",
        ),
        ([], [], "labels must be all strings, all whole numbers or all booleans, got none"),
    ],
)
def test_what_a_classifier_cannot_learn_from(X: Any, y: Any, message: str) -> None:
    with pytest.raises((ArgumentError, DataError), match=message):
        BiGRUClassifier(**TINY).fit(X, y)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (TEXTS, ENDS, r"y must be a list with one list of labels per input, got ndarray \[80\]"),
        ([["a", "b"], ["c"]], [["X"], ["Y"]], r"train: training example 1: tags must be one per step \(2\), got 1"),
    ],
)
def test_what_a_tagger_cannot_learn_from(X: Any, y: Any, message: str) -> None:
    with pytest.raises((ArgumentError, DataError), match=message):
        BiGRUTagger(**TINY).fit(X, y)


def test_a_parameter_that_does_not_fit_is_named() -> None:
    with pytest.raises(ArgumentError, match="hidden must be of type int, got '8'"):
        BiGRUClassifier(hidden="8").fit(TEXTS, ENDS)
    with pytest.raises(ArgumentError, match=r"cell must be one of rnn, gru, lstm, got 'gur'. Did you mean 'gru'"):
        BiGRUClassifier(cell="gur").fit(TEXTS, ENDS)
    with pytest.raises(ArgumentError, match=r"unit is not allowed for numeric sequences \(got given\)"):
        BiGRUClassifier(unit="char").fit(BLOCK, STEPS[:, 0])


def test_dev_labels_of_which_none_was_trained_on_are_refused() -> None:
    with pytest.raises(DataError, match="y_dev:1: label must be one of 0, 1, got '7'"):
        BiGRUClassifier(**TINY).fit(TEXTS, ENDS, TEXTS[:1], [7])


def test_a_dev_label_that_was_not_trained_on_counts_as_wrong() -> None:
    with pytest.warns(UserWarning, match="y_dev:2: unknown class: '7' 1 times: not in the training data, so that"):
        model = BiGRUClassifier(**TINY).fit(TEXTS, ENDS, TEXTS[:2], [ENDS[0], 7])
    assert model.best_score_ in (0.0, 0.5)


def test_illegal_tags_are_read_as_conlleval_reads_them() -> None:
    tokens, tags = [["a", "b"], ["a", "c"]] * 6, [["O", "I-X"], ["O", "O"]] * 6
    with pytest.warns(UserWarning, match=r"y:1: illegal tags: 6 tags are illegal in BIO and read as conlleval reads"):
        model = BiGRUTagger(scheme="BIO", **TINY).fit(tokens, tags)
    assert model.classes_.tolist() == ["B-X", "I-X", "O"]


def test_tags_of_characters_are_moved_to_the_words_that_the_model_reads() -> None:
    texts = [f"in Oslo {n}" for n in range(12)]
    tags = [["O"] * 3 + ["B-LOC"] + ["I-LOC"] * 3 + ["O"] * (len(text) - 7) for text in texts]
    model = BiGRUTagger(**TINY).fit(texts, tags)
    assert model.bundle_.config.features.unit == "word"
    assert [len(row) for row in model.predict(texts[:2])] == [3, 3]
    assert 0.0 <= model.score(texts, tags) <= 1.0


# ---- the tutorial ----------------------------------------------------------------------------------------


def test_the_tutorial_has_the_weights_of_the_keras_model(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "tutorial.py"))
    X, y = example["data"](3, 0)
    assert (X.shape, y.shape) == ((3, 100, 30), (3, 100))
    assert set(np.unique(y)) == {0, 1}
    monkeypatch.setitem(example["main"].__globals__, "data", lambda count, seed: example["data"](20, seed))
    example["main"]()
    assert "weights: 36,993 (the Keras model: 36,993)" in capsys.readouterr().out

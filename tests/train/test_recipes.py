from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bigru.config import AugmentConfig, TrainConfig
from bigru.errors import ArgumentError
from bigru.tasks import classify, tag
from bigru.train.defaults import DEFAULTS
from bigru.train.recipes import ENOUGH, MANY, OPTIONS, buckets, plan

TEXTS = ["a good film", "a bad film"]
LABELS = ["pos", "neg"]


def test_there_is_a_recipe_for_every_task_and_kind_and_it_fits_its_task() -> None:
    known = {(task, kind) for task in ("classify", "tag") for kind in ("text", "series")}
    assert set(DEFAULTS) == known | {("classify", "audio"), ("transcribe", "audio")}
    for (task, kind), recipe in DEFAULTS.items():
        assert bool(recipe.pooling) == (task == "classify")
        assert set(recipe.channels) == ({"char", "word", "token", "subword"} if kind == "text" else set())


def test_a_text_is_classified_by_its_recipe() -> None:
    made = plan("classify", TEXTS, LABELS, "text")
    recipe = DEFAULTS["classify", "text"]
    assert made.task is classify
    assert (made.config.labels, made.config.features.unit) == (("neg", "pos"), "word")
    channels = [(channel.name, channel.dim) for channel in made.model.channels]
    assert channels == [("unit", 64), ("bigram", 32), ("begin4", 16)]
    assert made.config.features.lowercase
    assert (made.model.outputs, made.model.pooling, made.model.crf) == (1, recipe.pooling, False)
    assert made.model.wide_linear
    assert made.model.encoder == recipe.encoder
    assert replace(made.training, epochs=recipe.training.epochs, init_from_cooccurrence=True) == recipe.training


def test_options_change_what_they_name_and_none_changes_nothing() -> None:
    options = {"hidden": 7, "epochs": 2, "channels": ["unit"], "unit": "char", "pooling": ["last"], "time": None}
    made = plan("classify", TEXTS, LABELS, "text", options=options)
    assert (made.model.encoder.hidden, made.training.epochs, made.training.max_seconds) == (7, 2, None)
    assert (made.config.features.unit, len(made.model.channels), made.model.pooling) == ("char", 1, ("last",))
    assert made.training.learning_rate == DEFAULTS["classify", "text"].training.learning_rate
    own = set(TrainConfig.__dataclass_fields__) - {"augment"} | set(AugmentConfig.__dataclass_fields__)
    assert own < set(OPTIONS)


@pytest.mark.train
@pytest.mark.parametrize("count", [2, 600, 40_000])
def test_few_examples_get_more_epochs_up_to_a_bound(count: int) -> None:
    made = plan("classify", ["好a", "坏b"] * (count // 2), ["1", "0"] * (count // 2), "text")
    usual = DEFAULTS["classify", "text"].training
    steps_per_epoch = -(-count // usual.batch_size)
    assert made.training.epochs >= usual.epochs
    recipe = DEFAULTS["classify", "text"]
    assert made.training.epochs == recipe.most_epochs or made.training.epochs * steps_per_epoch >= recipe.least_steps
    assert (made.training.epochs == usual.epochs) == (count == 40_000)


@pytest.mark.parametrize("chosen", [None, 0.5])
def test_many_examples_are_passed_once(chosen: float | None) -> None:
    usual = DEFAULTS["classify", "text"].training.r_drop
    for count, unasked in ((MANY, usual), (MANY + 2, 0.0)):
        options = {"r_drop": chosen, "unit": "char", "channels": ["unit"]}
        made = plan("classify", ["好", "坏"] * (count // 2), ["1", "0"] * (count // 2), "text", options=options)
        assert made.training.r_drop == (unasked if chosen is None else chosen)


@pytest.mark.parametrize(
    ("units", "size"), [(0, 1 << 14), (40_000, 1 << 15), (120_000, 1 << 16), (131_072, 1 << 16), (10**9, 1 << 18)]
)
def test_buckets_are_half_the_units_as_a_power_of_two_within_bounds(units: int, size: int) -> None:
    assert buckets(units) == size


@pytest.mark.parametrize("chosen", [None, True])
def test_few_units_do_not_say_what_stands_near_what(chosen: bool | None) -> None:
    for length, enough in ((ENOUGH // 100, True), (ENOUGH // 100 - 1, False)):
        texts, options = ["好坏" * (length // 2) + "好" * (length % 2)] * 100, {"init_from_cooccurrence": chosen}
        made = plan("classify", texts, ["1", "0"] * 50, "text", options=options)
        assert made.training.init_from_cooccurrence == (enough or bool(chosen))


def test_one_long_token_among_many_inputs_makes_them_tokens() -> None:
    inputs = [["好", "看"]] * 3000
    inputs[1501] = ["好", "iPhone"]
    assert plan("tag", inputs, [["O", "B-X"]] * 3000, "tokens", scheme="BIO").config.features.unit == "token"


def test_n_grams_get_buckets_by_the_units_of_all_texts() -> None:
    texts = ["一二三四五六七八九十" * 10] * 700
    made = plan("tag", texts, [["O"] * 99 + ["B-X"]] * 700, "text", scheme="BIO", options={"epochs": 1})
    assert [channel.size for channel in made.model.channels] == [11, 1 << 16, 1 << 16, 1 << 7, 1 << 7]
    wide = plan("classify", texts, ["a", "b"] * 350, "text", options={"channels": ["unit", "bigram"], "unit": "char"})
    assert wide.model.channels[1].size == 65536


def test_epochs_that_were_chosen_stay() -> None:
    assert plan("classify", TEXTS, LABELS, "text", options={"epochs": 3}).training.epochs == 3


def test_spans_get_a_crf_and_every_tag_that_their_scheme_writes() -> None:
    made = plan("tag", [["EU", "rejects", "it"]], [["S-ORG", "O", "B-X"]], "tokens", scheme="BIOES")
    want = ("O", *(f"{prefix}-{label}" for label in ("ORG", "X") for prefix in "BIES"))
    assert made.task is tag
    assert made.config.labels == want
    assert made.model.crf
    assert not plan("tag", [["a"]], [["B-X"]], "tokens", scheme="BIO", options={"crf": False}).model.crf


def test_word_boundaries_get_no_tag_that_is_not_there() -> None:
    made = plan("tag", ["研究生命"], [["B", "E", "S", "S"]], "text", scheme="BMES")
    assert made.config.labels == ("B", "M", "E", "S")


def test_plain_tags_stay_as_they_are() -> None:
    made = plan("tag", [np.zeros((3, 2))], [["1", "0", "1"]], "series")
    assert (made.config.labels, made.model.outputs, made.model.input_size, made.model.crf) == (("0", "1"), 1, 2, False)


def test_many_labels_have_an_output_each() -> None:
    made = plan("classify", TEXTS, [["a", "b"], []], "text", multi_label=True)
    assert (made.config.labels, made.model.outputs) == (("a", "b"), 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("classfy", TEXTS, LABELS, "text"),
            "task must be one of classify, tag, transcribe, got 'classfy'. Did you mean",
        ),
        (("classify", TEXTS, LABELS, "txt"), "kind of input must be one of text, tokens, series, audio, got 'txt'"),
    ],
)
def test_unknown_tasks_and_kinds_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        plan(*arguments)


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        ("classify", {"hiden": 3}, r"option must be one of .*, got 'hiden'\. Did you mean 'hidden'"),
        ("classify", {"hidden": "3"}, "EncoderConfig: hidden must be of type int, got '3'"),
        ("classify", {"epochs": 0}, "TrainConfig: epochs must be greater than 0, got 0"),
        ("classify", {"pooling": ()}, "pooling must be at least one way for a label per input, got none"),
        ("classify", {"crf": True}, r"crf is not allowed for one label per input \(got True\)"),
        ("classify", {"unit": "letter"}, "unit must be one of char, word, token, subword, got 'letter'"),
        ("tag", {"pooling": ["max"]}, r"pooling is not allowed for a label per step \(got \['max'\]\)"),
    ],
)
def test_options_that_do_not_fit_are_refused(task: str, options: dict, message: str) -> None:
    targets = LABELS if task == "classify" else [["O", "B-X", "O"], ["O", "O", "O"]]
    with pytest.raises(ArgumentError, match=message):
        plan(task, TEXTS, targets, "text", options=options)


def test_a_scheme_is_refused_for_one_label_per_input() -> None:
    with pytest.raises(ArgumentError, match=r"scheme is not allowed for one label per input \(got 'BIO'\)"):
        plan("classify", TEXTS, LABELS, "text", scheme="BIO")


def test_numbers_have_no_units() -> None:
    with pytest.raises(ArgumentError, match=r"unit is not allowed for numeric sequences \(got given\)"):
        plan("classify", [np.zeros((2, 1))] * 2, LABELS, "series", options={"unit": "char"})


@pytest.mark.train
@pytest.mark.process
def test_recipes_are_read_without_torch() -> None:
    code = "import sys, bigru.train.recipes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("hidden", 1_000_000, "EncoderConfig: hidden must be at most 65536, got 1000000."),
        ("layers", 65, "EncoderConfig: layers must be at most 64, got 65."),
        (
            "hidden",
            10**400,
            "EncoderConfig: hidden must be within -9007199254740991..9007199254740991, got a number beyond.",
        ),
        (
            "learning_rate",
            10**400,
            "TrainConfig: learning_rate must be within -9007199254740991..9007199254740991, got a number beyond.",
        ),
        ("hidden", 60_000, "train: model must be at most 4,294,967,296 bytes of weights, got 86,"),
    ],
)
def test_a_model_too_large_to_be_saved_is_refused_before_it_is_made(option: str, value: int, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        plan("classify", ["ab", "cd"] * 10, ["x", "y"] * 10, "text", options={option: value})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("lengths", "stride"), [((199, 199, 900), 1), ((200, 200, 5), 4), ((10, 10), 1)])
def test_long_series_are_read_at_a_quarter_of_their_rate(lengths: tuple[int, ...], stride: int) -> None:
    inputs = [np.arange(length, dtype=float)[:, None] for length in lengths]
    labels = ["a", *["b"] * (len(lengths) - 1)]
    made = plan("classify", inputs, labels, "series").model
    assert made.stride == stride
    assert plan("classify", inputs, labels, "series", options={"conv": [{"filters": 8, "kernel": 3}]}).model.stride == 1
    steps = [[label] * length for label, length in zip(labels, lengths, strict=True)]
    assert plan("tag", inputs, steps, "series").model.stride == 1

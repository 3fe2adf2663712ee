from __future__ import annotations

import pytest

from bigru.errors import ArgumentError
from bigru.train.recipes import LEAST_STEPS, MOST_EPOCHS, Plan, plan


def decided(count: int, **options: object) -> Plan:
    return plan("classify", ["好a", "坏b"] * (count // 2), ["1", "0"] * (count // 2), "text", options=options)


def test_few_examples_get_more_epochs_up_to_a_bound() -> None:
    assert decided(2).training.epochs == MOST_EPOCHS
    steps_per_epoch = 600 / decided(600).training.batch_size
    assert decided(600).training.epochs >= LEAST_STEPS / (steps_per_epoch + 1)
    assert decided(600).training.epochs < MOST_EPOCHS
    assert decided(40_000).training.epochs == 8


def test_epochs_that_were_chosen_stay() -> None:
    assert decided(2, epochs=3).training.epochs == 3


def test_two_labels_have_one_logit_and_tags_of_a_scheme_a_crf() -> None:
    assert decided(2).model.outputs == 1
    tagger = plan("tag", ["苹果好"], [["B-ORG", "I-ORG", "O"]], "text", scheme="BIOES")
    assert tagger.config.labels == ("O", "B-ORG", "I-ORG", "E-ORG", "S-ORG")
    assert tagger.model.crf


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hiden": 3}, "got 'hiden'. Did you mean 'hidden'?"),
        ({"pooling": ()}, "pooling must be at least one way for a label per input, got none."),
        ({"crf": True}, "crf must be absent for one label per input, got True."),
        ({"hidden": "x"}, "EncoderConfig: hidden must be of type int, got 'x'."),
        ({"unit": "letter"}, "unit must be one of char, word, token, subword, got 'letter'."),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        decided(2, **options)
    assert message in str(error.value)

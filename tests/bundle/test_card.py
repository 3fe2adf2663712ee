"""The model card: front matter, scores with signature, whole cards left alone."""

from __future__ import annotations

import json

import pytest

from bigru.bundle.card import language, page, with_section
from bigru.config import ChannelConfig, EncoderConfig, ModelConfig
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.metrics import classification_report
from bigru.tasks import classify, tag

CHINESE = TextFeatures.fit(["这部电影太棒了", "iPhone"], unit="char", channels=(ChannelConfig("unit", 1, 2),))
ENGLISH = TextFeatures.fit(["The end of the story is to be read and done"], unit="word", channels=("unit",))
FRENCH = TextFeatures.fit(["la fin de cette histoire"], unit="word", channels=("unit",))


def model(config: classify.Config | tag.Config, **rest: object) -> ModelConfig:
    assert isinstance(config.features, TextFeatures)
    return ModelConfig(config.outputs, config.features.channels, encoder=EncoderConfig(hidden=3), **rest)  # type: ignore[arg-type]


def test_a_card_by_hand() -> None:
    config = classify.Config(("neg", "pos"), CHINESE)
    report = classification_report(["neg", "pos"], ["neg", "neg"], ["neg", "pos"])
    metrics = {"test": report.to_json(), "epochs": 3}
    text = page("classify", model(config, pooling=("max",)), config, metrics, "From *films*.")
    assert text.startswith(
        '---\nlibrary_name: "bigru"\npipeline_tag: "text-classification"\nlanguage: "zh"\ntags:\n- "bigru"\n'
    )
    assert '\nmetrics:\n- "accuracy"\n- "macro_f1"\n' in text
    assert "A bidirectional GRU, 1 layer of 3 units per direction, 161 weights. Its labels: `neg`, `pos`." in text
    assert "## Data and training\n\nFrom *films*.\n" in text
    escaped = next(s.signature for s in report.scores if s.name == "accuracy").replace("|", "\\|")
    low, high = report.to_json()["intervals"]["accuracy"]
    assert f"| test | accuracy | 0.5000 | {low:.4f} to {high:.4f} | `{escaped}` |" in text
    assert "epochs" not in text
    assert text.endswith("Predicting needs NumPy and bigru's compiled kernels; PyTorch is not imported.\n")


def test_a_card_says_what_is_missing() -> None:
    config = tag.Config(tuple(f"T{n}" for n in range(25)), FRENCH, crf=True)
    text = page("tag", model(config, crf=True), config, {}, "  ")
    assert "Nothing was written down about them." in text
    assert "It was not scored." in text
    assert "language" not in text
    assert "metrics:" not in text
    assert "bidirectional GRU with a CRF" in text
    assert "`T19` and 5 more." in text
    assert 'pipeline_tag: "token-classification"' in text


def test_front_matter_is_quoted() -> None:
    config = classify.Config(("a", "b"), CHINESE)
    scores = {"dev": {"x: y": 0.5, "signature": {"x: y": "s"}}}
    text = page("classify", model(config, pooling=("max",)), config, scores, "")
    assert f"- {json.dumps('x: y')}\n" in text.split("---")[1]


def test_the_language_is_named_only_where_it_is_evident() -> None:
    assert language(classify.Config(("a", "b"), CHINESE)) == "zh"
    assert language(classify.Config(("a", "b"), ENGLISH)) == "en"
    assert language(classify.Config(("a", "b"), FRENCH)) is None
    assert language(classify.Config(("a", "b"), SeriesFeatures((0.0,), (1.0,)))) is None


@pytest.mark.parametrize(
    ("card", "want"),
    [
        ("", "## V\n\nnew\n"),
        ("# Card", "# Card\n\n## V\n\nnew\n"),
        ("# Card\n\n## V\n\nold\n\n### Deeper\n\nx\n\n## Use\n\ny\n", "# Card\n\n## V\n\nnew\n\n## Use\n\ny\n"),
        ("## V\nold\n# Next\n## V\nlater\n", "## V\n\nnew\n\n# Next\n## V\nlater\n"),
        ("## V ##\nold", "## V\n\nnew\n"),
        ("```\n## V\n```\n", "```\n## V\n```\n\n## V\n\nnew\n"),
        ("## V\n~~~\n```\n## Use\n~~~\n## Use\r\n", "## V\n\nnew\n\n## Use\r\n"),
        ("## Very\n", "## Very\n\n## V\n\nnew\n"),
    ],
)
def test_a_section_is_replaced_and_all_else_stays(card: str, want: str) -> None:
    assert with_section(card, "V", "new\n") == want
    assert with_section(want, "V", "new") == want

"""The guide names every file, key and limit of the format."""

from __future__ import annotations

import re
from pathlib import Path

from bigru.bundle.documents import DEPTH, DIGITS
from bigru.bundle.folder import FILES, FORMAT_VERSION, KEYS_OF
from bigru.bundle.weights import shapes
from bigru.config import POOLINGS, ChannelConfig, EncoderConfig, ModelConfig
from bundle.samples import FOLDER

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "model.md").read_text(encoding="utf-8")


def test_every_file_and_key_is_named() -> None:
    for name in (*FILES, *KEYS_OF[FORMAT_VERSION]):
        assert f"`{name}`" in GUIDE, name
    assert f"`format_version` is {FORMAT_VERSION}" in GUIDE


def test_every_weight_is_named() -> None:
    encoder = EncoderConfig(hidden=1, merge="gated", layer_norm=True)
    channel = (ChannelConfig("unit", 2, 1),)
    models = [ModelConfig(2, channel, 0, encoder, POOLINGS), ModelConfig(2, channel, 0, encoder, crf=True)]
    for model in models:
        for name in shapes(model):
            general = re.sub(r"^(embedding|encoder\.layers|encoder\.norms)\.0", r"\1.{}", name).removesuffix("_reverse")
            group, last = general.rsplit(".", 1)
            written = GUIDE.replace("{c}", "{}").replace("{l}", "{}")
            assert f"`{general}`" in written or (group in written and f"`{last}`" in written), name


def test_the_limits_are_those_of_the_reader() -> None:
    plain = " ".join(GUIDE.split())
    assert f"nested deeper than {DEPTH} levels" in plain
    assert f"more than {DIGITS} digits" in plain
    assert 70 <= len(list(FOLDER.iterdir())) < 80

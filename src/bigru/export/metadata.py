"""What an exported file says of itself: all that turns inputs into arrays and arrays into answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from .._version import __version__
from ..bundle import Bundle
from ..bundle.configuration import to_documents
from ..features.segment import word_pattern
from ..features.text import TextFeatures

__all__ = ["metadata"]


def metadata(bundle: Bundle, **more: Any) -> dict[str, str]:
    """Return names and JSON values.

    `task`, `labels`, `task_config`, `features`, `model` are as in config.json, `vocabulary` and `tokenizer` the files
    of these names, `lexicon` that of the lexicon in base64.
    `words` is the regular expression that cuts texts where the segmenter is "regex".
    """
    entries, vocabulary, tokenizer, lexicon = to_documents(bundle.task, bundle.model, bundle.config)
    values: dict[str, Any] = {**entries, "labels": list(bundle.config.labels), "bigru": __version__}
    if vocabulary:
        values["vocabulary"] = vocabulary
    if tokenizer is not None:
        values["tokenizer"] = json.loads(tokenizer)
    if lexicon is not None:
        values["lexicon"] = base64.b64encode(lexicon).decode("ascii")
    features = bundle.config.features
    if isinstance(features, TextFeatures) and features.segmenter == "regex":
        values["words"] = word_pattern()
    return _encode(values | more)


def _encode(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for name, value in values.items()}

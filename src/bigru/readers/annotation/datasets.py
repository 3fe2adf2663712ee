"""Tokens with numbered tags, as data sets of Hugging Face are exported, and the names that lie beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..findings import Finding
from ..labels import is_list

__all__ = ["name_tags", "tag_names"]

TOKENS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "labels", "pos_tags", "upos", "chunk_tags", "fine_ner_tags")
INFO = "dataset_info.json"
MOST_BYTES = 1 << 22
"""Bytes of a `dataset_info.json` at most."""


def name_tags(values: Sequence[Any], source: str, lines: Sequence[int], result: Callable[..., Any]) -> Any:
    """Return tokens with numbered tags as records with named tags, or None where the values are nothing of the kind.

    The names are those of `dataset_info.json` beside the file (Hugging Face), or of a key `KEY_names` or `label_names`
    in the records; without them the numbers stay the tags, which a finding says.
    """
    sample = [value for value in values[:200] if isinstance(value, dict)]
    tokens = next((key for key in TOKENS if sample and all(is_list(v.get(key)) for v in sample)), None)
    tags = next((key for key in TAGS if sample and all(_are_numbers(v.get(key)) for v in sample)), None)
    if tokens is None or tags is None:
        return None
    names = _names_in(sample[0], tags) or tag_names(source, tags)
    reasons = {"tokens key": tokens, "label key": tags}
    findings: list[Finding] = []
    if names is None:
        message = f"{tags!r} holds numbers, and their names are not known; a {INFO} beside the file would name them"
        findings.append(Finding(source, lines[0], "numbered tags", message))
    else:
        reasons["tag names"] = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    records = []
    for value in values:
        row = value.get(tags) if isinstance(value, dict) else None
        named = [_name(tag, names) for tag in row] if is_list(row) else row
        records.append({"tokens": value.get(tokens) if isinstance(value, dict) else None, "tags": named})
    return result(records, list(lines), reasons, findings)


def _name(tag: Any, names: Sequence[str] | None) -> Any:
    if names is None or type(tag) is not int or not 0 <= tag < len(names):
        return str(tag) if type(tag) is int else tag
    return names[tag]


def _are_numbers(value: Any) -> bool:
    return is_list(value) and all(type(getattr(one, "tolist", lambda one=one: one)()) is int for one in value)


def _names_in(record: dict[str, Any], key: str) -> list[str] | None:
    found = next((record[name] for name in (f"{key}_names", "label_names", "tag_names") if name in record), None)
    return list(map(str, found)) if is_list(found) else None


def tag_names(source: str, key: str) -> list[str] | None:
    """Return the names of the numbers under a key, as the `dataset_info.json` beside a file has them, if it does."""
    path = Path(source).parent / INFO
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        features = json.loads(path.read_text(encoding="utf-8")).get("features")
        feature = features.get(key)
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    while isinstance(feature, dict) and "names" not in feature and isinstance(feature.get("feature"), dict):
        feature = feature["feature"]
    if is_list(feature) and len(feature) == 1:
        feature = feature[0]
    names = feature.get("names") if isinstance(feature, dict) else None
    return list(map(str, names)) if is_list(names) else None

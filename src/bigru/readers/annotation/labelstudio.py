"""Exports of Label Studio: JSON (tasks with annotations) and JSON-MIN (one annotation a record)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...config.targets import TargetSpec
from ..labels import is_list
from .notes import Notes, Record, span_parts

__all__ = ["is_minimal", "is_task", "read_minimal", "read_task"]

BOOKKEEPING = frozenset(
    (
        *("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "inner_id", "meta", "agreement"),
        *("total_annotations", "cancelled_annotations", "total_predictions", "comment_count", "project", "drafts"),
    )
)
"""Keys of JSON-MIN that hold neither the text nor what was annotated."""


def is_task(value: Any) -> bool:
    """Tell whether a value is a task with its annotations (before version 1.0: completions)."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return False
    return any(is_list(value.get(key)) for key in ("annotations", "completions"))


def is_minimal(value: Any) -> bool:
    """Tell whether a value is a record of JSON-MIN."""
    return (
        isinstance(value, dict) and any(key in value for key in ("annotation_id", "lead_time")) and "data" not in value
    )


def read_task(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    """Yield the record of a task: that of its ground truth, else of the first annotation that was not cancelled."""
    done = value.get("annotations")
    done = [one for one in (value.get("completions") if done is None else done) if isinstance(one, dict)]
    kept = [one for one in done if not one.get("was_cancelled")]
    if len(kept) < len(done):
        notes.add("cancelled", "tasks have cancelled annotations, which are left out", line)
    if not kept:
        notes.add("not annotated", "tasks have no annotation and are left out", line)
        return
    kept.sort(key=lambda one: not one.get("ground_truth"))
    text = _text(value["data"], [one for each in kept for one in each.get("result") or []])
    found = [_of_results(text, one.get("result") or [], target) for one in kept]
    if any(_essence(one) != _essence(found[0]) for one in found[1:]) and not kept[0].get("ground_truth"):
        notes.add("annotators differ", "tasks have several annotations that differ, of which the first is read", line)
    if any(one.get("type") == "relation" for one in kept[0].get("result") or [] if isinstance(one, dict)):
        notes.add("not read", "tasks have relations, which are not read", line)
    yield found[0]


def _essence(record: Record) -> Any:
    return sorted(map(str, record["spans"])) if "spans" in record else sorted(map(str, record["labels"]))


def _text(data: dict[str, Any], results: Sequence[Any]) -> Any:
    """Return the text of a task: under `text`, or the one text that its data have, the longest if there are more."""
    if isinstance(data.get("text"), str):
        return data["text"]
    named = {one.get("to_name") for one in results if isinstance(one, dict)}
    texts = {key: entry for key, entry in data.items() if isinstance(entry, str)}
    chosen = [entry for key, entry in texts.items() if key in named] or list(texts.values())
    return max(chosen, key=len) if chosen else None


def _of_results(text: Any, results: Sequence[Any], target: TargetSpec) -> Record:
    """Return the record of one annotation: its spans, or where it has none, its choices."""
    values = [one.get("value") for one in results if isinstance(one, dict)]
    spans = [span for value in values if isinstance(value, dict) for span in _spans(value)]
    choices = [c for value in values if isinstance(value, dict) for c in value.get("choices") or []]
    if choices and (target.per_example or not spans):
        return {"text": text, "labels": choices}
    return {"text": text, "spans": spans}


def _spans(value: dict[str, Any]) -> list[list[Any]]:
    """Return the spans of one region, one for each of its labels."""
    labels: Sequence[Any] = next((value[key] for key in ("labels", "hypertextlabels") if is_list(value.get(key))), [])
    start, end = value.get("start"), value.get("end")
    quoted = value.get("text")
    return [[start, end, label, quoted] if isinstance(quoted, str) else [start, end, label] for label in labels]


def read_minimal(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    """Yield the record of one annotation in JSON-MIN."""
    rest = {key: entry for key, entry in value.items() if key not in BOOKKEEPING}
    spans = [one for entry in rest.values() if is_list(entry) for one in entry if span_parts(one) is not None]
    choices = [key for key, entry in rest.items() if isinstance(entry, dict) and is_list(entry.get("choices"))]
    texts = [key for key, entry in rest.items() if isinstance(entry, str)]
    text_key = "text" if "text" in texts else max(texts, key=lambda key: len(rest[key]), default=None)
    if text_key is None:
        notes.add("no text", "records have no text and are left out", line)
        return
    text = rest[text_key]
    listed_spans = any(is_list(entry) for entry in rest.values())
    if (spans or listed_spans) and not target.per_example:
        yield {"text": text, "spans": [part for one in spans for part in _spans(one) or [one]]}
    elif choices:
        yield {"text": text, "labels": list(rest[choices[0]]["choices"])}
    else:
        labels = [key for key in texts if key != text_key]
        if not labels:
            notes.add("not annotated", "records have no annotation and are left out", line)
            return
        yield {"text": text, "label": rest[labels[-1]]}

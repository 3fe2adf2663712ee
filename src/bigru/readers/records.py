"""Records (rows of a table, JSON objects) to Examples: texts, spans, tokens, series, recordings with their labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DataError, sentence
from .columns import LABELS, choose, find
from .examples import Examples
from .findings import Finding
from .labels import SEPARATOR, LabelReader, is_list, is_missing
from .long import from_long, long_form
from .manifests import audio_key, target_of
from .numbers import said, series_of
from .recordings import Recording, examined
from .spans import looks_like_spans, tags_from_spans
from .tagging import settle_scheme, settle_tokens

__all__ = ["Options", "Record", "from_records"]

VALUES = ("values", "series", "x")
TOKENS = ("tokens", "words")
SPANS = ("spans", "entities")
TAGS = ("tags", "ner_tags", "pos_tags", "upos", "labels")

TASKS = {"example": "classify", "transcript": "transcribe"}
"""The task by what labels belong to; those of units and spans are tags."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What the caller of a reader has decided; None leaves it to the data."""

    task: str | None = None
    text_column: str | None = None
    label_column: str | None = None
    scheme: str | None = None
    multi_label: bool | None = None
    require_targets: bool = True
    id_column: str | None = None
    time_column: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where records hold what: `per` says whether targets belong to an "example", a "unit" or a "span", or are a
    "transcript"."""

    kind: str
    input_key: str
    target_key: str | None
    per: str
    reasons: dict[str, str] = field(default_factory=dict)


def from_records(source: str, records: Sequence[Record], lines: Sequence[int], options: Options) -> Examples:
    """Build examples from records; the keys of all records together say what they hold.

    A row per step makes series (`long_form`), names of audio files make recordings, `values` series, `tokens` sequences
    of tokens, spans (`spans`, `entities`, or `[start, end, label]` under `label` or `labels`) tagged characters,
    anything else texts with labels. Records without input, or without the label that is required, are left out, each
    with a finding; an empty text is an input where no label is required.

    Args:
        source: the file as the user named it.
        records: the records; a missing key counts as null.
        lines: the line of each record.
        options: what is decided already.

    Raises:
        DataError: a record does not hold what the others do (its line is named), a column is absent or
            cannot be told, or no record is left.
    """
    names = list(dict.fromkeys(key for record in records for key in record))
    if not names:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    long = long_form(source, records, names, options)
    if long is not None:
        return from_long(source, records, lines, long, options)
    layout = _layout(source, records, names, options)
    key = layout.target_key
    many = layout.per == "example" and _is_many(records, key, options)
    kept, findings, labelled = _complete(source, records, lines, layout, many, options.require_targets)
    result = Examples([], None, layout.kind, [line for _, line in kept], source, findings=findings)
    result.task, result.multi_label = TASKS.get(layout.per, "tag"), many
    result.inferred |= layout.reasons
    read = READERS[layout.kind]
    for record, line in kept:
        result.inputs.append(read(record[layout.input_key], f"{source}:{line}"))
    if layout.kind == "series":
        _check_widths(result)
        result.inferred |= said(result.inputs)
    elif layout.kind == "audio":
        result.inputs, found = examined(result.inputs, result.lines, source)
        result.findings += found
    if labelled:
        _read_targets(result, [record[str(key)] for record, _ in kept], layout, options.scheme)
    return result


def _layout(source: str, records: Sequence[Record], names: list[str], options: Options) -> Layout:
    """Find out what the records hold and where."""
    known: tuple[str, ...] = (options.text_column,) if options.text_column else (*VALUES, *TOKENS)
    key = next((name for name in known if name in names), None) or _numbers_key(records, names, options)
    if key is not None:
        first = next((record[key] for record in records if not is_missing(record.get(key))), None)
        if first is not None and is_list(first):
            words = key in TOKENS or (key not in VALUES and isinstance(first[0], str))
            return _sequence_layout(source, records, names, "tokens" if words else "series", key, options)
    recordings = audio_key(records, names, options.text_column)
    if recordings is not None:
        target, task = target_of(source, names, options.task, options.label_column, options.require_targets)
        reasons = {"recordings": recordings} | ({} if target is None else {"target": target})
        per = "example" if task == "classify" else "transcript"
        return Layout("audio", recordings, target, per, reasons)
    columns = [[record.get(name) for record in records] for name in names]
    marks = _span_key(records, names, options)
    if marks is not None:
        text = names[choose(source, names, columns, options.text_column, marks, True).text]
        return Layout("text", text, marks, "span", {"text key": text, "span key": marks})
    if options.task == "tag" and options.require_targets:
        remedy = "Tags are read from CoNLL columns, or from JSON records with spans or tokens."
        raise DataError(sentence(source, "task", "classify for texts with labels", "tag", remedy))
    required = options.require_targets
    chosen = choose(source, names, columns, options.text_column, options.label_column, required)
    label = None if chosen.label is None else names[chosen.label]
    return Layout("text", names[chosen.text], label, "example", chosen.reasons)


def _sequence_layout(
    source: str, records: Sequence[Record], names: list[str], kind: str, key: str, options: Options
) -> Layout:
    """Find where the labels of series or tokens are, and whether each unit has its own."""
    find(source, names, "label_column", options.label_column)
    known = TAGS if options.task == "tag" else ("label", *TAGS)
    target = options.label_column or next((name for name in known if name in names), None)
    if target is None and options.require_targets:
        want = f"named, as none of the keys {', '.join(names)} is one of {', '.join(known)}"
        raise DataError(sentence(source, "label_column", want, "nothing"))
    listed = target is not None and any(is_list(record.get(target)) for record in records)
    per = "unit" if options.task == "tag" or (options.task is None and listed) else "example"
    reasons = {f"{kind} key": key} | ({} if target is None else {"label key": target})
    return Layout(kind, key, target, per, reasons)


def _numbers_key(records: Sequence[Record], names: list[str], options: Options) -> str | None:
    """Return the one key whose values are lists of numbers, if there is just one beside labels and spans."""
    if options.text_column is not None:
        return None
    taken = {options.label_column, *SPANS, *TAGS, *LABELS}
    found = [name for name in names if name not in taken and _holds_numbers([r.get(name) for r in records])]
    return found[0] if len(found) == 1 else None


def _holds_numbers(values: Sequence[Any]) -> bool:
    first: Any = next((value for value in values if not is_missing(value)), None)
    if not is_list(first):
        return False
    inner = first[0] if is_list(first[0]) else first
    return not any(isinstance(cell, str) for cell in inner)


def _span_key(records: Sequence[Record], names: list[str], options: Options) -> str | None:
    """Return the key that holds spans, if any does."""
    if options.task == "classify":
        return None
    if options.label_column is None:
        certain = next((name for name in SPANS if name in names), None)
        if certain is not None:
            return certain
    possible = (options.label_column,) if options.label_column else ("label", "labels")
    return next((k for k in possible if any(looks_like_spans(record.get(k)) for record in records)), None)


def _is_many(records: Sequence[Record], key: str | None, options: Options) -> bool:
    """Tell whether examples have any number of labels: one is a list, or holds the separator."""
    if options.multi_label is not None or key is None:
        return bool(options.multi_label)
    labels = [record.get(key) for record in records]
    return any(SEPARATOR in label if isinstance(label, str) else is_list(label) for label in labels)


def _complete(
    source: str, records: Sequence[Record], lines: Sequence[int], layout: Layout, many: bool, required: bool
) -> tuple[list[tuple[Record, int]], list[Finding], bool]:
    """Return the records that have what they need with their lines, findings on the others, and whether
    targets are to be read."""
    key = layout.target_key

    def unlabelled(record: Record) -> bool:
        value = record.get(key) if key is not None else ""
        return not is_list(value) and not (many and value == "") and is_missing(value)

    def absent(value: Any) -> bool:
        return is_missing(value) and (required or layout.kind != "text" or not isinstance(value, str))

    kept, findings = [], []
    for record, line in zip(records, lines, strict=True):
        if absent(record.get(layout.input_key)):
            findings.append(Finding(source, line, "empty row", f"{layout.input_key!r} is empty; left out"))
        else:
            kept.append((record, line))
    bare = [line for record, line in kept if unlabelled(record)] if key is not None else []
    if required:
        findings += [Finding(source, n, "empty row", f"{key!r} is empty; left out") for n in bare]
        kept = [(record, line) for record, line in kept if not unlabelled(record)]
    elif bare:
        message = f"{len(bare)} rows have no {key!r}, so that none is read"
        findings.append(Finding(source, bare[0], "labels missing", message))
    if not kept:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    return kept, findings, key is not None and (required or not bare)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(sentence(place, "text", "text", repr(value)[:80]))
    return value


def _tokens(value: Any, place: str) -> list[str]:
    tokens: list[Any] = list(value) if is_list(value) else [None]
    if not all(isinstance(token, str) and token for token in tokens):
        raise DataError(sentence(place, "tokens", "a list of non-empty strings", repr(value)[:80]))
    return tokens


def _recording(value: Any, place: str) -> Recording:
    """Return the recording at a path, which counts from the folder of the file that names it."""
    if not isinstance(value, str):
        raise DataError(sentence(place, "audio", "the path of a recording", repr(value)[:80]))
    return Recording(str(Path(place).parent / value), place)


READERS: dict[str, Callable[[Any, str], Any]] = {
    "text": _text,
    "tokens": _tokens,
    "series": series_of,
    "audio": _recording,
}
"""How an input is read, by its kind."""


def _check_widths(result: Examples) -> None:
    width = result.inputs[0].shape[1]
    for values, line in zip(result.inputs, result.lines, strict=True):
        if values.shape[1] != width:
            want = f"{width} numbers a step, as line {result.lines[0]}"
            raise DataError(sentence(f"{result.source}:{line}", "values", want, values.shape[1]))


def _read_targets(result: Examples, values: Sequence[Any], layout: Layout, scheme: str | None) -> None:
    """Fill in the targets and, for tags, the scheme."""
    labels = LabelReader(result.source)
    result.targets = []
    if layout.per == "span":
        read = tags_from_spans(result.source, result.inputs, values, result.lines, scheme=scheme or "BIO")
        result.targets, result.scheme = read.tags, scheme or "BIO"
        result.findings += read.findings
        result.inferred |= {"scheme": result.scheme} | read.inferred
        return
    for value, x, line in zip(values, result.inputs, result.lines, strict=True):
        if layout.per == "unit":
            if not is_list(value) or len(value) != len(x):
                got = f"{len(value)} of them" if is_list(value) else repr(value)[:80]
                want = f"a list of {len(x)} labels, one per step or token"
                raise DataError(sentence(f"{result.source}:{line}", str(layout.target_key), want, got))
            result.targets.append([labels.one(label, line) for label in value])
        elif layout.per == "transcript":
            result.targets.append(" ".join(labels.one(value, line).split()))
        else:
            result.targets.append(labels.many(value, line) if result.multi_label else labels.one(value, line))
    result.findings += labels.findings()
    if layout.per not in TASKS and layout.kind == "tokens":
        settle_scheme(result, scheme)
        settle_tokens(result)
    elif layout.per not in TASKS:
        result.scheme = scheme
        result.inferred["scheme"] = scheme or "none, plain labels"

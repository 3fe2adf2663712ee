"""The data doctor: what is wrong with data before anybody trains on it, each finding with file and line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from . import scheme as schemes
from .errors import ArgumentError
from .features.segment import split_words, unspaced
from .features.transcripts import infer_transcript_unit, symbols
from .readers.audio.recordings import Recording
from .readers.examples import Examples
from .readers.findings import Finding
from .readers.numbers import columns
from .readers.token_features import divide, words_of

__all__ = ["DOMINANT", "HARMFUL", "RARE", "examine"]

RARE = 5
"""A class with fewer examples than this is a finding."""

DOMINANT = 0.9
"""A class with a larger share than this is a finding."""

HARMFUL = frozenset(
    (
        *("contradiction", "leak", "illegal tags", "damaged text", "one class", "alike classes", "unknown class"),
        *("mismatch", "empty column", "silent"),
    )
)
"""Kinds of findings that spoil the training or flatter the score; the others are worth knowing."""

DAMAGED = re.compile("[\0\ufffd\ud800-\udfff]")
DAMAGES = {"\0": "NUL", "\ufffd": "U+FFFD, the mark of lost characters"}
# Not among them: the joiners U+200C and U+200D, which Persian and emoji are written with.
INVISIBLE = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\ufeff]")
FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]")
HALF_WIDTH = re.compile("[0-9A-Za-z]")


def examine(examples: Examples, *others: Examples) -> tuple[list[Finding], dict[str, Any]]:
    """Examine training data, and the development and test data beside it.

    Kinds of findings:

    - what the reader listed: "empty row", "stray spaces", "passed over", "labels missing", and of recordings "stereo",
      "8 bits", "silent";
    - "encoding": other than UTF-8; "mismatch": a file of another kind or task than the training data;
    - "duplicate": the same input with the same label before in the file; "contradiction": with another label;
      "leak": the same input in an earlier file;
    - "illegal tags": what the tag scheme, that of the training data if it has one, forbids;
    - "damaged text" (NUL, U+FFFD, half of a surrogate pair), "invisible character", "mixed width" (full-width and
      ordinary letters or digits);
    - "one class", "rare class", "dominant class", "alike classes", "unknown class" (not in the training data);
    - "empty column" (not one number), "constant column", "missing values" of series;
    - "unknown units": characters, words, tokens or values of features that are not in the training data; "constant
      column": a feature of tokens with one value throughout. All else is said of tokens without their features.

    Args:
        examples: the training data.
        others: development and test data, in this order.

    Returns:
        The findings, file by file in the order of lines. And a summary for programs, {"files": [...],
        "findings": number by kind}, with per file "file", "examples", "kind", "task", "inferred", "classes"
        (number of examples, spans or tags by label), "lengths" ("unit", "median", "p95", "p99", "longest" and its
        "line"), "unknown_units" (their share, None for the training data), "findings" (number by kind).
    """
    findings: list[Finding] = []
    entries = []
    firsts: list[dict[Hashable, int]] = []
    # Training reads every part by the scheme of its first; what another scheme means is then illegal or different.
    files = [one if None in (one.scheme, examples.scheme) else replace(one, scheme=examples.scheme) for one in others]
    whole = [examples, *files]
    files = [replace(one, inputs=list(map(words_of, one.inputs))) if one.features else one for one in whole]
    for n, (one, (share, unknown)) in enumerate(zip(files, _unknown_units(files), strict=True)):
        found = [*one.findings, *_encoding(one), *_copies(files[: n + 1], firsts), *_illegal_tags(one)]
        found += [
            *_characters(one),
            *columns(one),
            *_classes(one),
            *(_unknown_classes(one, examples) if n else _rare(one)),
            *unknown,
            *_of_features(whole[n], whole[0]),
        ]
        if (one.kind, one.task) != (examples.kind, examples.task):
            message = f"{one.kind} to {one.task}, but {examples.source} holds {examples.kind} to {examples.task}"
            found.append(Finding(one.source, 0, "mismatch", message))
        findings += sorted(found)
        entries.append(_entry(one) | {"unknown_units": share, "findings": _by_kind(found)})
    return findings, {"files": entries, "findings": _by_kind(findings)}


def _by_kind(findings: Sequence[Finding]) -> dict[str, int]:
    return dict(Counter(finding.kind for finding in findings))


def _entry(one: Examples) -> dict[str, Any]:
    lengths = np.array([round(1000 * x.seconds) if one.kind == "audio" else len(x) for x in one.inputs])
    median, p95, p99 = (int(q) for q in np.percentile(lengths, (50, 95, 99), method="inverted_cdf"))
    longest = int(lengths.argmax())
    unit = {"text": "characters", "tokens": "tokens", "series": "steps", "audio": "milliseconds"}[one.kind]
    return {
        "file": one.source,
        "examples": len(one),
        "kind": one.kind,
        "task": one.task,
        "inferred": one.inferred,
        "classes": {label: count for label, (count, _) in _class_counts(one).items()},
        "lengths": {"unit": unit, "median": median, "p95": p95, "p99": p99}
        | {"longest": int(lengths[longest]), "line": one.lines[longest]},
    }


def _class_counts(one: Examples) -> dict[str, tuple[int, int]]:
    """Return number and first line of every class - label, span, symbol of transcripts -, the most frequent first."""
    counts: Counter[str] = Counter()
    firsts: dict[str, int] = {}
    targets = one.targets or []
    if one.target.is_text:
        unit = infer_transcript_unit(targets)
        targets = [symbols(text, unit) for text in targets]
    for target, line in zip(targets, one.lines, strict=False):
        for label in _labels(target, one.scheme):
            counts[label] += 1
            firsts.setdefault(label, line)
    return {label: (count, firsts[label]) for label, count in counts.most_common()}


def _labels(target: Any, scheme: str | None) -> list[str]:
    if isinstance(target, str):
        return [target]
    if scheme is None:
        return list(target)
    try:
        return [span.label for span in schemes.spans(target, scheme)]
    except ArgumentError:  # a tag of another scheme, which "illegal tags" lists
        return []


def _encoding(one: Examples) -> Iterator[Finding]:
    name = one.inferred.get("encoding", "utf-8")
    if name not in ("utf-8", "utf-8-sig"):
        yield Finding(one.source, 0, "encoding", f"the file is in {name}")


def _key(x: Any) -> Hashable:
    """Return what makes two inputs the same: text but for surrounding spaces, tokens, the very numbers or samples."""
    if isinstance(x, str):
        return x.strip()
    if isinstance(x, Recording):
        return x.digest
    return (x.shape, x.tobytes()) if isinstance(x, np.ndarray) else tuple(x)


def _copies(files: Sequence[Examples], firsts: list[dict[Hashable, int]]) -> Iterator[Finding]:
    """Yield the copies in the last file of what it or an earlier file holds; `firsts` keeps where that stands."""
    one = files[-1]
    own: dict[Hashable, int] = {}
    for n, x in enumerate(one.inputs):
        key = _key(x)
        first = own.setdefault(key, n)
        if first != n:
            difference = _difference(one, n, one, first)
            kind = "contradiction" if difference else "duplicate"
            yield Finding(one.source, one.lines[n], kind, f"the same {one.kind} as line {one.lines[first]}{difference}")
            continue
        source = next((m for m, places in enumerate(firsts) if key in places), None)
        if source is not None:
            other, there = files[source], firsts[source][key]
            message = f"the same {one.kind} as {other.source}:{other.lines[there]}{_difference(one, n, other, there)}"
            yield Finding(one.source, one.lines[n], "leak", message)
    firsts.append(own)


def _difference(one: Examples, n: int, other: Examples, m: int) -> str:
    """Say how the labels of two copies differ, "" if they do not."""
    if one.targets is None or other.targets is None:
        return ""
    here, there = one.targets[n], other.targets[m]
    if here == there or (one.target.per_example and sorted(_labels(here, None)) == sorted(_labels(there, None))):
        return ""
    return ", with other tags" if one.target.per_step else f", labelled {there!r} there and {here!r} here"


def _illegal_tags(one: Examples) -> Iterator[Finding]:
    if one.scheme is None:
        return
    for n, tags in enumerate(one.targets or []):
        for position, sentence in schemes.violations(tags, one.scheme):
            line = one.lines[n] if one.token_lines is None else int(one.token_lines[n][position])
            unit = "" if one.kind == "series" else f" {one.inputs[n][position]!r}"
            yield Finding(one.source, line, "illegal tags", f"position {position + 1}{unit}: {sentence}")


def _characters(one: Examples) -> Iterator[Finding]:
    """Yield damaged rows one by one, and other odd characters with their number of rows."""
    if one.kind in ("series", "audio"):
        return
    rows: Counter[str] = Counter()
    firsts: dict[str, int] = {}
    for x, line in zip(one.inputs, one.lines, strict=True):
        text = x if isinstance(x, str) else " ".join(x)
        damage = DAMAGED.search(text)
        if damage:
            name = DAMAGES.get(damage[0], "half of a surrogate pair")
            yield Finding(one.source, line, "damaged text", f"character {damage.start() + 1} is {name}")
        found = set(INVISIBLE.findall(text))
        found |= {"full"} if FULL_WIDTH.search(text) else set()
        found |= {"half"} if HALF_WIDTH.search(text) else set()
        rows.update(found)
        for character in found:
            firsts.setdefault(character, line)
    full, half = rows.pop("full", 0), rows.pop("half", 0)
    for character, count in rows.items():
        name = f"U+{ord(character):04X} {unicodedata.name(character, 'control character')}"
        yield Finding(one.source, firsts[character], "invisible character", f"{name} in {count} rows, here first")
    if full and half:
        message = f"{full} rows hold full-width letters or digits (here first) and {half} rows ordinary ones"
        yield Finding(one.source, firsts["full"], "mixed width", message)


def _classes(one: Examples) -> Iterator[Finding]:
    """Yield what is odd about the classes of one file."""
    classes = _class_counts(one)
    if one.target.per_example and not one.multi_label and classes:
        label, (count, line) = next(iter(classes.items()))
        if len(classes) == 1:
            yield Finding(one.source, line, "one class", f"every example is {label!r}")
        elif count > DOMINANT * len(one):
            yield Finding(one.source, line, "dominant class", f"{count / len(one):.1%} of the examples are {label!r}")
    written: dict[str, str] = {}
    for label, (_, line) in classes.items():
        other = written.setdefault(unicodedata.normalize("NFKC", label).casefold(), label)
        if other != label:
            message = f"{label!r} and {other!r} differ in case or width alone"
            yield Finding(one.source, line, "alike classes", message)


def _rare(one: Examples) -> Iterator[Finding]:
    for label, (count, line) in _class_counts(one).items():
        if count < RARE:
            yield Finding(one.source, line, "rare class", f"{label!r} comes {count} times, here first")


def _unknown_classes(one: Examples, train: Examples) -> Iterator[Finding]:
    known = _class_counts(train)
    for label, (count, line) in _class_counts(one).items():
        if known and label not in known:
            message = f"{label!r} is not in {train.source}; it comes {count} times, here first"
            yield Finding(one.source, line, "unknown class", message)


def _of_features(one: Examples, train: Examples) -> Iterator[Finding]:
    """Yield features with one value throughout, and those of which some values are not in the training data."""
    for at, name in enumerate(one.features, 1):
        rows = [[part[at] for part in divide(x, one.features, one.source, "tokens")] for x in one.inputs]
        counts = Counter(chain.from_iterable(rows))
        if len(counts) == 1:
            yield Finding(one.source, one.lines[0], "constant column", f"feature {name!r} is {rows[0][0]!r} throughout")
        if one is train or len(train.features) != len(one.features):
            continue
        known = {part[at] for x in train.inputs for part in divide(x, train.features, train.source, "tokens")}
        unknown = counts.keys() - known
        if unknown:
            n, first = next((n, value) for n, row in enumerate(rows) for value in row if value in unknown)
            share = sum(counts[value] for value in unknown) / counts.total()
            message = f"{share:.2%} of the values of {name!r} are not in {train.source}, the first is {first!r} here"
            yield Finding(one.source, one.lines[n], "unknown units", message)


def _split_units(one: Examples, words: bool) -> Iterator[Sequence[str]]:
    """Yield the units of every input: its tokens, or the words or characters of a text."""
    return (split_words(x) if words and isinstance(x, str) else x for x in one.inputs)


def _unknown_units(files: Sequence[Examples]) -> Iterator[tuple[float | None, list[Finding]]]:
    """Yield, per file, the share of units that the first file does not hold, and a finding that shows one."""
    train = files[0]
    yield None, []
    if train.kind in ("series", "audio") or len(files) == 1:
        yield from ((None, []) for _ in files[1:])
        return
    words = train.kind == "text" and not unspaced(train.inputs[:1000])
    unit = "tokens" if train.kind == "tokens" else "words" if words else "characters"
    known = set(chain.from_iterable(_split_units(train, words)))
    for one in files[1:]:
        if one.kind != train.kind:
            yield None, []
            continue
        counts = Counter(chain.from_iterable(_split_units(one, words)))
        unknown = counts.keys() - known
        share = sum(counts[u] for u in unknown) / max(counts.total(), 1)
        findings = []
        if unknown:
            n, first = next((n, u) for n, units in enumerate(_split_units(one, words)) for u in units if u in unknown)
            message = f"{share:.2%} of the {unit} are not in {train.source}, the first is {first!r} here"
            findings.append(Finding(one.source, one.lines[n], "unknown units", message))
        yield share, findings

"""What annotation tools write as JSON, to plain records: texts with spans or labels, tokens with tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ...config.targets import TargetSpec, target_of
from ...errors import DataError, sentence
from ..findings import Finding
from ..labels import is_list
from . import labelstudio
from .datasets import name_tags
from .notes import Notes, Record, one_or_many, span_parts

__all__ = ["Converted", "convert"]

TEXTS = ("text", "data", "content", "sentence", "context")
"""Keys of the text in what tools write, the surest first."""

ANSWERS = ("accept", "reject", "ignore")

SAMPLE = 200
"""Values that decide which layout a file is in."""

Read = Callable[[Any, Notes, int, TargetSpec], Iterator[Record]]
"""From a value, the notes, its line and what is learnt from it to its records: none where it is left out."""


class Converted(NamedTuple):
    """Plain records, each with the line of the value it is made of.

    A record is `{"text", "spans": [[start, end, label], ...]}` (positions of characters, the end exclusive; a span may
    hold the text that it covers as a fourth part), `{"text", "label"}`, `{"text", "labels"}` or `{"tokens", "tags"}`.
    """

    records: list[Record]
    lines: list[int]
    reasons: dict[str, str]
    findings: list[Finding]


def convert(values: Sequence[Any], source: str, lines: Sequence[int], task: str | None = None) -> Converted | None:
    """Return the values of a JSON file as plain records if an annotation tool wrote them, else None.

    Layouts: Label Studio (JSON, JSON-MIN), Prodigy, doccano (spans, entities with relations, the annotations of
    version 1.0, labels), spaCy's training pairs, Dataturks, CLUENER, Rasa, Snips, and tokens with numbered tags as of
    Hugging Face. What is left out (answers that reject, cancelled annotations, texts that nobody annotated) and what
    is not read (relations) is counted in findings.

    Args:
        values: the JSON values.
        source: the file as the user named it.
        lines: the line of each value.
        task: "tag" or "classify" where a file has spans as well as labels; None reads the spans.

    Raises:
        DataError: a value is not in the layout of the others; its line is named.
    """
    values, lines = _unwrap(values, lines)
    sample = [value for value in values[:SAMPLE] if value is not None]
    if not sample:
        return None
    name = next((name for name, (fits, _) in LAYOUTS.items() if sum(map(fits, sample)) * 2 > len(sample)), None)
    if name is None:
        return name_tags(values, source, lines, Converted)
    fits, read = LAYOUTS[name]
    notes, target = Notes(source), target_of(task)
    records: list[Record] = []
    places: list[int] = []
    for value, line in zip(values, lines, strict=True):
        if not fits(value):
            notes.add("other layout", f"values are not in the layout of {name} and are left out", line)
            continue
        try:
            made = list(read(value, notes, line, target))
        except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
            # The layouts nest deeply, and any level may hold something else.
            want = f"in the layout of {name}"
            raise DataError(sentence(f"{source}:{line}", "record", want, repr(value)[:80])) from error
        records += made
        places += [line] * len(made)
    found, plain = notes.findings(), one_or_many(records)
    if name == "doccano" and not found and all("labels" in record for record in plain):
        return None  # texts with any number of labels are plain records already
    return Converted(plain, places, {"layout": name}, found)


def _unwrap(values: Sequence[Any], lines: Sequence[int]) -> tuple[Sequence[Any], Sequence[int]]:
    """Return the list that an object around everything holds: annotations, data, or Rasa's examples."""
    if len(values) != 1 or not isinstance(values[0], dict) or labelstudio.is_task(values[0]):
        return values, lines
    whole = values[0]
    inner = whole.get("rasa_nlu_data", whole)
    for key in ("annotations", "examples", "common_examples", "data"):
        found = inner.get(key) if isinstance(inner, dict) else None
        if is_list(found) and len(found) and "text" not in whole and isinstance(found[0], (dict, list)):
            if key == "data" and _is_snips(whole):
                return values, lines
            return found, [lines[0]] * len(found)
    intents = [one for group in whole.values() if is_list(group) for one in group]
    if intents and all(map(_is_snips, intents)) and all(map(is_list, whole.values())):
        named = [{**one, "intent": name} for name, group in whole.items() for one in group]
        return named, [lines[0]] * len(named)
    return values, lines


def _text_key(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((key for key in TEXTS if isinstance(value.get(key), str)), None)


def _are_spans(value: Any) -> bool:
    return is_list(value) and any(span_parts(one) is not None for one in value)


def _is_prodigy(value: Any) -> bool:
    return isinstance(value, dict) and value.get("answer") in ANSWERS and isinstance(value.get("text"), str)


def _prodigy(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    if value["answer"] != "accept":
        notes.add("not accepted", f"answers are {value['answer']} and are left out", line)
        return
    text, spans = value["text"], value.get("spans")
    if is_list(value.get("accept")):
        yield {"text": text, "labels": list(value["accept"])}
    elif is_list(spans) and not target.per_example:
        yield {"text": text, "spans": list(spans)}
    elif value.get("label") is not None:
        yield {"text": text, "label": value["label"]}
    else:
        notes.add("not annotated", "texts have neither spans nor a label and are left out", line)


def _is_pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], str) and _is_gold(value[1])


def _is_gold(value: Any) -> bool:
    return isinstance(value, dict) and (is_list(value.get("entities")) or isinstance(value.get("cats"), dict))


def _pair(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    text, gold = value
    cats, spans = gold.get("cats"), gold.get("entities")
    if is_list(spans) and not (target.per_example and cats):
        if cats:
            notes.add("not read", "texts have categories beside entities, which are not read", line)
        yield {"text": text, "spans": list(spans)}
        return
    yield {"text": text, "labels": [label for label, score in cats.items() if score and float(score) >= 0.5]}


def _is_dataturks(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("content"), str) and "annotation" in value


def _dataturks(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    found = value["annotation"]
    if isinstance(found, dict):
        yield {"text": value["content"], "labels": list(found.get("labels") or [])}
        return
    if found is None:
        notes.add("not annotated", "texts are not annotated and are left out", line)
        return
    spans = []
    for one in found:
        labels = one.get("label") if isinstance(one, dict) else None
        points = one.get("points") if isinstance(one, dict) else None
        for point in points or []:
            if not labels:
                notes.add("no label", "spans have no label and are left out", line)
                continue
            label = labels[0] if is_list(labels) else labels
            spans.append([point.get("start"), _end(point.get("end")), label, point.get("text")])
    yield {"text": value["content"], "spans": spans}


def _end(end: Any) -> Any:
    """Return the position behind the last character of a span."""
    return end + 1 if isinstance(end, int) else end


def _is_by_class(value: Any) -> bool:
    """Tell whether labels are an object from classes to names to bounds, as in CLUENER."""
    if _text_key(value) is None or not isinstance(value.get("label"), dict):
        return False
    return all(isinstance(names, dict) and all(map(is_list, names.values())) for names in value["label"].values())


def _by_class(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    spans = [
        [bounds[0], _end(bounds[1]), label, name]
        for label, names in value["label"].items()
        for name, places in names.items()
        for bounds in places
        if is_list(bounds) and len(bounds) == 2
    ]
    yield {"text": value[_text_key(value)], "spans": spans}


def _is_rasa(value: Any) -> bool:
    return isinstance(value, dict) and "text" in value and "intent" in value and "answer" not in value


def _rasa(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    entities = value.get("entities")
    if is_list(entities) and not target.per_example:
        notes.add("not read", "texts have an intent, which is not read; task classify reads it", line)
        yield {"text": value["text"], "spans": [[e.get("start"), e.get("end"), e.get("entity")] for e in entities]}
        return
    yield {"text": value["text"], "label": value["intent"]}


def _is_snips(value: Any) -> bool:
    """Tell whether a value is an utterance of Snips: its text in parts, of which one at least names an entity."""
    parts = value.get("data") if isinstance(value, dict) else None
    if not isinstance(parts, list) or not parts:
        return False
    texts = all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts)
    return texts and (any("entity" in part for part in parts) or (len(value) == 1 and all(len(p) == 1 for p in parts)))


def _snips(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    text = "".join(part["text"] for part in value["data"])
    if target.per_example:
        yield {"text": text, "label": value.get("intent")}
        return
    spans, at = [], 0
    for part in value["data"]:
        end = at + len(part["text"])
        if part.get("entity"):
            spans.append([at, end, part["entity"]])
        at = end
    yield {"text": text, "spans": spans}


def _is_doccano(value: Any) -> bool:
    key = _text_key(value)
    if key is None:
        return False
    if is_list(value.get("entities")) and ("relations" in value or _are_spans(value["entities"])):
        return True
    if is_list(value.get("annotations")):
        return all(isinstance(one, dict) and "label" in one for one in value["annotations"])
    return any(is_list(value.get(name)) for name in ("label", "labels", "cats")) and "spans" not in value


def _doccano(value: Any, notes: Notes, line: int, target: TargetSpec) -> Iterator[Record]:
    text = value[_text_key(value)]
    for name in ("relations", "events"):
        if value.get(name):
            notes.add("not read", f"texts have {name}, which are not read", line)
    if is_list(value.get("entities")):
        yield {"text": text, "spans": list(value["entities"])}
        return
    if is_list(value.get("annotations")):
        yield from _annotations(text, value["annotations"], notes, line)
        return
    found = next(value[name] for name in ("label", "labels", "cats") if is_list(value.get(name)))
    yield {"text": text, "spans": list(found)} if _are_spans(found) else {"text": text, "labels": list(found)}


def _annotations(text: str, found: Sequence[Any], notes: Notes, line: int) -> Iterator[Record]:
    """Read the annotations of doccano 1.0, whose labels are numbers."""
    if any(type(one["label"]) is int for one in found):
        notes.add("numbered labels", "texts have labels by number alone; their names are not in the file", line)
    if any("start_offset" in one for one in found):
        spans = [[one.get("start_offset"), one.get("end_offset"), str(one["label"])] for one in found]
        yield {"text": text, "spans": spans}
    else:
        yield {"text": text, "labels": [str(one["label"]) for one in found]}


LAYOUTS: dict[str, tuple[Callable[[Any], bool], Read]] = {
    "Label Studio": (labelstudio.is_task, labelstudio.read_task),
    "Label Studio JSON-MIN": (labelstudio.is_minimal, labelstudio.read_minimal),
    "Prodigy": (_is_prodigy, _prodigy),
    "spaCy": (_is_pair, _pair),
    "Dataturks": (_is_dataturks, _dataturks),
    "spans by class": (_is_by_class, _by_class),
    "Rasa": (_is_rasa, _rasa),
    "Snips": (_is_snips, _snips),
    "doccano": (_is_doccano, _doccano),
}
"""Per layout, whether a value is in it, and how it is read; the first that fits most values is taken."""

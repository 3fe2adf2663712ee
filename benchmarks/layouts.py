"""How tables are understood: `python benchmarks/layouts.py` draws files of which the truth is known, reads them, and
writes its result file.

A file is read rightly; or asked about, by an error that names an option that decides, and read rightly with the options
that say the truth; or refused; or read wrongly without a word, the worst. What is wrong is printed with its seed:
`python benchmarks/layouts.py --show SEED` prints the file.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import provenance
from grammar import TEXT_KINDS, Drawn
from sequences import SEQUENCE_KINDS

from bigru.errors import BigruError
from bigru.readers.layouts.verdict import build, choose
from bigru.readers.reader import load
from bigru.readers.reading import Reading
from bigru.readers.table import Table

__all__ = ["OPTIONS", "draw", "judge"]

RESULT = Path(__file__).parent / "results" / "layouts.json"
OUTCOMES = ("right", "asked", "refused", "wrong")
OPTIONS = {
    "text": "--text", "label": "--label", "labels": "--labels", "id": "--id-column", "time": "--time-column",
    "header": "header", "layout": "--layout", "task": "--task", "multi_label": "--multi-label",
}  # fmt: skip
"""The options that decide, by field of `Reading`."""

ALIASES = {"audio_filepath": "audio"}
"""Columns that the readers of manifests rename."""


def draw(seed: int) -> Drawn:
    """Return the file of a seed."""
    random = Random(seed)
    rules, weights = zip(*TEXT_KINDS, *SEQUENCE_KINDS, strict=True)
    return random.choices(rules, weights)[0](random)


def judge(drawn: Drawn, folder: Path) -> tuple[str, str]:
    """Return how a file is understood, one of `OUTCOMES`, and what was said or seen."""
    path = folder / drawn.name
    path.write_bytes(drawn.data)
    try:
        difference = _difference(drawn, path, Reading())
        return ("wrong", difference) if difference else ("right", "")
    except BigruError as error:
        said = str(error).replace(f"{folder}/", "")
    given = drawn.truth.reading.given()
    if not any(option in said for name, option in OPTIONS.items() if name in given):
        return "refused", said
    try:
        difference = _difference(drawn, path, drawn.truth.reading)
    except BigruError as error:
        difference = str(error).replace(f"{folder}/", "")
    return ("refused", f"{said} WITH THE OPTIONS: {difference}") if difference else ("asked", said)


def _difference(drawn: Drawn, path: Path, reading: Reading) -> str:
    """Return in what the reading of a file differs from the truth, "" for nothing."""
    truth = drawn.truth
    found, _ = load(path, reading, required=drawn.required)
    if not isinstance(found, Table):
        return _of_examples(found, truth.examples or {})
    chosen, view = choose(found, reading, drawn.required)
    shown = f"{chosen.layout} {chosen.columns}"[:300]
    if chosen.layout == "timed" and truth.layout != "timed":
        build(found, chosen, view)
    if chosen.layout != truth.layout:
        return f"read as {shown}"
    if truth.examples is not None:
        different = _of_examples(build(found, chosen, view), truth.examples)
        return different and f"{different}, read as {shown}"
    columns = {key: chosen.columns.get(key) for key in truth.columns}
    return "" if _folded(columns) == _folded(truth.columns) else f"read as {shown}"


def _folded(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        key: sorted(value) if isinstance(value, list) else ALIASES.get(value, value) for key, value in columns.items()
    }


def _of_examples(found: Any, wanted: dict[str, Any]) -> str:
    for name, want in wanted.items():
        got = getattr(found, name)
        if name == "inputs" and want and isinstance(want[0], np.ndarray):
            alike = len(got) == len(want) and all(
                a.shape == b.shape and np.array_equal(a, b, equal_nan=True) for a, b in zip(got, want, strict=True)
            )
        else:
            alike = got == want
        if not alike:
            return f"{name} differ: {str(got)[:100]} for {str(want)[:100]}"
    return ""


def measure(count: int, first: int) -> dict[str, Any]:
    """Judge files and print those that are not read rightly; return the shares."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    plain: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            drawn = draw(seed)
            outcome, said = judge(drawn, Path(folder))
            kinds[drawn.kind][outcome] += 1
            plain.update([outcome] if drawn.plain else [])
            if outcome != "right":
                doubt = " plain" if drawn.plain else ""
                print(f"{outcome:8}{doubt} --show {seed} ({drawn.kind}; {sorted(drawn.needs)}): {said[:600]}")
    total = sum(kinds.values(), Counter())
    return {
        "files": sum(total.values()),
        "shares": _shares(total),
        "shares of those that nobody would doubt": _shares(plain),
        "by kind": {kind: dict(counts) for kind, counts in sorted(kinds.items())},
    }


def _shares(counts: Counter[str]) -> dict[str, float]:
    return {name: round(counts[name] / max(1, sum(counts.values())), 4) for name in OUTCOMES}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, help="print the file of a seed and how it is meant")
    arguments = parser.parse_args()
    if arguments.show is not None:
        drawn = draw(arguments.show)
        print(
            drawn.kind,
            drawn.name,
            sorted(drawn.needs),
            drawn.truth.layout,
            drawn.truth.columns,
            drawn.truth.reading.given(),
        )
        print(drawn.data[:1500].decode("latin-1" if drawn.needs & {"utf-16", "big5"} else "utf-8", "replace"))
        return
    result = measure(arguments.files, arguments.seed)
    result["first seed"] = arguments.seed
    result["versions"] = provenance.versions(provenance.commit())
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

"""Whether any damaged file ends in anything but an answer or a refusal in one sentence.

Small files of every kind that bigru reads are changed at random and read, examined and loaded. Each chunk of them runs
in a forked process with bounded memory, so that a crash is one finding among others. What is no `BigruError` is counted
and printed with the number by which it comes back:

    python benchmarks/mutate.py --count 50000
    python benchmarks/mutate.py --only 4711 --keep /tmp/damaged
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from mutation_seeds import Seed, seeds
from provenance import commit, machine, versions

from bigru.bundle import load as load_bundle
from bigru.doctor import examine
from bigru.errors import LINE, BigruError
from bigru.readers.audio.folders import from_files
from bigru.readers.audio.recordings import load as load_recording
from bigru.readers.chunked import parts
from bigru.readers.reader import read
from bigru.runtime.predictor import Predictor
from bigru.tables.timetable import read_timetable

RESULT = Path(__file__).parent / "results" / "mutate.json"

MEMORY = 8 << 30
"""Bytes of address space of a chunk."""

SECONDS = 20
"""Until one file counts as one that never ends."""

CHUNK = 250

TOKENS = [
    *(b"\x00", b"\xff", b"\xfe\xff", b"\xc3", b"\x1b[2J", b"\r", b"\n", b"\r\n", b"\t", b",", b";", b"|", b'"', b"'"),
    *(b"\\", b"{", b"}", b"[", b"]", b":", b"@", b"#", b"%", b"-", b"--5", b"+", b"\xc2\xb2", b"\xd9\xa3", b"1e999"),
    *(b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"0", b"-1", b"1e308", b"9" * 30, b"9" * 5000, b"[" * 2000),
    *(b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"sep=", b"O", b"B-"),
    *(b"2020-01-01", b"24:00", b"0000-00-00", b"9999-12-31", b"a" * 3000, b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"),
]
"""What is written into files."""


def mutated(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """Return content with one to eight changes."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 8))):
        at = draw.randrange(len(found) + 1)
        end = min(len(found), at + draw.choice((1, 1, 2, 4, 16, 64, len(found))))
        kind = draw.randrange(8)
        if kind == 0 and at < len(found):
            found[at] ^= 1 << draw.randrange(8)
        elif kind == 1 and at < len(found):
            found[at] = draw.randrange(256)
        elif kind == 2:
            found[at:at] = draw.choice(TOKENS)
        elif kind == 3:
            found[at:end] = draw.choice(TOKENS)
        elif kind == 4:
            del found[at:end]
        elif kind == 5:
            found[at:at] = found[at:end] * draw.choice((1, 2, 30))
        elif kind == 6:
            del found[at:]
        else:
            other = draw.choice(others)
            start = draw.randrange(len(other) + 1)
            found[at:end] = other[start : start + draw.choice((1, 8, 64, 512))]
    return bytes(found)


def case(number: int, seed: int, known: list[Seed]) -> tuple[Seed, Seed]:
    """Return the seed of a case, and the seed with one of its files changed."""
    draw = random.Random(f"{seed}:{number}")
    chosen = known[draw.randrange(len(known))]
    name = draw.choice(sorted(chosen.files))
    others = [content for one in known for content in one.files.values()]
    changed = chosen.change(name, lambda content: mutated(content, others, draw), draw)
    return chosen, chosen._replace(files=chosen.files | {name: changed})


def steps(one: Seed, place: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what is done with a case, by name."""
    if one.kind == "model":
        yield "load", lambda: _answer(place)
        return
    path = place if one.kind == "folder" else place / next(iter(one.files))
    if one.kind == "audio":
        yield "from_files", lambda: from_files([str(path)])
        yield "load_recording", lambda: [load_recording(x) for x in from_files([str(path)]).inputs]
        return
    yield "read", lambda: read(path)
    yield "read to predict", lambda: read(path, require_targets=False)
    yield "parts", lambda: list(parts(str(path)))
    yield "examine", lambda: examine(read(path))
    if one.kind == "table":
        yield "read_timetable", lambda: read_timetable(path)


def _answer(place: Path) -> None:
    made = load_bundle(place)
    if made.task in ("classify", "tag"):
        answer = Predictor(made).predict_iter(["ab b", "", "好"])
        json.dumps(list(answer))


def outcome(action: Callable[[], Any]) -> str:
    """Return what came of an action: "done", "refused", or the fault in a line."""
    try:
        action()
    except BigruError as error:
        # Spaces of other widths are left as they are in errors: they are common in Chinese.
        text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in str(error))
        return "refused" if text.isprintable() and len(text) <= LINE else f"a refusal that is no line: {text[:80]!r}"
    except BaseException as error:  # a panic of Rust is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        inner = next((f for f in reversed(traceback.extract_tb(error.__traceback__)) if "bigru" in f.filename), frame)
        place = f"{Path(inner.filename).name}:{inner.lineno}"
        place += "" if inner is frame else f" in {Path(frame.filename).name}:{frame.lineno}"
        return f"{type(error).__name__} at {place}: {' '.join(str(error).split())[:120]}"
    return "done"


def sort_of(fault: str, name: str, step: str) -> str:
    """Return what faults of one kind have in common: class, file and line, or else seed and step."""
    found = re.match(r"\w+ at [^:]+:\d+", fault)
    return found[0] if found else f"{name}, {step}: {fault.split(':')[0]}"


def write(one: Seed, place: Path) -> None:
    """Write the files of a case into a new folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name, content in one.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)


def late(*_: Any) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def run(numbers: range, seed: int, known: list[Seed], place: Path, log: Path) -> None:
    """Run cases, and write a line before and after each step."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders of audio write there by themselves
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, late)
    warnings.simplefilter("ignore")
    with log.open("w", encoding="utf-8") as lines:
        for number in numbers:
            origin, one = case(number, seed, known)
            write(one, place)
            for name, action in steps(one, place):
                print(json.dumps([number, origin.name, name]), file=lines, flush=True)
                signal.alarm(SECONDS)
                found = outcome(action)
                signal.alarm(0)
                print(json.dumps(found), file=lines, flush=True)


def chunk(numbers: range, seed: int, known: list[Seed], place: Path) -> Iterator[tuple[list[Any], str]]:
    """Run cases in a process of their own; yield each step and what came of it."""
    log = place / "log"
    child = os.fork()
    if not child:
        code = 1
        try:
            run(numbers, seed, known, place / "case", log)
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    yield from zip(lines[::2], lines[1::2], strict=False)
    if code:
        last = lines[-1] if len(lines) % 2 else [numbers.start, "?", "?"]
        yield last, f"the process ended with {code}"
        if last[0] + 1 < numbers.stop:
            yield from chunk(range(last[0] + 1, numbers.stop), seed, known, place)


def main() -> None:
    """Run all cases, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="number of the one case to run")
    parser.add_argument("--keep", type=Path, help="folder where that case is left")
    parser.add_argument("--no-result", action="store_true", help="write no result")
    options = parser.parse_args()
    known = seeds()
    if options.only is not None:
        origin, one = case(options.only, options.seed, known)
        place = options.keep or Path(tempfile.mkdtemp())
        write(one, place)
        print(f"{origin.name}: {', '.join(one.files)} in {place}")
        for name, action in steps(one, place):
            print(f"{name}: {outcome(action)}")
        return
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    by_seed: dict[str, Counter[str]] = {one.name: Counter() for one in known}
    shown: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, options.count, CHUNK):
            numbers = range(start, min(start + CHUNK, options.count))
            for (number, name, step), found in chunk(numbers, options.seed, known, Path(folder)):
                kind = found if found in ("done", "refused") else "fault"
                counts[kind] += 1
                by_seed[name][kind] += 1
                if kind == "fault":
                    sort = sort_of(found, name, step)
                    shown[sort] += 1
                    if shown[sort] <= 3:
                        print(f"--only {number}: {name}, {step}: {found}", flush=True)
    result = {"files": options.count, "seed": options.seed, "steps": dict(counts), "faults": counts["fault"]}
    result |= {"by_seed": {name: dict(found) for name, found in by_seed.items()}}
    result |= {"seconds": round(time.perf_counter() - began), "machine": machine(), "versions": versions(commit())}
    print(json.dumps(result["steps"]))
    for sort, count in shown.most_common():
        print(f"{count:6} {sort}")
    if not options.no_result:
        RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(int(bool(counts["fault"])))


if __name__ == "__main__":
    main()

"""Seconds to read a large table: `python benchmarks/reading.py` writes results/reading.json.

A table of drawn texts with a label each, a third of them quoted, is written once; a process of its own reads it as many
times as asked for, by `bigru.readers.reader.read` and by the parser alone, and reports the least time of each and its
peak memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from provenance import commit, machine, versions

RESULTS = Path(__file__).parent / "results" / "reading.json"
WORDS = 5000


def write(path: Path, megabytes: int) -> int:
    """Write the table and return how many rows it has."""
    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(WORDS)]
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        size = file.write("id,text,label\n")
        while size < megabytes * 1_000_000:
            text = " ".join(draw.choices(words, k=draw.randint(5, 30)))
            quoted = f'"{text}, {draw.choice(words)} ""{draw.choice(words)}"""'
            size += file.write(f"{rows},{text if rows % 3 else quoted},{'neg' if rows % 2 else 'pos'}\n")
            rows += 1
    return rows


def least(function: Callable[[Any], Any], times: int, argument: Any) -> float:
    """Return the least seconds of several calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        function(argument)
        found.append(time.perf_counter() - began)
    return min(found)


def measure(path: Path, times: int) -> dict[str, float]:
    """Time the parser alone and the whole reader, in this process."""
    from bigru.readers.opening.encoding import decode, read_bytes
    from bigru.readers.parsers import delimited
    from bigru.readers.reader import read

    source = str(path)
    parsing = least(lambda text: delimited.parse(text, source), times, decode(read_bytes(path), source)[0])
    reading = least(read, times, path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"parse_seconds": round(parsing, 3), "read_seconds": round(reading, 3), "peak_mib": round(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--file", type=Path, help="time this file in this process and print the seconds")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.file is not None:
        print(json.dumps(measure(options.file, options.times)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.csv"
        rows = write(path, options.megabytes)
        command = [sys.executable, __file__, "--file", str(path), "--times", str(options.times)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    about = {"megabytes": options.megabytes, "rows": rows, "times": options.times}
    result = {"machine": machine(), "versions": versions(commit())} | about | found
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

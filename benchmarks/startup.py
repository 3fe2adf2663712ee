"""Cold start without torch: `python benchmarks/startup.py --python .venv-runtime/bin/python` writes its result file.

Two new processes each time: one imports bigru, one answers a sentence with LAC-small. Wall and processor seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import bigru
from bigru.bundle import save
from bigru.convert import lac

RESULT = Path(__file__).parent / "results" / "startup.json"
SENTENCE = "苹果公司在加利福尼亚州发布了新款 iPhone。"


def measure(command: list[str], times: int) -> dict[str, float]:
    """Run a command several times; return the median and least wall seconds, and the median processor seconds."""
    wall, cpu = [], []
    for _ in range(times + 1):
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        after = os.times()
        wall.append(time.perf_counter() - start)
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
    # The first run fills the caches of the disk.
    return {
        "wall_median": round(statistics.median(wall[1:]), 4),
        "wall_least": round(min(wall[1:]), 4),
        "processor_median": round(statistics.median(cpu[1:]), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="Python of an environment without torch")
    parser.add_argument("--times", type=int, default=15)
    arguments = parser.parse_args()
    python = str(arguments.python.absolute())
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "lac"
        save(lac.read(), model)
        result = {
            "python alone": measure([python, "-c", "pass"], arguments.times),
            "import bigru": measure([python, "-c", "import bigru"], arguments.times),
            "bigru predict": measure([python, "-m", "bigru", "predict", str(model), SENTENCE], arguments.times),
            "times": arguments.times,
            "load": os.getloadavg()[0],
            "version": bigru.__version__,
        }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

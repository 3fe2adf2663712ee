"""Which planted faults in code the tests do not see: `python benchmarks/mutants.py [--rooms tasks metrics bundle]`.

A mutant is one file of a room with one operator, constant or condition changed, drawn with a fixed seed. The tests of
the room run against it, without trainings and slow tests, until one fails; a mutant that passes them all is a survivor.
The files stay as they are: the changed source is compiled where the module is imported. The survivors and the share of
mutants that were seen go to benchmarks/results/mutants.json. A survivor may be no fault (a message's number, a bound
that nothing reaches): each is to be read.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from provenance import commit, machine, versions

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bigru"
RESULT = ROOT / "benchmarks" / "results" / "mutants.json"

ROOMS = {
    "tasks": ["tests/tasks", "tests/test_golden.py"],
    "metrics": ["tests/metrics"],
    "bundle": ["tests/bundle", "tests/test_golden.py"],
}
"""The tests that run against the mutants of a room."""

MARKS = "not slow and not train and not process and not browser and not other_instruction_set"

LIMIT_SECONDS = 300.0
"""A mutant whose tests run longer than this is seen: it does not end."""

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}

IMPORTED = """
import importlib.machinery, os, sys

def of_mutant(loader, fullname, real=importlib.machinery.SourceFileLoader.get_code):
    if loader.path == os.environ["MUTANT_FILE"]:
        with open(os.environ["MUTANT_SOURCE"], encoding="utf-8") as source:
            return compile(source.read(), loader.path, "exec")
    return real(loader, fullname)

importlib.machinery.SourceFileLoader.get_code = of_mutant
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""
"""Runs pytest with the changed source in the place of its file."""


class Mutant(NamedTuple):
    """One change: the file, its line, what stands there and what is put there."""

    file: Path
    line: int
    before: str
    after: str
    source: str


def changes(tree: ast.Module) -> Iterator[tuple[ast.AST, str, Any]]:
    """Yield the places of a module that can be changed: node, field and the new value."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]]
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
            yield node, "op", SWAPS[type(node.op)]()
        elif isinstance(node, ast.Constant) and id(node) not in documents:
            if isinstance(node.value, bool):
                yield node, "value", not node.value
            elif isinstance(node.value, int | float):
                yield node, "value", node.value + 1


def mutants(file: Path) -> list[Mutant]:
    """Return every mutant of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = []
    for node, field, value in changes(tree):
        before, old = ast.unparse(node), getattr(node, field)
        setattr(node, field, value)
        found.append(Mutant(file, getattr(node, "lineno", 0), before, ast.unparse(node), ast.unparse(copy.copy(tree))))
        setattr(node, field, old)
    return found


def survives(mutant: Mutant, number: int, tests: list[str], place: Path) -> bool:
    """Tell whether all tests pass against a mutant."""
    source = place / f"{number}.py"
    source.write_text(mutant.source, encoding="utf-8")
    settings = {"MUTANT_FILE": str(mutant.file), "MUTANT_SOURCE": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", IMPORTED, "-q", "-x", "-p", "no:cacheprovider", "-m", MARKS, *tests]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | settings, capture_output=True, timeout=LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def run(room: str, count: int, seed: int, jobs: int, place: Path) -> dict[str, Any]:
    """Return what became of `count` mutants of a room."""
    every = [mutant for file in sorted((SOURCE / room).rglob("*.py")) for mutant in mutants(file)]
    drawn = random.Random(f"{seed} {room}").sample(every, min(count, len(every)))
    with ThreadPoolExecutor(jobs) as pool:
        alive = list(pool.map(lambda one: survives(one[1], one[0], ROOMS[room], place), enumerate(drawn)))
    survivors = [mutant for mutant, lives in zip(drawn, alive, strict=True) if lives]
    print(f"{room}: {len(drawn) - len(survivors)} of {len(drawn)} seen ({len(every)} possible)", file=sys.stderr)
    return {
        "possible": len(every),
        "tried": len(drawn),
        "seen": len(drawn) - len(survivors),
        "survivors": [
            {"place": f"{one.file.relative_to(SOURCE)}:{one.line}", "before": one.before, "after": one.after}
            for one in sorted(survivors)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="+", default=list(ROOMS), choices=ROOMS)
    parser.add_argument("--count", type=int, default=40, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried side by side")
    parser.add_argument("--work", type=Path, required=True, help="folder for the changed sources")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    found = {room: run(room, asked.count, asked.seed, asked.jobs, asked.work) for room in asked.rooms}
    facts = {"seed": asked.seed, "marks": MARKS, "machine": machine(), "versions": versions(commit())}
    command = f"python benchmarks/mutants.py --work FOLDER --count {asked.count} --seed {asked.seed}"
    RESULT.write_text(json.dumps({"rooms": found, **facts, "command": command}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

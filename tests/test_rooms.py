"""The rooms within a room: they import each other in one direction, and the tests have small folders too."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from test_floors import FILES, ROOT

TESTS = Path(__file__).parent

MOST_FILES = 20
SYMMETRIC = {"ops"}
"""Rooms whose folders are peers: what all cells share calls each cell, and each cell's specification uses it."""


def parse(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def at_runtime(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    """Yield the relative imports that run: all but those for type checkers."""
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in hidden:
            yield node


def inner_imports(names: list[str]) -> dict[str, set[str]]:
    """Return which parts of a room import which: its folders, and its files outside of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        parts = name.removesuffix(".py").split("/")
        here = "/".join(parts[:2])
        package = ["bigru", *parts[:-1]]
        for node in at_runtime(parse(name)):
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                there = [*base, alias.name][1:3]
                if len(there) == 2 and there[0] == parts[0] and "/".join(there) != here:
                    found[here].add("/".join(there))
    return found


def on_a_circle(edges: dict[str, set[str]]) -> set[str]:
    """Return the nodes from which a way leads back to them."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for after in edges.get(waiting.pop(), set()) - seen:
                seen.add(after)
                waiting.append(after)
        return seen

    return {node for node in edges if node in reached(node)}


def crowded(folders: dict[Path, int]) -> list[str]:
    return [f"{folder}: {count}" for folder, count in folders.items() if count > MOST_FILES]


def code_files(root: Path) -> dict[Path, int]:
    """Return how many Python files each folder holds, those for all of its tests not counted."""
    found: dict[Path, int] = defaultdict(int)
    for path in root.rglob("*.py"):
        found[path.parent.relative_to(root.parent)] += path.name not in ("__init__.py", "conftest.py")
    return found


def test_no_folder_of_tests_is_crowded() -> None:
    assert crowded(code_files(TESTS)) == []


def test_the_folders_of_a_room_import_in_one_direction() -> None:
    inner = [name for name in FILES if name.count("/") and name.split("/")[0] not in SYMMETRIC]
    assert on_a_circle(inner_imports(inner)) == set()


def test_faults_are_seen() -> None:
    assert on_a_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == {"b", "c"}
    assert on_a_circle({"a": {"b"}, "b": {"c"}}) == set()
    assert crowded({Path("a"): 21, Path("b"): 20}) == ["a: 21"]
    assert "train/loop" in inner_imports([name for name in FILES if name.startswith("train/")])

"""Limits that keep the house easy to find one's way in: small folders, few parameters, one name for one class.

What is beyond a limit today is counted; the counts may fall and never rise.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from test_floors import FILES, ROOT, imports

MOST_FILES = 20
"""Files of a folder, without `__init__.py`."""

MOST_PARAMETERS = 12

MANY_PARAMETERS = ("estimators/", "cli/")
"""Where the interface itself has many options."""

FULL_FOLDERS: dict[str, int] = {}
"""Files of the folders that have more."""

SHARED_NAMES = 3

TWINS = {"Config"}
"""Names that several classes bear on purpose: each task has its Config, and nn and runtime are distinguished by
room."""


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def functions(name: str) -> Iterator[tuple[str, int]]:
    """Yield each function of a file with the number of its parameters, self and cls not counted."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            yield node.name, sum(one.arg not in ("self", "cls") for one in given)


def shared(files: list[str]) -> dict[str, list[str]]:
    """Return the public classes of one name in several files, a pair in nn and runtime not counted."""
    found = defaultdict(list)
    for name in files:
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in TWINS:
                found[node.name].append(name)
    return {
        name: places
        for name, places in found.items()
        if len(places) > 1 and {place.split("/")[0] for place in places} != {"nn", "runtime"}
    }


def test_the_kernels_are_imported_in_one_file() -> None:
    assert [name for name in FILES if "bigru._native" in imports(name)] == ["ops/library.py"]


def test_nothing_is_imported_from_the_front_door() -> None:
    rooms = {PurePosixPath(name).parts[0].removesuffix(".py") for name in FILES}
    named = [(name, dotted) for name in FILES for dotted in imports(name) if dotted.split(".")[0] == "bigru"]
    assert [pair for pair in named if pair[1].split(".")[1] not in rooms | {"_native"}] == []


def test_folders_stay_small() -> None:
    sizes = Counter(str(PurePosixPath(name).parent) for name in FILES if not name.endswith("__init__.py"))
    assert {folder: size for folder, size in sizes.items() if size > FULL_FOLDERS.get(folder, MOST_FILES)} == {}


def test_functions_take_few_parameters() -> None:
    places = [name for name in FILES if not name.startswith(MANY_PARAMETERS)]
    found = [f"{name}: {function}, {n}" for name in places for function, n in functions(name) if n > MOST_PARAMETERS]
    assert found == []


def test_a_name_belongs_to_one_class() -> None:
    found = shared(FILES)
    assert len(found) <= SHARED_NAMES, found


def test_the_limits_see_what_is_beyond_them() -> None:
    assert ("forward", 10) in functions("ops/gru/native.py")
    assert dict(functions("errors.py"))["sentence"] == 5

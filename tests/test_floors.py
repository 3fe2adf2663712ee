"""The house's floors: imports go down only, and torch stays where a server never goes.

cli
serve, study
estimators
train
plain
export
verify
runtime | nn
convert
bundle
models
tasks
doctor
features
tables
readers
ops, metrics, notation
scheme, config
layout
errors, _version
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import bigru
from bigru.tasks import TASKS

ROOT = Path(bigru.__file__).parent
FLOORS = [
    [room.strip() for room in re.split(r"[,|]", line)] for line in (__doc__ or "").splitlines()[2:] if line.strip()
]
HEIGHT = {room: height for height, rooms in enumerate(reversed(FLOORS)) for room in rooms}
TORCH = re.compile(r"^(nn/|train/|study/|plain/|convert/|estimators/|ops/\w+/(autograd|torch_ops)\.py$)")
HEAVY = {"torch", "sklearn"}
AT_HOME = re.compile(r"^(tasks/|config/|train/(recipes|defaults)\.py$)")
"""Where it may be asked which task there is."""

TASK_BRANCHES = 2
"""Places elsewhere that compare a task: so many, and never more. They ask whether two are the same, whichever that is:
the tasks of two files, and those of an estimator and of its model."""

SCRIPT = "export/torch/torch_model.py"
"""Written into an exported folder as it is, with torch and nothing of bigru: no module of the house."""

FILES = sorted({path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py")} - {SCRIPT})


@cache
def imports(name: str) -> list[str]:
    """Return every module that a file imports, anywhere in it, as dotted names with relative ones resolved."""
    package = ["bigru", *name.split("/")[:-1]]
    found = []
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + ([node.module] if node.module else [])
            found += [".".join([*base, alias.name]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def room(dotted: str) -> str | None:
    """Return the room of the house that `bigru.room.file` lies in, None for what is no room."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "bigru" and len(parts) > 1 and parts[1] in HEIGHT else None


def test_every_file_is_in_a_room() -> None:
    homeless = [
        name for name in FILES if name.split("/")[0].removesuffix(".py") not in {*HEIGHT, "__init__", "__main__"}
    ]
    assert homeless == []


def test_imports_go_down_only() -> None:
    found = []
    for name in FILES:
        here = name.split("/")[0].removesuffix(".py")
        there = {room(dotted) for dotted in imports(name)} - {None, here} if here in HEIGHT else set()
        found += [f"{name} imports {r}" for r in there if r is not None and HEIGHT[r] >= HEIGHT[here]]
    assert found == []


def test_torch_stays_where_a_server_never_goes() -> None:
    found = []
    for name in FILES:
        heavy = sorted({dotted for dotted in imports(name) if dotted.split(".")[0] in HEAVY})
        found += [f"{name} imports {dotted}" for dotted in heavy if not TORCH.match(name)]
    assert found == []


def test_the_script_of_an_exported_folder_is_no_module_of_the_house() -> None:
    assert {dotted.split(".")[0] for dotted in imports(SCRIPT)} & {"bigru", *HEAVY} == {"torch"}
    module = "bigru." + SCRIPT.removesuffix(".py").replace("/", ".")
    assert [name for name in FILES for dotted in imports(name) if f"{dotted}.".startswith(f"{module}.")] == []


def test_files_stay_short() -> None:
    lines = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in [*FILES, SCRIPT]}
    assert {name: count for name, count in lines.items() if count >= 400} == {}


def task_branches(text: str) -> list[int]:
    """Return the lines that compare a task, or ask whose configuration one is."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            sides = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
            constants = {part.value for part in sides if isinstance(part, ast.Constant)}
            named = {getattr(part, "id", getattr(part, "attr", None)) for part in sides}
            if constants & set(TASKS) or ("task" in named and None not in constants):
                found.append(node.lineno)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            named = {getattr(part, "id", getattr(part, "attr", None)) for part in ast.walk(node.args[1])}
            if named & {"Config", "ModelConfig", "ForecastModelConfig"}:
                found.append(node.lineno)
    return found


def test_what_depends_on_the_task_is_said_by_the_task() -> None:
    found = [
        f"{name}:{line}"
        for name in FILES
        if not AT_HOME.match(name)
        for line in task_branches((ROOT / name).read_text(encoding="utf-8"))
    ]
    assert len(found) <= TASK_BRANCHES, found
    rooms = {re.split(r"[/.]", name)[0] for name in found}
    assert rooms <= {"estimators", "doctor"}, found


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("x = task == 'tag'", 1),
        ("x = bundle.task in OTHERS", 1),
        ("x = kind != 'transcribe'", 1),
        ("x = isinstance(config, tag.Config)", 1),
        ("x = isinstance(model, (int, ModelConfig))", 1),
        ("x = task.decisions(gold) < 100", 0),
        ("x = task is None or model.head == 'window'", 0),
    ],
)
def test_a_planted_branch_is_counted(line: str, count: int) -> None:
    assert len(task_branches(line)) == count


def test_the_floors_see_a_planted_import() -> None:
    assert room("bigru.nn.gru") == "nn"
    assert HEIGHT["errors"] < HEIGHT["layout"] < HEIGHT["ops"] < HEIGHT["tasks"] < HEIGHT["nn"] < HEIGHT["cli"]
    assert HEIGHT["runtime"] == HEIGHT["nn"]

"""Tasks: from examples to targets, and from logits to answers and scores. NumPy only.

Each file is one task and has the same public words, so that nothing else has to know which task it serves:

| word | what |
|---|---|
| `Config` | what a model answers and reads |
| `HEAD` | what the network puts out: "sequence", "step" or "window", one row of logits for each |
| `NAME`, `SAVED`, `NO_MEAN` | what a model is called, what config.json holds, whether answers have a mean |
| `required` | what the shape of a model has to be |
| `featurise`, `targets` | inputs and labels as arrays |
| `prepare` | what deciding needs of a model's weights |
| `decide` | logits to a `Decision`: arrays |
| `answer` | a `Decision` to answers: a dict per input |
| `answer_types` | the entries of such a dict, and the type of each |
| `tied` | whether two decisions differ by rounding alone |
| `running` | answers while an input is still coming; not of a window |
| `exported` | what an exported file decided, of its outputs |
| `score` | answers against true labels, as a report |

Tasks with labels also have `true_labels`; for the one figure that chooses an epoch `dev_score`, `quick_score` and
`decisions`; `check_pairs`, which refuses labels that their input has no room for; and `describe`, what a model answers,
in words. Every `Config` has `features`, `labels` (the names of what it answers), `outputs` and `objective`, a loss of
`bigru.train.loop.build`. The score that `dev_score` names lies within 0..1; `targets` of other than classes are
float32.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ..errors import check_choice

__all__ = ["TASKS", "task_named"]

TASKS = ("classify", "tag", "forecast", "transcribe")
"""The tasks. Each is loaded when a model names it: all of them take longer to load than a text to answer."""


def task_named(name: str) -> ModuleType:
    """Return the module of a task.

    Raises:
        ArgumentError: there is no task of that name.
    """
    check_choice("Bundle", "task", name, TASKS)
    return import_module(f".{name}", __name__)

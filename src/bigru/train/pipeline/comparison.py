"""What the scores of a training are worth: how a plain model compares, and how much the dev rows can tell at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import MissingExtraError, first_names
from ...features.text import TextFeatures
from ...metrics.score import Report, Score
from ...plain.choice import CHOICES, Rows, TooLongError, fit_plain, work_share
from ...readers.examples import Examples
from ...tasks import task_named
from ...tasks.alignment import targets_per_unit

if TYPE_CHECKING:
    from ...runtime.predictor import Predictor
    from ..recipes import Plan

__all__ = ["DOUBTFUL", "comparison_line", "find_doubts", "score_plain"]

DOUBTFUL = 5.0
"""Points that a score must be off by at most to need no word about it."""

SHOWN = 5
"""Classes that are named before they are only counted."""

Z = 1.96
"""Standard deviations to each side that 95 % of a normal distribution lie within."""

NAMES = {"span_f1": "span F1", "micro_f1": "micro F1"}


def score_plain(
    decided: Plan, learnt: Examples, judges: Mapping[str, Examples], predictor: Predictor, unbounded: bool = False
) -> dict[str, Any] | None:
    """Fit the plain model of a task and score it as the network is; None where there is none, or nothing to score on.

    Args:
        decided: the problem.
        learnt: what the network learns from.
        judges: the parts to score on by name, "dev" (also to choose settings by) and "test".
        predictor: scores answers.
        unbounded: whether it may take any time.

    Returns:
        `name`, `where`, `score` (what is scored), `dev` and `test` (its values, of the parts there are), `rows` (learnt
        from), `of` (rows that there are) and `seconds`; or `name` and `left_out`, the reason why.
    """
    config = decided.config
    choice = CHOICES.get((learnt.task, learnt.kind))
    if choice is None or not judges:
        return None
    rows, asked = _rows(decided, learnt), {name: _rows(decided, part) for name, part in judges.items()}
    lookup = getattr(config.features, "lookup", None)
    share = None if unbounded else work_share(decided.training.max_seconds)
    try:
        fitted = fit_plain(
            learnt.task,
            learnt.kind,
            rows,
            asked.get("dev"),
            multi_label=learnt.multi_label,
            scheme=getattr(config, "scheme", None),
            features=len(getattr(config.features, "columns", ())),
            seed=decided.training.seed,
            share=share,
            words_at=lookup and lookup.of,
        )
    except (MissingExtraError, TooLongError) as error:
        return {"name": choice.name, "left_out": str(error).removeprefix("bigru: ")}
    except ValueError as error:
        return {"name": choice.name, "left_out": f"it found nothing to learn from ({error})"}
    assert fitted is not None
    key = next(iter(decided.task.answer_types(config)))
    scores = {}
    for name, part in judges.items():
        found = fitted.model.predict(asked[name].inputs)
        scores[name] = predictor.score(part, [{key: answer} for answer in found]).scores[0]
    facts: dict[str, Any] = {"name": choice.name, "where": choice.where, "score": next(iter(scores.values())).name}
    facts |= {name: score.value for name, score in scores.items()}
    return facts | {"rows": fitted.rows, "of": len(rows.inputs), "seconds": round(fitted.seconds, 1)}


def _rows(decided: Plan, part: Examples) -> Rows:
    """Return a part as a plain model reads it: tags one per unit, recordings as their frames."""
    config, inputs = decided.config, part.inputs
    read, targets = config.features, targets_per_unit(config, part)[0]
    if part.kind == "audio":
        return Rows(decided.task.featurise(config, inputs), targets)
    if isinstance(read, TextFeatures) and not _is_of_inputs(part):
        inputs = [[x[a:b] for a, b in read.units(x)] if isinstance(x, str) else list(x) for x in inputs]
    return Rows(inputs, targets)


def _is_of_inputs(part: Examples) -> bool:
    """Tell whether labels belong to whole inputs, not to their steps."""
    head = task_named(part.task).HEAD
    return bool(head == "sequence")


def comparison_line(facts: Mapping[str, Any], reports: Mapping[str, Report], parts: Mapping[str, Examples]) -> str:
    """Return a line that says how the network and the plain model compare, and what to do where it is not ahead.

    Args:
        facts: what `score_plain` returned.
        reports: the network's scores by part.
        parts: what it was scored on.
    """
    if "left_out" in facts:
        return f"no plain model beside it: {facts['name']} is left out, as {facts['left_out']}"
    scored = [name for name in ("dev", "test") if name in facts]
    score = NAMES.get(facts["score"], facts["score"])
    ours = [f"{name} {_main_score(reports[name]).value:.3f}" for name in scored]
    ours[0] = ours[0].replace(" ", f" {score} ")
    theirs = ", ".join(f"{facts[name]:.3f}" for name in scored)
    some = f", learnt from {facts['rows']:,} of {facts['of']:,} rows" if facts["rows"] < facts["of"] else ""
    # Nothing was chosen by test, and it is mostly larger.
    name = scored[-1]
    value, noise = _main_score(reports[name]).value, _uncertainty(reports[name], parts[name])
    rows = _count_text(len(parts[name]), name)
    verdict = _verdict(100 * (value - facts[name]), noise, rows, facts["where"])
    if value == facts[name] == 1.0:
        verdict = " (neither makes a mistake)"
    return f"{', '.join(ours)}; {facts['name']}{some}: {theirs}{verdict}"


def _verdict(points: float, noise: float, rows: str, where: str) -> str:
    if points > noise:
        return ""
    if points > 0:
        return f" (ahead by {points:.1f} points, within the noise of {rows})"
    behind = "level" if points > -0.05 else f"{-points:.1f} points behind"
    behind += f", within the noise of {rows}" if -points <= noise else ""
    return f". The BiGRU is not ahead ({behind}): label more rows, or predict with the plain model ({where})"


def find_doubts(reports: Mapping[str, Report], parts: Mapping[str, Examples], learnt: Examples) -> list[str]:
    """Return what makes the scores doubtful: few rows, classes without a row in dev, classes of a single row.

    Args:
        reports: the scores by part.
        parts: what was scored; without "dev" nothing was left to choose the epoch by.
        learnt: what was learnt from.
    """
    lines = []
    for name, report in reports.items():
        off = _uncertainty(report, parts[name])
        if off >= DOUBTFUL:
            few = _count_text(len(parts[name])) + _group_count(parts[name])
            lines.append(f"{name} has {few}: the score may be off by {off:.0f} points")
    if "dev" not in parts:
        lines.append("there are no dev rows: no score chose the epoch, and nothing says how good the model is")
    if not _is_of_inputs(learnt):
        return lines
    known = _classes(learnt)
    judged = _classes(parts["dev"]) if "dev" in parts else known
    single = [name for name, count in known.items() if count == 1 and (name not in judged or judged is known)]
    missing = [name for name in known if name not in judged and name not in single]
    if missing:
        what = "class that is learnt" if len(missing) == 1 else "classes that are learnt"
        how = "it is" if len(missing) == 1 else "they are"
        lines.append(f"dev lacks {len(missing)} {what} ({_first(missing)}): nothing says how well {how} found")
    if single:
        what = "class has a single row" if len(single) == 1 else "classes have a single row each"
        what = f"{len(single)} {what} ({_first(single)}), learnt from and never scored"
        lines.append(f"{what}: add rows, or leave such classes out")
    return lines


def _group_count(part: Examples) -> str:
    """Return of how many groups a part is; rows of one group are alike, so that they count for less."""
    count = 0 if part.groups is None else len(set(part.groups))
    return f" of {count:,} group{'' if count == 1 else 's'}" if count else ""


def _count_text(rows: int, part: str = "") -> str:
    return f"{rows:,} {part}{' ' if part else ''}row{'' if rows == 1 else 's'}"


def _classes(part: Examples) -> dict[str, int]:
    """Return the classes of labelled examples, in order, and how often each comes."""
    found: dict[str, int] = {}
    for target in part.targets or []:
        for label in [target] if isinstance(target, str) else target:
            found[label] = found.get(label, 0) + 1
    return dict(sorted(found.items()))


def _main_score(report: Report) -> Score:
    """Return the score that the epoch is chosen by."""
    return report.scores[0]


def _uncertainty(report: Report, part: Examples) -> float:
    """Return how far the main score of a part may be off, in points: to the farther end of its 95 % interval.

    For the share of rows that are right this is the interval of Wilson (1927), which stays honest where nearly all or
    none are: drawing those again always gives the same. So it does for other scores at their ends.
    """
    score, n = _main_score(report), len(part)
    p, low, high = score.value, score.low, score.high
    shares = _is_of_inputs(part) and not part.multi_label
    if shares or low is None or high is None or low == high:
        centre, spread = (p + Z * Z / (2 * n)) / (1 + Z * Z / n), math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        low, high = (centre + side * Z / (1 + Z * Z / n) * spread for side in (-1, 1))
    return 100 * max(p - low, high - p)


def _first(names: Sequence[str]) -> str:
    return first_names([repr(name) for name in names], SHOWN)

"""The verdict: every layout looks at a table, the best is chosen if it is clearly best, and a doubt is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from ...errors import DataError, argument, sentence
from ..examples import Examples
from ..labels import is_list
from ..reading import Reading
from ..roles import UNREAD, Role
from ..table import Table
from ..token_features import attach, columns_of, is_quantised
from . import groups, indicators, lists, long, recordings, spans, texts, timed, tokens, wide
from .evidence import Proposal, View, name_some
from .soft_labels import find_soft_labels

__all__ = ["LAYOUTS", "build", "choose", "is_timed"]

LAYOUTS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (texts, indicators, spans, lists, tokens, long, wide, recordings, timed)
}
"""Every way to read a table, by name."""

CLEAR = 1.0
"""Points that the best reading must be ahead of the next."""

KINDS = {
    "text": ("texts", "indicators", "spans"),
    "tokens": ("lists", "tokens", "texts", "indicators", "spans"),
    "series": ("lists", "long", "wide"),
    "audio": ("recordings",),
}
"""The layouts that a model can read, by the kind of its inputs: one that reads tokens cuts texts into them."""

FIELDS = {
    **{"text": "text", "token": "text", "tokens": "text", "recording": "text", "list": "text"},
    **{"label": "label", "tag": "label", "tags": "label", "spans": "label", "transcript": "label"},
    **{"series": "id", "sentence": "id", "time": "time"},
}
"""The field of `Reading` that names the column of a role."""


OF_ROLES = {"token": "tokens", "tokens": "lists", "list": "lists", "spans": "spans", "recording": "recordings"}
"""The layout that alone has columns of a role."""


def choose(table: Table, reading: Reading, required: bool, kind: str | None = None) -> tuple[Proposal, View]:
    """Return the reading of a table that is clearly best.

    Args:
        table: the table.
        reading: what the user has decided.
        required: whether labels are needed.
        kind: the kind of inputs that a model takes, where one is to answer.

    Raises:
        DataError: no reading is plausible, or two are equally so; the options that decide are named.
    """
    group = groups.group_column(table, reading)
    aside = [group] if group is not None else list((reading.like or {}).get("group", ()))
    features = columns_of(table.source, _by_name(table, reading), table.names)
    hidden = {*aside, *features}
    inside = table.select([name for name in table.names if name not in hidden]) if hidden else table
    reading = _by_name(table, reading) if features else reading
    soft = find_soft_labels(inside, reading) if required else None
    if soft is None:
        view = View(inside, _as_before(inside, reading), required, kind)
    else:
        view = View(soft.table, _as_before(soft.table, soft.reading), required, kind, soft)
    found = [one for name in _possible(view) if (one := LAYOUTS[name].propose(view)) is not None]
    alive = sorted((one for one in found if not one.objections), key=lambda one: -one.points)
    if not alive:
        _check_kind(view)
        raise DataError(_refusal(view, found))
    best = alive[0]
    for other in alive[1:2]:
        if best.points - other.points < CLEAR:
            want = f"chosen: {best.meaning} ({best.options}), or {other.meaning} ({other.options})"
            raise DataError(sentence(table.source, "the reading", want, "a table that fits both"))
    if best.question:
        raise DataError(sentence(table.source, *best.question))
    best.roles = [_explain(one, reading, view.reading) for one in best.roles]
    best.roles += [] if group is None else [Role(group, "group", "named")]
    best.roles += [Role(name, "feature", "named" if reading.features else "as in training") for name in features]
    best.roles += _unread(view, best) if aside else groups.unread_roles(view, _unread(view, best))
    best.roles = best.roles if soft is None else soft.roles(best.roles, reading.label is not None)
    return best, view


def _by_name(table: Table, reading: Reading) -> Reading:
    """Return a reading whose columns are named, not numbered, so that they stay when others are set aside."""
    view = View(table, reading, False)
    found = {name: view.find(name, getattr(reading, name)) for name in ("text", "label")}
    ids = tuple(one.name for one in view.find_all("id", reading.id))
    return reading.but(id=ids, **{name: one.name for name, one in found.items() if one is not None})


def _as_before(table: Table, reading: Reading) -> Reading:
    """Return a reading in which columns that bear the names of those read before are read alike."""
    names = set(table.names) if table.named else set()
    changes: dict[str, Any] = {}
    like = dict(reading.like or {})
    if "series" in like and "values" not in like:
        # A list a cell is a whole series; a column that tells series apart stands beside the values.
        like["list"] = like.pop("series")
    if not names.issuperset(like.get("spans", ())):
        # Spans may stand in another column; a text that is named would be taken for one with a label.
        return reading
    for role, columns in like.items():
        many = role == "label" and len(columns) > 1
        name = "labels" if many else FIELDS.get(role)
        if name is not None and names.issuperset(columns) and not getattr(reading, name):
            changes[name] = columns if name in ("labels", "id", "time") else columns[0]
            if role in OF_ROLES and reading.layout is None:
                changes["layout"] = OF_ROLES[role]
    return reading.but(**changes)


def _explain(role: Role, given: Reading, known: Reading) -> Role:
    """Return a role, with the reason that its column is read as in training where no one has named it."""
    fields = ("text", "label", "labels", "id", "time")
    changed = [getattr(known, name) for name in fields if getattr(known, name) != getattr(given, name)]
    columns = {one for value in changed for one in ((value,) if isinstance(value, str) else value)}
    return Role(role.column, role.role, "as in training") if role.why == "named" and role.column in columns else role


def is_timed(table: Table, reading: Reading) -> bool:
    """Tell whether a table is one with time, whose next rows could be forecast, rather than one of labelled examples.

    Raises:
        DataError: as `choose`.
    """
    return reading.target.is_future or choose(table, reading, True)[0].layout == "timed"


def _possible(view: View) -> list[str]:
    """Return the layouts that what the user has decided, and the model, leave open."""
    reading, forecasts = view.reading, view.reading.target.is_future
    names = list(LAYOUTS)
    if reading.layout is not None:
        return [reading.layout]
    if not view.required and not forecasts:
        names.remove("timed")
    if reading.labels:
        names = ["indicators"]
    if is_quantised(reading):
        names = [name for name in names if name in ("lists", "tokens")]
    if reading.task is not None and (view.required or forecasts):
        names = [name for name in names if name in reading.target.layouts]
    if view.kind is not None:
        names = [name for name in names if name in KINDS[view.kind]]
    if reading.id and not forecasts:
        names = [name for name in names if name in ("long", "tokens")]
    elif reading.time and reading.task is None:
        names = [name for name in names if name in ("long", "timed")]
    return names


def _check_kind(view: View) -> None:
    """Refuse a table that could be read, but not as the kind of inputs that a model takes."""
    if view.kind is None:
        return
    for kind, names in KINDS.items():
        others = [LAYOUTS[name].propose(view) for name in names if name not in KINDS[view.kind]]
        if any(one is not None and not one.objections for one in others):
            raise DataError(sentence(view.table.source, "data", f"{view.kind}, as the model reads", kind))


def _unread(view: View, best: Proposal) -> list[Role]:
    """Name the columns that are not read."""
    used = {role.column for role in best.roles}
    return [Role(one.name, UNREAD, one.describe()) for one in view.profiles if one.name not in used]


def _refusal(view: View, found: list[Proposal]) -> str:
    """Say why no reading is plausible, and what the table might be."""
    source, reading = view.table.source, view.reading
    best = max(found, key=lambda one: one.points, default=None)
    if is_quantised(reading) and best is None:
        names, columns = ", ".join(map(repr, is_quantised(reading))), name_some(view.table.names)
        return sentence(source, "the table", f"one of tokens, of which {names} are features", f"the columns {columns}")
    if reading.target.per_step and view.required and best is None:
        remedy = "Tags are read from CoNLL columns, or from JSON records with spans or tokens."
        return sentence(source, "task", "classify for texts with labels", reading.task, remedy)
    if best is not None:
        name, want, got, remedy = best.objections[0]
        way = argument("reading.task", "forecast")
        hint = "" if way in remedy + want else _hint(view)
        return sentence(source, name, want, got, " ".join(filter(None, [remedy, hint])))
    columns = name_some([f"{one.name} ({one.describe()})" for one in view.profiles])
    text, label, id = (argument(f"reading.{field}") for field in ("text", "label", "id"))
    task = argument("reading.task", "forecast")
    remedy = _hint(view) or f"Name columns with {text} and {label}, with {id} for series, or give {task}."
    return sentence(source, "the table", "texts with labels, tokens, series or recordings", columns, remedy)


def _hint(view: View) -> str:
    """Return what the table looks like, if it is one with time."""
    if not view.required or view.reading.layout is not None or view.reading.task is not None:
        return ""
    guess = timed.propose(View(view.table, view.reading, False))
    if guess is not None and not guess.objections:
        return timed.advice(guess)
    words = view.prose is not None or next(view.of_kind("recording"), None) is not None
    numbers = not words and any(one.kind == "number" and not one.counter for one in view.profiles)
    return f"To forecast numbers, rows being steps of time: {argument('reading.task', 'forecast')}." if numbers else ""


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Read the examples of a table as it was chosen to be read."""
    make: Callable[[Table, Proposal, View], Any] = LAYOUTS[chosen.layout].build
    result: Examples = make(view.table, chosen, view)
    result.groups = groups.read_groups(table, view.reading, result)
    names = columns_of(table.source, view.reading, table.names)
    attach(result, names, _cells_of(table, names, result) if names else [])
    if view.soft is not None:
        view.soft.attach(result)
    result.rows = None
    result.roles = chosen.roles
    result.findings = sorted([*table.findings, *result.findings], key=lambda one: one.line)
    result.inferred = {**table.inferred, **result.inferred}
    return result


def _cells_of(table: Table, names: Sequence[str], result: Examples) -> list[Sequence[Sequence[Any]]]:
    """Return the cells of some columns for each example: of the rows of its tokens, or the lists in its row.

    Raises:
        DataError: a cell is no list of as many values as there are tokens.
    """
    found: list[Sequence[Sequence[Any]]] = []
    for rows, x in zip(result.rows or (), result.inputs, strict=True):
        if not isinstance(rows, int):
            found.append([[table.column(name)[n] for n in rows] for name in names])
            continue
        found.append([_list_of(table, name, rows, len(x)) for name in names])
    return found


def _list_of(table: Table, name: str, row: int, length: int) -> Sequence[Any]:
    cell = table.column(name)[row]
    if not is_list(cell) or len(cell) != length:
        got = f"{len(cell)} of them" if is_list(cell) else repr(cell)[:80]
        place = f"{table.source}:{table.lines[row]}"
        raise DataError(sentence(place, f"feature {name!r}", f"a list of {length} values, one per token", got))
    return list(cell)

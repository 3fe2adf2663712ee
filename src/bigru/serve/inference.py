"""The Open Inference Protocol, version 2, as KServe speaks it: tensors by name instead of inputs.

A model of texts reads a tensor "text" of BYTES [N], a forecaster "table" of BYTES [N] (JSON objects), a model of series
"series" of FP32 or FP64 [T, I] or [N, T, I]. Every model answers "answer", BYTES [N]: the JSON that /v1 answers; a
classifier also "label", BYTES [N], and "scores", FP64 [N, K].
"""

from __future__ import annotations

import math
from typing import Any

import orjson

from .. import __version__
from . import inputs as checks
from .body import Headers, Receive, parse
from .handlers import Reply, asked_of, reply
from .models import Model
from .refusal import RefusedError, shown
from .service import Service

__all__ = ["infer", "metadata", "server"]

VERSION = "1"

DATATYPES = {"text": ("BYTES",), "table": ("BYTES",), "series": ("FP32", "FP64")}


def server() -> dict[str, Any]:
    """Return what `GET /v2` says."""
    return {"name": "bigru", "version": __version__, "extensions": []}


def metadata(model: Model) -> dict[str, Any]:
    """Return what `GET /v2/models/{name}` says."""
    kind = _kind(model)
    shape = [-1, -1, -1] if kind == "series" else [-1]
    outputs: list[dict[str, Any]] = [{"name": "answer", "datatype": "BYTES", "shape": [-1]}]
    if _has_label(model):
        outputs.append({"name": "label", "datatype": "BYTES", "shape": [-1]})
        outputs.append({"name": "scores", "datatype": "FP64", "shape": [-1, len(model.labels)]})
    return {
        "name": model.name,
        "versions": [VERSION],
        "platform": "bigru",
        "inputs": [{"name": kind, "datatype": DATATYPES[kind][0], "shape": shape}],
        "outputs": outputs,
    }


async def infer(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v2/models/{name}/infer`."""
    served = service.served(name)
    kind = _kind(served.model)
    if b"inference-header-content-length" in headers:
        raise RefusedError(400, "body", "JSON alone", "binary tensors behind it")
    asked = await asked_of(served.answers, service.limits, headers, receive)
    own = asked.get("id")
    if own is not None and not isinstance(own, str):
        raise RefusedError(400, "id", "a text", type(own).__name__)
    inputs = _inputs(kind, asked)
    wanted = _wanted(asked, served.model)
    lengths = checks.check_all(kind, inputs, service.limits)
    answers = await service.answer(served.answers, inputs, lengths, receive)
    outputs = [tensor for tensor in _outputs(served.model, answers) if tensor["name"] in wanted]
    head = {"model_name": name, "model_version": VERSION}
    return reply(head | ({} if own is None else {"id": own}) | {"outputs": outputs})


def _kind(model: Model) -> str:
    if model.kind == "audio":
        remedy = "Send the recording to /v1/models/NAME/audio."
        raise RefusedError(400, "model", "one of texts, series or tables", "one of recordings", remedy)
    return model.kind


def _has_label(model: Model) -> bool:
    return model.task == "classify" and not getattr(model.predictor.bundle.config, "multi_label", False)


def _inputs(kind: str, asked: dict[str, Any]) -> list[Any]:
    tensors = asked.get("inputs")
    if not isinstance(tensors, list) or len(tensors) != 1 or not isinstance(tensors[0], dict):
        raise RefusedError(400, "inputs", "one tensor", "something else")
    tensor = tensors[0]
    name, datatype, shape, data = (tensor.get(key) for key in ("name", "datatype", "shape", "data"))
    if name != kind:
        raise RefusedError(400, "name of the tensor", repr(kind), shown(name))
    if datatype not in DATATYPES[kind]:
        raise RefusedError(400, "datatype", " or ".join(DATATYPES[kind]), shown(datatype))
    if not isinstance(data, list):
        raise RefusedError(400, "data", "a list", type(data).__name__)
    shape = _shape(shape)
    if kind == "series":
        return _series(shape, data)
    if math.prod(shape) != len(data):
        raise RefusedError(400, "data", f"as long as the shape {shown(shape)} says", len(data))
    return data if kind == "text" else [_table(entry) for entry in data]


def _shape(shape: Any) -> list[int]:
    if not isinstance(shape, list) or not 1 <= len(shape) <= 3:
        raise RefusedError(400, "shape", "a list of one to three sizes", shown(shape))
    if not all(type(n) is int and 0 <= n < 1 << 31 for n in shape):
        raise RefusedError(400, "shape", "a list of sizes", shown(shape))
    return shape


def _series(shape: list[int], data: list[Any]) -> list[Any]:
    flat = _flat(data)
    if len(shape) == 1 or math.prod(shape) != len(flat):
        raise RefusedError(
            400, "data", f"as long as the shape {shown(shape)} says, which is [T, I] or [N, T, I]", len(flat)
        )
    count, time, width = shape if len(shape) == 3 else [1, *shape]
    rows = [flat[start : start + width] for start in range(0, len(flat), width)] if flat else [[]] * (count * time)
    return [rows[n * time : (n + 1) * time] for n in range(count)]


def _flat(data: list[Any]) -> list[Any]:
    """Return the numbers of lists within lists."""
    level: list[Any] = data
    for _ in range(3):
        if not any(isinstance(entry, list) for entry in level):
            break
        level = [number for entry in level for number in (entry if isinstance(entry, list) else [entry])]
    return level


def _table(entry: Any) -> Any:
    if not isinstance(entry, str):
        raise RefusedError(400, "data", "tables, each as a text of JSON", type(entry).__name__)
    return parse(entry.encode())


def _wanted(asked: dict[str, Any], model: Model) -> set[str]:
    known = [str(tensor["name"]) for tensor in metadata(model)["outputs"]]
    wanted = asked.get("outputs")
    if wanted is None or wanted == []:
        return set(known)
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise RefusedError(400, "outputs", "a list of objects with a name", type(wanted).__name__)
    for one in wanted:
        if one.get("name") not in known:
            raise RefusedError(400, "output", "one of " + ", ".join(known), shown(one.get("name")))
    return {one["name"] for one in wanted}


def _outputs(model: Model, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    count = len(answers)
    written = [orjson.dumps(answer).decode() for answer in answers]
    outputs: list[dict[str, Any]] = [{"name": "answer", "datatype": "BYTES", "shape": [count], "data": written}]
    if _has_label(model):
        labels = [answer["label"] for answer in answers]
        scores = [answer["scores"][label] for answer in answers for label in model.labels]
        outputs.append({"name": "label", "datatype": "BYTES", "shape": [count], "data": labels})
        shape = [count, len(model.labels)]
        outputs.append({"name": "scores", "datatype": "FP64", "shape": shape, "data": scores})
    return outputs

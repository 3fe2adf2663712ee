"""The Open Inference Protocol, version 2, as KServe speaks it: tensors by name instead of inputs.

A model of texts reads a tensor "text" of BYTES [N] or [N, 1] (one of tokens [N, T] as well), a forecaster "table" of
BYTES [N] (JSON objects), a model of series "series" of numbers [T, I] or [N, T, I]. Every model answers "answer",
BYTES [N]: the JSON that /v1 answers; a classifier also "label", BYTES [N], and "scores", FP64 [N, K].
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import orjson

from ..._version import __version__
from ..engine import inputs as checks
from ..engine.errors import RefusedError, quote_client
from ..engine.limits import Limits
from ..engine.models import Loaded
from . import tensors
from .handlers import VERSION, Ask, Reply, read_body, reply
from .request_body import JSON, Headers, Receive, parse
from .service import Service

__all__ = ["check_version", "infer", "metadata", "ready", "server"]

BINARY = b"application/octet-stream"

LENGTH = b"inference-header-content-length"

DATATYPES = {"text": ("BYTES",), "table": ("BYTES",), "series": tuple(tensors.NUMBERS)}

AXES = {"text": "[N], [N, 1] or, of a model that reads tokens, [N, T]", "table": "[N]", "series": "[T, I] or [N, T, I]"}


class InferenceCall(NamedTuple):
    """A request, read and checked.

    Attributes:
        ask: what the model is asked.
        id: of the request, None where it has none.
        wanted: the outputs that are answered, and whether each is in binary.
    """

    ask: Ask
    id: str | None
    wanted: dict[str, bool]


def server() -> dict[str, Any]:
    """Return what `GET /v2` says."""
    return {"name": "bigru", "version": __version__, "extensions": ["binary_tensor_data"]}


def check_version(version: str) -> None:
    """Raise RefusedError unless a version of a model is the only one that there is."""
    if version != VERSION:
        raise RefusedError(
            404, "version", VERSION, quote_client(version), "A model has one version: that of its folder."
        )


def ready(service: Service, name: str) -> Reply:
    """Answer `GET /v2/models/{name}/ready`."""
    service.served(name)
    found = {"name": name, "ready": not service.draining}
    return reply(found, 503 if service.draining else 200)


def metadata(loaded: Loaded) -> dict[str, Any]:
    """Return what `GET /v2/models/{name}` says."""
    kind = _kind(loaded)
    shape = [-1, -1, loaded.width] if kind == "series" else [-1]
    outputs: list[dict[str, Any]] = [{"name": "answer", "datatype": "BYTES", "shape": [-1]}]
    if loaded.has_label:
        outputs.append({"name": "label", "datatype": "BYTES", "shape": [-1]})
        outputs.append({"name": "scores", "datatype": "FP64", "shape": [-1, len(loaded.labels)]})
    return {
        "name": loaded.name,
        "versions": [VERSION],
        "platform": "bigru",
        "inputs": [{"name": kind, "datatype": DATATYPES[kind][0], "shape": shape}],
        "outputs": outputs,
    }


async def infer(service: Service, name: str, headers: Headers, receive: Receive) -> Reply:
    """Answer `POST /v2/models/{name}/infer`."""
    served = service.served(name)
    _kind(served.model.loaded)
    also = BINARY if LENGTH in headers else JSON
    content = await read_body(served.answers, service.limits, headers, receive, also)
    loaded = served.model.loaded
    work = partial(_read_request, loaded, content, headers.get(LENGTH), service.limits)
    asked = await service.read(work, len(content))
    inputs, lengths, timeout = asked.ask
    answers = await service.answer(served.answers, loaded, inputs, lengths, receive, len(content), timeout)
    outputs = [one for one in _outputs(loaded, list(chain.from_iterable(answers))) if one["name"] in asked.wanted]
    head: dict[str, Any] = {"model_name": name, "model_version": VERSION}
    head |= {} if asked.id is None else {"id": asked.id}
    if not any(asked.wanted.values()):
        return reply(head | {"outputs": outputs})
    shown_outputs, behind = tensors.binary(outputs, asked.wanted.__getitem__)
    own = orjson.dumps(head | {"outputs": shown_outputs})
    reply_headers = [(b"content-type", BINARY), (b"content-length", b"%d" % (len(own) + len(behind)))]
    return Reply(200, own + behind, [*reply_headers, (LENGTH, b"%d" % len(own))])


def _kind(loaded: Loaded) -> str:
    if loaded.kind == "audio":
        remedy = "Send the recording to /v1/models/NAME/audio."
        raise RefusedError(400, "model", "one of texts, series or tables", "one of recordings", remedy)
    return loaded.kind


def _read_request(loaded: Loaded, content: bytes, length: bytes | None, limits: Limits) -> InferenceCall:
    document, behind = tensors.split_binary(content, length)
    asked = parse(document)
    own = asked.get("id")
    if own is not None and not isinstance(own, str):
        raise RefusedError(400, "id", "a text", type(own).__name__)
    parameters = _parameters(asked)
    wanted = _requested_outputs(asked, loaded, parameters.get("binary_data_output") is True)
    inputs = _inputs(loaded, asked, behind, limits)
    return InferenceCall(Ask(inputs, checks.check_all(loaded, inputs, limits), _timeout(parameters)), own, wanted)


def _parameters(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request, refused where one asks for what would change its answer."""
    found = asked.get("parameters")
    if found is not None and not isinstance(found, dict):
        raise RefusedError(400, "parameters", "an object", type(found).__name__)
    for key in found or {}:
        if key.startswith("sequence_"):
            raise RefusedError(400, "parameters", "without a sequence", key, "Every request is answered by itself.")
    return found or {}


def _timeout(parameters: dict[str, Any]) -> float | None:
    """Return the seconds of the parameter timeout, which is in microseconds."""
    value = parameters.get("timeout")
    if value is None:
        return None
    if type(value) is not int or value <= 0:
        raise RefusedError(400, "parameter timeout", "microseconds, greater than 0", quote_client(value))
    return value / 1e6


def _inputs(loaded: Loaded, asked: dict[str, Any], behind: bytes, limits: Limits) -> list[Any]:
    given, kind = asked.get("inputs"), _kind(loaded)
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise RefusedError(400, "inputs", "one tensor", "something else")
    tensor = given[0]
    name, datatype = tensor.get("name"), tensor.get("datatype")
    if name != kind:
        raise RefusedError(400, "name of the tensor", repr(kind), quote_client(name))
    if datatype not in DATATYPES[kind]:
        raise RefusedError(400, "datatype", " or ".join(DATATYPES[kind]), quote_client(datatype))
    shape = _shape(tensor.get("shape"), kind, limits)
    raw = tensors.check_size(tensor, behind)
    if kind == "series":
        found = tensors.numbers(str(datatype), shape, tensor.get("data"), raw)
        return list(found) if len(shape) == 3 else [found]
    texts = tensors.texts(shape, tensor.get("data"), raw)
    if kind == "table":
        return [parse(text.encode("utf-8", "surrogatepass")) for text in texts]
    return texts if len(shape) == 1 or shape[1] == 1 else _tokens(loaded, shape, texts)


def _tokens(loaded: Loaded, shape: list[int], texts: list[str]) -> list[Any]:
    if not loaded.tokens:
        want = "[N] or [N, 1], as the model reads texts and no tokens"
        raise RefusedError(400, "shape", want, quote_client(shape))
    width = shape[1]
    return [texts[n : n + width] for n in range(0, len(texts), width)]


def _shape(shape: Any, kind: str, limits: Limits) -> list[int]:
    """Return the shape of a tensor; what it claims is checked before anything of that size is made."""
    axes = {"text": (1, 2), "table": (1, 2), "series": (2, 3)}[kind]
    if not isinstance(shape, list) or not axes[0] <= len(shape) <= axes[1]:
        raise RefusedError(400, "shape", AXES[kind], quote_client(shape))
    if not all(type(n) is int and 0 <= n < 1 << 31 for n in shape):
        raise RefusedError(400, "shape", "a list of sizes", quote_client(shape))
    if kind == "table" and shape[1:] not in ([], [1]):
        raise RefusedError(400, "shape", "[N] or [N, 1]", quote_client(shape))
    if len(shape) > 1 and shape[-1] == 0:
        raise RefusedError(400, "shape", "of rows that are at least 1 wide", quote_client(shape))
    count, time = shape[0] if kind != "series" or len(shape) == 3 else 1, shape[-2] if kind == "series" else 1
    if count > limits.inputs:
        raise RefusedError(413, "inputs", f"at most {limits.inputs}", count, "Send them in several requests.")
    if time > limits.length:
        raise RefusedError(413, "series", f"at most {limits.length} rows long", time, "Send it in parts.")
    return shape


def _requested_outputs(asked: dict[str, Any], loaded: Loaded, binary: bool) -> dict[str, bool]:
    """Return the outputs that are answered, and whether each is in binary."""
    known = [str(tensor["name"]) for tensor in metadata(loaded)["outputs"]]
    wanted = asked.get("outputs")
    if wanted is None or wanted == []:
        return dict.fromkeys(known, binary)
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise RefusedError(400, "outputs", "a list of objects with a name", type(wanted).__name__)
    found = {}
    for one in wanted:
        if one.get("name") not in known:
            raise RefusedError(400, "output", "one of " + ", ".join(known), quote_client(one.get("name")))
        found[one["name"]] = _is_binary(one.get("parameters"), binary)
    return found


def _is_binary(parameters: Any, usually: bool) -> bool:
    if parameters is not None and not isinstance(parameters, dict):
        raise RefusedError(400, "parameters of an output", "an object", type(parameters).__name__)
    for key in parameters or {}:
        if key == "classification" or key.startswith("shared_memory"):
            want = "binary_data alone"
            raise RefusedError(
                400, "parameters of an output", want, quote_client(key), "The output scores has all classes."
            )
    value = (parameters or {}).get("binary_data", usually)
    if type(value) is not bool:
        raise RefusedError(400, "binary_data", "true or false", quote_client(value))
    return value


def _outputs(loaded: Loaded, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    count = len(answers)
    written = [orjson.dumps(answer).decode() for answer in answers]
    outputs: list[dict[str, Any]] = [{"name": "answer", "datatype": "BYTES", "shape": [count], "data": written}]
    if loaded.has_label:
        labels = [answer["label"] for answer in answers]
        scores = [answer["scores"][label] for answer in answers for label in loaded.labels]
        outputs.append({"name": "label", "datatype": "BYTES", "shape": [count], "data": labels})
        shape = [count, len(loaded.labels)]
        outputs.append({"name": "scores", "datatype": "FP64", "shape": shape, "data": scores})
    return outputs

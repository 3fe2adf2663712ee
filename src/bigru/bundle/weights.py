"""Which weights a model has, by its configuration alone; and their file, read and written."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..config import EncoderConfig, ForecastModelConfig, ModelConfig
from ..config.poolings import attends, pooled_widths
from ..errors import BundleError, sentence
from ..layout import DIRECTIONS, layer_shapes
from .documents import is_foreign_link
from .quantized import MOST, SCALE, Quantized, QuantizedWeights, is_quantized, scale_shape

__all__ = [
    "MOST_BYTES",
    "WEIGHTS",
    "check_finite",
    "check_names",
    "head_width",
    "read_weights",
    "shapes",
    "stored_shapes",
    "to_safetensors",
]

Shape = ModelConfig | ForecastModelConfig

WEIGHTS = "model.safetensors"

MOST_BYTES = 1 << 32
"""Size of the file at most: a file with holes may be of any size and cost nothing."""

HEADER_BYTES = 256
"""Bytes that the file's header may take per array, and once more for itself."""


def head_width(model: ModelConfig) -> int:
    """Return the width P of what the head reads: all poolings side by side, or one step's state (and input)."""
    states = model.encoder.outputs
    if model.pooling:
        return sum(pooled_widths(model.pooling, states, model.inputs))
    return states + (model.inputs if model.skip else 0)


def shapes(model: Shape) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight by its name in the state_dict and in a saved model, all float32.

    The names of a recurrent layer are those of torch (`bigru.layout.layer_shapes`).
    """
    return WEIGHTS_OF[model.head](model)


def _of_labels(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    states = model.encoder.outputs
    found: dict[str, tuple[int, ...]] = {}
    for c, channel in enumerate(model.channels):
        found[f"embedding.{c}.weight"] = (channel.size, channel.dim)
        if model.wide_linear:
            found[f"wide.{c}.weight"] = (channel.size, model.outputs)
    found |= _front_shapes(model) | _encoder_shapes(model.encoder, model.inputs)
    if attends(model.pooling):
        found |= {"pool.attend.weight": (states, states), "pool.attend.bias": (states,), "pool.query": (states,)}
    K = model.outputs
    found |= {"head.weight": (K, head_width(model)), "head.bias": (K,)}
    if model.crf:
        found |= {"crf.transitions": (K, K), "crf.start": (K,), "crf.end": (K,)}
    return found


def _front_shapes(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    width = model.embedded
    for n, conv in enumerate(model.conv):
        found |= {f"front.{n}.weight": (conv.filters, width, conv.kernel), f"front.{n}.bias": (conv.filters,)}
        if conv.layer_norm:
            found |= {f"front.{n}.norm.{name}": (conv.filters,) for name in ("weight", "bias")}
        width = conv.filters
    return found


def _encoder_shapes(encoder: EncoderConfig, width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of an encoder that reads inputs of so many numbers."""
    states = encoder.outputs
    found: dict[str, tuple[int, ...]] = {}
    walks = DIRECTIONS[encoder.direction]
    for layer in range(encoder.layers):
        prefix = f"encoder.layers.{layer}."
        of_layer = layer_shapes(encoder.cell, states if layer else width, encoder.hidden, walks, encoder.merge)
        found |= {prefix + name: shape for name, shape in of_layer.items()}
        if encoder.layer_norm:
            found |= {f"encoder.norms.{layer}.weight": (states,), f"encoder.norms.{layer}.bias": (states,)}
    return found


def _forecaster_shapes(model: ForecastModelConfig) -> dict[str, tuple[int, ...]]:
    H, w = model.encoder.hidden, model.segment
    own = 0 if model.joint or model.targets == 1 else H // 2
    found: dict[str, tuple[int, ...]] = {"embed.weight": (H, model.width), "embed.bias": (H,)}
    if model.past + model.known:
        found["covariates.weight"] = (H, w * (model.past + model.known))
    found |= _encoder_shapes(model.encoder, H)
    if model.encoder.outputs != H:
        found |= {"bridge.weight": (H, model.encoder.outputs), "bridge.bias": (H,)}
    found["position"] = (model.ahead, H - own)
    if own:
        found["channel"] = (model.targets, own)
    if model.known:
        found["future.weight"] = (H, w * model.known)
    decoder = {} if model.shared else layer_shapes("gru", H, H, ("forward",))
    found |= {f"decoder.{name}": shape for name, shape in decoder.items()}
    found |= {"head.weight": (model.width * model.heads, H), "head.bias": (model.width * model.heads,)}
    if model.linear != "none":
        found |= {"linear.map": model.mapped, "linear.bias": model.mapped[:1], "linear.share": (1,)}
    if model.levels:
        found["interval.radius"] = (len(model.levels), model.horizon, model.targets)
    return found


WEIGHTS_OF: dict[str, Callable[[Any], dict[str, tuple[int, ...]]]] = {
    "sequence": _of_labels,
    "step": _of_labels,
    "window": _forecaster_shapes,
}
"""What tells the shapes of the weights, by what a model has one output of."""


def stored_shapes(model: Shape, storage: str = "fp32") -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return kind ("F32" or "I8") and shape of every array of the file by its name.

    In the storage "int8" a table or matrix `name` is I8, and `name.scale`, F32, holds what it is multiplied with.
    """
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, shape in shapes(model).items():
        narrow = storage == "int8" and is_quantized(name, shape)
        found[name] = ("I8" if narrow else "F32", shape)
        if narrow:
            found[name + SCALE] = ("F32", scale_shape(name, shape))
    return found


def check_names(where: str, model: Shape, found: Mapping[str, tuple[str, tuple[int, ...]]], storage: str) -> None:
    """Raise BundleError unless `found`, name to (kind, shape), is exactly what `stored_shapes` lists."""
    wanted = stored_shapes(model, storage)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise BundleError(sentence(where, "weights", f"complete, with {name}", "none of that name"))
        if name not in wanted:
            raise BundleError(sentence(where, "weights", "those of the configuration", f"{name[:80]!r} as well"))
        dtype, shape = found[name]
        if dtype != wanted[name][0]:
            raise BundleError(sentence(where, name, wanted[name][0], dtype))
        if tuple(shape) != wanted[name][1]:
            raise BundleError(sentence(where, name, f"of shape {list(wanted[name][1])}", list(shape)))


def check_finite(where: str, weights: Mapping[str, np.ndarray]) -> None:
    """Raise BundleError if an array holds NaN or infinity, a scale is negative, or a number of 8 bits is -128."""
    for name, array in weights.items():
        if array.dtype == np.int8:
            if array.min(initial=0) < -MOST:
                raise BundleError(sentence(where, name, f"within -{MOST}..{MOST}", array.min()))
            continue
        if not np.isfinite(array).all():
            bad = array[~np.isfinite(array)][0]
            raise BundleError(sentence(where, name, "finite", bad))
        if name.endswith(SCALE) and array.min(initial=0) < 0:
            raise BundleError(sentence(where, name, "not negative", array.min()))


def read_weights(folder: Path, model: Shape, storage: str = "fp32") -> Mapping[str, np.ndarray]:
    """Return the arrays of a saved model, float32, or `QuantizedWeights` where it is stored in "int8".

    Names, kinds, shapes and the size of the file are compared with the configuration before anything is
    allocated; safetensors itself refuses wrong offsets and truncated files.

    Raises:
        BundleError: the file is missing, damaged, or not that of this configuration.
    """
    path, where = folder / WEIGHTS, f"{folder}/{WEIGHTS}"
    linked = is_foreign_link(path)
    if linked or not path.is_file():
        got = "a symbolic link" if linked else "something else" if path.exists() else "no such file"
        raise BundleError(sentence(where, "file", "a plain file", got))
    wanted = stored_shapes(model, storage)
    least = sum((1 if kind == "I8" else 4) * math.prod(shape) for kind, shape in wanted.values())
    most = least + 8 + HEADER_BYTES * (len(wanted) + 1)
    size = path.stat().st_size
    if not least <= size <= most:
        want = f"within {least}..{most} bytes, as the configuration says"
        raise BundleError(sentence(where, "size", want, size))
    if size > MOST_BYTES:
        raise BundleError(sentence(where, "size", f"at most {MOST_BYTES} bytes", size))
    try:
        with path.open("rb"):  # safetensors calls a file that may not be read one that is not there
            pass
        with safe_open(str(path), framework="numpy") as stream:
            slices = {name: stream.get_slice(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
            check_names(where, model, {n: (s.get_dtype(), tuple(s.get_shape())) for n, s in slices.items()}, storage)
            weights = {name: stream.get_tensor(name) for name in wanted}
    except PermissionError as error:
        raise BundleError(sentence(where, "file", "readable", error.strerror)) from None
    except (SafetensorError, OSError) as error:
        raise BundleError(sentence(where, "file", "valid safetensors", str(error)[:200])) from None
    check_finite(where, weights)
    return _join_quantized(weights) if storage == "int8" else weights


def _join_quantized(arrays: Mapping[str, np.ndarray]) -> QuantizedWeights:
    """Put the arrays of 8 bits and their scales together."""
    narrow = {name for name in arrays if name + SCALE in arrays}
    plain = {name: array for name, array in arrays.items() if name not in narrow and not name.endswith(SCALE)}
    return QuantizedWeights(plain | {name: Quantized(arrays[name], arrays[name + SCALE]) for name in narrow})


def to_safetensors(where: str, model: Shape, weights: Mapping[str, np.ndarray]) -> bytes:
    """Return the arrays as a safetensors file.

    Raises:
        BundleError: the arrays are not those of the configuration, or not finite.
    """
    kinds = {"float32": "F32", "int8": "I8"}
    storage = "int8" if isinstance(weights, QuantizedWeights) else "fp32"
    arrays: dict[str, np.ndarray] = {}
    for name, array in weights.stored.items() if isinstance(weights, QuantizedWeights) else weights.items():
        if isinstance(array, Quantized):
            arrays |= {name: array.values, name + SCALE: array.scales}
        else:
            arrays[name] = array
    found = {n: (kinds.get(str(w.dtype), str(w.dtype)), w.shape) for n, w in arrays.items()}
    check_names(where, model, found, storage)
    check_finite(where, arrays)
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {"format": "np"})

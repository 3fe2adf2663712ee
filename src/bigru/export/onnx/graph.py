"""A graph of ONNX under construction: nodes and constants by name, weights in 32 or in 8 bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...bundle.quantized import SCALE, is_quantized, quantize
from .library import onnx

__all__ = ["IR", "OPSET", "Graph"]

OPSET = 17
"""The first with LayerNormalization: old enough for engines of the last years, onnxruntime and OpenVINO among them."""

IR = 8
"""The version of the file's format that came with this opset."""

Shape = Sequence[int | str]


class Graph:
    """Nodes, in the order they are asked for. Values are the names of what nodes give.

    Args:
        int8: whether weights are stored in 8 bits. They are multiplied out by Cast and Mul, which an engine does once,
            as it loads the file; rows of a table as they are looked up.
        prefix: begins the names of all values, where the graph is the body of a Scan: those of the whole may not
            come again in it.
    """

    def __init__(self, int8: bool = False, prefix: str = "") -> None:
        self.int8 = int8
        self._prefix = prefix
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self._nodes: list[Any] = []
        self._constants: dict[str, np.ndarray] = {}
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def input(self, name: str, kind: type, shape: Shape) -> str:
        """Declare an input of numbers of a NumPy type."""
        self.inputs.append(_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: type, shape: Shape) -> None:
        """Declare a value to be an output."""
        self._nodes.append(onnx().helper.make_node("Identity", [value], [name], name=name))
        self.outputs.append(_value_info(name, kind, shape))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output and return that."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """Add a node and return its outputs."""
        number = len(self._nodes)
        names = [f"{self._prefix}{kind}_{number}" + (f"_{n}" if n else "") for n in range(outputs)]
        self._nodes.append(onnx().helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names

    def constant(self, value: Any, kind: type = np.float32) -> str:
        """Return a small constant."""
        array: np.ndarray = np.asarray(value, kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self.store(f"{self._prefix}constant_{len(self._known)}", array)
        return self._known[key]

    def store(self, name: str, array: np.ndarray) -> str:
        """Store an array as it is and return its name."""
        self._constants[name] = np.asarray(array, order="C")
        return name

    def weight(
        self, name: str, weights: Sequence[np.ndarray], arranged: Callable[[list[np.ndarray]], np.ndarray] | None = None
    ) -> str:
        """Store weights as one array.

        Args:
            name: what it is called.
            weights: one or several, each [N, ...].
            arranged: makes one array of several, without a change within rows; None takes the only one as it is.
        """
        made = arranged or (lambda arrays: arrays[0])
        if not (self.int8 and is_quantized(name, weights[0].shape)):
            return self.store(name, made(list(weights)))
        parts = [quantize(weight) for weight in weights]
        numbers = self.store(name, made([part.values for part in parts]))
        scales = self.store(name + SCALE, made([part.scales for part in parts]))
        return self.op("Mul", self.cast(numbers, np.float32), scales)

    def rows(self, name: str, table: np.ndarray, ids: str) -> str:
        """Look up rows of a table [V, N] by ids [B, T]: [B, T, N]."""
        if not self.int8:
            return self.op("Gather", self.store(name, table), ids, axis=0)
        narrow = quantize(table, table=True)
        found = self.cast(self.op("Gather", self.store(name, narrow.values), ids, axis=0), np.float32)
        return self.op("Mul", found, self.store(name + SCALE, narrow.scales))

    def cast(self, value: str, kind: type) -> str:
        """Return a value as numbers of another type."""
        return self.op("Cast", value, to=onnx().helper.np_dtype_to_tensor_dtype(np.dtype(kind)))

    def where(self, condition: str, value: str, otherwise: float) -> str:
        """Return a value where a condition holds, else a number."""
        return self.op("Where", condition, value, self.constant(otherwise))

    def unsqueeze(self, value: str, *axes: int) -> str:
        """Return a value with further axes of length 1."""
        return self.op("Unsqueeze", value, self.constant(axes, np.int64))

    def reshape(self, value: str, *shape: int) -> str:
        """Return a value in another shape; 0 keeps an axis, -1 takes what is left."""
        return self.op("Reshape", value, self.constant(shape, np.int64))

    def dimension(self, value: str, axis: int) -> str:
        """Return the length of an axis, int64 [1]."""
        return self.op("Shape", value, start=axis, end=axis + 1)

    def whole(self, number: int) -> str:
        """Return a whole number, int64 [1]."""
        return self.constant([number], np.int64)

    def head(self, value: str, count: str, axis: int) -> str:
        """Return the first entries of an axis, so many as int64 [1] says."""
        return self.op("Slice", value, self.whole(0), count, self.whole(axis))

    def linear(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """Return x [..., C] @ weight.T, for weight [K, C], plus the bias [K]."""
        product = self.op("MatMul", x, self.op("Transpose", self.weight(name, [weight]), perm=[1, 0]))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def body(self, inputs: Sequence[tuple[str, type, Shape]], outputs: Sequence[tuple[str, type, Shape]]) -> Any:
        """Return all of it as what a Scan repeats; outputs are named by values."""
        made = onnx().helper
        return made.make_graph(
            self._nodes,
            "step",
            [_value_info(*entry) for entry in inputs],
            [_value_info(*entry) for entry in outputs],
            self._initialisers(),
        )

    def model(self, metadata: Mapping[str, str]) -> Any:
        """Return the whole file, checked for being ONNX."""
        package = onnx()
        graph = package.helper.make_graph(self._nodes, "bigru", self.inputs, self.outputs, self._initialisers())
        opsets = [package.helper.make_opsetid("", OPSET)]
        made = package.helper.make_model(graph, producer_name="bigru", ir_version=IR, opset_imports=opsets)
        package.helper.set_model_props(made, dict(metadata))
        package.checker.check_model(made)
        return made

    def _initialisers(self) -> list[Any]:
        return [onnx().numpy_helper.from_array(array, name) for name, array in self._constants.items()]


def _value_info(name: str, kind: type, shape: Shape) -> Any:
    made = onnx().helper
    return made.make_tensor_value_info(name, made.np_dtype_to_tensor_dtype(np.dtype(kind)), list(shape))

"""onnxruntime and OpenVINO on one ONNX graph: a GRU node, time first as both like it best."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

from bigru.study.engines import Arrays, Case, TimedLayer

from .cells import Cell, Make, layer_of


def model_of(given: TimedLayer, *, stream: bool = False) -> onnx.ModelProto:
    """Return a graph from X [T, B, I] to Y [T, D, B, H]; a stream has one direction, one step, and takes H0 [1, B, H].

    ONNX stacks gates z, r, h, and the biases of both products in one array.
    """
    walks = given.weights[:1] if stream else given.weights
    B, T, inputs = given.x.shape
    D, H = len(walks), walks[0][1].shape[1]
    packed = [[_z_first(array) for array in walk] for walk in walks]
    constants = {
        "W": np.stack([w_ih for w_ih, _, _, _ in packed]),
        "R": np.stack([w_hh for _, w_hh, _, _ in packed]),
        "C": np.stack([np.concatenate(walk[2:]) for walk in packed]),
    }
    steps = 1 if stream else T
    entries = {"X": (steps, B, inputs)} | ({"H0": (1, B, H)} if stream else {})
    node = helper.make_node(
        "GRU",
        ["X", "W", "R", "C", "", "H0"] if stream else ["X", "W", "R", "C"],
        ["Y"],
        hidden_size=H,
        linear_before_reset=1,
        direction="forward" if stream else "bidirectional",
        layout=0,
    )
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in entries.items()]
    result = helper.make_tensor_value_info("Y", TensorProto.FLOAT, (steps, D, B, H))
    initial = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph([node], "gru", values, [result], initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return model


def _z_first(array: np.ndarray) -> np.ndarray:
    r, z, n = np.split(array, 3)
    return np.concatenate([z, r, n])


def _answers(y: np.ndarray, stream: bool) -> Arrays:
    if stream:
        return {"h": y[0, 0]}
    T, D, B, H = y.shape
    return {"y": y.transpose(2, 0, 1, 3).reshape(B, T, D * H)}


def _feeds(cell: Cell, given: TimedLayer) -> dict[str, np.ndarray]:
    stream = cell.kind == "step"
    feeds = {"X": np.ascontiguousarray(given.x[:, : 1 if stream else None].transpose(1, 0, 2))}
    return feeds | ({"H0": np.zeros((1, cell.size.B, cell.size.H), np.float32)} if stream else {})


def _onnxruntime(cell: Cell, threads: int) -> Case:
    given, stream = layer_of(cell), cell.kind == "step"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    model = model_of(given, stream=stream).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    # Bound once: nothing is looked up or copied by name in a call.
    binding = session.io_binding()
    for name, array in _feeds(cell, given).items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    binding.bind_output("Y")

    def answers() -> Arrays:
        session.run_with_iobinding(binding)
        return _answers(binding.copy_outputs_to_cpu()[0], stream)

    return Case(lambda: session.run_with_iobinding(binding), answers)


def _openvino(precision: str) -> Make:
    def make(cell: Cell, threads: int) -> Case:
        given, stream = layer_of(cell), cell.kind == "step"
        core = openvino.Core()
        model = core.read_model(model_of(given, stream=stream).SerializeToString())
        config = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        request = core.compile_model(model, "CPU", config).create_infer_request()
        for name, array in _feeds(cell, given).items():
            request.set_tensor(name, openvino.Tensor(array))

        def answers() -> Arrays:
            request.infer()
            return _answers(request.get_output_tensor(0).data.copy(), stream)

        return Case(request.infer, answers)

    return make


def facts() -> dict[str, str]:
    """Return the versions in this process."""
    return {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "openvino": openvino.__version__}


ENGINES: dict[str, Make] = {
    "onnxruntime": _onnxruntime,
    "openvino": _openvino("f32"),
    "openvino-bf16": _openvino("bf16"),
}

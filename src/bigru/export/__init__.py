"""A saved model for other engines: one ONNX file, or a folder for torch without bigru.

`graph` writes nodes, `recurrent`, `sequence`, `forecast` and `viterbi` say which, `model` puts them together and
`metadata` what turns texts into arrays; `engine` runs the result, `gate` verifies it with the model, `onnx_file` and
`torch_folder` write what has passed. `library` finds the packages of the extra `export`, so that this one can be
imported without them.
"""

from .gate import ParityError
from .onnx.file import to_onnx
from .onnx.session import Engine, onnx_engine
from .torch.folder import to_torch

__all__ = ["Engine", "ParityError", "onnx_engine", "to_onnx", "to_torch"]

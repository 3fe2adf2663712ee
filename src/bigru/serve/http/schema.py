"""The shapes of requests and answers, for the description in OpenAPI; the handlers check them by hand."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Answers", "Explain", "Explanation", "Health", "Infer", "Inferred", "Instances", "Live", "Metadata", "ModelReady",
    "Models", "Predict", "Predictions", "Problem", "Ready", "Server", "Status",
]  # fmt: skip


class Strict(BaseModel):
    """An object without other keys than these."""

    model_config = ConfigDict(extra="forbid")


class Options(Strict):
    """How a request is to be answered."""

    timeout: float | None = Field(None, gt=0, description="Seconds after which the client gives up.")


class TableBody(Strict):
    """A table for a forecaster."""

    columns: dict[str, list[str | float | None]]
    time: str | None = Field(None, description="The time column; `none` for rows one step apart.")
    id: str | None = Field(None, description="The column that tells series apart.")
    fill: str | None = Field(None, description="How missing rows and cells are filled: forward or linear.")


Row = list[float | None] | float | None


class TextOf(Strict):
    """A text, or its tokens, in an object."""

    text: str | list[str]


Input = str | list[str] | TextOf | list[Row] | TableBody


class Predict(Strict):
    """Inputs of the kind that the model reads."""

    inputs: list[Input] = Field(
        min_length=1, description="Texts or lists of tokens; series as lists of rows, null where missing; or tables."
    )
    options: Options | None = None


class Answers(BaseModel):
    """One answer per input, in their order; of a table, one per series."""

    model: str
    answers: list[dict[str, Any]]


class Instances(Strict):
    """Inputs, as TensorFlow Serving and version 1 of KServe's protocol name them."""

    instances: list[Input] = Field(min_length=1, description="As `inputs` of /predict.")
    signature_name: str | None = Field(None, pattern="^(serving_default)?$")


class Predictions(BaseModel):
    """One answer per instance; of a table of several series, a list of them."""

    predictions: list[dict[str, Any] | list[dict[str, Any]]]


class Explain(Strict):
    """A text whose answer is to be explained."""

    input: str | TextOf
    options: Options | None = None


class Character(BaseModel):
    """A character and what each reader made of it."""

    text: str
    start: int
    end: int
    forward: float
    backward: float
    total: float


class Explanation(BaseModel):
    """The answer and the share of each character."""

    answer: dict[str, Any]
    characters: list[Character]


class Health(BaseModel):
    """Whether the server takes requests."""

    status: str
    models: list[str]


class Described(BaseModel):
    """One model."""

    name: str
    task: str
    input: str
    labels: list[str]
    language: str | None
    default: bool


class Models(BaseModel):
    """The models of the server."""

    models: list[Described]


class Version(BaseModel):
    """A version of a model, as TensorFlow Serving describes it."""

    version: str
    state: str
    status: dict[str, str]


class Status(Described):
    """A model, and whether it takes requests."""

    ready: bool
    model_version_status: list[Version]


class Problem(BaseModel):
    """Why there is no answer, in one sentence."""

    error: str


class Server(BaseModel):
    """The server, for the Open Inference Protocol."""

    name: str
    version: str
    extensions: list[str]


class Live(BaseModel):
    """Whether the server is live."""

    live: bool


class Ready(BaseModel):
    """Whether the server, or a model, is ready."""

    ready: bool


class ModelReady(Ready):
    """Whether a model is ready."""

    name: str


class TensorOf(BaseModel):
    """A tensor's name, type and shape."""

    name: str
    datatype: str
    shape: list[int]


class Metadata(BaseModel):
    """A model, for the Open Inference Protocol."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorOf]
    outputs: list[TensorOf]


class Tensor(BaseModel):
    """A tensor with its values, in row-major order; they are absent where they stand behind the JSON in binary."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any] | None = None
    parameters: dict[str, Any] | None = None


class Wanted(BaseModel):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] | None = None


class Infer(BaseModel):
    """A request of the Open Inference Protocol."""

    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1, max_length=1)
    outputs: list[Wanted] | None = None
    parameters: dict[str, Any] | None = None


class Inferred(BaseModel):
    """An answer of the Open Inference Protocol."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[Tensor]

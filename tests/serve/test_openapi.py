"""Every route answers as its description in OpenAPI says, be it sent what suits the description or what does not.

The same cases are drawn each time.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from .conftest import Server

pytestmark = pytest.mark.process

MODELS = ("films", "places", "states", "nobody")

ROUTES = [
    "GET /health",
    "GET /metrics",
    "GET /v1/models",
    "GET /v1/models/{name}",
    "GET /v1/models/{name}/versions/{version}",
    "GET /v2",
    "GET /v2/health/live",
    "GET /v2/health/ready",
    "GET /v2/models/{name}",
    "GET /v2/models/{name}/ready",
    "GET /v2/models/{name}/versions/{version}",
    "GET /v2/models/{name}/versions/{version}/ready",
    "POST /v1/models/{name}/audio",
    "POST /v1/models/{name}/explain",
    "POST /v1/models/{name}/predict",
    "POST /v1/models/{name}/versions/{version}:predict",
    "POST /v1/models/{name}:predict",
    "POST /v2/models/{name}/infer",
    "POST /v2/models/{name}/versions/{version}/infer",
]

# A fault of the server is a 500, which no route describes.
DESCRIBED: list[Any] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def routes(server: Server) -> dict[str, Any]:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    return {route.label: route for route in (found.ok() for found in schema.get_all_operations())}


def test_all_routes_are_described(routes: dict[str, Any]) -> None:
    assert sorted(routes) == ROUTES


@pytest.mark.parametrize("label", ROUTES)
def test_answers_are_as_described(routes: dict[str, Any], label: str) -> None:
    route = routes[label]
    cases = route.as_strategy(GenerationMode.POSITIVE)
    if label.startswith("POST"):
        cases |= route.as_strategy(GenerationMode.NEGATIVE)
    checked = {"good": 0, "bad": 0}

    @settings(
        max_examples=60 if label.startswith("POST") else 24 if "{name}" in label else 5,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, st.sampled_from(MODELS), st.sampled_from(("1", "1", "1", "2")))
    def check(case: Any, model: str, version: str) -> None:
        for name, value in (("name", model), ("version", version)):
            if name in case.path_parameters:
                case.path_parameters[name] = value
        response = case.call_and_validate(checks=DESCRIBED)
        checked["good" if response.status_code == 200 else "bad"] += 1
        if response.status_code >= 400:
            answer = json.loads(response.content)
            assert list(answer) == ["error"]
            assert answer["error"].endswith(".")
            assert "\n" not in answer["error"]

    check()
    if not label.endswith(("/audio", "/infer")):
        assert checked["good"]
    if "{name}" in label:
        assert checked["bad"]

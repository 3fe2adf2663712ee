"""The container without an engine: the Dockerfile's steps were followed by `make test`, and the server runs there.

`examples/deploy/follow.py` makes the tree; what is tested is what a user of the image meets. The manifests are compared
with the schemas of Kubernetes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

import bigru

DEPLOY = Path(__file__).parents[2] / "examples" / "deploy"
TREE = os.environ.get("BIGRU_CONTAINER")
KUBERNETES = "1.31"

followed = pytest.mark.skipif(TREE is None, reason="make test names the followed tree in BIGRU_CONTAINER")


@pytest.fixture(scope="module")
def image() -> dict[str, Any]:
    return json.loads(Path(f"{TREE}/image.json").read_text(encoding="utf-8"))


@pytest.fixture
def server(image: dict[str, Any]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start what the image starts, on loopback and a free port, with no environment but the image's."""
    command = [*image["entrypoint"], "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        command, env=image["environment"], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())
        assert found is not None
        yield process, int(found[1])
        process.kill()


def files(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


@pytest.mark.process
@followed
def test_the_server_answers_is_healthy_writes_nothing_and_stops(
    image: dict[str, Any], server: tuple[subprocess.Popen[str], int]
) -> None:
    process, port = server
    before = files(Path(f"{TREE}/opt"))
    check = [word.replace("8080", str(port)) for word in image["health"]]
    assert subprocess.run(check, check=False, timeout=30).returncode == 0
    ask = (
        "import json, sys, urllib.request as r;"
        "q = r.Request(sys.argv[1], json.dumps({'inputs': ['这部电影太棒了，情节扣人心弦，演员演技精湛。']}).encode(),"
        "{'Content-Type': 'application/json'});"
        "print(json.load(r.urlopen(q, timeout=20))['answers'][0]['label'])"
    )
    url = f"http://127.0.0.1:{port}/v1/models/zh-sentiment/predict"
    python = image["health"][0]
    done = subprocess.run([python, "-c", ask, url], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "positive", done.stderr
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert subprocess.run(check, check=False, timeout=30, stderr=subprocess.DEVNULL).returncode != 0
    assert files(Path(f"{TREE}/opt")) == before


@pytest.mark.process
@followed
def test_the_image_holds_what_serves_and_no_more(image: dict[str, Any]) -> None:
    python = image["health"][0]
    for module in ("torch", "sklearn", "pip", "pytest"):
        done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, text=True, check=False, cwd="/")
        assert f"No module named '{module}'" in done.stderr
    version = subprocess.run([python, "-c", "import bigru; print(bigru.__version__)"], capture_output=True, text=True)
    assert version.stdout.strip() == bigru.__version__
    size = sum(path.stat().st_size for path in Path(f"{TREE}/opt").rglob("*") if path.is_file())
    print(f"installed: {size / 1e6:.0f} MB")
    assert size < 200e6
    assert not image["user"].startswith(("root", "0"))


def manifests(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def test_the_manifest_follows_the_schemas_of_kubernetes() -> None:
    found = manifests("kubernetes.yaml")
    assert [part["kind"] for part in found] == ["Deployment", "Service", "PodDisruptionBudget"]
    for part in found:
        kubernetes_validate.validate(part, KUBERNETES, strict=True)


def test_a_wrong_manifest_is_found() -> None:
    wrong = manifests("kubernetes.yaml")[0]
    wrong["spec"]["template"]["spec"]["containers"][0]["readinessProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_the_manifest_of_kserve_is_a_pod_in_its_envelope() -> None:
    """KServe's predictor is a pod's specification and a few entries of its own (v1beta1, ComponentExtensionSpec)."""
    (service,) = manifests("kserve.yaml")
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    predictor = service["spec"]["predictor"]
    own = {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget"}
    assert own <= predictor.keys()
    pod = {name: value for name, value in predictor.items() if name not in own}
    kubernetes_validate.validate(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bigru"}, "spec": pod}, KUBERNETES, strict=True
    )
    assert pod["containers"][0]["name"] == "kserve-container"


@pytest.mark.parametrize("name", ["kubernetes.yaml", "kserve.yaml"])
def test_manifests_and_image_agree(name: str) -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    part = manifests(name)[0]
    pod = part["spec"]["template"]["spec"] if "template" in part["spec"] else part["spec"]["predictor"]
    container = pod["containers"][0]
    port = container["ports"][0]["containerPort"]
    assert f"EXPOSE {port}" in text
    assert f'"--port", "{port}"' in text
    assert f"USER {pod['securityContext']['runAsUser']}:" in text
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["image"] == f"bigru:{bigru.__version__}"

"""Headless Chromium by its DevTools protocol: enough to open a page, run a line in it, and take a picture."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

CHROMIUM = os.environ.get("BIGRU_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

QUIET = ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
QUIET += ["disable-component-update", "disable-sync", "remote-debugging-port=0"]


class Browser:
    """One tab of a browser in a process of its own."""

    def __init__(self, width: int, height: int, *, dark: bool = False) -> None:
        assert CHROMIUM is not None
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [
            CHROMIUM,
            *(f"--{option}" for option in QUIET),
            f"--user-data-dir={self._profile.name}",
            "about:blank",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._numbers = itertools.count(1)
        port, path = self._address()
        self._socket = connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        self._call("Page.enable")
        self._call("Runtime.enable")
        self._call("Log.enable")
        self.faults: list[str] = []

    def _address(self) -> tuple[str, str]:
        place, end = Path(self._profile.name) / "DevToolsActivePort", time.monotonic() + 60
        while time.monotonic() < end:
            if place.exists() and len(lines := place.read_text(encoding="utf-8").split()) == 2:
                return lines[0], lines[1]
            time.sleep(0.1)
        raise AssertionError("Chromium said no port within a minute")

    def _call(self, method: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": arguments}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            if message.get("method") == "Runtime.exceptionThrown":
                self.faults.append(str(message["params"]["exceptionDetails"]))
            if message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.faults.append(str(message["params"]["entry"]))

    def open(self, url: str) -> None:
        """Go to an address."""
        self._call("Page.navigate", url=url)

    def run(self, line: str) -> Any:
        """Run JavaScript in the page; return its value."""
        message = self._call("Runtime.evaluate", expression=line, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in message, message
        return message["result"].get("value")

    def until(self, line: str, seconds: float = 30) -> Any:
        """Run a line until its value is true; return that."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.run(line):
                return value
            time.sleep(0.05)
        raise AssertionError(f"not true within {seconds} s: {line}\n{self.run('document.body.innerText')}")

    def picture(self, path: Path) -> None:
        """Write the whole page as PNG."""
        message = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(message["data"]))

    def close(self) -> None:
        """End the browser."""
        self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        self._profile.cleanup()

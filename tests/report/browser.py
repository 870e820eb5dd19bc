"""A headless Chromium, spoken to by the DevTools protocol over a pipe: no driver, no library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ANSWER_WITHIN = 60.0

OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--force-color-profile=srgb",
    "--no-sandbox",  # which needs rights that containers do not give
    "about:blank",
)


SHELL = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null'
"""The browser reads its orders from 3 and answers on 4."""


def found() -> str | None:
    """The program's path, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page in one browser; close it, or use it in a `with`.

    `requests` are the addresses that the page asked for, `troubles` what its scripts threw and what
    the browser refused to load or run.
    """

    def __init__(self, program: str, profile: Path, width: int = 1280, height: int = 900) -> None:
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()
        sizes = [f"--user-data-dir={profile}", f"--window-size={width},{height}"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", SHELL, program, *sizes, *OPTIONS],
            stdin=read_end,
            stdout=write_end,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)
        os.close(write_end)
        self._held, self._number = b"", 0
        self._events: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.troubles: list[str] = []
        (page,) = (
            each
            for each in self._send("Target.getTargets")["targetInfos"]
            if each["type"] == "page"
        )
        attached = self._send("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and what it started."""
        os.close(self._to)
        os.close(self._from)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """An order to the page, and its answer."""
        return self._send(method, self._session, **parameters)

    def open(self, path: Path) -> None:
        """Load a file from disk, until it is complete."""
        self._events.clear()
        self.send("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._read(time.monotonic() + ANSWER_WITHIN)

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression is; a promise's value."""
        answer = self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """A mouse click in the middle of the first element that fits."""
        x, y = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Keys into what has the focus."""
        self.send("Input.insertText", text=text)

    def prefer(self, scheme: str) -> None:
        """The system's colours: "dark" or "light"."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """The page on paper."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"])

    def _send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number, order = self._number, {"id": self._number, "method": method, "params": parameters}
        os.write(self._to, json.dumps({**order, **({"sessionId": session} if session else {})})
                 .encode() + b"\0")  # fmt: skip
        until = time.monotonic() + ANSWER_WITHIN
        while True:
            message = self._read(until)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def _read(self, until: float) -> dict[str, Any]:
        """The next message; an event is noted."""
        while b"\0" not in self._held:
            ready, _, _ = select.select([self._from], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            more = os.read(self._from, 1 << 20)
            assert more, "the browser ended"
            self._held += more
        text, _, self._held = self._held.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self._note(message)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        said = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif event["method"] == "Runtime.exceptionThrown":
            self.troubles.append(str(said["exceptionDetails"]))
        elif event["method"] == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.troubles.append(said["entry"]["text"])

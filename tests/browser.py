"""A real browser (Chromium, if it is installed) that opens a page on loopback and saves it as people do.

It is driven over two pipes (`--remote-debugging-pipe`: JSON, each message ended by a zero byte), so no port
is opened and nothing else is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# The script of the SingleFile extension (`single-file-bundle.js` of the npm package `single-file-cli`), if
# somebody has it: no part of this project.
SINGLEFILE = os.environ.get("TMWATCH_SINGLEFILE", "")


class Browser:
    """One browser without a window; `with Browser(folder) as browser`."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        to_read, self._to = os.pipe()
        self._answers, from_write = os.pipe()

        self._process = subprocess.Popen(
            [
                *("bash", "-c", 'exec 23<&"$1" 24>&"$2" 3<&23 4>&24; shift 2; exec "$@"', "bash"),
                *(str(to_read), str(from_write), CHROMIUM),
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *("--no-first-run", "--remote-debugging-pipe", "--disable-extensions"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", f"--user-data-dir={folder}"),
                "about:blank",
            ],
            pass_fds=(to_read, from_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(from_write)
        self._next, self._rest = 0, b""
        self._events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.tell("Page.enable")

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._answers)

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._next += 1
        said: dict[str, Any] = {"id": self._next, "method": method, "params": params}
        if session:
            said["sessionId"] = session
        os.write(self._to, json.dumps(said).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._next:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def tell(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the page."""
        return self.call(method, self._session, **params)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser ended"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        said: dict[str, Any] = json.loads(message)
        return said

    def open(self, url: str) -> None:
        """Go there and wait until the page and its scripts are done."""
        self._events.clear()
        self.tell("Page.navigate", url=url)
        while not any(one.get("method") == "Page.loadEventFired" for one in self._events):
            self._events.append(self._message())

    def evaluate(self, script: str) -> Any:
        found = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    # -- the forms of "save page as" --------------------------------------------------------------------

    def mhtml(self) -> bytes:
        """ "Webpage, single file"."""
        data: str = self.tell("Page.captureSnapshot", format="mhtml")["data"]
        return data.encode()

    def complete(self, url: str) -> bytes:
        """ "Webpage, complete": what the scripts have made of the page, written down again, with the
        comment and the `meta` that Chromium puts in."""
        head = "document.doctype ? new XMLSerializer().serializeToString(document.doctype) : ''"
        doctype: str = self.evaluate(head)
        page: str = self.evaluate("document.documentElement.outerHTML")
        meta = '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
        page = page.replace("<head>", f"<head>{meta}", 1)
        return f"{doctype}\n<!-- saved from url=({len(url):04d}){url} -->\n{page}".encode()

    def single_file(self) -> bytes:
        """What the SingleFile extension saves."""
        text = Path(SINGLEFILE).read_text(encoding="utf-8")
        script, _ = json.JSONDecoder().raw_decode(text[text.index('"') :])
        self.evaluate(script + "; globalThis.singlefile = singlefile; 1")
        options = "{removeHiddenElements: true, compressHTML: true, insertSingleFileComment: true}"
        data: str = self.evaluate(f"singlefile.getPageData({options}).then(data => data.content)")
        return data.encode()

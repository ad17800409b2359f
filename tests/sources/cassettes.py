"""Recorded requests and answers (VCR cassettes, YAML) beside the project, read without a YAML library.

Only what these files use: keys by indentation, single-quoted and double-quoted scalars folded over lines.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", " ": " ", "/": "/", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Exchange:
    """One request with its answer."""

    method: str
    url: str
    asked: Any  # the JSON of the request, None where there was none
    body: bytes  # the answer


def exchanges(path: Path) -> list[Exchange]:
    """What a cassette holds, but for pictures."""
    text = path.read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^- request:\n", text, flags=re.MULTILINE)[1:]:
        request, _, response = part.partition("\n  response:\n")
        answer = re.search(r"^      string: (?=[\"'])", response, flags=re.MULTILINE)
        if answer is None:
            continue
        asked = re.search(r"^    body: (?=[\"'])", request, flags=re.MULTILINE)
        said = _scalar(request[asked.end() :]) if asked else ""
        method, url = (
            re.search(rf"^    {key}: (\S+)", request, flags=re.MULTILINE) for key in ("method", "uri")
        )
        found.append(
            Exchange(
                method[1] if method else "",
                url[1] if url else "",
                json.loads(said) if said else None,
                _scalar(response[answer.end() :]).encode(),
            )
        )
    return found


def _scalar(text: str) -> str:
    if text[0] == "'":
        whole = re.match(r"'((?:[^']|'')*)'", text)
        assert whole is not None
        return _folded(whole[1]).replace("''", "'")
    whole = re.match(r'"((?:[^"\\]|\\.)*)"', text, flags=re.DOTALL)
    assert whole is not None
    # A backslash at the end of a line joins it to the next; a backslash before a blank keeps the blank.
    joined = re.sub(r"\\\n[ \t]*", "", whole[1])
    return re.sub(
        r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)",
        lambda one: chr(int(one[1][1:], 16)) if len(one[1]) > 1 else _ESCAPES[one[1]],
        _folded(joined),
    )


def _folded(text: str) -> str:
    """A line break with its indentation is a blank; each empty line after it a line break."""
    return re.sub(r"[ \t]*\n((?:[ \t]*\n)*)[ \t]*", lambda one: "\n" * one[1].count("\n") or " ", text)

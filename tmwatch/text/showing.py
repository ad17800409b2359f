"""Making hostile text harmless: everything from a page is hostile (design law 12). Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tmwatch.text.folding import fold_space

# Terminal sequences: CSI (colours, cursor), OSC/DCS/APC strings (titles, links, clipboard), two-byte ones.
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_HALF = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Excel, LibreOffice and Google Sheets run a cell that begins so; full-width forms included, because
# East Asian versions of Excel take them for the ASCII ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def clean_text(text: str) -> str:
    """Several lines, safe to show: no control characters, terminal sequences, bidi or zero-width tricks.

    Line ends become `\\n`, tabs a space. Half surrogates become U+FFFD, so that it can be encoded.
    """
    # What is printable but for its line ends holds nothing of what follows, and that is most of all text.
    if all(map(str.isprintable, text.split("\n"))):
        return text
    # Invisible characters first, or one inside an escape sequence would hide the sequence.
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
    lines = _LINE_ENDS.sub("\n", _TERMINAL.sub("", seen)).replace("\t", " ")
    return "".join(_safe_char(char) for char in lines)


def _safe_char(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Cs":
        return "\ufffd"
    return "" if kind == "Cc" and char != "\n" else char


def mended(value: Any) -> Any:
    """A JSON value without half characters: "\\ud83d" alone becomes U+FFFD.

    A program that cuts a name in the middle of an emoji writes them; nothing can store or send them.
    """
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {mended(key): mended(item) for key, item in value.items()}
    return [mended(item) for item in value] if isinstance(value, list) else value


def clean_line(text: str, limit: int | None = None) -> str:
    """One safe line, for mail headers, logs and the terminal; cut to `limit` characters with "…"."""
    line = fold_space(clean_text(text))
    if limit is not None and len(line) > limit:
        line = line[: max(limit - 1, 0)].rstrip() + "…"
    return line


def csv_safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    A text that begins (blanks aside) with `= + - @`, a tab or a carriage return gets an apostrophe in
    front, the sign spreadsheets themselves use for "this is text"; so "+1 312 555 0100" reads
    "'+1 312 555 0100". Whoever reads the file by program drops one leading apostrophe.
    """
    safe = clean_text(text)
    risky = text.startswith(_FORMULA) or safe.lstrip().startswith(_FORMULA)
    return f"'{safe}" if risky else safe

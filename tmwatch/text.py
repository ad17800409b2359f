"""Normal forms of names, and making hostile text harmless. Pure; knows nobody.

Two families that are never mixed:

* **for comparing** (`fold`, `fold_space`, `fold_party`, `same_party`): never shown to anyone;
* **for showing** (`clean_line`, `clean_text`, `csv_safe`): everything from a page is hostile (design law 12).

The steps of `fold`, in order, each for a case seen in registers (domain.md §1.4 no. 11):

1. ™ ℠ ® © go: NFKC would turn ™ into the letters "TM".
2. Invisible characters (zero width, bidi controls, soft hyphen) go; control characters part words.
3. NFKC and casefold: full-width ＭＴＪ = MTJ, ß = ss.
4. Digits of all scripts become 0-9.
5. Accents go from Latin letters only (US pages print `SOCIETE`); in Japanese and Cyrillic they are letters
   of their own (ガ/カ, й/и).
6. `&` is "and"; apostrophes join (`L'Oréal` = `LOREAL`); dots within an acronym join (`S.p.A.` = `spa`).
7. All other punctuation and white space part words; between two Han or kana characters they mean nothing.

Not done here, left for the look-alike search: traditional/simplified characters, transliteration,
Chinese numerals (叁佰陆拾 = 360), Mueller = Müller.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from importlib.resources import files
from typing import Any

_SIGNS = str.maketrans("", "", "™℠®©")
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´′")
_ACRONYM = re.compile(r"(?<!\w)(?:[^\W\d_]\.){1,}[^\W\d_]?(?![^\W_])")
_CJK = r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_CJK_GAP = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")
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


def fold_space(text: str) -> str:
    """One space for every run of white space, none at the ends; nothing else touched."""
    return " ".join(text.split())


def fold(text: str) -> str:
    """A name for comparing; the steps stand at the top of this module. Folding twice changes nothing.

    A text that has nothing but punctuation (a mark `!!`) keeps it: two such marks are not the same.
    """
    bare = _plain(text)
    words = _CJK_GAP.sub("", fold_space("".join(_letter(char) for char in _join_acronyms(bare))))
    return words or fold_space(bare)


def _plain(text: str) -> str:
    """Steps 1–5."""
    seen = "".join(
        " " if unicodedata.category(char) == "Cc" else char
        for char in text.translate(_SIGNS)
        if unicodedata.category(char) != "Cf"
    )
    cased = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return unicodedata.normalize("NFKC", _without_accents(cased).casefold())


def _without_accents(text: str) -> str:
    kept: list[str] = []
    latin = False
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) == "Mn":
            if latin:
                continue
        else:
            latin = char.isascii() or unicodedata.name(char, "").startswith("LATIN ")
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _join_acronyms(text: str) -> str:
    joined = text.translate(_APOSTROPHES).replace("&", " and ")
    return _ACRONYM.sub(lambda found: found.group().replace(".", "") + " ", joined)


def _letter(char: str) -> str:
    """The character if it carries meaning, else a space."""
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    # `+`, currency signs and pictures tell marks apart (Disney, Disney+); other signs are decoration.
    return char if kind[0] in "LMN" or kind in ("So", "Sc", "Co", "Cn", "Cs") or char == "+" else " "


@functools.cache
def _company_forms() -> tuple[dict[str, tuple[tuple[str, ...], ...]], dict[str, tuple[str, ...]]]:
    """Company forms by place ("start", "end"): as words, and as the signs written without spaces."""
    words: dict[str, list[tuple[str, ...]]] = {"start": [], "end": []}
    signs: dict[str, list[str]] = {"start": [], "end": []}
    table = files("tmwatch").joinpath("data/company_forms.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        form = fold(row["form"])
        for place in ("start", "end") if row["place"] == "both" else (row["place"],):
            if row["written"] == "joined":
                signs[place].append(form)
            else:
                words[place].append(tuple(form.split()))
    return (
        {place: tuple(sorted(set(forms), key=len, reverse=True)) for place, forms in words.items()},
        {place: tuple(sorted(set(forms), key=len, reverse=True)) for place, forms in signs.items()},
    )


# A page may hold a megabyte of "ltd ltd ltd"; no company is called so.
_LONGEST_NAME = 1000


def fold_party(name: str) -> str:
    """A company's name for matching: folded, without company forms at its ends.

    The forms stand in `data/company_forms.csv`. They go as whole words and only at the ends, a "the" in
    front goes too, and the last word left always stays: "Co" alone is a name. 集团 and "Group"
    stay, because they are part of a name: the group and its daughter are two owners.
    分公司 (branch) stays for the same reason.

    For *finding* an owner that a watch names. To ask whether an owner has changed use `fold`: a
    conversion from Inc. to LLC is a change of the owner.
    """
    text = fold(_spell_out(name))
    if len(text) > _LONGEST_NAME:
        return text
    while (shorter := _drop_form(text)) != text:
        text = shorter
    return text


def has_company_form(name: str) -> bool:
    """Whether the name carries a company form. False on doubt."""
    plain = fold(name).removeprefix("the ")
    return bool(plain) and fold_party(name) != plain


# (株) and ㈱ stand for 株式会社, (주) and ㈜ for 주식회사; without the brackets they are ordinary letters.
_SHORT_FORMS = {
    "(株)": "株式会社",
    "(有)": "有限会社",
    "(同)": "合同会社",
    "(주)": "주식회사",
    "(유)": "유한회사",
}


def _spell_out(name: str) -> str:
    text = unicodedata.normalize("NFKC", name.translate(_SIGNS))
    for short, full in _SHORT_FORMS.items():
        text = text.replace(short, full)
    return text


def _drop_form(text: str) -> str:
    """`text` without one company form, or as it was."""
    words, signs = _company_forms()
    for form in signs["end"]:
        # "…分公司" is a branch, "…总公司" a head office: 公司 is part of a longer word there.
        whole_word = form != "公司" or text[: -len(form)].rstrip()[-1:] not in tuple("分子总總母支")
        if text.endswith(form) and whole_word and text != form:
            return text[: -len(form)].rstrip()
    for form in signs["start"]:
        if text.startswith(form) and text != form:
            return text[len(form) :].lstrip()
    tokens = tuple(text.split())
    for entry in words["end"]:
        if len(tokens) > len(entry) and tokens[-len(entry) :] == entry:
            rest = tokens[: -len(entry)]
            # "… GmbH & Co. KG", "Tiffany & Co.": the "and" hung on what has gone.
            return " ".join(rest[:-1] if len(rest) > 1 and rest[-1] == "and" else rest)
    for entry in words["start"]:
        if len(tokens) > len(entry) and tokens[: len(entry)] == entry:
            return " ".join(tokens[len(entry) :])
    return text.removeprefix("the ")  # "The Coca-Cola Company"


def same_party(one: str, other: str) -> bool:
    """Whether two names mean the same company but for its form, case, width, accents and spacing.

    Whole names only: "Beijing Jingdong 360" is not "Beijing Jingdong 360 Du E-Commerce". An empty
    name is nobody's.
    """
    left, right = (fold_party(name).replace(" ", "") for name in (one, other))
    return bool(left) and left == right


def clean_text(text: str) -> str:
    """Several lines, safe to show: no control characters, terminal sequences, bidi or zero-width tricks.

    Line ends become `\\n`, tabs a space. Half surrogates become U+FFFD, so that it can be encoded.
    """
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

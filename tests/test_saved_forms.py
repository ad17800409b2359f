"""A page is the same page in whatever form it was saved: every HTML fixture of every source, every form."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path
from typing import Any

import pytest

from tests.browser import CHROMIUM, SINGLEFILE, Browser
from tests.conftest import ROOT
from tests.forms import FORMS, encoding_of, mhtml, single_file
from tests.loopback import Loopback
from tmwatch.errors import Incomplete, LookError, NotThisSource, Outcome
from tmwatch.http.challenge import is_html
from tmwatch.importing import read_file
from tmwatch.reading import read_page
from tmwatch.saved import saved_at, unwrap
from tmwatch.sources.base import Page
from tmwatch.sources.expectation import Case, facts, load_case
from tmwatch.sources.registry import get_source, tell_source

CASES = [load_case(path.parent) for path in sorted((ROOT / "fixtures").glob("*/*/meta.toml"))]
HTML = [case for case in CASES if is_html(case.as_page().body)]
GOOD = [case for case in HTML if case.outcome is Outcome.OK]
# A browser that was given half a page says so, and closes it when it saves it: then nobody can tell any more.
FAILING = [
    case
    for case in HTML
    if case.outcome is not Outcome.OK
    and (case.outcome is not Outcome.INCOMPLETE or case.as_page().body.rstrip().endswith(b"</html>"))
]
PAGE = (ROOT / "fixtures/us.tsdr/registered-word-mark/page.html").read_bytes()


def named(case: Case) -> str:
    return f"{case.source}/{case.folder.name}"


@functools.cache
def said_unsaved(case: str) -> dict[str, Any]:
    """What the page of a fixture says as it came: read once for all the forms it is saved in."""
    (one,) = [one for one in GOOD if named(one) == case]
    return said(one.as_page().body, one.source)


def said(body: bytes, source: str | None = None) -> dict[str, Any]:
    """What a file of these bytes says, as `import` reads it."""
    page = Page(body, name="page")
    told = get_source(source) if source else tell_source(unwrap(page))
    return facts(read_page(told, page))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", GOOD, ids=named)
def test_each_form_gives_the_record_of_the_page_itself(case: Case, form: str) -> None:
    body = case.as_page().body
    saved = FORMS[form](body)
    assert saved != body or form == "CRLF"
    assert tell_source(unwrap(Page(saved))).declaration.id == case.source
    assert said(saved) == said_unsaved(named(case))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", FAILING, ids=named)
def test_a_page_that_holds_no_record_holds_none_in_any_form(case: Case, form: str) -> None:
    with pytest.raises(LookError):
        said(FORMS[form](case.as_page().body), case.source)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("form", [mhtml, single_file], ids=["MHTML", "SingleFile"])
def test_a_file_that_is_cut_off_is_never_read_as_a_shorter_page(form: Any, cut: float) -> None:
    saved = form(PAGE)
    with pytest.raises(Incomplete, match="cut off"):
        said(saved[: int(len(saved) * cut)])


def test_of_several_pages_in_one_mhtml_the_one_it_is_about_is_read() -> None:
    first, _, second = mhtml(PAGE).partition(b"Content-Location: https://elsewhere.example/frame")
    saved = first + b"Content-Location: https://elsewhere.example/frame" + second
    whole = saved.split(b"\r\n------MultipartBoundary--aB3dE----\r\n")
    shuffled = b"\r\n------MultipartBoundary--aB3dE----\r\n".join([whole[0], whole[2], whole[1], whole[3]])
    assert said(shuffled) == said(PAGE)


def test_the_day_of_saving_is_known_and_is_not_the_day_that_the_page_speaks_for() -> None:
    when = dt.datetime(2026, 11, 20, 9, 11, 12, tzinfo=dt.UTC)
    for form in (mhtml, single_file):
        assert saved_at(Page(form(PAGE))) == when
        assert said(form(PAGE))["readings"][0]["as_of"] == said(PAGE)["readings"][0]["as_of"]
    assert saved_at(Page(PAGE)) is None
    assert saved_at(Page(mhtml(PAGE).replace(b"Fri, 20 Nov 2026", b"some day, soon"))) is None


NO_PAGES = {
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "save it as"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "save it as"),
    "plain text": (
        "Mark: SAMPLE HARBOUR\nUS Serial Number: 99990101\nStatus: Registered é".encode(),
        "again as",
    ),
    "a bookmark": (b"[InternetShortcut]\r\nURL=https://register.example/\r\n", "save the page"),
    "a document of a word processor": (b"{\\rtf1\\ansi Mark: SAMPLE}", "from the browser"),
    "a packed file": (b"\x1f\x8b\x08\0\0\0\0\0", "Unpack"),
    "a recording of a browser": (b'{"log": {"version": "1.2", "entries": []}}', "Save the page"),
}


@pytest.mark.parametrize("what", NO_PAGES)
def test_what_is_no_page_is_named_as_what_it_is_with_what_to_do(tmp_path: Path, what: str) -> None:
    body, do = NO_PAGES[what]
    for name in ("page.html", "page"):
        (tmp_path / name).write_bytes(body)
        with pytest.raises(NotThisSource) as caught:
            read_file(tmp_path / name)
        assert what in caught.value.message
        assert do in caught.value.do


def test_text_in_utf_16_is_plain_text_and_a_broken_one_is_said_to_be_broken() -> None:
    with pytest.raises(NotThisSource, match="plain text"):
        said("\ufeffMark: SAMPLE".encode("utf-16-le"))
    with pytest.raises(Incomplete, match="UTF-16"):
        said(b"\xff\xfe<\0h\0t\0m\0l\0>\0\x00\xd8")


@pytest.mark.parametrize(
    "body",
    [
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n--x--",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\n--x--",
        b"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: rot13\r\n\r\n<html>",
        b"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n***=",
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary*=utf-8''%ff\n\n--x",
        b"bplist00WebMainResource\xff\xff\xff",
        b"<html><!-- Page saved with SingleFile --><div " + b"<a" * 40_000,
        b"<html><!-- Page saved with SingleFile -->" + b"<p>" * 40_000 + b"</b>" * 40_000,
        b"<html><!-- Page saved with SingleFile --><script>" * 20_000,
    ],
)
def test_broken_and_hostile_files_end_in_a_typed_error_and_soon(body: bytes) -> None:
    with pytest.raises(LookError):
        said(body)


# -- real pages, and a real browser: `make soak` ------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.recorded
def test_real_pages_give_the_same_record_in_each_form(recorded: Path) -> None:
    different, tried = [], 0
    for path in sorted(recorded.rglob("*")):
        body = path.read_bytes() if path.is_file() else b""
        if not is_html(body):
            continue
        for form, made in FORMS.items():
            tried += 1
            if _outcome(made(body)) != _outcome(body):
                different.append(f"{path.name} as {form}")
    assert tried > 50, "nothing was tried"
    assert different == []


def _outcome(body: bytes) -> object:
    try:
        return said(body)
    except LookError:
        return None


@pytest.mark.soak
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: NO page was saved by a real browser")
def test_a_real_browser_saves_pages_that_are_read_as_the_pages_themselves(tmp_path: Path) -> None:
    different: list[str] = []
    with Loopback() as register, Browser(tmp_path / "profile") as browser:
        for number, case in enumerate(GOOD):
            body = case.as_page().body
            register.content_type = f"text/html; charset={encoding_of(body)}"
            register.pages[f"/{number}.html"] = body
            url = f"{register.url}/{number}.html"
            browser.open(url)
            forms = {"MHTML": browser.mhtml(), "complete": browser.complete(url)}
            if SINGLEFILE:
                forms["SingleFile"] = browser.single_file()
            wanted = said(body, case.source)
            for form, saved in forms.items():
                try:
                    same = said(saved) == wanted
                except LookError as error:
                    same = False
                    different.append(str(error))
                if not same:
                    different.append(f"{named(case)} as {form}")
    assert different == []

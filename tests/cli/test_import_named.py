"""What can be named to `import`: files, folders, zips and patterns, and what is refused in them."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CANCELLED, PAGE, SERIAL, Run
from tests.forms import FORMS, complete, mhtml, single_file

BODY = PAGE.read_bytes()
OTHER = BODY.replace(SERIAL.encode(), b"99990199").replace(b"99/990,101", b"99/990,199")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


def test_an_empty_name_is_not_the_folder_one_is_in(run: Run, folder: Path) -> None:
    """A script's variable that is not set would import all that lies there."""
    (folder / "page.html").write_bytes(BODY)
    ran = run("import", "page.html", "")
    assert (ran.code, ran.out) == (2, "")
    assert "an empty name is given" in ran.err
    assert "nothing was stored" in ran.err
    assert run("import", "page.html").code == 0


def test_one_page_in_many_forms_is_one_record_seen_once_and_alerts_nobody(run: Run, folder: Path) -> None:
    (folder / "tmwatch.toml").write_text(
        '[operator]\ncontact = "x@firm.test"\n'
        f'[[watch]]\nname = "own"\nnumbers = ["US {SERIAL}"]\nnotify = []\n'
    )
    (folder / "saved").mkdir()
    for number, form in enumerate(FORMS.values()):
        (folder / "saved" / f"{number:02}.html").write_bytes(form(BODY))
    (folder / "saved" / "again.mhtml").write_bytes(mhtml(BODY, "----another-boundary"))
    found = lines(run("import", "--json", "saved").out)
    assert [one["what"] for one in found] == ["new"] * (len(FORMS) + 1)  # in one transaction
    assert {one["what"] for one in lines(run("import", "--json", "saved").out)} == {"unchanged"}
    history = run("history", f"US {SERIAL}", "--json").json
    assert (len(history["versions"]), history["changes"]) == (1, [])
    assert run("alerts", "list", "--json").json == []
    (folder / "later.mhtml").write_bytes(mhtml(CANCELLED))
    (one,) = lines(run("import", "--json", "later.mhtml", "--as-of", "2026-11-20").out)
    assert (one["what"], one["saved_at"]) == ("changed", "2026-11-20T09:11:12+00:00")
    assert len(run("alerts", "list", "--json").json) == 1


def test_the_pages_in_a_zip_are_imported_and_what_lies_beside_them_is_not(run: Run, folder: Path) -> None:
    zip_of(
        folder / "pages.zip",
        {
            "US/one.html": complete(BODY),
            "US/one_files/frame.html": b"<html>an advertisement</html>",
            "US/zwei.htm": b"<html></html>",
            "US/zwei-Dateien/frame.html": b"<html>an advertisement</html>",
            "two.mhtml": mhtml(OTHER),
            "style.css": b"body {}",
            "__MACOSX/US/._one.html": b"\0\5",
            ".hidden.html": b"<html></html>",
        },
    )
    found = lines(run("import", "--json", "pages.zip").out)
    assert [(one["file"], one["outcome"]) for one in found] == [
        ("pages.zip/US/one.html", "ok"),
        ("pages.zip/US/zwei.htm", "layout_changed"),
        ("pages.zip/two.mhtml", "ok"),
    ]
    assert [one["st13"] for one in found if one["st13"]] == [f"US5000000{SERIAL}", "US500000099990199"]


def test_a_zip_in_a_folder_is_taken_and_said_to_be_damaged_where_it_is(run: Run, folder: Path) -> None:
    (folder / "saved").mkdir()
    whole = zip_of(folder / "saved" / "a.zip", {"one.html": BODY}).read_bytes()
    (folder / "saved" / "b.zip").write_bytes(whole[:-30])
    found = {Path(one["file"]).name: one for one in lines(run("import", "--json", "saved").out)}
    assert found["one.html"]["outcome"] == "ok"
    assert found["b.zip"]["outcome"] == "incomplete"
    assert "damaged or cut off" in found["b.zip"]["error"]


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def nested() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("page.html", BODY)
    return inner.getvalue()


REFUSED: dict[str, tuple[str | zipfile.ZipInfo, bytes, str]] = {
    "a path out of it": ("../../out.html", BODY, "leads out of the zip"),
    "an absolute path": ("/etc/page.html", BODY, "leads out of the zip"),
    "a path of Windows": ("..\\out.html", BODY, "leads out of the zip"),
    "a drive": ("C:/page.html", BODY, "leads out of the zip"),
    "a link": (link("link.html"), b"/etc/passwd", "it is a link"),
    "a zip in it": ("more.zip", nested(), "packed once more"),
    "a bomb": ("bomb.html", b"<html>" + b"\0" * 8_000_000, "more than 200 times its size"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_in_a_zip_is_named_and_the_other_pages_are_read(
    run: Run, folder: Path, what: str
) -> None:
    name, body, said = REFUSED[what]
    with zipfile.ZipFile(folder / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
        archive.writestr("good.html", BODY)
    before = set(folder.parent.rglob("*"))
    ran = run("import", "--json", "in.zip")
    bad, good = lines(ran.out)
    assert (ran.code, good["outcome"]) == (1, "ok")
    assert bad["outcome"] == "layout_changed"
    assert said in bad["error"]
    assert bad["file"].startswith("in.zip/")
    new = {path.name for path in set(folder.parent.rglob("*")) - before}
    assert not any("out" in one or "page" in one for one in new)


def test_a_locked_member_one_that_lies_about_its_size_and_an_empty_zip_are_named(
    run: Run, folder: Path
) -> None:
    body = zip_of(folder / "in.zip", {"page.html": BODY}).read_bytes()
    central = body.rindex(b"PK\x01\x02")
    locked = bytearray(body)
    for place in (6, central + 8):
        locked[place] |= 1
    (folder / "locked.zip").write_bytes(bytes(locked))
    lying = bytearray(body)
    for place in (22, central + 24):
        lying[place : place + 4] = (100).to_bytes(4, "little")
    (folder / "lying.zip").write_bytes(bytes(lying))
    zip_of(folder / "empty.zip", {})
    zip_of(folder / "pictures.zip", {"one.jpg": b"\xff\xd8\xff"})
    said = {
        "locked.zip": "locked with a password",
        "lying.zip": "damaged",
        "empty.zip": "holds no saved page",
        "pictures.zip": "holds no saved page",
    }
    for name, words in said.items():
        (one,) = lines(run("import", "--json", name).out)
        assert one["outcome"] != "ok", name
        assert words in one["error"], one


def test_the_memory_for_a_bomb_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tmwatch.importing import files_in, unpacked, zips

    monkeypatch.setattr(zips, "LARGEST", 300_000)
    monkeypatch.setattr(zips, "MOST", 500_000)
    noise = b"".join(str(number * 7919 % 1_000_003).encode() for number in range(40_000))[:200_000]
    zip_of(folder / "in.zip", {"a.html": noise * 2, "b.html": noise, "c.html": noise, "d.html": noise})
    got = list(unpacked(files_in([folder / "in.zip"])))
    assert [one.trouble is None for one in got] == [False, True, True, False]
    assert "more than" in str(got[0].trouble)
    assert "the zip unpacks to" in str(got[3].trouble)


def test_patterns_in_quotes_are_ours_to_expand(run: Run, folder: Path) -> None:
    (folder / "in/deep/page_files").mkdir(parents=True)
    (folder / "in/one.html").write_bytes(BODY)
    (folder / "in/deep/page.html").write_bytes(OTHER)
    (folder / "in/deep/page_files/frame.html").write_text("<html></html>")
    (folder / "in/gone_files").mkdir()  # its page was moved away
    (folder / "in/gone_files/frame.html").write_text("<html></html>")
    (folder / "in/.hidden.html").write_bytes(BODY)
    (folder / "in/notes.txt").write_text("a note")
    (folder / "odd [1].html").write_bytes(BODY)

    def files(*words: str) -> list[str]:
        return [one["file"] for one in lines(run("import", "--json", *words).out)]

    assert files("in/*.html") == ["in/one.html"]
    assert files("in/**/*.html") == ["in/deep/page.html", "in/one.html"]
    assert files("in/**") == ["in/deep/page.html", "in/one.html"]
    assert files("in/*") == ["in/one.html", "in/deep/page.html"]
    assert files("in/*.html", "in", "in/one.html") == ["in/one.html", "in/deep/page.html"]
    assert files("odd [1].html") == ["odd [1].html"]


def test_a_pattern_that_matches_nothing_is_an_error_and_the_others_are_read(run: Run, folder: Path) -> None:
    (folder / "one.html").write_bytes(BODY)
    ran = run("import", "*.mhtml", "*.html")
    assert ran.code == 1
    assert "*.mhtml: no file matches this pattern" in ran.err
    assert run("show", f"US {SERIAL}").code == 0


def test_source_check_takes_the_same_forms(run: Run, folder: Path) -> None:
    zip_of(folder / "in.zip", {"one.mhtml": mhtml(BODY), "two.html": single_file(BODY)})
    found = run("source", "check", "in.zip", "--json").json
    assert [(one["source"], one["outcome"]) for one in found] == [("us.tsdr", "ok")] * 2


def test_a_page_without_a_day_says_when_the_browser_saved_it(run: Run, folder: Path) -> None:
    stamp = BODY.split(b"This page was generated by TSDR on ")[1].split(b"<")[0]
    undated: Callable[[bytes], bytes] = lambda page: page.replace(  # noqa: E731
        b"This page was generated by TSDR on " + stamp, b""
    )
    (folder / "one.mhtml").write_bytes(mhtml(undated(BODY)))
    ran = run("import", "one.mhtml")
    assert "`--as-of 2026-11-20` says what day it speaks for" in ran.err
    assert "2026-11-20" not in run("import", "one.mhtml", "--as-of", "2026-11-21").err


def test_a_pipe_is_refused_and_never_waited_for(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "pipe.html")
    held = os.open(folder / "pipe.html", os.O_RDWR)  # whoever opens it waits no longer, and a red test ends
    os.write(held, b"<html></html>")
    try:
        (folder / "page.html").write_bytes(BODY)
        ran = run("import", "--json", "pipe.html", "page.html", "/dev/null")
    finally:
        os.close(held)
    said = {one["file"]: (one["outcome"], one["error"]) for one in lines(ran.out)}
    assert ran.code == 1
    assert said["page.html"][0] == "ok"
    assert said["pipe.html"][1].splitlines() == [
        "pipe.html: it is a pipe, and no file",
        "It was not opened, and nothing was stored of it.",
        "Save what comes out of it as a file, then name that file.",
    ]
    assert "it is a device, and no file" in said["/dev/null"][1]


def test_a_folder_without_pages_is_named_with_what_was_looked_for(run: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "letter.pdf").write_bytes(b"%PDF-1.7")
    ran = run("import", "empty")
    said = " ".join(ran.err.split())
    assert ran.code == 2
    assert "empty: no page is in this folder" in said
    assert ".htm, .html, .json, .mht," in said
    assert "Nothing was stored." in said
    assert not (folder / "tmwatch.db").exists()
    (folder / "page.html").write_bytes(BODY)
    assert run("import", "empty", "page.html").code == 0

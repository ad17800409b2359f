"""Which files are meant by what was named: files, folders, patterns."""

from __future__ import annotations

import glob
import io
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tmwatch.errors import LookError, NotThisSource, UsageError

PAGES = frozenset({".html", ".htm", ".xhtml", ".xht", ".mhtml", ".mht", ".webarchive", ".xml", ".json"})
# What a browser keeps beside `NAME.html` lies in `NAME_files`; those that speak other languages name it in
# theirs. Windows knows them as connected files and lists them (SHFileOperation, FOF_NO_CONNECTED_ELEMENTS).
_BESIDE = (
    *("_files", ".files", "-files", "-Dateien", "_fichiers", "_bestanden", "_file", "_archivos", "-filer"),
    *("_tiedostot", "_pliki", "_soubory", "_elemei", "_ficheiros", "_arquivos", "_dosyalar", "_datoteke"),
    *("_fitxers", "_failid", "_fails", "_bylos", "_fajlovi", "_fitxategiak"),
)
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class File:
    """A file to be read. `path` is what it is called; of a page in a zip: the zip, then the name in it.

    `content` is None where it lies on the disk. `trouble` says why it cannot be had at all.
    """

    path: Path
    content: bytes | None = None
    trouble: LookError | None = None

    @property
    def name(self) -> str:
        """Its name without its folders."""
        return self.path.name

    def size(self) -> int:
        """Bytes. Raises `OSError`."""
        return len(self.content) if self.content is not None else self.path.stat().st_size

    def open(self) -> IO[bytes]:
        """For reading, from the start. Raises `OSError`."""
        return io.BytesIO(self.content) if self.content is not None else self.path.open("rb")


def as_file(what: Path | File) -> File:
    """A path as a file on the disk."""
    return what if isinstance(what, File) else File(what)


def files_in(paths: Iterable[Path]) -> Iterator[File]:
    """The files named, the pages in folders named, and what patterns match (`**` goes into folders).

    A folder may hold what a browser saves beside a page (`page_files/`), hidden files and our own: only
    what can be a page, or a zip of pages, is taken from it. A file named by itself is always taken. A pattern
    that matches nothing, and what is no regular file, comes back as a file with its `trouble`. Nothing comes
    twice. Raises `UsageError` at the end where folders alone were named and nothing is in any of them.
    """
    seen: set[Path] = set()
    named = list(paths)
    for file in _named(named):
        if file.path not in seen:
            seen.add(file.path)
            yield file
    if named and not seen:
        raise UsageError(
            "no page is in this folder" if len(named) == 1 else "no page is in any of these folders",
            where=", ".join(map(str, named)),
            kept=f"Looked for, in it and below: {', '.join(sorted(PAGES))}, and a .zip that holds such. "
            "Nothing was stored.",
            do="Name the folder that the pages are in; or the file itself, which is read whatever its name.",
        )


def _named(paths: Iterable[Path]) -> Iterator[File]:
    for path in paths:
        if path.is_dir():
            yield from map(File, _pages_in(path))
        elif _PATTERN.search(str(path)) and not path.exists():
            yield from _matched(path)
        else:
            yield File(path, trouble=_no_file(path))


def _no_file(path: Path) -> NotThisSource | None:
    """Why it is not even opened: a pipe would keep us waiting until somebody writes into it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None  # whoever opens it says why it cannot be read
    if stat.S_ISREG(mode):
        return None
    return NotThisSource(
        f"it is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, and no file",
        where=str(path),
        kept="It was not opened, and nothing was stored of it.",
        do="Save what comes out of it as a file, then name that file.",
    )


_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _matched(pattern: Path) -> Iterator[File]:
    """What the shell would have made of it: hidden files only where the pattern says so."""
    found = [Path(one) for one in sorted(glob.glob(str(pattern.expanduser()), recursive=True))]  # noqa: PTH207
    taken = [one for one in found if one.is_file() and not beside_a_page(one.parts)]
    deep = "**" in pattern.parts
    folders = [one for one in found if one.is_dir() and not deep]  # with `**` their files are matched already
    own = [one for one in folders if not beside_a_page((*one.parts, ""))]
    inside = [page for one in own for page in _pages_in(one)]
    if not taken and not inside:
        yield File(
            pattern,
            trouble=NotThisSource(
                "no file matches this pattern",
                where=str(pattern),
                kept="Nothing was read for it.",
                do="Look at its spelling and at the folder you are in; `**` goes through all folders below.",
            ),
        )
    last = pattern.name in ("*", "**")  # everything: then only what can be a page is meant
    yield from (File(one) for one in taken if not last or _may_be_page(one))
    yield from map(File, inside)


def _pages_in(folder: Path) -> list[Path]:
    return sorted(
        item
        for item in folder.rglob("*")
        if item.is_file()
        and not any(part.startswith(".") for part in item.relative_to(folder).parts)
        and not beside_a_page(item.relative_to(folder).parts, folder)
        and _may_be_page(item)
    )


def _may_be_page(path: Path) -> bool:
    return path.suffix.lower() in PAGES or (path.suffix.lower() == ".zip" and _holds_pages(path))


def _holds_pages(path: Path) -> bool:
    """Of the zips in a folder only those that can be meant: with a page in them, or too broken to say."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(Path(name).suffix.lower() in PAGES for name in archive.namelist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return True


def beside_a_page(
    parts: tuple[str, ...], top: Path | None = None, names: frozenset[str] | None = None
) -> bool:
    """Whether one of the folders on the way is what a browser has saved beside a page.

    `NAME_files` always is; the names that other languages have for it, where the page lies beside it: below
    `top` on the disk, or among `names` (paths with `/`, of a zip).
    """
    for place, part in enumerate(parts[:-1]):
        if part.endswith("_files"):
            return True
        stem = next((part.removesuffix(end) for end in _BESIDE if part.endswith(end)), "")
        if not stem:
            continue
        for suffix in (".html", ".htm", ".xhtml", ".xht"):
            beside = (*parts[:place], stem + suffix)
            if (
                "/".join(beside) in names
                if names is not None
                else (top or Path()).joinpath(*beside).is_file()
            ):
                return True
    return False


def companions(page: Path) -> list[Path]:
    """The folders that a browser has saved beside this page."""
    if page.suffix.lower() not in (".html", ".htm", ".xhtml", ".xht"):
        return []
    beside = (page.with_name(page.stem + end) for end in _BESIDE)
    return [one for one in beside if one.is_dir() and not one.is_symlink()]

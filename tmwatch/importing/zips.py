"""Zips of saved pages: one page in memory at a time, nothing unpacked onto the disk.

A zip is somebody else's file (design law 12). What it says of itself is not believed: each page is read up to
a limit, whatever its entry says; the same goes for all of them together. A member that is no page of the kind
people save (a picture, a style sheet) is passed over as in a folder. Refused, with its name and the reason:

    a path that leads out of the zip, an absolute one, a link   nothing is ever written under such a name, but
                                                                nobody who means well makes one
    a zip in the zip                                            unpacked without end, it could be anything
    a page that unpacks to more than 64 MiB, or to more than    a bomb: real pages give three to twenty times
    200 times its size; members that overlap
    a locked page, one packed in an unknown way, a damaged one
"""

from __future__ import annotations

import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tmwatch.errors import Incomplete, LayoutChanged, LookError, NotThisSource
from tmwatch.importing.finding import PAGES, File, beside_a_page
from tmwatch.text import clean_line

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an empty one
LARGEST = 64 * 2**20  # bytes of one page
MOST = 4 * 2**30  # bytes of all pages together
MOST_MEMBERS = 200_000
RATIO, FROM = 200, 2**20  # a page of a megabyte or more that shrinks so much says next to nothing
_CHUNK = 2**20
_OTHER_ZIPS = frozenset({".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".xz", ".bz2", ".zst"})
_DRIVE = re.compile(r"^[A-Za-z]:")
_KEPT = "Nothing of it was stored; the other pages in the zip were read."


def is_zip(file: File) -> bool:
    """By its first bytes, whatever it is called."""
    try:
        with file.open() as stream:
            return stream.read(4) in ZIP
    except OSError:
        return False


def count_of(file: File) -> int:
    """How many pages the zip says that it holds; 0 where it cannot be read. For progress only."""
    try:
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            names = frozenset(archive.namelist())
            return sum(not _is_passed_over(one, names) for one in archive.infolist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return 0


def pages_in(file: File) -> Iterator[File]:
    """The pages in the zip, in its order, each when it is asked for; what is refused has its `trouble`."""
    try:
        size = file.size()
        with file.open() as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if sum(one.compress_size for one in members) > size:
                raise _refusal(file.path, "its members overlap, so it unpacks to more than it holds")
            if len(members) > MOST_MEMBERS:
                raise _refusal(file.path, f"it says that it holds {len(members)} files")
            yield from _members(file, archive, members)
    except OSError as error:
        yield _refused(file.path, f"the file cannot be read: {error.strerror or error}")
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        broken = Incomplete(
            f"the zip is damaged or cut off ({clean_line(str(error), 120)})",
            where=str(file.path),
            kept="Nothing of it was stored.",
            do="Fetch or make it again. Pages that can still be unpacked can be imported by themselves.",
        )
        yield File(file.path, trouble=broken)
    except LookError as error:
        yield File(file.path, trouble=error)


def _members(file: File, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Iterator[File]:
    names = frozenset(one.filename for one in members)
    spent, found = 0, False
    for one in members:
        if _is_passed_over(one, names):
            continue
        found = True
        shown = file.path / clean_line(one.filename.lstrip("/"), 300)
        try:
            content = _content(archive, one, shown, MOST - spent)
        except LookError as error:
            yield File(shown, trouble=error)
            continue
        spent += len(content)
        yield File(shown, content)
    if not found:
        yield _refused(
            file.path,
            "the zip holds no saved page",
            "Pages end in .html, .htm, .mhtml or .mht, answers in .json or .xml. Give others by their names.",
        )


def _is_passed_over(one: zipfile.ZipInfo, names: frozenset[str]) -> bool:
    parts = PurePosixPath(one.filename.replace("\\", "/")).parts
    if one.is_dir() or any(part.startswith(".") and part != ".." for part in parts):
        return True
    if "__MACOSX" in parts or beside_a_page(parts, names=names):
        return True
    suffix = PurePosixPath(one.filename).suffix.lower()
    return suffix not in PAGES and suffix not in _OTHER_ZIPS


def _content(archive: zipfile.ZipFile, one: zipfile.ZipInfo, shown: Path, left: int) -> bytes:
    """The bytes of a member. Raises `LookError` for one that is refused."""
    name = one.filename.replace("\\", "/")
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        raise _refusal(shown, f"its name leads out of the zip (“{clean_line(one.filename, 100)}”)")
    if stat.S_ISLNK(one.external_attr >> 16):
        raise _refusal(shown, "it is a link, not a page")
    if PurePosixPath(name).suffix.lower() in _OTHER_ZIPS:
        raise _refusal(
            shown,
            "it is packed once more within the zip",
            "Unpack it, and import what is in it as a folder or zip.",
        )
    if one.flag_bits & 1:
        raise _refusal(shown, "it is locked with a password", "Unpack the zip and import the folder.")
    most = min(LARGEST, left)
    try:
        with archive.open(one) as stream:
            pieces, size = [], 0
            while piece := stream.read(_CHUNK):
                size += len(piece)
                pieces.append(piece)
                if size > most or (size > FROM and size > RATIO * max(1, one.compress_size)):
                    raise _bomb(shown, size, most, left)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise Incomplete(
            f"it is damaged in the zip ({clean_line(str(error), 120)})",
            where=str(shown),
            kept=_KEPT,
            do="Make the zip again, or import the page by itself.",
        ) from None
    except (NotImplementedError, RuntimeError) as error:
        raise _refusal(
            shown,
            f"it is packed in an unknown way ({clean_line(str(error), 80)})",
            "Unpack the zip and import the folder.",
        ) from None
    return b"".join(pieces)


def _bomb(shown: Path, size: int, most: int, left: int) -> LookError:
    if size > left:
        what = f"the zip unpacks to more than {MOST >> 30} GiB"
    elif size > most:
        what = f"it unpacks to more than {LARGEST >> 20} MiB"
    else:
        what = f"it unpacks to more than {RATIO} times its size"
    return LayoutChanged(
        f"{what}, as no saved page does",
        where=str(shown),
        kept=_KEPT,
        do="Do not trust this zip. If it is your own, unpack it and import the folder.",
    )


def _refusal(path: Path, what: str, do: str = "Do not trust this zip; ask whoever made it.") -> LookError:
    return NotThisSource(what, where=str(path), kept=_KEPT, do=do)


def _refused(path: Path, what: str, do: str = "Check its name and rights.") -> File:
    return File(path, trouble=NotThisSource(what, where=str(path), kept="Nothing of it was stored.", do=do))

"""The USPTO's daily file as a stream: zip or XML → the bytes of one `<case-file>` after the other.

A file holds up to 155,000 cases (annual back file) and two gigabytes; a case has been 10.9 MB. So nothing
here builds a tree of the whole: the stream is cut at `<case-file>` and `</case-file>`, and each piece is
handed out as it stands, to be hashed (an unchanged case costs no parse) or read by `daily_case.read`.

What stands around the cases, the frame, is kept aside and parsed when the end is reached: a file that is
cut off, a case inside a comment, an unknown element between cases are all seen there. **A caller that must
not act on half a file runs through it once before it stores anything**; cutting without parsing is cheap.

The office's files carry a document type with element declarations and nothing else. It is read as text and
taken out, so that no XML parser of ours ever sees one. Entities, notations, parameter references and
processing instructions in it are refused; an external identifier is never followed.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource
from tmwatch.sources.us import xml

CHUNK = 1 << 20
# A longer case, head or frame is no file of the office: the longest case seen is 10.9 MB, a head 10 kB.
LONGEST_CASE = 64 << 20
LONGEST_HEAD = 1 << 20
LONGEST_FRAME = 4 << 20
LONGEST_FILE = 8 << 30

ZIP = b"PK\x03\x04"
ROOT = b"<trademark-applications-daily"
_START = re.compile(rb"<case-file(?=[\s/>])")
_END = re.compile(rb"</case-file\s*>")
_TAIL = 32  # longer than either tag: a tag that straddles two chunks
_SERIAL = re.compile(rb"<serial-number>\s*(\d{7,8})\s*</serial-number>")
_HERE = b"<case-file/>"

_AGAIN = "Fetch or save the file again."
_DISTRUST = "Do not trust this file. Fetch it again from the register."
_DECLARED = re.compile(rb"""^<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_DOCTYPE = re.compile(rb"<!DOCTYPE\b", re.IGNORECASE)
_EXTERNAL = re.compile(
    rb"""\s*(?:SYSTEM\s+(?:"[^"]*"|'[^']*')|PUBLIC\s+(?:"[^"]*"|'[^']*')(?:\s+(?:"[^"]*"|'[^']*'))?)"""
)
# Codecs of Python that are no character sets of files.
_NOT_OF_FILES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "utf-7", "undefined"})
# What an internal subset may hold: element and attribute declarations, comments, white space.
_DECLARATION = re.compile(
    rb"""\s+|<!--(?:[^-]|-[^-])*-->|<!(?:ELEMENT|ATTLIST)\s(?:[^"'<>%]|"[^"<>&%]*"|'[^'<>&%]*')*>"""
)


class RawCase(NamedTuple):
    """One case as it stands in the file: UTF-8 XML with `case-file` as its root, readable by itself."""

    serial: str  # 8 digits; "" where none was found, and the reader will say so
    body: bytes


def cases(file: IO[bytes], where: str) -> Iterator[RawCase]:
    """Every case of a zip, an XML file or a lone `<case-file>`, in the order of the file.

    Raises `NotThisSource` for other bytes, `LayoutChanged` for a frame that is not the office's or a
    document type that declares more than elements, `Incomplete` for a file that does not reach its end;
    the last two may come after cases have been handed out (see above).
    """
    try:
        # A file that says another character set and is UTF-8 all the same was written by two programs.
        plain = _is_utf8(_opened(file, where))
        yield from _cut(_as_utf8(_opened(file, where), where, plain=plain), where)
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise Incomplete(
            f"the file cannot be read to its end ({str(error)[:120]})", where=where, do=_AGAIN
        ) from error


def head_of(file: IO[bytes], size: int) -> bytes:
    """The first bytes; a stream may hand them out in small pieces."""
    found = b""
    while len(found) < size and (piece := file.read(size - len(found))):
        found += piece
    return found


def _opened(file: IO[bytes], where: str) -> IO[bytes]:
    """The XML inside. A missing file comes as a page of the portal: told by the first bytes, not the name."""
    file.seek(0)
    head = head_of(file, 4)
    file.seek(0)
    if head != ZIP:
        return file
    archive = zipfile.ZipFile(file)
    members = [one for one in archive.infolist() if not one.is_dir()]
    found = [one for one in members if one.filename.lower().endswith(".xml")]
    if len(found) != 1 or len(members) != 1:
        raise NotThisSource(
            f"the zip holds {len(members)} files, {len(found)} of them XML; a daily file holds one",
            where=where,
            do="Unpack it and import the files in it.",
        )
    if found[0].file_size > LONGEST_FILE:
        raise LayoutChanged(
            f"the zip says that it unpacks to {found[0].file_size >> 20} MiB", where=where, do=_DISTRUST
        )
    try:
        return archive.open(found[0])
    except (RuntimeError, NotImplementedError) as error:
        raise LayoutChanged(
            f"the zip is locked or packed in an unknown way ({str(error)[:80]})", where=where, do=_AGAIN
        ) from error


class _Recoded(io.RawIOBase):
    """A stream in another character set, read as UTF-8."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ready:
            piece = self._stream.read(CHUNK)
            # The declaration of the old character set would be false of the new bytes.
            text = self._decode.decode(piece, final=not piece)
            self._ready = text.encode("utf-8")
            if not piece:
                break
        found, self._ready = (self._ready, b"") if size < 0 else (self._ready[:size], self._ready[size:])
        return found


class _Again(io.RawIOBase):
    """A stream with some bytes put back before it."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._head:
            found, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            return found
        return self._stream.read(size)


def _is_utf8(stream: IO[bytes]) -> bool:
    """Whether a file that declares another character set is UTF-8 from its first byte to its last."""
    head = head_of(stream, 4096)
    found = _DECLARED.match(head.lstrip())
    if found is None or found[1].lower() in (b"utf-8", b"utf8") or b"\0" in head:
        return False  # it declares none, or the right one: nothing to decide
    decode = codecs.getincrementaldecoder("utf-8")()
    try:
        piece = head
        while piece:
            decode.decode(piece)
            piece = stream.read(CHUNK)
        decode.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(stream: IO[bytes], where: str, *, plain: bool = False) -> IO[bytes]:
    head = head_of(stream, 4096)
    again: IO[bytes] = _Again(head, stream)  # type: ignore[assignment]
    if plain:
        return again
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    else:
        found = _DECLARED.match(head.removeprefix(codecs.BOM_UTF8).lstrip())
        name = found[1].decode("ascii") if found else "utf-8"
    try:
        known = codecs.lookup(name).name
        codecs.getincrementaldecoder(name)().decode(b"", final=True).encode("utf-8")
    except (LookupError, AttributeError, UnicodeError, ValueError, zlib.error):
        known = ""
    if not known or known in _NOT_OF_FILES:
        raise LayoutChanged(f"the file names a character set that is none: {name}", where=where, do=_AGAIN)
    if known in {"utf-8", "ascii"}:
        return again
    return _Recoded(again, known)  # type: ignore[return-value]


def _cut(stream: IO[bytes], where: str) -> Iterator[RawCase]:
    frame = _Frame(where)
    buffer, searched, total, inside, count = b"", 0, 0, False, 0
    while piece := stream.read(CHUNK):
        total += len(piece)
        if total > LONGEST_FILE:
            raise LayoutChanged(
                f"the file is longer than {LONGEST_FILE >> 30} GiB", where=where, do=_DISTRUST
            )
        buffer += piece
        place = 0
        while True:
            if not inside:
                start = _START.search(buffer, max(place, searched))
                if start is None:
                    keep = max(place, len(buffer) - _TAIL)
                    frame.add(buffer[place:keep])
                    place, searched = keep, 0
                    break
                frame.add(buffer[place : start.start()])
                frame.add_case()
                place = searched = start.start()
                inside = True
            end = _END.search(buffer, max(place, searched))
            if end is None:
                searched = max(place, len(buffer) - _TAIL)
                break
            body = buffer[place : end.end()]
            place = searched = end.end()
            inside = False
            count += 1
            found = _SERIAL.search(body, 0, 400)
            yield RawCase(found[1].decode("ascii").zfill(8) if found else "", body)
        buffer, searched = buffer[place:], max(0, searched - place)
        if inside and len(buffer) > LONGEST_CASE:
            raise LayoutChanged(f"a case is longer than {LONGEST_CASE >> 20} MiB", where=where, do=_DISTRUST)
    if inside:
        raise Incomplete("the file breaks off inside a case", where=where, do=_AGAIN)
    frame.add(buffer)
    frame.close(count)


class _Frame:
    """What stands around the cases. A run of cases with nothing but blanks between them is one mark."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._parts: list[bytes] = []
        self._size = self._runs = 0
        self._in_run = False

    def add(self, piece: bytes) -> None:
        if not piece or (self._in_run and piece.isspace()):
            return
        self._in_run = False
        self._parts.append(piece)
        self._size += len(piece)
        # Before the first case there is no more than a head; a bomb of blanks ends here as well.
        if self._size > (LONGEST_FRAME if self._runs else LONGEST_HEAD):
            raise LayoutChanged(
                "there is more around the cases than a daily file has", where=self._where, do=_DISTRUST
            )

    def add_case(self) -> None:
        if not self._runs:  # before the first case is handed out: is the head one to be trusted?
            without_document_type(b"".join(self._parts), self._where)
        if not self._in_run:
            self._parts.append(_HERE)
            self._runs += 1
            self._in_run = True

    def close(self, count: int) -> None:
        """The end of the file is reached: is this a daily file, and whole?"""
        text = b"".join(self._parts).removeprefix(codecs.BOM_UTF8).strip()
        if _without_declaration(text).strip() == _HERE and count == 1:
            return  # one case kept by itself
        text = _without_declaration(without_document_type(text, self._where))
        root = xml.parse(text, self._where)
        marks = 0
        unknown: list[str] = []
        for element in root.iter():
            name = str(element.tag)
            parent = element.getparent()
            inside = str(parent.tag) if parent is not None else ""
            if name == "case-file" and inside == "action-keys":
                marks += 1
            elif (inside, name) not in _KNOWN:
                unknown.append(f"{inside}/{name}".lstrip("/"))
        if str(root.tag) != ROOT[1:].decode("ascii"):
            raise NotThisSource(
                f"this is no daily file: its root is `{str(root.tag)[:60]}`", where=self._where
            )
        if marks != self._runs:
            raise LayoutChanged(
                "cases stand where a daily file has none (in a comment, or outside `action-keys`)",
                where=self._where,
                do=_DISTRUST,
            )
        if unknown:
            raise LayoutChanged(
                f"around the cases there is `{unknown[0]}`, which no daily file had so far",
                where=self._where,
                do="Please report it with the file.",
            )
        if not count and root.find("application-information/data-available-code") is None:
            raise Incomplete(
                "the file holds no case, and does not say that there are none", where=self._where
            )


_KNOWN = frozenset(
    {
        ("", "trademark-applications-daily"),
        ("trademark-applications-daily", "version"),
        ("version", "version-no"),
        ("version", "version-date"),
        ("trademark-applications-daily", "creation-datetime"),
        ("trademark-applications-daily", "application-information"),
        ("application-information", "data-available-code"),
        ("application-information", "file-segments"),
        ("file-segments", "file-segment"),
        ("file-segments", "action-keys"),
        ("action-keys", "action-key"),
    }
)


def _without_declaration(text: bytes) -> bytes:
    """Without `<?xml … encoding=…?>`: the bytes are UTF-8 by now, whatever it says."""
    return re.sub(rb"^<\?xml[^>]*\?>", b"", text)


def without_document_type(text: bytes, where: str) -> bytes:
    """The XML without its document type, which may declare elements and attributes and nothing else.

    Nothing is expanded and nothing fetched: an external identifier is passed over. Raises `LayoutChanged`
    for entities, notations, parameter references, processing instructions, or a second document type.
    """
    found = _DOCTYPE.search(text)
    if found is None:
        return text
    place = found.end()
    name = re.compile(rb"\s+[A-Za-z_][\w.-]*").match(text, place)
    if name is None:
        raise _refused("names no root", where)
    place = name.end()
    external = _EXTERNAL.match(text, place)
    place = external.end() if external else place
    subset = re.compile(rb"\s*\[").match(text, place)
    if subset is not None:
        place = subset.end()
        while part := _DECLARATION.match(text, place):
            place = part.end()
        if text[place : place + 1] != b"]":
            what = re.match(rb"<?!?[A-Za-z%?]*", text[place : place + 20])
            said = what[0].decode("ascii", "replace") if what and what[0] else "what is no declaration"
            raise _refused(f"holds `{said}`", where)
        place += 1
    end = re.compile(rb"\s*>").match(text, place)
    if end is None:
        raise _refused("is not closed as it must be", where)
    rest = text[: found.start()] + text[end.end() :]
    if _DOCTYPE.search(rest):
        raise _refused("stands twice", where)
    return rest


def _refused(what: str, where: str) -> LayoutChanged:
    return LayoutChanged(
        f"the document type {what}; the register's own files declare elements only", where=where, do=_DISTRUST
    )


def looks_like(body: bytes) -> bool:
    """Whether these bytes are a daily file, a zip of one, or one case of it. Cheap, never raises."""
    if body.startswith(ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                names = [one for one in archive.infolist() if one.filename.lower().endswith(".xml")]
                if len(names) != 1:
                    return False
                with archive.open(names[0]) as member:
                    return looks_like(member.read(64_000))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
        ):
            # Cut off, but so named by the office: apc260420.xml inside apc260420.zip.
            return re.search(rb"\bapc\d{6}(?:-\d+)?\.xml", body[:400]) is not None
    head = body[:64_000].replace(b"\0", b"")
    # The tag, not the name in the document type of another file.
    return ROOT in head or (_START.search(head) is not None and b"<serial-number" in head)

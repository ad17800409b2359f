"""Files of many records as a stream: zip or XML → the bytes of one record after the other.

A file holds up to 155,000 records (an annual back file) and two gigabytes; a record has been 10.9 MB. So
nothing here builds a tree of the whole: the stream is cut at the record's opening and closing tag (`Form`
says which), and each piece is handed out, to be hashed (an unchanged one costs no parse) or read.

What stands around the records, the frame, is kept aside and parsed when the end is reached: a file that is
cut off, a record inside a comment, an unknown element between two are all seen there. **A caller that must
not act on half a file runs through it once before it stores anything**; cutting without parsing is cheap.

The USPTO's files carry a document type with element declarations and nothing else. It is read as text and
taken out, so that no XML parser of ours ever sees one. Entities, notations, parameter references and
processing instructions in it are refused; an external identifier is never followed.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

from tmwatch.errors import Incomplete, LayoutChanged, NotThisSource
from tmwatch.sources import safe_xml, unpacking
from tmwatch.sources.ahead import Ahead
from tmwatch.sources.base import Piece
from tmwatch.sources.recoding import AGAIN, CHUNK, as_utf8, head_of, is_utf8

_UNPACKED = 1 << 18  # … of what `zipfile` unpacks at once: it is called more seldom
# A longer record, head or frame is no file of an office: the longest seen is 10.9 MB, a head 10 kB.
LONGEST_RECORD = 64 << 20
LONGEST_HEAD = 1 << 20
LONGEST_FRAME = 4 << 20
LONGEST_FILE = 8 << 30

ZIP = b"PK\x03\x04"
_HEAD = 400  # bytes of a record in which its number stands
_TAIL = 40  # longer than either tag of a record: a tag that straddles two chunks

_DISTRUST = "Do not trust this file. Fetch it again from the register."
_DOCTYPE = re.compile(rb"<!DOCTYPE\b", re.IGNORECASE)
_EXTERNAL = re.compile(
    rb"""\s*(?:SYSTEM\s+(?:"[^"]*"|'[^']*')|PUBLIC\s+(?:"[^"]*"|'[^']*')(?:\s+(?:"[^"]*"|'[^']*'))?)"""
)
# What an internal subset may hold: element and attribute declarations, comments, white space.
_DECLARATION = re.compile(
    rb"""\s+|<!--(?:[^-]|-[^-])*-->|<!(?:ELEMENT|ATTLIST)\s(?:[^"'<>%]|"[^"<>&%]*"|'[^'<>&%]*')*>"""
)


@dataclass(frozen=True)
class Form:
    """What tells a file of one source: its root, the element of a record, and all that may stand around."""

    file: str  # in words: "daily file"
    record: str  # in words: "case"
    root: str
    item: str  # the element of a record
    inside: str  # its parent
    number: re.Pattern[bytes]  # group 1: the number, within the first bytes of a record
    name: re.Pattern[bytes]  # of the file inside a zip, by which one that is cut off is still told
    frame: frozenset[tuple[str, str]]  # (parent, element) of all that may stand around the records
    nothing: str = ""  # path of the element by which a file says that it holds no record
    has: bytes = b""  # what a record by itself has in its first bytes, where one may stand alone
    digits: int = 0  # that a number has at least: zeros are put before a shorter one
    whole: bool = False  # each piece is a file of one record: head and foot of its file around it

    start: re.Pattern[bytes] = field(init=False)
    end: re.Pattern[bytes] = field(init=False)
    here: bytes = field(init=False)
    opened: bytes = field(init=False)  # the tag as it always stands
    closed: bytes = field(init=False)  # what both tags end with

    def __post_init__(self) -> None:
        item = re.escape(self.item.encode())
        object.__setattr__(self, "start", re.compile(rb"<" + item + rb"(?=[\s/>])"))
        object.__setattr__(self, "end", re.compile(rb"</" + item + rb"\s*>"))
        object.__setattr__(self, "here", b"<" + self.item.encode() + b"/>")
        object.__setattr__(self, "opened", b"<" + self.item.encode() + b">")
        object.__setattr__(self, "closed", self.item.encode() + b">")


def records(form: Form, file: IO[bytes], where: str) -> Iterator[Piece]:
    """Every record of a zip, an XML file or (where the form has it) one by itself, in the file's order.

    A piece is UTF-8 XML, readable by itself. Its number is "" where none was found: the reader says so.

    Raises `NotThisSource` for other bytes, `LayoutChanged` for a frame that is not the office's or a
    document type that declares more than elements, `Incomplete` for a file that does not reach its end;
    the last two may come after records have been handed out (see above).
    """
    try:
        # A file that says another character set and is UTF-8 all the same was written by two programs.
        plain = is_utf8(_opened(form, file, where))
        with _read_ahead(_opened(form, file, where)) as stream:
            yield from _cut(form, as_utf8(stream, where, plain=plain), where)
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError) as error:
        raise Incomplete(
            f"the file cannot be read to its end ({str(error)[:120]})", where=where, do=AGAIN
        ) from error


@contextlib.contextmanager
def _read_ahead(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """What `zipfile` unpacks is unpacked beside us; all else comes too fast for that."""
    if not isinstance(stream, zipfile.ZipExtFile):
        yield stream
        return
    with Ahead(stream, _UNPACKED) as ahead:
        yield ahead  # type: ignore[misc]


def _opened(form: Form, file: IO[bytes], where: str) -> IO[bytes]:
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
            f"the zip holds {len(members)} files, {len(found)} of them XML; a {form.file} holds one",
            where=where,
            do="Unpack it and import the files in it.",
        )
    if found[0].file_size > LONGEST_FILE:
        raise LayoutChanged(
            f"the zip says that it unpacks to {found[0].file_size >> 20} MiB", where=where, do=_DISTRUST
        )
    try:
        return unpacking.member(archive, file, found[0])
    except (RuntimeError, NotImplementedError) as error:
        raise LayoutChanged(
            f"the zip is locked or packed in an unknown way ({str(error)[:80]})", where=where, do=AGAIN
        ) from error


_piece: Callable[[Iterable[object]], Piece] = functools.partial(tuple.__new__, Piece)


def _cut(form: Form, stream: IO[bytes], where: str) -> Iterator[Piece]:
    frame = _Frame(form, where)
    # A file holds ten thousands: what is the same for all of them is looked up once.
    opened, closed, number = len(form.opened), form.closed, form.number.search
    digits, whole, made = form.digits, form.whole, _piece
    buffer, searched, total, inside, count = b"", 0, 0, False, 0
    usual, between = b"", 0  # what stood between the two records before (blanks), with the opening tag behind
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
                if usual and buffer.startswith(usual, place):
                    place += between
                else:
                    start = form.start.search(buffer, max(place, searched))
                    if start is None:
                        usual = b""
                        keep = max(place, len(buffer) - _TAIL)
                        frame.add(buffer[place:keep])
                        place, searched = keep, 0
                        break
                    usual = buffer[place : start.start()]
                    frame.add(usual)
                    between = len(usual)
                    usual = usual + form.opened if frame.in_run else b""
                    frame.add_record()
                    place = start.start()
                searched = place
                inside = True
            # The tag as it always stands is found five times as fast as any that XML allows; was one of those
            # missed, the next record begins before it.
            end = buffer.find(closed, place + opened if searched < place + opened else searched)
            if end > 1 and buffer[end - 2 : end] == b"</":
                end += len(closed)
            else:
                found = form.end.search(buffer, searched)
                if found is None:
                    searched = max(place, len(buffer) - _TAIL)
                    break
                end = found.end()
            body = buffer[place:end]
            place = searched = end
            inside = False
            count += 1
            told = number(body, 0, _HEAD)
            name = told[1].decode("ascii").zfill(digits) if told else ""
            yield made((name, frame.around(body) if whole else body))
        buffer, searched = buffer[place:], max(0, searched - place)
        if inside and len(buffer) > LONGEST_RECORD:
            raise LayoutChanged(
                f"a {form.record} is longer than {LONGEST_RECORD >> 20} MiB", where=where, do=_DISTRUST
            )
    if inside:
        raise Incomplete(f"the file breaks off inside a {form.record}", where=where, do=AGAIN)
    frame.add(buffer)
    frame.close(count)


class _Frame:
    """What stands around the records. A run of them with nothing but blanks between is one mark."""

    def __init__(self, form: Form, where: str) -> None:
        self._form = form
        self._where = where
        self._parts: list[bytes] = []
        self._size = self._runs = 0
        self.in_run = False
        self._head = self._foot = b""

    def add(self, piece: bytes) -> None:
        if not piece or (self.in_run and piece.isspace()):
            return
        self.in_run = False
        self._parts.append(piece)
        self._size += len(piece)
        # Before the first record there is no more than a head; a bomb of blanks ends here as well.
        if self._size > (LONGEST_FRAME if self._runs else LONGEST_HEAD):
            raise LayoutChanged(
                f"there is more around the {self._form.record}s than a {self._form.file} has",
                where=self._where,
                do=_DISTRUST,
            )

    def add_record(self) -> None:
        if not self._runs:  # before the first record is handed out: is the head one to be trusted?
            head = without_document_type(b"".join(self._parts), self._where)
            if self._form.whole:
                self._stand_around(head)
        if not self.in_run:
            self._parts.append(self._form.here)
            self._runs += 1
            self.in_run = True

    def _stand_around(self, head: bytes) -> None:
        """What makes a file of each single record: the head as it stands, and what it opens closed again."""
        self._head = _without_declaration(head.removeprefix(codecs.BOM_UTF8).strip()).strip()
        still_open: list[bytes] = []
        for tag in _TAG.finditer(re.sub(rb"<!--.*?-->", b"", self._head, flags=re.DOTALL)):
            if tag[1]:
                if still_open:
                    still_open.pop()
            elif not tag[3]:
                still_open.append(tag[2])
        self._foot = b"".join(b"</" + name + b">" for name in reversed(still_open))

    def around(self, body: bytes) -> bytes:
        """The piece that is handed out for a record, where each is a file of its own."""
        return self._head + body + self._foot

    def close(self, count: int) -> None:
        """The end of the file is reached: is this a file of that form, and whole?"""
        form = self._form
        text = b"".join(self._parts).removeprefix(codecs.BOM_UTF8).strip()
        if form.has and _without_declaration(text).strip() == form.here and count == 1:
            return  # one record kept by itself
        text = _without_declaration(without_document_type(text, self._where))
        root = safe_xml.parse(text, self._where)
        marks = 0
        unknown: list[str] = []
        for element in root.iter():
            name = str(element.tag)
            parent = element.getparent()
            inside = str(parent.tag) if parent is not None else ""
            if name == form.item and inside == form.inside:
                marks += 1
            elif (inside, name) not in form.frame:
                unknown.append(f"{inside}/{name}".lstrip("/"))
        if str(root.tag) != form.root:
            raise NotThisSource(
                f"this is no {form.file}: its root is `{str(root.tag)[:60]}`", where=self._where
            )
        if marks != self._runs:
            raise LayoutChanged(
                f"{form.record}s stand where a {form.file} has none (in a comment, or outside "
                f"`{form.inside}`)",
                where=self._where,
                do=_DISTRUST,
            )
        if unknown:
            raise LayoutChanged(
                f"around the {form.record}s there is `{unknown[0]}`, which no {form.file} had so far",
                where=self._where,
                do="Please report it with the file.",
            )
        if not count and (not form.nothing or root.find(form.nothing) is None):
            raise Incomplete(
                f"the file holds no {form.record}, and does not say that there are none", where=self._where
            )


# An opening or closing tag: (slash, name, slash of an empty element).
_TAG = re.compile(rb"""<(/?)([A-Za-z_][\w.:-]*)(?:[^<>"']|"[^"]*"|'[^']*')*?(/?)>""")


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


def looks_like(form: Form, body: bytes) -> bool:
    """Whether these bytes are such a file, a zip of one, or one record of it. Cheap, never raises.

    The first 64 kB are enough, of a zip too: what it holds first can be unpacked from its beginning.
    """
    if body.startswith(ZIP):
        # Cut off before anything can be unpacked, it may still be so named: apc260420.xml, RM2909.xml.
        return _told(form, _first_in_zip(body)) or form.name.search(body[:400]) is not None
    return _told(form, body[:SNIFFED])


def _told(form: Form, head: bytes) -> bool:
    head = head.replace(b"\0", b"")
    # The tag, not the name in the document type of another file.
    if re.search(rb"<" + re.escape(form.root.encode()) + rb"(?=[\s/>])", head):
        return True
    return bool(form.has) and form.start.search(head) is not None and form.has in head


def _first_in_zip(body: bytes) -> bytes:
    """The first bytes of the first file in a zip, of which only the beginning need be at hand."""
    if len(body) < _LOCAL.size:
        return b""
    _, _, flags, how, *_, name, more = _LOCAL.unpack_from(body)
    packed = body[_LOCAL.size + name + more : _LOCAL.size + name + more + SNIFFED]
    if flags & 1 or how not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return b""
    if how == zipfile.ZIP_STORED:
        return packed
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, SNIFFED)
    except zlib.error:
        return b""


def is_web_page(body: bytes) -> bool:
    """Whether these are the first bytes of HTML, whatever the file is called."""
    return re.match(rb"\s*<(?:!doctype\s+html|html)\b", body[:2000], re.IGNORECASE) is not None


SNIFFED = 64_000
# A local header: signature, version, flags, method, time, date, CRC, two sizes, lengths of name and more.
_LOCAL = struct.Struct("<4sHHHHHIIIHH")

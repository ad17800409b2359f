"""Pages saved by hand into the store: the same road as a live look, marked as imported.

A page takes its place by the day it speaks for: an older one fills the past, moves nothing current and
alerts nobody; a newer one alerts as a live look would (design law 18).

    finding   which files are meant by what was named
    opening   a file as the page of a source, and what it says
    zips      the pages in a zip, one at a time
    many      files of many records, one at a time
    pages     pages, read one after the other
    sights    from a page to what is to be stored of it
    run       the whole of it, a transaction at a time
    results   what became of each file
"""

from __future__ import annotations

from tmwatch.importing.finding import File, files_in
from tmwatch.importing.many import bulk_source, pieces_of, unpacked
from tmwatch.importing.opening import read_file
from tmwatch.importing.results import Imported
from tmwatch.importing.run import import_files, reread

__all__ = [
    "File",
    "Imported",
    "bulk_source",
    "files_in",
    "import_files",
    "pieces_of",
    "read_file",
    "reread",
    "unpacked",
]

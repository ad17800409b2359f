"""Which files are meant by what was named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PAGES = frozenset({".html", ".htm", ".xhtml", ".xml", ".json"})
BULK_ZIP = re.compile(r"apc\d{6}.*\.zip", re.IGNORECASE)  # of the zips in a folder only those of a source


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and the pages in folders named.

    A folder may hold what a browser saves beside a page (`page_files/`), hidden files and our own: only
    what can be a page is taken from it. A file named by itself is always taken.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(item for item in path.rglob("*") if item.is_file() and _may_be_page(item, path))
        else:
            yield path


def _may_be_page(path: Path, folder: Path) -> bool:
    within = path.relative_to(folder).parts
    hidden = any(part.startswith(".") or part.endswith("_files") for part in within)
    return not hidden and (path.suffix.lower() in PAGES or BULK_ZIP.fullmatch(path.name) is not None)

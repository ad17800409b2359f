"""The USPTO's Open Data Portal: the list of a product's files, and the request for one.

`GET /api/v1/datasets/products/{id}` lists files with name, size, days and the instants of their release;
`…/files/{id}/{name}` sends on to a signed address that lives some seconds. Header `x-api-key`, 20 downloads
of a file a year. A file that is not there comes as the portal's own page, with status 200.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from tmwatch.errors import Incomplete, LayoutChanged, LookError, UsageError
from tmwatch.sources import streamed
from tmwatch.sources.base import Declaration, Page, Query, Request
from tmwatch.sources.feeds import Feed, FeedFile, Product
from tmwatch.sources.us import portal

KEY = "USPTO_ODP_API_KEY"
HEADER = "x-api-key"
_A_YEAR = 20
# apc261124.zip, apc261124.xml, and what browsers make of a second one: apc261124 (1).zip.
_DAILY = re.compile(r"([a-z]+)(\d{6})(?!\d)[^/]*\.(?:zip|xml)$", re.IGNORECASE)
_PATH = "/api/v1/datasets/products"
_DATA = "Data"  # other kinds are documents
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\.zip")
_MOST = 1000  # files in one answer
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def feed(daily: str, title: str, back: str | None = None, *, filings: bool = True) -> Feed:
    """The declaration of a product with daily files, and of its back file."""
    products = [Product(daily, title)]
    if back is not None:
        products.append(Product(back, f"{title}: the annual back file", back=True))
    return Feed(tuple(products), _A_YEAR, filings=filings)


class PublishesFiles:
    """What the sources of this portal have in common: see `feeds.Feeds`."""

    declaration: ClassVar[Declaration]
    file_names: ClassVar[re.Pattern[str]]  # of the product's files, among all that the portal lists

    def requests(self, query: Query) -> Sequence[Request]:
        """Raises `UsageError`: it publishes files, and answers no questions."""
        raise UsageError(
            "daily files are imported, not asked for",
            where=self.declaration.id,
            do="`tmwatch feed take` takes them; one saved from the Open Data Portal is for `tmwatch import`.",
        )

    def files_request(self, product: Product, since: dt.date | None) -> Request:
        """The list of a product's files."""
        params = {"includeFiles": "true", "limit": str(_MOST)}
        if since is not None:
            params["fileDataFromDate"] = since.isoformat()
        path = f"{_PATH}/{product.id}"
        return Request(path, params, credential_header=HEADER, accept="application/json")

    def file_request(self, product: Product, file: FeedFile) -> Request:
        """One file. The address in the list is not used: where a key goes is ours to say."""
        return Request(
            f"{_PATH}/files/{product.id}/{file.name}", credential_header=HEADER, accept="application/zip"
        )

    def files(self, page: Page) -> list[FeedFile]:
        """The zips of the list with names of this product, the oldest first. Raises `LookError`s."""
        return _files(page, self.file_names)

    def daily_file(self, name: str) -> FeedFile | None:
        """The daily file that a file saved under this name is, unpacked or not; None for any other."""
        found = _DAILY.match(name)
        listed = f"{found[1].lower()}{found[2]}.zip" if found else ""
        if not found or not self.file_names.fullmatch(listed):
            return None
        try:
            return FeedFile(listed, dt.datetime.strptime(found[2], "%y%m%d").date())  # noqa: DTZ007 - a day
        except ValueError:
            return None

    def no_file(self, head: bytes, where: str) -> LookError | None:
        """What the first bytes of a download are, if they are no zip."""
        if head.startswith(streamed.ZIP):
            return None
        if portal.is_portal(head) or streamed.is_web_page(head):
            return portal.no_such_file(where)
        return LayoutChanged(
            f"what came is no zip: it begins with {head[:8]!r}",
            where=where,
            do="If this stays so, the portal has changed its files: please report it.",
        )


def _files(page: Page, name: re.Pattern[str]) -> list[FeedFile]:
    where = page.url or page.name
    try:
        said = json.loads(page.body)
        bags = said["bulkDataProductBag"]
        rows = [row for bag in bags for row in (bag.get("productFileBag") or {}).get("fileDataBag") or ()]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LayoutChanged(
            f"this is no list of files of the Open Data Portal ({type(error).__name__})",
            where=where,
            do="If this stays so, the portal has changed its answers: please report it.",
        ) from None
    if not bags:
        raise Incomplete("the portal lists no such product", where=where, do="Try again later.")
    found = [_file(row, where) for row in rows if _is_data(row, name)]
    return sorted(found, key=lambda one: (one.day, one.name))


def _is_data(row: Any, name: re.Pattern[str]) -> bool:
    if not isinstance(row, dict):
        raise LayoutChanged("a file of the list is no object")
    return row.get("fileTypeText") == _DATA and name.fullmatch(str(row.get("fileName"))) is not None


def _file(row: dict[str, Any], where: str) -> FeedFile:
    name, size = str(row["fileName"]), row.get("fileSize")
    try:
        day = dt.date.fromisoformat(str(row.get("fileDataToDate"))[:10])
    except ValueError:
        raise LayoutChanged(f"{name[:80]} has no day in the list", where=where) from None
    if not _NAME.fullmatch(name) or not (size is None or (isinstance(size, int) and size > 0)):
        raise LayoutChanged(f"the list has a file that cannot be meant: {name[:80]!r}", where=where)
    digest = str(row.get("fileSha256Text") or row.get("sha256") or "")
    return FeedFile(
        name,
        day,
        size,
        str(row.get("fileLastModifiedDateTime") or row.get("fileReleaseDate") or ""),
        digest.lower() if _SHA256.fullmatch(digest) else None,
    )

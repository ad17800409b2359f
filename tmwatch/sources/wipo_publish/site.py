"""One office's instance of WIPO Publish, and the source that it makes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tmwatch.errors import UsageError
from tmwatch.sources.base import Answer, Declaration, Page, Query, RecordQuery, Request

# The address of a record, the same in every instance whose pages were seen; `id` names the filing.
PATH = "/wopublish-search/public/ajax/detail/trademarks"
LOGO = "/wopublish-search/service/trademarks/application/{id}/logo?noLogo=true"
_LABEL = re.compile(rb"""class\s*=\s*["'][^"']*\bproduct-form-label\b""")


@dataclass(frozen=True)
class Site:
    """What tells one instance from another. Everything else about it stands in its `Declaration`.

    `tables` is the package with labels.csv, status.csv, words.csv and steps.csv (see `tables`).
    `number` reads an application number as the page and people write it, `bare` writes it as records keep it
    and `page_id` as the address does, from the groups of `number`.
    """

    office: str  # WIPO ST.3
    host: str
    tables: str
    number: re.Pattern[str]
    bare: str
    page_id: str
    understood: str  # how the numbers look, in words

    def number_of(self, written: str) -> str | None:
        """The application number in bare form; None for what is none of this office."""
        found = self.number.fullmatch(" ".join(written.split()))
        return self.bare.format(**found.groupdict()) if found else None

    def id_of(self, written: str) -> str | None:
        """The number as the address of its page has it."""
        found = self.number.fullmatch(" ".join(written.split()))
        return self.page_id.format(**found.groupdict()) if found else None


class WipoPublish:
    """A site as a source: one page a number."""

    def __init__(self, site: Site, declaration: Declaration) -> None:
        self.site = site
        self._declaration = declaration

    @property
    def declaration(self) -> Declaration:
        """See `base.Source`."""
        return self._declaration

    def requests(self, query: Query) -> Sequence[Request]:
        """One page a number. Raises `UsageError` for a search, and for a number of another form."""
        if not isinstance(query, RecordQuery) or query.kind != "application":
            raise UsageError(
                f"{self._declaration.title} can be asked for application numbers only",
                where=self._declaration.id,
                do=f"Its application numbers look so: {self.site.understood}.",
            )
        return [self._request(number) for number in query.numbers]

    def _request(self, number: str) -> Request:
        page_id = self.site.id_of(number)
        if page_id is None:
            raise UsageError(
                f"`{number[:40]}` is no application number of this office",
                where=self._declaration.id,
                do=f"Its application numbers look so: {self.site.understood}.",
            )
        return Request(PATH, {"id": page_id}, accept="text/html", query=RecordQuery((number,)))

    def sniff(self, page: Page) -> int:
        """By the labels' class together with this office's host or, in a page saved without addresses, with
        several labels in its language. A page of another office on the same software is not ours."""
        host = self.site.host.encode()
        if host in page.body and (_LABEL.search(page.body) or b"wopublish" in page.body):
            return 95
        if (urlsplit(page.url).hostname or "") == self.site.host:
            return 60
        if not _LABEL.search(page.body) or b"/wopublish-search/" in page.body:
            return 0
        from tmwatch.sources.wipo_publish.tables import words_of_labels

        known = sum(word in page.body for word in words_of_labels(self.site.tables))
        return 80 if known > 4 else 0

    def read(self, page: Page) -> Answer:
        """The one record of the page, or the error that says what the page is instead."""
        from tmwatch.sources.wipo_publish.record import read  # with lxml: most runs meet no such page

        return read(self.site, page)

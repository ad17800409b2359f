"""What a source can be asked for that is new, with no name: every filing of a span of days.

So a watch that no search answers (names that come near, filters alone) sees each new filing of an office. A
register enters filings days to months after the day that they bear, so each look asks for the same days
again, `reach` back from the last one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class NewSince:
    """One list of new filings that a source gives (`SearchQuery.new` is its `of`).

    `by` is the day that the list goes by, in words; `why` says where `reach` comes from. An answer holds
    `page` rows a page and `most` rows in all (None: no limit is known); more than `at_once` are asked for in
    parts, so that no answer is large in memory. No check puts more than `requests` requests (a part that was
    begun is read to its end); the next check goes on. `classes`: the register narrows by Nice classes itself.
    `goods`: its rows tell goods, not class numbers alone.
    """

    of: str
    by: str
    reach: dt.timedelta
    why: str
    every: dt.timedelta = dt.timedelta(days=1)
    page: int | None = None
    most: int | None = None
    at_once: int = 2000
    requests: int = 400
    classes: bool = False
    goods: bool = False

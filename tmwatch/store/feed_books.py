"""The books of the feeds: which files were taken, which could not be had, how often each was asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tmwatch.sources.feeds import FeedFile, Product
from tmwatch.store.database import Database, iso, now

_YEAR = dt.timedelta(days=365)
IMPORTED = "imported"
_GAPS = dt.timedelta(days=90)  # older gaps are no news


@dataclass(frozen=True)
class Booked:
    """What is known of a file. `state` is "taken", "imported" (by hand), "missing" or "" (tried, and not
    there yet)."""

    name: str
    product: str
    day: str
    modified: str
    state: str
    error: str
    tries: int
    taken_at: str | None


def files(database: Database, source: str) -> dict[str, Booked]:
    """Every file of the source that was ever tried, by name."""
    rows = database.conn.execute(
        "select name, product, day, modified, state, error, tries, first_try_at, taken_at"
        " from feed_file where source = ?",
        (source,),
    )
    found = {}
    for row in rows:
        first = dt.datetime.fromisoformat(row["first_try_at"])
        tries = row["tries"] if now() - first < _YEAR else 0
        kept = {name: row[name] for name in row.keys() if name not in ("tries", "first_try_at")}  # noqa: SIM118
        found[row["name"]] = Booked(**kept, tries=tries)
    return found


def book_try(database: Database, source: str, product: Product, file: FeedFile) -> None:
    """A request for the file goes out."""
    known = files(database, source).get(file.name)
    instant = iso(now())
    with database.write():
        if known is None or not known.tries:
            database.conn.execute(
                "insert into feed_file (source, name, product, day, modified, size, state, error, tries,"
                " first_try_at, last_try_at) values (?,?,?,?,?,?,'','',1,?,?) on conflict (source, name)"
                " do update set tries = 1, first_try_at = excluded.first_try_at,"
                " last_try_at = excluded.last_try_at",
                (source, file.name, product.id, file.day.isoformat(), "", file.size, instant, instant),
            )
        else:
            database.conn.execute(
                "update feed_file set tries = tries + 1, last_try_at = ? where source = ? and name = ?",
                (instant, source, file.name),
            )


def book_end(
    database: Database,
    source: str,
    product: Product,
    file: FeedFile,
    state: str,
    *,
    error: str = "",
    sha256: str = "",
) -> None:
    """What became of it: taken, missing, or "" with the error."""
    instant = iso(now())
    with database.write():
        database.conn.execute(
            "insert into feed_file (source, name, product, day, modified, size, sha256, state, error, tries,"
            " first_try_at, last_try_at, taken_at) values (?,?,?,?,?,?,?,?,?,0,?,?,?)"
            " on conflict (source, name) do update set day = excluded.day, modified = excluded.modified,"
            " size = excluded.size, sha256 = excluded.sha256, state = excluded.state,"
            " error = excluded.error, taken_at = coalesce(excluded.taken_at, taken_at)",
            (
                *(source, file.name, product.id, file.day.isoformat(), file.modified, file.size, sha256),
                *(state, error, instant, instant, instant if state == "taken" else None),
            ),
        )


def book_by_hand(database: Database, source: str, product: str, name: str, day: dt.date) -> None:
    """Somebody saved the file and imported it. What was taken stays so, and no download is counted."""
    instant = iso(now())
    with database.write():
        database.conn.execute(
            "insert into feed_file (source, name, product, day, modified, size, sha256, state, error, tries,"
            " first_try_at, last_try_at, taken_at) values (?,?,?,?,'',null,'',?,'',0,?,?,?)"
            " on conflict (source, name) do update set state = excluded.state, taken_at = excluded.taken_at"
            " where state in ('', 'missing')",
            (source, name, product, day.isoformat(), IMPORTED, instant, instant, instant),
        )


def missing_days(database: Database, source: str, product: str) -> list[dt.date]:
    """Days of which there is no daily file between the first and the last that is known here, of the last 90
    days: there is a file for each day, and what is new in one that is missing was never seen."""
    known = files(database, source).values()
    days = {dt.date.fromisoformat(one.day) for one in known if one.product == product and one.state}
    if not days:
        return []
    last = max(days)
    first = max(min(days), last - _GAPS)
    span = (first + dt.timedelta(days=number) for number in range((last - first).days))
    return [day for day in span if day not in days]

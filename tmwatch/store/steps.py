"""The steps from the first schema to today's, in their order. None is ever edited: see `schema`."""

from __future__ import annotations

import functools
import json

import sqlite_utils

from tmwatch.store.ids import alert_facts
from tmwatch.text import fold_party


def receivers(db: sqlite_utils.Database) -> None:
    """What is known of a receiver apart from its deliveries: since when it fails, that it is switched off.

    `address` is what `delivery.address` holds (for a webhook the recipient's name), or the mail server.
    A webhook's URL may hold a token and never stands here: `fingerprint` is a salted, slow hash of it,
    by which a changed URL is noticed. `asked_at` of a delivery is when its receiver was last asked for
    it, as opposed to put off because the receiver was down.
    """
    db.table("endpoint").create(
        {
            "recipient": str,
            "channel": str,
            "address": str,
            "state": str,
            "since": str,
            "failures": int,
            "error": str,
            "told_at": str,
            "gave_up_at": str,
            "disabled_at": str,
            "why": str,
            "fingerprint": str,
        },
        pk=("recipient", "channel", "address"),
    )
    db.table("delivery").add_column("asked_at", str)


def records_once(db: sqlite_utils.Database) -> None:
    """One copy of each record's JSON, and the digest by which an unchanged page is known unread.

    * `mark_version.content_hash` and the new `mark.content_hash` name a row of `record`; their own columns
      `record` are empty from now on (a look that changes nothing rewrote six thousand bytes for nothing).
    * `sighting.glance`: digest of the latest page of the run, without what is volatile on it, together
      with the reader that read it; `glance_as_of`: what that page itself said of its day, as JSON.
    * `observation.records`: of how many filings a look speaks that is written down once for all of them
      (the unchanged records of a bulk file); empty for a look at one. It is part of the hashed row where
      it is not empty.
    """
    for statement in (
        "alter table sighting add column glance text",
        "alter table sighting add column glance_as_of text",
        "create index idx_sighting_glance on sighting (glance)",
        # Whether a raw page is still the first or the last of any run is asked at every look.
        "create index idx_sighting_first_snapshot on sighting (first_snapshot)"
        " where first_snapshot <> last_snapshot",
        "create index idx_sighting_last_snapshot on sighting (last_snapshot)",
        "alter table observation add column records integer",
        "alter table mark add column content_hash text",
        "insert or ignore into record (hash, st13, json)"
        " select content_hash, st13, record from mark_version where record is not null",
        "update mark set content_hash = (select v.content_hash from mark_version v where v.st13 = mark.st13"
        " and v.superseded_at is null order by v.position desc limit 1)",
        "update mark set record = null where content_hash in (select hash from record)",
        "update mark_version set record = null",
        "drop view looks",
    ):
        db.execute(statement)
    db.create_view(
        "looks",
        "select o.looked_at, o.source, o.st13, o.asked, o.outcome, o.as_of, o.error, o.url, o.records"
        " from observation o order by o.id desc",
    )
    db.create_view(
        "current_records",
        "select m.st13, m.office, m.application_number, r.json as record from mark m"
        " join record r on r.hash = m.content_hash order by m.office, m.application_number",
    )
    db.create_view(
        "versions",
        "select v.st13, v.as_of, v.source, v.facts, v.technical, v.created_at, r.json as record"
        " from mark_version v join record r on r.hash = v.content_hash"
        " where v.superseded_at is null order by v.st13, v.position",
    )


def ids_and_restores(db: sqlite_utils.Database) -> None:
    """Ids from facts, deliveries that are held, and what a restore must know of the time that was lost."""
    db.execute("alter table alert add column facts text")  # `ids.alert_facts`: counts the occurrences
    db.execute("alter table alert add column about text")  # of a health alert: "source us.tsdr: failing"
    db.execute("alter table delivery add column held_for text")  # why it is held: "restore", …
    for row in db.execute("select id, payload from alert").fetchall():
        st13s = [mark[0] for mark in db.execute("select st13 from alert_mark where alert = ?", (row[0],))]
        try:
            facts = alert_facts(json.loads(row[1]), st13s)
        except (ValueError, TypeError, AttributeError):
            continue  # a payload that nobody can read is told by the outbox
        db.execute("update alert set facts = ? where id = ?", (facts, row[0]))
    db.table("alert").create_index(["facts"])
    db.table("delivery").create_index(["message_id"], unique=True)
    # Each `tmwatch restore`: what was put back, and whether the replaced file could tell what was sent.
    db.table("restored").create(
        {"id": str, "restored_at": str, "backup": str, "backup_run_at": str, "kept_aside": str, "known": int},
        pk="id",
    )
    # What has not been looked at since: "mark US5…", "ask watch|question", "health".
    db.table("unsettled").create({"what": str, "salt": str, "restore": str}, pk="what")
    # Ids of deliveries that left in the time that was lost.
    db.table("sent_before").create({"message_id": str, "sent_at": str}, pk="message_id")
    # And the last word that each address had then on each field of each filing.
    db.table("told_before").create(
        {
            "recipient": str,
            "channel": str,
            "address": str,
            "watch": str,
            "what": str,
            "field": str,
            "key": str,
            "word": str,
            "as_of": str,
        },
        pk=("recipient", "channel", "address", "watch", "what", "field", "key"),
    )


def patience_with_sources(db: sqlite_utils.Database) -> None:
    """What it takes to call a source well again (`books.book_source`).

    `good`: good passes in a row, `good_since` the first of them; `recovered_at`: when it last recovered.
    """
    db.table("source_state").add_column("good", int)
    db.table("source_state").add_column("good_since", str)
    db.table("source_state").add_column("recovered_at", str)


def pruned_looks(db: sqlite_utils.Database) -> None:
    """One row for each stretch of looks that `prune` took out, with the hashes at both of its ends."""
    db.table("pruned_looks").create(
        {
            "id": int,
            "first_look": int,
            "last_look": int,
            "looks": int,
            "since": str,
            "until": str,
            "kinds": str,
            "previous_hash": str,
            "hash": str,
            "pruned_at": str,
        },
        pk="id",
    )
    db.table("pruned_looks").create_index(["previous_hash"])


def half_stored_files(db: sqlite_utils.Database) -> None:
    """How far a file of many records is stored, while it is: an import that was killed goes on from there.

    `done` records of it stand in the store, in the file's order; `memory` is what the watches made of them
    (`import_reaction`). The row goes with the transaction that stores the last of them.
    """
    db.table("half_stored").create(
        {"file": str, "source": str, "parser_version": str, "as_of": str, "done": int, "memory": str},
        pk=("file", "source", "parser_version", "as_of"),
    )


def owners_by_name(db: sqlite_utils.Database) -> None:
    """`party.key`: of an owner the name as names of owners are compared (`text.fold_party`, without spaces),
    so that an owner's filings are found however it writes itself; empty for everybody else.

    The keys are those of the day they were written: who changes `data/company_forms.csv` writes them anew.
    """
    db.execute('alter table party add column "key" text')
    key = functools.cache(lambda name: fold_party(name or "").replace(" ", ""))
    db.conn.create_function("tmwatch_owner_key", 1, key)
    db.execute("""update party set "key" = tmwatch_owner_key(name) where "as" = 'owner'""")
    db.execute('create index idx_party_key on party ("key", st13) where "key" is not null')


def timetable(db: sqlite_utils.Database) -> None:
    """The timetable of `tmwatch run`, and its journal; see `store/timetable.py`."""
    db.table("schedule").create({"job": str, "schedule": str, "done_until": str, "next_at": str}, pk="job")
    db.table("schedule_run").create(
        {
            "id": int,
            "job": str,
            "planned_at": str,
            "started_at": str,
            "ended_at": str,
            "outcome": str,
            "merged": int,
            "note": str,
        },
        pk="id",
    )


def hits_by_likeness(db: sqlite_utils.Database) -> None:
    """How near a hit is and why, and what people think of it.

    `id`: by which people name it; `level` 1 (near identical) to 4, `score` and `reasons` (JSON) where a name
    came near; `sure`: 0 where it came by likeness, or by filters alone, and no trigger names the filing;
    `triage`: relevant or noise, at `triaged_at`; `basis`: owners, classes and goods then, each as a hash.
    Every hit of before came by the very name, owner or number.
    """
    for statement in (
        "create table hit_with_id (id integer primary key, watch text not null, st13 text not null,"
        " first_at text, why text, baseline integer, level integer, score real, reasons text,"
        " sure integer not null default 1, triage text, triaged_at text, basis text)",
        "insert into hit_with_id (watch, st13, first_at, why, baseline)"
        " select watch, st13, first_at, why, baseline from hit order by rowid",
        "drop table hit",
        "alter table hit_with_id rename to hit",
        "create unique index idx_hit_watch_st13 on hit (watch, st13)",
        "create index idx_hit_st13 on hit (st13)",
    ):
        db.execute(statement)


def deadlines(db: sqlite_utils.Database) -> None:
    """What was shown of each deadline (`store.deadlines`): its day, and how often it moved."""
    db.table("deadline").create(
        {
            "key": str,
            "st13": str,
            "what": str,
            "day": str,
            "state": str,
            "sequence": int,
            "changed_at": str,
        },
        pk="key",
    )


def alerts_that_are_joined(db: sqlite_utils.Database) -> None:
    """An alert takes in what is found later, until somebody begins to send it (`store.joining`).

    `open`: it still does; `joins`: what may join it; `joined`: how often that happened. Of a filing that
    joined, `run` and `joined_at` say by which run and when; they are empty for those of the beginning.
    """
    for statement in (
        "alter table alert add column open integer not null default 0",
        "alter table alert add column joins text",
        "alter table alert add column joined integer not null default 0",
        "alter table alert_mark add column run text",
        "alter table alert_mark add column joined_at text",
        "create index idx_alert_open on alert (watch, joins) where open = 1",
    ):
        db.execute(statement)


def late_watches(db: sqlite_utils.Database) -> None:
    """The watches that are known, and told, to be late (`lateness`)."""
    db.table("late_watch").create({"watch": str, "since": str}, pk="watch")


def deadlines_told(db: sqlite_utils.Database) -> None:
    """Which deadline was told to which watch: for which day, and from how near (`days`).

    A row with an empty key says on which day all of a watch were gone through last.
    """
    db.table("deadline_told").create({"watch": str, "key": str, "day": str, "days": int}, pk=("watch", "key"))


def feed_files(db: sqlite_utils.Database) -> None:
    """The files of each feed: what became of them, and how often each was asked for (`store.feed_books`).

    `state` is "taken", "missing" (listed, and not to be had) or "" (tried). `tries` count since
    `first_try_at`.
    """
    db.table("feed_file").create(
        {
            "source": str,
            "name": str,
            "product": str,
            "day": str,
            "modified": str,
            "size": int,
            "sha256": str,
            "state": str,
            "error": str,
            "tries": int,
            "first_try_at": str,
            "last_try_at": str,
            "taken_at": str,
        },
        pk=("source", "name"),
    )


def muted(db: sqlite_utils.Database) -> None:
    """What a mute kept from somebody (`store.muted`), a row for each change or new filing and watch.

    `change` as JSON, empty of a filing that is new; `recipients` a JSON list; `mute`, `until` and `reason` as
    the configuration had them; `over_at` when the mute was to end; `told_at` when it was said that it had.
    """
    db.table("muted").create(
        {
            "id": int,
            "watch": str,
            "st13": str,
            "field": str,
            "significance": str,
            "change": str,
            "recipients": str,
            "mute": str,
            "until": str,
            "over_at": str,
            "reason": str,
            "muted_at": str,
            "run": str,
            "told_at": str,
        },
        pk="id",
    )
    db.table("muted").create_index(["st13", "watch"])
    db.table("muted").create_index(["muted_at"])


def masses(db: sqlite_utils.Database) -> None:
    """What a pass over a source brings in mass (`store.passes`, `store.mass`).

    `source_pass`: passes under way, with the rule that they are judged by; `pass_look`: what each known
    filing did in one (`outcome` "same", "changed", "gone", or "missing": gone before). `mass`: when that was
    too much at once, with its filings in `mass_mark` (`before`: hash of the record as it stood; `back`: it
    stands so again). A delivery waits for the end of a pass (`pass`), or is or was held for a mass (`mass`,
    `held_note`).
    """
    for statement in (
        "create table source_pass (id integer primary key, source text not null, run text, watches text,"
        ' "to" text, share integer, least integer, hold integer, sample integer, since text, judged_at text,'
        " alive_until text)",
        "create table pass_look (pass integer not null references source_pass (id), what text not null,"
        " outcome text not null, changes text, before text, primary key (pass, what)) without rowid",
        "create table mass (id integer primary key, source text not null, state text not null, since text,"
        " until text, changed integer, gone integer, looked integer, told integer, recovered integer,"
        " alert integer, closed_at text)",
        "create table mass_mark (mass integer not null references mass (id), what text not null,"
        " outcome text not null, changes text, before text, back integer not null default 0,"
        " primary key (mass, what)) without rowid",
        "create index idx_mass_open on mass (source) where closed_at is null",
        "alter table delivery add column pass integer",
        "alter table delivery add column mass integer",
        "alter table delivery add column held_note text",
        "create index idx_delivery_pass on delivery (pass) where pass is not null",
        "create index idx_delivery_mass on delivery (mass) where mass is not null",
    ):
        db.execute(statement)


def new_lists(db: sqlite_utils.Database) -> None:
    """How far a watch has read the list of new filings of a source (`store.new_books`), by its question.

    `floor`: its first reading began with that day; `read_to`: what was entered by that day it has seen;
    `names`: those by which it has had a first look. A reading that is under way has a `begun_at`, and goes
    from the day `since` to the day `reached`, for `going` names; `gap` is the first part that was not whole.
    """
    db.table("new_list").create(
        {
            "watch": str,
            "ask": str,
            "floor": str,
            "read_to": str,
            "names": str,
            "begun_at": str,
            "since": str,
            "reached": str,
            "going": str,
            "gap": str,
        },
        pk=("watch", "ask"),
    )


def digests(db: sqlite_utils.Database) -> None:
    """Messages that gather what can wait (`store.digests`).

    `digest.told_at`: when the last one of a recipient was made, or since when it is to have one.
    `delivery.digest`: of a delivery that a digest has taken in (state "digested"), the digest's own delivery;
    `delivery.first_due`: the first date that stands in its alert, by which it is known whether it can wait.
    """
    db.table("digest").create({"recipient": str, "told_at": str}, pk="recipient")
    for statement in (
        "alter table delivery add column digest integer",
        "alter table delivery add column first_due text",
        "create index idx_delivery_digest on delivery (digest) where digest is not null",
        "update delivery set first_due = (select min(json_extract(due.value, '$.day')) from alert a,"
        " json_each(iif(json_valid(a.payload), a.payload, '{}'), '$.cards') card,"
        " json_each(card.value, '$.dues') due where a.id = delivery.alert) where state <> 'sent'",
    ):
        db.execute(statement)


def answered_by_name(db: sqlite_utils.Database) -> None:
    """Which filings a question by name (`ask`, as in `watch`) gave when it was last answered in full, of
    sources with many (`store.passes`)."""
    db.execute(
        "create table answered_by_name (ask text not null, st13 text not null, primary key (ask, st13))"
        " without rowid"
    )


def looks_not_found(db: sqlite_utils.Database) -> None:
    """The looks that found nothing are found at once, of whatever there are (`books.not_found_since`)."""
    db.execute(
        "create index idx_observation_not_found on observation (source, asked) where outcome = 'not_found'"
    )


def rest_of_a_day(db: sqlite_utils.Database) -> None:
    """What a watch finds after its first message of a day is one message, when the day is over.

    `delivery.gathers_until`: the end of that day (UTC); empty of what goes at once (`store.joining`).
    """
    for statement in (
        "alter table delivery add column gathers_until text",
        "create index idx_alert_new on alert (watch, created_at) where kind = 'filing.new'",
    ):
        db.execute(statement)

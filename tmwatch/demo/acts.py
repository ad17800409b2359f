"""The acts of the demonstration: what is shown of each look, of the mail, the webhook and the files."""

from __future__ import annotations

import io
import itertools
import json
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tmwatch.alerts.wording import wording
from tmwatch.checking import CheckReport
from tmwatch.config import Config
from tmwatch.demo.screen import Screen
from tmwatch.demo.servers import Posted, Received
from tmwatch.demo.story import story
from tmwatch.exporting import SAMPLE, What, rows, write_csv
from tmwatch.model import Change, FactKind
from tmwatch.store import Database, Observed
from tmwatch.watches import coverage, sentence

_WORDS = wording("en")
_STYLES = {"register": "bold green", "reported": "bold yellow", "sample": "bold magenta"}
_CARD = ("office", "application_number", "mark", "classes", "status_text", "newness", "facts")
# Of a change, on the screen: the phrase that the office uses for the whole course of an application.
_COURSE = "商标注册申请---"
_QUESTION = "select * from recent_changes"


def prologue(screen: Screen) -> None:
    """What is known, how well, and from where."""
    screen.heading("tmwatch demo: the story of JD Auto and Joyrobotaxi")
    screen.say(
        "Registers, a mail server and a webhook receiver now run on this machine, on loopback. All else is "
        "tmwatch itself, as it runs for you. The story, and how well each part of it is known:"
    )
    screen.gap()
    for one in story()["known"]:
        screen.point(one["kind"], one["what"], style=_STYLES[one["kind"]], note=f"Source: {one['source']}")
    screen.gap()
    screen.say("The docket of that opposition (register):")
    for one in story()["docket"]:
        screen.point(one["date"], one["text"], indent=2, style="dim")
    screen.gap()
    screen.say(story()["today_is"])


def watched(screen: Screen, config: Config) -> None:
    """Each watch as a sentence, and what it does not see."""
    screen.heading("What is watched (tmwatch.toml)")
    for place, watch in enumerate(config.watches):
        if place:
            screen.gap()
        screen.point(watch.name, sentence(watch))
        for line in coverage(watch, config, {}):
            source = f" ({line.source})" if line.source else ""
            screen.point(
                "", f"{line.office} {_WORDS.trigger(line.trigger)}: {line.state}{source}: {line.why}"
            )


def day_one(screen: Screen, report: CheckReport) -> None:
    """The first look: a baseline, summed up and not alerted."""
    screen.heading("Day one: the first look is the baseline")
    first = sorted(_once(report.sweep.baseline), key=lambda one: one.st13)
    groups: dict[tuple[str, str], list[Observed]] = {}
    for one in first:
        groups.setdefault((one.record.office, one.record.verbal_element or ""), []).append(one)
    screen.table(
        ("Mark", "Number", "Class", "Status"),
        [
            (
                _mark(group[0]),
                f"{office} {_numbers(group)}",
                ", ".join(number for one in group for number in one.record.class_numbers),
                _first(group[0].record.status_text),
            )
            for (office, _), group in groups.items()
        ],
        (4, None, None, 3),
    )
    screen.gap()
    screen.say(
        "Of the US filing four things are register facts: serial 87499213, registration 5760247, the mark "
        "JD, and its owner Beijing Jingdong 360 Du E-Commerce Ltd. Its page holds more, so all of it says "
        "[SAMPLE].",
        style="dim",
    )
    screen.gap()
    looks = len(report.sweep.asked)
    screen.say(
        f"{looks} looks, {len(first)} filings: baseline. {_sent(report)} A first look is summed up; alerts "
        "tell of what comes after it."
    )


def changes(screen: Screen, title: str, report: CheckReport) -> None:
    """A later look: what is new and what changed, as a table."""
    screen.heading(title)
    table: list[tuple[str, str, str]] = []
    for group in _alike(_once(report.sweep.appeared), lambda one: one.record.verbal_element or ""):
        classes = ", ".join(number for one in group for number in one.record.class_numbers)
        said = f"{len(group)} filings, classes {classes}; {group[0].record.status_text}"
        table.append((_filings(group), "new", said))
    moved: dict[tuple[str, str, str], list[Observed]] = {}
    for one in _once(report.sweep.changed):
        for change in one.changes:
            if change.significance.rank:
                moved.setdefault((_mark(one), _field(change), _old_new(change)), []).append(one)
    for (_, field, said), group in moved.items():
        table.append((_filings(group), field, said))
    screen.table(("Mark and number", "Field", "Old → new"), _without_repeats(table), (None, 2, 4))
    screen.gap()
    screen.say(f"{_counted(len(report.alerts), 'alert')} in the outbox, {_sent(report)}")
    for alert in report.alerts:
        screen.point("•", alert["headline"], width=1, indent=2)


def mail(screen: Screen, mails: Sequence[Received], new: Received, chinese: Received) -> None:
    """One mail as its reader sees it; the same one in Chinese by its subject."""
    screen.heading("The mail, as its reader sees it")
    screen.say(f"{len(mails)} mails came in by SMTP. Nine filings of one mark on one day are one of them:")
    screen.gap()
    head = [f"{name}: {new.mail[name]}" for name in ("From", "To", "Subject")]
    screen.framed(new.path.name, "\n".join([*head, "", new.part("plain")]))
    screen.say(f"The same in Chinese, for 编辑部 <{chinese.to}> ({chinese.path.name}):")
    screen.say(str(chinese.mail["Subject"]), indent=2, style="bold")


def webhook(screen: Screen, posts: Sequence[Posted], shown: Posted) -> None:
    """One webhook: its headers, its body in short, and whether its signature holds."""
    screen.heading("The webhook, signed after the Standard Webhooks specification")
    lines = [f"{name}: {shown.headers[name]}" for name in ("webhook-id", "webhook-timestamp")]
    lines += [f"webhook-signature: {shown.headers['webhook-signature']}", ""]
    lines.append(json.dumps(_short(shown.event), ensure_ascii=False, indent=2))
    screen.framed(f"{shown.path.name}, shortened", "\n".join(lines), literal=True)
    refused = [one for one in posts if one.error]
    if refused:
        screen.say(f"signature: REFUSED ({refused[0].error})", style="bold red")
    else:
        screen.say(f"signature: verified (all {len(posts)} webhooks)", style="bold green")


def csv_line(screen: Screen, folder: Path, database: Database, config: Config) -> None:
    """The same facts for a spreadsheet."""
    screen.heading("The spreadsheet (tmwatch export)")
    kinds: tuple[tuple[What, str], ...] = (("marks", "filings.csv"), ("changes", "changes.csv"))
    for what, name in kinds:
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            write_csv(file, what, rows(database, what, config))
    text = io.StringIO()
    last = [row for row in rows(database, "changes", config) if row["field"] == "owners"]
    write_csv(text, "changes", iter(last))
    screen.framed("changes.csv: the head and one line", text.getvalue(), literal=True)


def files(screen: Screen, folder: Path, database: Database) -> None:
    """Where everything lies, and how to go on from here."""
    screen.heading("Where the files lie")
    screen.point("database", f"{folder / 'tmwatch.db'} (SQLite). Some of what it holds now:")
    found = [row for row in rows(database, "marks") if row["mark"] == "JD Auto" or row["office"] != "CN"]
    screen.table(
        ("office", "number", "mark", "status", "facts"),
        [
            (row["office"], row["application_number"], row["mark"], _first(row["status_text"]), row["facts"])
            for row in found
        ],
    )
    screen.point("mails", f"{folder / 'mails'} (.eml for a mail program, .html for a browser)")
    screen.point("webhooks", f"{folder / 'webhooks'} (body and headers as they came)")
    screen.point("csv", f"{folder / 'filings.csv'}, {folder / 'changes.csv'}")
    screen.point("config", str(folder / "tmwatch.toml"))
    screen.gap()
    screen.say("Look further (the servers have stopped; what they said is stored):")
    tmwatch = f"{_command()} --config {shlex.quote(str(folder / 'tmwatch.toml'))}"
    for rest in ('show "US 87499213"', 'history "CN 00000001"', "changes", "alerts list"):
        screen.command(f"{tmwatch} {rest}")
    if shutil.which("sqlite3"):
        screen.command(shlex.join(["sqlite3", str(folder / "tmwatch.db"), _QUESTION]))
    screen.gap()
    screen.say("Your own watch, in a folder of your own:")
    screen.command(f"{_command(elsewhere=True)} init")


# -- words -------------------------------------------------------------------------------------------------


def _once(found: Iterable[Observed]) -> list[Observed]:
    return list({one.st13: one for one in found}.values())


def _alike(found: Iterable[Observed], key: Any) -> list[list[Observed]]:
    groups: dict[Any, list[Observed]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())


def _mark(one: Observed) -> str:
    name = one.record.verbal_element or _WORDS.say("no_words")
    return f"{SAMPLE} {name}" if one.provenance.kind is FactKind.SAMPLE else name


def _filings(group: Sequence[Observed]) -> str:
    """The mark, and below it the numbers: what befell several filings alike is one row."""
    return f"{_mark(group[0])}\n{group[0].record.office} {_numbers(group)}"


def _without_repeats(table: Sequence[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    """Each filing once: its mark beside its first change, its number beside the second."""
    found: list[tuple[str, ...]] = []
    for filings, group in itertools.groupby(table, key=lambda row: row[0]):
        rest = [(field, said) for _, field, said in group]
        if len(rest) == 1:
            found.append((filings, *rest[0]))
            continue
        labels = [*filings.splitlines(), *[""] * len(rest)]
        found += [(label, *row) for label, row in zip(labels, rest, strict=False)]
    return found


def _numbers(group: Sequence[Observed]) -> str:
    """ "00000001–00000003" for a row of numbers without a gap, else each."""
    found = sorted({one.record.application_number or one.st13 for one in group})
    whole = [int(number) for number in found if number.isdigit()]
    if len(found) > 2 and len(whole) == len(found) and whole[-1] - whole[0] == len(whole) - 1:
        return f"{found[0]}–{found[-1]}"
    return ", ".join(found)


def _first(status: str | None) -> str:
    """The office's words up to the first full stop."""
    return (status or "").partition(". ")[0].rstrip(".")


def _field(change: Change) -> str:
    label = _WORDS.field(change.field)
    if change.field.partition(".")[0] == "classes" and change.key:
        return _WORDS.say("in_class", label=label, name=change.key)
    return label


def _old_new(change: Change) -> str:
    if change.terms_added or change.terms_removed:
        lines = [f"+ {term}" for term in change.terms_added] + [f"− {term}" for term in change.terms_removed]
        return "\n".join(lines)
    old, new = ((text or "—").removeprefix(_COURSE) for text in (change.old, change.new))
    return f"{old} → {new}"


def _sent(report: CheckReport) -> str:
    sent = report.delivery.sent if report.delivery else 0
    if not sent:
        return "Nobody was told."
    return f"{_counted(sent, 'delivery', 'deliveries')} made by mail and webhook."


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _short(event: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what fills a screen; what is left out is said."""
    data = event["data"]
    cards = data["cards"]
    shown: dict[str, Any] = {name: data[name] for name in ("watch", "significance", "sample", "headline")}
    shown["cards"] = [{name: card[name] for name in _CARD} for card in cards[:1]]
    if len(cards) > 1:
        shown["cards"].append(f"… and {len(cards) - 1} more, with further fields")
    shown["…"] = "why, coverage, note: in the file"
    return {"type": event["type"], "timestamp": event["timestamp"], "data": shown}


def _command(*, elsewhere: bool = False) -> str:
    """How this tmwatch is called from here, or from any other folder."""
    called = Path(sys.argv[0]).absolute()
    if shutil.which("tmwatch"):
        return "tmwatch"
    if called.name == "tmwatch":
        near = not elsewhere and called.is_relative_to(Path.cwd())
        return shlex.quote(str(called.relative_to(Path.cwd()) if near else called))
    return f"{shlex.quote(Path(sys.executable).name)} -m tmwatch"

"""What `check` says of the inbox."""

from __future__ import annotations

from collections import Counter

from tmwatch.cli import render
from tmwatch.cli.output import complain, complain_of_many, plain, say
from tmwatch.errors import Outcome
from tmwatch.inbox import WHY, InboxReport


def print_inbox(report: InboxReport) -> None:
    """One line for a person; nothing where there was nothing."""
    good = [one for one in report.imported if one.outcome is Outcome.OK]
    parts = []
    if report.moved:
        changed = sum(one.what == "changed" for one in good)
        new = sum(one.what == "new" for one in good)
        what = [f"{count} {word}" for count, word in ((new, "new"), (changed, "changed")) if count]
        records = f" ({render.counted(len(good), 'record')}: {', '.join(what)})" if what else ""
        parts.append(f"{render.counted(len(report.moved), 'file')} read{records}")
    if report.unread:
        parts.append(f"{len(report.unread)} not read (why stands beside it in *{WHY})")
    if report.waiting:
        parts.append(f"{len(report.waiting)} still being written")
    if parts:
        say(f"Inbox: {', '.join(parts)}.")


def complain_of_inbox(report: InboxReport) -> None:
    """What stays, in full the first time; that it is still there, after that. And what a first look kept
    quiet about: that is said once in the life of a watch."""
    for text in render.first_looks(report.first_look):
        complain(f"Note: inbox: {text}")
    if report.busy is not None:
        complain("Note: the inbox is being read by another check, and was left to it.")
    for name, why in report.unread:
        if name not in report.again:
            complain(f"Error: inbox: {why}")
    still = [plain(name, 100) for name, _ in report.unread if name in report.again]
    if still:
        complain(
            f"Error: {render.counted(len(still), 'file')} in the inbox could not be read and "
            f"{'is' if len(still) == 1 else 'are'} still there: {render.listed(still)}\n"
            f"The reason stands beside each in *{WHY}. Remove what is of no use, or save it again.\n"
            f"{plain(str(report.folder))}"
        )
    words = Counter((one.file, word) for one in report.imported for word in one.unknown_words)
    complain_of_many(
        [render.unknown_word(file, word, count) for (file, word), count in words.items()],
        "unknown words",
        "`tmwatch check --json`",
    )

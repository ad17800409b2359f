"""The inbox: a folder whose files are imported at each check.

    inbox/76044902.html               a page that somebody saved: imported, then moved to
    inbox/read/2026-11-25/76044902.html
    inbox/letter.pdf                  not read: it stays, with the reason in full beside it in
    inbox/letter.pdf.why.txt          which goes when the file does

Reading and storing come first, moving comes after. Killed between the two, the next check reads the file
again: it says what is known already, so nothing is told twice (design law 18). A file is moved by giving it a
second name that was free and taking the first away: nothing is ever overwritten, and it is always somewhere.

Left alone are: a file that is still being written (changed in the last seconds, or with the name that a
browser gives a download that is not finished, for a day: then it is told as unread); hidden files;
`page_files/` beside `page.html`, which moves with its page. A link is not followed: it could lead anywhere.
A file that was not read is tried again when it
or tmwatch has changed, and when somebody asks for it (`check --all`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tmwatch import __version__
from tmwatch.config import Config
from tmwatch.errors import Outcome, StoreError
from tmwatch.files import whole
from tmwatch.import_reaction import ImportReaction
from tmwatch.importing import File, Imported, import_files
from tmwatch.importing.finding import beside_a_page, companions
from tmwatch.keeping import keeping
from tmwatch.store import Database, books
from tmwatch.store.database import now
from tmwatch.store.locks import BeingChecked, checking
from tmwatch.text import clean_text

SETTLED = 3.0  # seconds without a change after which a file is taken to be whole
FORGOTTEN = 86_400.0  # seconds after which nobody is writing any more what is named as unfinished
READ = "read"
WHY = ".why.txt"
_UNFINISHED = (".part", ".crdownload", ".tmp", ".download", ".partial", ".opdownload")
_NOT_OURS = frozenset({"thumbs.db", "desktop.ini"})
_LOCK = "\0inbox"  # no watch can have this name
_SIGN = "tmwatch could not read this file"
_TRIED = "Tried: "


@dataclass
class InboxReport:
    """What became of the files in the inbox. Paths are relative to it."""

    folder: Path
    imported: list[Imported] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)  # from, to
    unread: list[tuple[str, str]] = field(default_factory=list)  # file, the reason in full
    again: set[str] = field(default_factory=set)  # of these, those that were not tried again
    waiting: list[str] = field(default_factory=list)  # still being written
    busy: BeingChecked | None = None  # another check is at it
    first_look: dict[str, int] = field(default_factory=dict)  # filings by watch that it kept quiet about

    @property
    def operator_must_act(self) -> bool:
        """A file that was not read will not become readable by itself."""
        return bool(self.unread)

    @property
    def changes_found(self) -> bool:
        """Whether some page said something new of a filing that was known."""
        return any(one.what == "changed" for one in self.imported)

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "folder": str(self.folder),
            "imported": [one.as_json() for one in self.imported if one.outcome is Outcome.OK],
            "moved": [{"file": name, "to": to} for name, to in self.moved],
            "unread": [{"file": name, "why": why} for name, why in self.unread],
            "waiting": self.waiting,
            "left_to_another_check": self.busy is not None,
            "first_look": self.first_look,
        }


@dataclass(frozen=True)
class _Seen:
    """A file as it was when it was listed; it is moved only if it is still the same."""

    path: Path
    name: str  # relative to the inbox, with /
    state: tuple[int, int, int]  # inode, size, change of content in ns


def take(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    *,
    run: str,
    again: bool = False,
    dry: bool = False,
) -> InboxReport | None:
    """Import what lies in the inbox; None where there is none. `again`: also what could not be read before.

    `dry`: read and compare, but move nothing and write nothing beside. Raises `StoreError` where the folder
    cannot be made or listed, and what the store raises; nothing for a file.
    """
    folder = config.store.inbox
    if folder is None:
        return None
    report = InboxReport(folder)
    try:
        if not dry:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.is_dir():
            return report
        with contextlib.ExitStack() as held:
            if not dry:
                busy = held.enter_context(checking(database.path, [_LOCK]))
                if busy:
                    report.busy = busy[0]
                    return report
            _take(config, database, env, report, run, again, dry)
    except OSError as error:
        raise StoreError(
            f"the inbox cannot be used: {error.strerror or error}",
            where=str(error.filename or folder),
            kept="Its files were left where they are.",
            do="Check the folder and its rights, or change `inbox` in [store].",
        ) from None
    return report


def _take(
    config: Config,
    database: Database,
    env: Mapping[str, str],
    report: InboxReport,
    run: str,
    again: bool,
    dry: bool,
) -> None:
    folder = report.folder
    files: list[_Seen] = []
    listed = list(_listed(folder, report))
    for name, why in report.unread if not dry else ():  # links and the like
        _write_reason(folder / name, why, "its kind")
    for one in listed:
        before = None if again else _told_before(one)
        if before is not None:
            report.unread.append((one.name, before))
            report.again.add(one.name)
        else:
            files.append(one)
    if files:
        reaction = ImportReaction(config, database, env)
        # A dry run has a copy of the database, and none of the register: it reads as if there were none.
        with keeping(None if dry else config, database, reaction) as keep:
            report.imported, _ = import_files(
                database,
                [File(one.path) for one in files],
                run=run,
                config=config,
                react=reaction,
                keep=keep,
            )
        reaction.book()
        report.first_look = reaction.kept_quiet
        for result in report.imported:
            books.note_words(database, result.source or "", result.unknown_words)
    errors = _errors(files, report.imported)
    for one in files:
        if dry:
            report.unread += [(one.name, errors[one.name])] if one.name in errors else []
        elif one.name in errors:
            _stays(one, errors[one.name], report)
        else:
            _goes(one, report)
    if not dry:
        _sweep_reasons(folder)


def standing(config: Config) -> frozenset[tuple[str, int, int]]:
    """What lies in the inbox now, apart from what was read: names, sizes, times of change."""
    folder = config.store.inbox
    found = set()
    for at, folders, files in os.walk(folder) if folder is not None else ():
        folders[:] = [name for name in folders if name != READ or Path(at) != folder]
        for name in files:
            with contextlib.suppress(OSError):
                info = (Path(at) / name).lstat()
                found.add((f"{at}/{name}", info.st_size, info.st_mtime_ns))
    return frozenset(found)


def lying(config: Config) -> list[str]:
    """The files that a check would look at, by their names in the inbox; none where it cannot be listed."""
    folder = config.store.inbox
    if folder is None:
        return []
    try:
        return sorted(path.relative_to(folder).as_posix() for path, _ in _walk(folder, folder))
    except OSError:
        return []


def not_read(folder: Path) -> list[str]:
    """The files of an inbox that the last check could not read, by the notes beside them."""
    found = (reason for reason in sorted(folder.rglob(f"*{WHY}")) if _is_ours(reason))
    names = [one.relative_to(folder).as_posix().removesuffix(WHY) for one in found]
    return [name for name in names if not name.startswith(f"{READ}/") and os.path.lexists(folder / name)]


# -- which files ---------------------------------------------------------------------------------------------


def _listed(folder: Path, report: InboxReport) -> Iterator[_Seen]:
    """The files to be read, in the order of their names."""
    for path, info in sorted(_walk(folder, folder)):
        name = path.relative_to(folder).as_posix()
        if stat.S_ISLNK(info.st_mode):
            report.unread.append((name, f"{path}: it is a link, and links are not followed.\n{_PUT}"))
        elif not stat.S_ISREG(info.st_mode):
            report.unread.append((name, f"{path}: it is no file.\n{_PUT}"))
        elif path.suffix.lower() in _UNFINISHED and not _young(info, FORGOTTEN):
            report.unread.append((name, f"{path}: {_UNFINISHED_SAID}"))
        elif path.suffix.lower() in _UNFINISHED or _young(info, SETTLED):
            report.waiting.append(name)
        else:
            yield _Seen(path, name, _state(info))


_PUT = "Put the file itself into the inbox."
_UNFINISHED_SAID = (
    "its name says that it was not finished being saved, and it has not been touched for a day.\n"
    "It was not read. Save the page again and remove this file; if it is whole, take the ending off its name."
)


def _walk(folder: Path, top: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        path = Path(entry.path)
        name = entry.name
        if name.startswith((".", "~$")) or name.lower() in _NOT_OURS or name.endswith(WHY):
            continue
        if folder == top and name == READ:
            continue
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile: somebody has thought better of it
            if entry.is_dir(follow_symlinks=False):
                if not beside_a_page((*path.relative_to(top).parts, ""), top):
                    yield from _walk(path, top)
            else:
                yield path, entry.stat(follow_symlinks=False)


def _young(info: os.stat_result, least: float) -> bool:
    """Changed in the last `least` seconds. A copy may keep its content's old date, so both dates count."""
    at = time.time()
    return any(abs(at - changed) < least for changed in (info.st_mtime, info.st_ctime))


def _state(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_ino, info.st_size, info.st_mtime_ns


def _errors(files: list[_Seen], results: list[Imported]) -> dict[str, str]:
    """What was not read, by the file it belongs to: of a zip or a file of many all that failed in it."""
    names = {str(one.path): one.name for one in files}
    found: dict[str, list[str]] = {}
    for result in results:
        if result.outcome is Outcome.OK:
            continue
        path = Path(result.file)
        owner = next((names[str(one)] for one in (path, *path.parents) if str(one) in names), None)
        if owner is not None:
            found.setdefault(owner, []).append(result.error)
    return {name: "\n\n".join(errors) for name, errors in found.items()}


# -- what was read goes ----------------------------------------------------------------------------------


def _goes(one: _Seen, report: InboxReport) -> None:
    try:
        if _state(one.path.lstat()) != one.state:
            report.waiting.append(one.name)  # saved once more meanwhile: the next check reads that
            return
        to = report.folder / READ / f"{now():%Y-%m-%d}" / one.name
        to.parent.mkdir(parents=True, exist_ok=True)
        to = _moved(one.path, to)
        for beside in companions(one.path):
            _moved(beside, to.with_name(to.stem + beside.name.removeprefix(one.path.stem)))
    except FileNotFoundError:
        return  # taken away by hand meanwhile; what it said is stored
    except OSError as error:
        said = (
            f"{one.path}: it was read and stored, but cannot be moved aside ({error.strerror or error}).\n"
            "Check the rights of the inbox, or move it away yourself."
        )
        report.unread.append((one.name, said))
        return
    report.moved.append((one.name, to.relative_to(report.folder).as_posix()))
    _remove_reason(one.path)
    _remove_empty(one.path.parent, report.folder)


def _moved(path: Path, to: Path) -> Path:
    """Move it to that name, or to the next one that is free. Raises `OSError`."""
    number = 1
    target = to
    while True:
        try:
            if path.is_dir():
                if os.path.lexists(target):
                    raise FileExistsError(target)
                path.rename(target)  # onto an empty folder that appears this moment it may fall, no harm
            else:
                _rename(path, target)
            return target
        except FileExistsError:
            number += 1
            target = to.with_name(f"{to.stem} ({number}){to.suffix}")


def _rename(path: Path, target: Path) -> None:
    """A second name, then the first one is taken away: no name that is taken is ever taken over."""
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
            raise
        with whole(target, replace=False) as part:  # another disk, or one without links
            shutil.copyfile(path, part)
    path.unlink()


def _remove_empty(folder: Path, top: Path) -> None:
    """A folder of the inbox whose last page has gone."""
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


# -- what was not read stays, with its reason ----------------------------------------------------------------


def _stays(one: _Seen, error: str, report: InboxReport) -> None:
    if os.path.lexists(one.path):  # else it was taken away by hand meanwhile
        report.unread.append((one.name, error))
        _write_reason(one.path, error, _mark(one))


def _write_reason(path: Path, error: str, mark: str) -> None:
    """The reason beside the file; what somebody else has put there under that name is left alone."""
    reason = _reason_of(path)
    text = (
        f"{_SIGN}:\n\n{clean_text(error)}\n\n"
        "It is tried again when it changes, and with `tmwatch check --all`. This note goes when it does.\n"
        f"{_TRIED}{mark}\n"
    )
    with contextlib.suppress(OSError):  # it is told all the same
        if os.path.lexists(reason) and not _is_ours(reason):
            return
        if not reason.exists() or reason.read_text(encoding="utf-8", errors="replace") != text:
            with whole(reason, durable=False) as part:
                part.write_text(text, encoding="utf-8")


def _told_before(one: _Seen) -> str | None:
    """Why it could not be read at the last check, if neither the file nor tmwatch has changed since."""
    try:
        text = _reason_of(one.path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    head, _, mark = text.rpartition(_TRIED)
    if not head.startswith(_SIGN) or mark.strip() != _mark(one):
        return None
    return head.removeprefix(f"{_SIGN}:").strip().rpartition("\n\n")[0]


def _mark(one: _Seen) -> str:
    inode, size, changed = one.state
    day = dt.datetime.fromtimestamp(changed // 10**9, dt.UTC)
    return f"{size} bytes of {day:%Y-%m-%d %H:%M:%S} UTC ({inode}.{changed % 10**9}), tmwatch {__version__}"


def _reason_of(path: Path) -> Path:
    return path.with_name(path.name + WHY)


def _is_ours(reason: Path) -> bool:
    if reason.is_symlink():
        return False
    try:
        with reason.open("rb") as file:
            return file.read(len(_SIGN)) == _SIGN.encode()
    except OSError:
        return False


def _remove_reason(path: Path) -> None:
    reason = _reason_of(path)
    if _is_ours(reason):
        with contextlib.suppress(OSError):
            reason.unlink()


def _sweep_reasons(folder: Path) -> None:
    """Notes about files that are no longer there."""
    for reason in folder.rglob(f"*{WHY}"):
        about = reason.with_name(reason.name.removesuffix(WHY))
        if READ not in reason.relative_to(folder).parts[:1] and not os.path.lexists(about):
            _remove_reason(about)
            _remove_empty(reason.parent, folder)

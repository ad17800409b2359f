"""Many pages read on all cores: a folder imported, an archive read again.

    read_in_order(items, job) -> (item, what its page says), in the order of the items

What bounds it: BeautifulSoup builds a tree of Python objects, so one core reads some twenty to fifty
status pages of 80 kB a second, whatever is asked of the tree afterwards; more only come from more cores.
Few pages are read in this process: only when that has taken two seconds do others help (each costs half a
second of its own to start), one a core.

The helpers are programs of their own, started by this one and fed through pipes. They inherit nothing
(no fork: a daemon's threads, locks and database connections stay where they are), import nothing of the
program that called us, leave SIGINT to us, and end when our end of the pipe does, however we end. One that
dies takes nothing with it: its page is tried once more by a new one, and is then named in an error.
"""

from __future__ import annotations

import contextlib
import os
import pickle  # only between this process and those it started
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, TypeVar

from tmwatch.errors import LayoutChanged, LookError
from tmwatch.garbage import one_sweep
from tmwatch.saved import unwrap
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.registry import get_source, is_installed
from tmwatch.sources.renamed import refuse_templates
from tmwatch.text import clean_line

ALONE = 2.0  # seconds of reading after which others help
AHEAD = 4  # pages a core that are read ahead of the one that is waited for
MOST_AHEAD = 64 * 2**20  # … and bytes: what waits for its turn is held in memory
_START = (
    "import pickle, sys\n"
    "sys.path[:] = pickle.load(sys.stdin.buffer)\n"
    "from tmwatch.reading import serve\n"
    "serve()\n"
)

Item = TypeVar("Item")
Job = tuple[str, Page]  # the id of the source, the page
Said = Answer | LookError


def cores() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        return os.cpu_count() or 1


def read_in_order(
    items: Iterable[Item],
    job: Callable[[Item], Job | None],
    *,
    processes: int | None = None,
    alone: float = ALONE,
) -> Iterator[tuple[Item, Said | None]]:
    """Each item with what its page says: an `Answer`, or the error that reading it ended in.

    `job` gives the page of an item, None for an item that has none (it comes back with None, in its turn).
    `items` is taken from as it goes, a few pages ahead. `processes` is the number of helpers; with 1 (or on
    one core) all is read in this process. Closing the iterator ends them.
    """
    count = cores() if processes is None else processes
    spent = 0.0
    rest = iter(items)
    for item in rest:
        wanted = job(item)
        if wanted is None:
            yield item, None
            continue
        start = time.monotonic()
        said = read_here(*wanted)
        spent += time.monotonic() - start
        yield item, said
        if count > 1 and spent >= alone:
            break
    else:
        return
    with Readers(count) as readers:
        yield from _with_help(rest, job, readers)


def _with_help(
    items: Iterator[Item], job: Callable[[Item], Job | None], readers: Readers
) -> Iterator[tuple[Item, Said | None]]:
    waiting: deque[tuple[Item, Job | None, Future[Said | None] | None]] = deque()
    size, more = 0, True
    while more or waiting:
        while more and len(waiting) < AHEAD * readers.count and (size < MOST_AHEAD or not waiting):
            try:
                item = next(items)
            except StopIteration:
                more = False
                break
            wanted = job(item)
            waiting.append((item, wanted, readers.ask(*wanted) if wanted is not None else None))
            size += len(wanted[1].body) if wanted is not None else 0
        if waiting:
            item, wanted, future = waiting.popleft()
            said = future.result() if future is not None else None
            if wanted is not None:
                size -= len(wanted[1].body)
                said = said if said is not None else read_here(*wanted)
            yield item, said


def read_page(source: Source, page: Page) -> Answer:
    """What the source makes of the page, in whatever form it was saved (`saved`). Raises `LookError`s only,
    whatever the page and the reader do."""
    try:
        with one_sweep():  # a tree of a page is a hundred thousand objects
            inner = unwrap(page)
            answer = source.read(inner)
        refuse_templates(inner, answer)
        return answer
    except LookError:
        raise
    except Exception as error:  # noqa: BLE001
        # A reader promises this itself; one that does not keep its word fails this look, not the run.
        raise LayoutChanged(
            f"the page cannot be read ({type(error).__name__}: {clean_line(str(error), 200)})",
            where=page.name or source.declaration.id,
            do="If this stays so, please report it with the page.",
        ) from error


def read_here(source_id: str, page: Page) -> Said:
    """What the page says, read in this process."""
    try:
        return read_page(get_source(source_id), page)
    except LookError as error:
        return error


# -- the helpers, seen from here --------------------------------------------------------------------------


class _Died(Exception):
    """A helper ended without an answer."""


class Readers:
    """So many helpers, each started when there is something to read for it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._idle: queue.LifoQueue[_Helper | None] = queue.LifoQueue()
        for _ in range(count):
            self._idle.put(None)
        self._all: set[_Helper] = set()
        self._closed = self._useless = False
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reading")

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all helpers, at once, in the middle of a page if need be."""
        self._closed = True
        for helper in list(self._all):
            helper.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for helper in list(self._all):  # one that was started meanwhile
            helper.end()

    def ask(self, source_id: str, page: Page) -> Future[Said | None]:
        """What the page says, later; None where it has to be read in this process."""
        return self._threads.submit(self._read, source_id, page)

    def _read(self, source_id: str, page: Page) -> Said | None:
        if self._useless or not is_installed(source_id):
            return None
        helper = self._idle.get()
        why = ""
        try:
            for _ in range(2):
                try:
                    helper = helper or self._start()
                except (OSError, _Died):
                    self._useless = True  # no more processes, or one that cannot even begin
                    if not why:
                        return None
                    break  # what has ended a helper is not read here
                try:
                    return helper.ask(source_id, page)
                except _Died as death:
                    why = str(death)
                    self._all.discard(helper)
                    helper = None
                    if self._closed:
                        return None
            return LayoutChanged(
                f"the process that read the page ended without an answer ({why})",
                where=page.name or page.url,
                do="The other pages were read. If this one needs more memory than there is, read it alone on "
                "a larger machine; otherwise please report it with the page.",
            )
        finally:
            self._idle.put(helper)

    def _start(self) -> _Helper:
        helper = _Helper()
        self._all.add(helper)
        if self._closed:
            helper.end()
        helper.begin()
        return helper


class _Helper:
    """One process that reads pages."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to handle
        )

    def begin(self) -> None:
        """Raises `_Died` where it cannot even import what it needs."""
        self._exchange(sys.path)

    def ask(self, source_id: str, page: Page) -> Said | None:
        """What the page says. Raises `_Died`."""
        said: Said | None = self._exchange((source_id, page))
        return said

    def _exchange(self, words: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump(words, self._process.stdin, protocol=5)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)  # noqa: S301
        except (OSError, ValueError, EOFError, pickle.PickleError):
            self.end()
            code = self._process.returncode
            raise _Died(f"signal {-code}" if code < 0 else f"exit code {code}") from None

    def end(self) -> None:
        """Kill it, if it has not ended; it holds nothing that could be lost."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


# -- the helper itself ------------------------------------------------------------------------------------


def serve() -> None:
    """Read what comes in until nothing comes any more. Run by a helper, whose whole life it is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a source of somebody else prints is no answer
    pickle.dump("ready", answers, protocol=5)
    answers.flush()
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, jobs), daemon=True).start()
    while True:
        source_id, page = jobs.get()
        try:
            said = pickle.dumps(read_here(source_id, page), protocol=5)
        except Exception:  # noqa: BLE001
            said = pickle.dumps(None)  # nothing that can be sent: the other side reads it itself
        answers.write(said)
        answers.flush()


def _listen(asked: IO[bytes], jobs: queue.SimpleQueue[Job]) -> None:
    """Nobody waits for the page in hand when nobody is there any more: then all ends at once."""
    while True:
        try:
            jobs.put(pickle.load(asked))  # noqa: S301
        except (EOFError, OSError, pickle.PickleError):
            os._exit(0)

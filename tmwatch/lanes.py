"""Several registers at once, each at its own pace, while one thread alone does everything else.

A register that is slow, or that is waited for, holds up nobody but itself. What is asked of one register
is a lane: a generator that yields the work that waits for the network and is sent its result. That work
runs in a thread of the lane's own, where there are several lanes; the generators themselves all run in
the caller's thread, one at a time, so that what they do between two questions (store, react, count)
needs no lock.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
Lane = Generator[Callable[[], T], T, None]


def side_by_side(lanes: Iterable[Lane[T]]) -> None:
    """Run all lanes to their end.

    What the work of a lane raises is raised where the lane waits for it; what a lane raises itself ends
    all of them, as does Ctrl-C: no further work is begun then, and what is under way is left behind (the
    threads are daemons: a register that never answers cannot keep the program from ending).
    """
    lanes = list(lanes)
    if len(lanes) == 1:
        _alone(lanes[0])
        return
    done: queue.SimpleQueue[_Worker[T]] = queue.SimpleQueue()
    workers = [_Worker(lane, done) for lane in lanes]
    try:
        at_work = sum(worker.go_on() for worker in workers)
        while at_work:
            if not done.get().go_on():
                at_work -= 1
    finally:
        for worker in workers:
            worker.work.put(None)


def _alone(lane: Lane[T]) -> None:
    """One register only: nobody else can be held up, and no thread is needed."""
    try:
        work = next(lane)
        while True:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised again where the lane waits
                work = lane.throw(error)
            else:
                work = lane.send(result)
    except StopIteration:
        return


class _Worker(Generic[T]):
    """One lane and its thread."""

    def __init__(self, lane: Lane[T], done: queue.SimpleQueue[_Worker[T]]) -> None:
        self._lane = lane
        self._done = done
        self._result: tuple[T] | None = None
        self._error: BaseException | None = None
        self.work: queue.SimpleQueue[Callable[[], T] | None] = queue.SimpleQueue()
        # The run's id in the log is a context variable, which a new thread does not have by itself.
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), daemon=True, name="tmwatch-lane").start()

    def go_on(self) -> bool:
        """Hand the lane its result, and its next piece of work to the thread; False when it has ended."""
        result, error, self._result, self._error = self._result, self._error, None, None
        try:
            if error is not None:
                work = self._lane.throw(error)
            elif result is not None:
                work = self._lane.send(result[0])
            else:
                work = next(self._lane)
        except StopIteration:
            return False
        self.work.put(work)
        return True

    def _run(self) -> None:
        while (work := self.work.get()) is not None:
            try:
                self._result = (work(),)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the lane waits
                self._error = error
            self._done.put(self)

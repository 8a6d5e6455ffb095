"""Jobs in a bounded number of daemon threads, which do not keep the process from ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TICK_INTERVAL = 0.2
"""Seconds between two calls of `tick`."""

JOIN_TIMEOUT = 1.0
"""Seconds to wait for the threads to end. One that still waits for a server is abandoned; it ends when the server answers."""


def run_jobs(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    finished: Callable[[Item, Result | Exception], None],
    tick: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Call `work` on every item in `jobs` threads, and `finished` in this thread with each item's result or exception.

    Parameters
    ----------
    tick : called in this thread every TICK_INTERVAL while no item is finished
    stop : set when this function returns or raises, so that `work` can end early
    """
    todo: SimpleQueue[Item] = SimpleQueue()
    done: SimpleQueue[tuple[Item, Result | Exception]] = SimpleQueue()
    for item in items:
        todo.put(item)
    count = min(jobs, len(items))
    threads = [threading.Thread(target=_take_jobs, args=(work, todo, done, stop), daemon=True) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            finished(*_next(done, tick))
    finally:
        stop.set()
        until = time.monotonic() + JOIN_TIMEOUT
        for thread in filter(threading.Thread.is_alive, threads):
            thread.join(max(0.0, until - time.monotonic()))


def _next(done: SimpleQueue[Result], tick: Callable[[], None]) -> Result:
    while True:
        try:
            return done.get(timeout=TICK_INTERVAL)
        except Empty:
            tick()


def _take_jobs(
    work: Callable[[Item], Result], todo: SimpleQueue[Item], done: SimpleQueue[tuple[Item, Result | Exception]], stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            item = todo.get_nowait()
        except Empty:
            return
        try:
            done.put((item, work(item)))
        except Exception as error:  # passed on to `finished`
            done.put((item, error))

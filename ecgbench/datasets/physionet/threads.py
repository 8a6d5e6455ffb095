"""Work in a bounded number of threads that never keep the process from ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

TICK = 0.2
"""Seconds between two signs of life."""

FAREWELL = 1.0
"""Seconds that threads are given to end; one that waits for a server is left behind, and ends when it hears from it."""


def run_jobs(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    finished: Callable[[Item, Result | Exception], None],
    tick: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Call `work` on every item, in `jobs` threads, and `finished` here with its result or what it raised.

    Parameters
    ----------
    tick : called here while nothing is finished, five times a second
    stop : set on leaving, by an interruption too, so that `work` can end early
    """
    todo: SimpleQueue[Item] = SimpleQueue()
    done: SimpleQueue[tuple[Item, Result | Exception]] = SimpleQueue()
    for item in items:
        todo.put(item)
    threads = [threading.Thread(target=_work_off, args=(work, todo, done, stop), daemon=True) for _ in range(min(jobs, len(items)))]
    try:
        for thread in threads:
            thread.start()
        for _ in items:
            finished(*_next(done, tick))
    finally:
        stop.set()
        until = time.monotonic() + FAREWELL
        for thread in filter(threading.Thread.is_alive, threads):
            thread.join(max(0.0, until - time.monotonic()))


def _next(done: SimpleQueue[Result], tick: Callable[[], None]) -> Result:
    while True:
        try:
            return done.get(timeout=TICK)
        except Empty:
            tick()


def _work_off(
    work: Callable[[Item], Result], todo: SimpleQueue[Item], done: SimpleQueue[tuple[Item, Result | Exception]], stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            item = todo.get_nowait()
        except Empty:
            return
        try:
            done.put((item, work(item)))
        except Exception as error:  # handed to whoever waits for it
            done.put((item, error))

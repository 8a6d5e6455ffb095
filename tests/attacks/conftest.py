"""How many tries an attack makes, and what it says of them in the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

SHARE, LEAST = 60, 3
"""One try in so many is made by the tests' command, and at least so many of each attack."""

Tries = Callable[..., range]
"""Numbers of the tries that are made, of so many there are; a second number stands for `SHARE` where tries take long."""


@pytest.fixture
def tries(record_property: Callable[[str, object], None]) -> Tries:
    """All tries where `ECGBENCH_ATTACKS=all` is set, else a share spread evenly over them; how many are made is printed in the end."""

    def chosen(count: int, share: int = SHARE) -> range:
        every = 1 if os.environ.get("ECGBENCH_ATTACKS") == "all" else max(1, min(share, count // LEAST))
        made = range(0, count, every)
        record_property("tries", f"{len(made)} of {count}")
        return made

    return chosen


def _tried(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            said = dict(report.user_properties).get("tries")
            if said and report.when == "call":
                yield f"{report.nodeid.split('::')[-1]}: {said} tries, {outcome}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how often each attack was tried."""
    lines = sorted(_tried(terminalreporter))
    if lines:
        terminalreporter.section("attacks")
        for line in lines:
            terminalreporter.write_line(line)

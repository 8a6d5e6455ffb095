"""Whole runs that end at any operation on files, killed or with the disk full: the same command then leaves what an undisturbed one does.

All bytes of the store, of the accepted results and of the pages are compared; for that the runs' clocks stand still, since how long
something took, and when it was, is all that may differ. Nothing else may be there: no leftover of the run that ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.conftest import Tries
from tests.attacks.operations import ALONE, FULL, KILLED, ONCE
from tests.attacks.whole_runs import ALL, FEW, PAGES, PYTEST, README, RUN, SPREAD, WholeRuns

pytestmark = pytest.mark.slow

ENDS = {KILLED: {-9}, ONCE: {0, 1, 2}, FULL: {0, 1, 2}, ALONE: {0, 1}}
"""How a run may end that was interrupted. A refusal that changes nothing, such as that of a lock's folder that is there, goes unnoticed."""

Kept = dict[str, bytes]


class Begun:
    """What there is before a run, and after it where nothing disturbs it."""

    def __init__(self, runs: WholeRuns, command: str, root: Path, before: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        self.root, self.undisturbed = root / "begun", root / "undisturbed"
        self.root.mkdir(parents=True)
        (self.root / "README.md").write_text(README)
        for earlier, given in before:
            assert runs(earlier, self.root, given).code == 0
        shutil.copytree(self.root, self.undisturbed)
        done = runs(command, self.undisturbed)
        assert done.code == 0, done.said
        self.count, self.left = done.count, files(self.undisturbed)


def files(root: Path) -> Kept:
    """All that is below a folder, and what files hold."""
    return {path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else b"" for path in root.rglob("*")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeRuns]:
    started = WholeRuns(tmp_path_factory.mktemp("runs"))
    yield started
    started.end()


def differences(expected: Kept, got: Kept) -> list[str]:
    """Names of what is absent, others, or should not be there."""
    return sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))


def wrong(runs: WholeRuns, command: str, begun: Begun, root: Path, at: int, how: str) -> list[str]:
    """What is wrong where the command is interrupted and given again."""
    shutil.copytree(begun.root, root)
    interrupted = runs(command, root, at=at, how=how)
    found = [] if interrupted.code in ENDS[how] else [f"ended by {interrupted.code}: {interrupted.said[-500:]}"]
    if command in (RUN, PAGES) and "Traceback" in interrupted.said:
        found.append(interrupted.said[-500:])
    again = runs(command, root)
    if again.code:
        found.append(f"then by {again.code}: {again.said[-500:]}")
    found += differences(begun.left, files(root))
    shutil.rmtree(root)
    return found


SITUATIONS = {
    RUN: (((), ((RUN, FEW),)), (KILLED, ONCE, FULL), 1),
    PYTEST: (((), ((RUN, FEW),)), (KILLED, ONCE), 1),
    SPREAD: (((), ((RUN, FEW),)), (KILLED, ALONE, FULL), 10),
    PAGES: ((((RUN, ALL),), ((RUN, FEW), (PAGES, ()), (RUN, ALL))), (KILLED, ONCE), 1),
}
"""By command what was run before (nothing, or something), how it is interrupted, and at every which operation."""


@pytest.mark.parametrize("command", SITUATIONS)
def test_same_bytes_after_an_interruption_at_any_operation(runs: WholeRuns, tries: Tries, tmp_path: Path, command: str) -> None:
    before, hows, every = SITUATIONS[command]
    starts = [Begun(runs, command, tmp_path / str(number), earlier) for number, earlier in enumerate(before)]
    all_tries = [(begun, how, at) for begun in starts for how in hows for at in range(1, begun.count + 1, every)]
    found = {}
    for number in tries(len(all_tries)):
        begun, how, at = all_tries[number]
        bad = wrong(runs, command, begun, tmp_path / "try", at, how)
        if bad:
            found[begun.root.parent.name, how, at] = bad
    assert not found, "\n".join(f"{key}: {value}" for key, value in found.items())

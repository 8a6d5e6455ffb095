"""Whole runs that end at any operation on files, killed or with the disk full: the same command then leaves what an undisturbed one does.

All bytes of the store, of the accepted results and of the pages are compared, and what `pytest benchmark` leaves with what `ecgbench run`
does; for that the runs' clocks stand still, since how long something took, and when it was, is all that may differ. Nothing else may be
there: no leftover of the run that ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.attacks.conftest import Tries
from tests.attacks.operations import ALONE, FULL, KILLED, ONCE
from tests.attacks.whole_runs import FEW, PAGES, PYTEST, README, RUN, SPREAD, WholeRuns

pytestmark = pytest.mark.slow

SHARE = 100
"""One try in so many is made by the tests' command: a try is two runs."""

STEPS = {
    RUN: {KILLED: 1, ONCE: 1, FULL: 7},
    PYTEST: {KILLED: 1, ONCE: 5},
    SPREAD: {KILLED: 15, ALONE: 15, FULL: 30},
    PAGES: {KILLED: 1, ONCE: 3},
}
"""By command how it is interrupted, and at every which operation."""

ENDS = {KILLED: {-9}, ONCE: {0, 1, 2, 4}, FULL: {0, 1, 2, 4}, ALONE: {-9, 0, 1}}
"""How a run may end that was interrupted. What is refused may not be needed, such as flushing a folder, or done by another worker."""

Kept = dict[str, bytes]


class Begun:
    """What there is before a run, what an undisturbed one makes of it, and how many operations it takes."""

    def __init__(self, runs: WholeRuns, command: str, root: Path) -> None:
        self.root, self.undisturbed = root, root.with_name(f"{root.name}-undisturbed")
        shutil.copytree(root, self.undisturbed)
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


@pytest.fixture(scope="module")
def starts(runs: WholeRuns, tmp_path_factory: pytest.TempPathFactory) -> list[Begun]:
    """A run on a cold store, and one on a warm store beside accepted results: one method and one metric less than is asked for."""
    root = tmp_path_factory.mktemp("starts")
    for name in ("cold", "warm"):
        (root / name).mkdir()
        (root / name / "README.md").write_text(README)
    assert runs(RUN, root / "warm", FEW).code == 0
    return [Begun(runs, RUN, root / name) for name in ("cold", "warm")]


@pytest.fixture(scope="module")
def page_starts(runs: WholeRuns, starts: list[Begun], tmp_path_factory: pytest.TempPathFactory) -> list[Begun]:
    """Pages that are written for the first time, and pages that replace those of fewer results."""
    root = tmp_path_factory.mktemp("pages")
    shutil.copytree(starts[0].undisturbed, root / "first")
    shutil.copytree(starts[1].root, root / "again")
    assert runs(PAGES, root / "again").code == 0
    assert runs(RUN, root / "again").code == 0
    return [Begun(runs, PAGES, root / name) for name in ("first", "again")]


@pytest.mark.parametrize("command", [RUN, PYTEST, SPREAD])
def test_run_after_an_interrupted_one_leaves_the_same_bytes(
    runs: WholeRuns, starts: list[Begun], tries: Tries, tmp_path: Path, command: str
) -> None:
    check(runs, command, starts, tries, tmp_path)


def test_pages_after_interrupted_ones_are_the_same_bytes(runs: WholeRuns, page_starts: list[Begun], tries: Tries, tmp_path: Path) -> None:
    check(runs, PAGES, page_starts, tries, tmp_path)


def check(runs: WholeRuns, command: str, starts: Sequence[Begun], tries: Tries, folder: Path) -> None:
    """Interrupt a command at each of its operations in each way."""
    there = [(begun, how, at) for begun in starts for how, step in STEPS[command].items() for at in range(1, begun.count + 1, step)]
    found = {}
    for number in tries(len(there), SHARE):
        begun, how, at = there[number]
        bad = wrong(runs, command, begun, folder / "try", at, how)
        if bad:
            found[begun.root.name, how, at] = bad
    assert not found, "\n".join(f"{key}: {value}" for key, value in found.items())


def wrong(runs: WholeRuns, command: str, begun: Begun, root: Path, at: int, how: str) -> list[str]:
    """What is wrong where the command is interrupted and given again."""
    shutil.copytree(begun.root, root)
    interrupted = runs(command, root, at=at, how=how)
    found = []
    if interrupted.code not in ENDS[how] | ({0} if command == SPREAD else set()):  # workers may take fewer operations
        found.append(f"ended by {interrupted.code}: {interrupted.said[-500:]}")
    if command in (RUN, PAGES) and "Traceback" in interrupted.said:
        found.append(interrupted.said[-500:])
    again = runs(command, root)
    if again.code:
        found.append(f"then by {again.code}: {again.said[-500:]}")
    found += differences(begun.left, files(root))
    shutil.rmtree(root)
    return found


def differences(expected: Kept, got: Kept) -> list[str]:
    """Names of what is absent, others, or should not be there."""
    return sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))

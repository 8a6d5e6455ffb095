"""An update that fails, or is killed, before any of its operations on files: the old or the new results are read, no cell is lost."""

import builtins
import errno
import fcntl
import os
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ecgbench.errors import EcgbenchError, ResultsError
from ecgbench.results import leftovers, read_pair, sample_name, update_file
from tests.results.cases import RESULTS, WINDOWS, cell_of

pytestmark = pytest.mark.slow

OPERATIONS = ((os, "open"), (os, "fsync"), (os, "replace"), (os, "unlink"), (os, "mkdir"), (fcntl, "flock"))
"""Calls of the system by which files change, beside those that open a file and write to it."""

KILLED, FULL, ONCE = "killed", "full", "once"
"""How an update fails: its process ends, the disk is full from there on, or one operation is refused and the next are not."""

UNREFUSED = {KILLED: (), FULL: ("unlink", "flock"), ONCE: ("flock",)}
"""Operations that a full disk does not hinder, or that are never refused."""


def added(number, held):
    """A cell of a seed of its own beside those that are held."""
    values = np.full(3, number, dtype=np.float32)
    cell = cell_of("raw", "auc", number, values)
    results, scores = held or (replace(RESULTS, cells=(), models={}, health={}, artifacts={}), {})
    windows = {sample_name(what, number): array for what, array in WINDOWS.items()}
    models = {**results.models, str(number): RESULTS.models["1"]}
    return replace(results, cells=(*results.cells, cell), models=models), {**scores, f"raw/auc/{number}": values, **windows}


def place(root):
    return root / "mitdb@samples-3" / "resnet18_7" / "lime.json"


def add(number, root):
    return update_file(place(root), partial(added, number))


def seeds(path):
    """Seeds of the cells that a reader finds."""
    return [cell.seed for cell in read_pair(path)[0].cells] if path.exists() else []


class Failing:
    """Fails before one of the operations on files."""

    def __init__(self, step, how):
        self.left, self.how = step, how

    def count(self, before=None):
        self.left -= 1
        if self.left >= 0 or (self.how == ONCE and self.left < -1):
            return
        if before is not None:
            before()
        if self.how == KILLED:
            os._exit(9)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def counted(self, function, *arguments, **named):
        if function.__name__ not in UNREFUSED[self.how]:
            self.count()
        return function(*arguments, **named)

    def opened(self, real, path, mode="r", *arguments, **named):
        """A file; where it is written to, half of what is written is in it when that fails."""
        file = real(path, mode, *arguments, **named)
        if "w" in mode:
            self.count()
            write = file.write
            file = Writing(file, lambda data: (self.count(lambda: (write(data[: len(data) // 2]), file.flush())), write(data)))
        return file


class Writing:
    """A file whose writing is counted."""

    def __init__(self, file, write):
        self.file, self.write = file, write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


def failed(step, how, number, root):
    """Add a cell in a process of its own that fails at one of its operations; whether it did."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            failing = Failing(step, how)
            builtins.open = partial(failing.opened, builtins.open)
            for module, name in OPERATIONS:
                setattr(module, name, partial(failing.counted, getattr(module, name)))
            add(number, root)
            code = 0
        except EcgbenchError:
            code = 9
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"step {step}: a traceback, or an end by {code}"
    return code == 9


@pytest.fixture(scope="module")
def count(tmp_path_factory):
    """Number of an update's operations, each of which a process did not outlive."""
    root = tmp_path_factory.mktemp("count")
    found = next(step for step in range(200) if not failed(step, KILLED, 0, root / str(step)))
    assert found >= 20
    return found


def check_mended(root, before):
    """The next update goes beside what was accepted before, and leaves nothing of those that failed."""
    add(9, root)
    assert seeds(place(root)) == [*before, 9]
    assert leftovers(root) == []
    assert sorted(file.name for file in place(root).parent.iterdir()) == ["lime.json", "lime.npz"]


@pytest.mark.parametrize("accepted", [0, 2])
@pytest.mark.parametrize("how", [KILLED, FULL, ONCE])
def test_old_or_new_results_are_read_wherever_an_update_failed_and_the_next_leaves_nothing(tries, tmp_path, count, how, accepted):
    old, found = list(range(accepted)), []
    for step in tries(count):
        root = tmp_path / str(step)
        for number in old:
            add(number, root)
        failed(step, how, accepted, root)
        found.append(seeds(place(root)))
        check_mended(root, found[-1])
    assert all(one in (old, [*old, accepted]) for one in found)
    assert found == sorted(found) or how == ONCE


def test_updates_that_fail_one_after_the_other_lose_nothing(tries, tmp_path, count):
    for number in tries(200):
        rng = np.random.default_rng(number)
        root = tmp_path / str(number)
        path = add(0, root)
        for seed in (1, 2, 3):
            before = seeds(place(shutil.copytree(root, tmp_path / f"{number}-{seed}")))  # a reader of the folder itself would mend it
            failed(int(rng.integers(count)), str(rng.choice([KILLED, FULL, ONCE])), seed, root)
        after = seeds(place(shutil.copytree(root, tmp_path / f"{number}-after")))
        assert after in (before, [*before, 3])
        assert seeds(path) == after
        check_mended(root, after)


@pytest.mark.parametrize("damaged", [".json", ".npz"])
@pytest.mark.parametrize("damage", ["cut", "empty", "absent", "byte"])
def test_update_beside_damaged_results_is_refused_and_touches_nothing(tries, tmp_path, damaged, damage):
    for number in tries(40):
        rng = np.random.default_rng(number)
        add(1, tmp_path / str(number))
        path = add(0, tmp_path / str(number))
        file = path.with_suffix(damaged)
        content = file.read_bytes()
        kept = int(rng.integers(1, len(content) - 1))
        flipped = bytes([content[kept] ^ (1 << int(rng.integers(8)))])
        kinds = {"cut": content[:kept], "empty": b"", "byte": content[:kept] + flipped + content[kept + 1 :]}
        file.unlink() if damage == "absent" else file.write_bytes(kinds[damage])
        before = {one: one.read_bytes() for one in path.parent.iterdir()}
        if damage == "byte" and damaged == ".json" and is_readable(path):  # such as another letter in a note
            continue
        with pytest.raises(ResultsError, match=r"expected .*, got"):
            add(2, tmp_path / str(number))
        assert {one: one.read_bytes() for one in path.parent.iterdir()} == before


def is_readable(path):
    try:
        read_pair(path)
    except ResultsError:
        return False
    return True

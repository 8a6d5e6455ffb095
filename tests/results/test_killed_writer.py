"""A writer that is killed between any two of its steps leaves the old pair of files or the new one, never a mix of both."""

import os
import shutil

import numpy as np
import pytest

from ecgbench.results import read_pair, write_file
from tests.results.killed_writes import KilledWrites, version


@pytest.fixture(scope="module")
def killed_before():
    """Writes a version, killed before one of its steps; whether it was."""
    writes = KilledWrites()
    yield writes
    writes.end()


def number_of(path):
    """Which version a reader finds."""
    results, scores = read_pair(path)
    number = int(results.cells[0].value)
    expected, arrays = version(number)
    assert results == expected
    np.testing.assert_array_equal(scores["raw/auc/1"], arrays["raw/auc/1"])
    return number


@pytest.fixture
def steps(killed_before, tmp_path):
    """Number of a write's steps, each killed once in a folder of its own."""
    root = tmp_path / "count"
    return next(step for step in range(100) if not killed_before(step, 1, root / str(step)))


def test_old_or_new_pair_is_read_wherever_a_writer_was_killed(tmp_path, steps, killed_before):
    found = []
    for step in range(steps):
        path = write_file(*version(1), tmp_path / str(step))
        assert killed_before(step, 2, tmp_path / str(step))
        found.append((number_of(path), number_of(path)))
    assert len(found) >= 7
    assert found == sorted(found)
    assert set(found) == {(1, 1), (2, 2)}


@pytest.mark.slow
def test_next_writer_mends_what_a_killed_one_left(tmp_path, steps, killed_before):
    """No reader comes between the two, and the second one is killed as well."""
    for first in range(steps):
        for second in range(first % 2, steps, 2):  # every other one: each has two processes killed
            root, copy = tmp_path / f"{first}-{second}", tmp_path / f"{first}-{second}-copy"
            path = write_file(*version(1), root)
            assert killed_before(first, 2, root)
            shutil.copytree(root, copy)
            assert killed_before(second, 3, root)
            assert number_of(path) in (number_of(copy / path.relative_to(root)), 3)
            write_file(*version(4), root)
            assert number_of(path) == 4


def refused(*_):
    raise PermissionError("read-only")


@pytest.mark.parametrize("writable", [True, False])
def test_reader_moves_the_archive_of_a_killed_writer_where_it_may(tmp_path, monkeypatch, writable):
    path = write_file(*version(2), tmp_path)
    first = path.with_name(".lime.npz.new")
    path.with_suffix(".npz").rename(first)
    if not writable:
        monkeypatch.setattr(os, "replace", refused)
    assert number_of(path) == 2
    assert (path.with_suffix(".npz").exists(), first.exists()) == (writable, not writable)

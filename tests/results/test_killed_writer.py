"""A writer that is killed between any two of its steps leaves the old pair of files or the new one, never a mix of both."""

import os
import shutil
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ecgbench.results import read_pair, score_digest, write_file
from tests.results.cases import CELLS, RESULTS

STEPS = ("fsync", "replace", "unlink")
"""Calls of the system that end a step: content is on disk, a file is under its name, a file is gone."""


def version(number):
    """Results of one cell and its scores, of which no two versions share a number."""
    values = np.array([number, number + 0.5], dtype=np.float32)
    ends = {"low": None, "high": None}  # Both windows are of one patient.
    cell = replace(CELLS[0], value=number + 0.25, n=2, undefined=0, digest=score_digest(values), **ends)
    windows = {"samples/patient/1": np.array(["100"] * 2), "samples/target/1": np.array([1, 1])}
    return replace(RESULTS, cells=(cell,)), {"raw/auc/1": values, **windows}


def number_of(path):
    """Which version a reader finds."""
    results, scores = read_pair(path)
    number = int(results.cells[0].value)
    expected, arrays = version(number)
    assert results == expected
    np.testing.assert_array_equal(scores["raw/auc/1"], arrays["raw/auc/1"])
    return number


def killed_before(step, number, root):
    """Write a version in a process of its own that is killed before one of its steps; whether it was."""
    child = os.fork()
    if child == 0:
        left = iter(range(step, -1, -1))

        def counted(function, *arguments, **named):
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        try:
            for name in STEPS:
                setattr(os, name, partial(counted, getattr(os, name)))
            write_file(*version(number), root)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


def steps_of_a_write(root):
    """Number of a write's steps, each killed once in a folder of its own."""
    return next(step for step in range(100) if not killed_before(step, 1, root / str(step)))


def test_old_or_new_pair_is_read_wherever_a_writer_was_killed(tmp_path):
    found = []
    for step in range(steps_of_a_write(tmp_path / "count")):
        path = write_file(*version(1), tmp_path / str(step))
        assert killed_before(step, 2, tmp_path / str(step))
        found.append((number_of(path), number_of(path)))
    assert len(found) >= 7
    assert found == sorted(found)
    assert set(found) == {(1, 1), (2, 2)}


def test_next_writer_mends_what_a_killed_one_left(tmp_path):
    """No reader comes between the two, and the second one is killed as well."""
    steps = steps_of_a_write(tmp_path / "count")
    for first in range(steps):
        for second in range(first % 2, steps, 2):  # every other one: a fork of the tests takes long
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

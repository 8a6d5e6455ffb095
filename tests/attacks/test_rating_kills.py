"""A process that keeps answers of a reader study, killed at any moment: what it has said to be kept is there, and the file is whole."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from ecgbench.rating import Ratings
from tests.rating.made_up import make

pytestmark = pytest.mark.slow

WRITER = """
import sys
from pathlib import Path
from ecgbench.rating.ratings_file import Answer, Ratings
ratings = Ratings(Path(sys.argv[1]))
for number in range(10_000):
    ratings.add(0, number % 10, Answer(None, None, [(0, number, number + 1)], 1.0))
    print(number, flush=True)
"""


def test_no_answer_that_was_kept_is_lost(tries, tmp_path):
    for number in tries(120):
        path = make(tmp_path / f"{number}.sqlite").path
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
            for _ in range(int(np.random.default_rng(number).integers(1, 60))):
                said = writer.stdout.readline()
            os.kill(writer.pid, signal.SIGKILL)
            kept = int((writer.stdout.read().split() or said.split())[-1])
        with closing(sqlite3.connect(path)) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            onsets = [row[0] for row in file.execute("SELECT json_extract(regions, '$[0][1]') FROM answers ORDER BY number")]
        assert onsets[: kept + 1] == list(range(kept + 1))
        assert len(onsets) <= kept + 2
        assert len(Ratings(path).answered(0)) == min(len(onsets), 10)

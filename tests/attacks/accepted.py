"""Accepted results to attack, and what must be said of them afterwards."""

import hashlib
import io
import json

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.render import text_pages
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.results import read_pair, write_file
from tests.leaderboard.conftest import results


def accepted(root):
    """Accepted results of two seeds and two variants, with sketches and a gallery."""
    both = {"auc": {1: [0.6, 0.7, np.nan, 0.4], 2: 0.7}, "region_perturbation_lerf": {1: 0.3, 2: [-0.1, 0.3, 0.2, 0.25]}}
    rng = np.random.default_rng(0)
    found, arrays = results("mitdb", "lime", {"raw": both, "abs": both}, maps=rng.normal(size=(4, 1, 50)))
    kept = {
        "window": np.array([1, 0, 3]),
        "score": arrays["raw/auc/1"][[1, 0, 3]],
        "lead": np.zeros(3, dtype=np.int64),
        "signal": rng.integers(-999, 999, (3, 2880)).astype(np.int16),
        "map": rng.integers(-127, 127, (3, 2880)).astype(np.int8),
        "mask": np.ones((3, 2880), dtype=bool),
        "variant": np.array("raw"),
        "metric": np.array("auc"),
    }
    shown = {
        "window": np.array([1, 2]),
        "score": arrays["raw/auc/1"][[1, 2]],
        "leads": np.array(["I", "V4"]),
        "probability": np.array([[0.1, 0.9], [0.4, 0.6]], dtype=np.float32),
        "signal": rng.integers(-999, 999, (2, 400)).astype(np.int16),
        "map": rng.integers(-127, 127, (2, 400)).astype(np.int8),
        "mask": np.ones((2, 400), dtype=bool),
        "beats": np.array([[0, 0, 90, 1], [1, 90, 200, 0]]),
        "variant": np.array("raw"),
        "metric": np.array("auc"),
    }
    galleries = {"gallery": kept, "shown": shown}
    return write_file(found, arrays | {f"{kind}/{what}/1": array for kind in galleries for what, array in galleries[kind].items()}, root)


def refused(path):
    """Whether reading is refused, in one line of the project's own."""
    try:
        read_boards(path.parents[2])
    except ResultsError as error:
        said = str(error)
        assert "\n" not in said
        assert len(said) < 1000
        assert said.startswith("expected ")
        assert "lime" in said
        assert "; " in said
        return True
    return False


def shown(path):
    """Whether pages can be made of results that are read."""
    return bool(text_pages([analyse(board) for board in read_boards(path.parents[2])]))


def numbers(path):
    """Everything in accepted results that a page shows as a number, and what of it is said to be measured."""
    found, arrays = read_pair(path)
    cells = [(cell.variant, cell.metric, cell.seed, cell.n, cell.undefined, cell.digest) for cell in found.cells]
    values = [value for cell in found.cells for value in (cell.value, cell.low, cell.high)]
    return cells, values, {name: (array.dtype, array.tobytes()) for name, array in arrays.items()}


def same(path, before):
    after = numbers(path)
    return after[0] == before[0] and after[2] == before[2] and after[1] == pytest.approx(before[1], abs=1e-7)


def record(path, content):
    """Put another archive beside the results, and its digest into them."""
    data = json.loads(path.read_text())
    data["archive"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(data))
    path.with_suffix(".npz").write_bytes(content)


def saved(arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()

"""Accepted results that were forged or damaged are refused in one line; what is read holds the numbers that its scores give."""

import json

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.results import read_pair, score_digest, write_file
from tests.attacks.accepted import accepted, numbers, record, refused, same, saved, shown
from tests.leaderboard.conftest import results

pytestmark = pytest.mark.slow

DEEP = "[" * 100_000 + "]" * 100_000
OTHER = [
    "5",
    '"x"',
    "null",
    "[]",
    "{}",
    "true",
    "-1",
    "1e999",
    "NaN",
    "1" * 400,
    "1e308",
    "-1e-300",
    "0.5",
    DEEP,
    '"\\ud800"',
    '"' + "x" * 20_000 + '"',
]
"""JSON texts that stand in a leaf's place."""

LEAST_FORGERY = 1e-6
"""A forged number differs by so much; rounding scores to float32 moves one below 1 by less than 1e-7."""


@pytest.fixture
def path(tmp_path):
    return accepted(tmp_path)


def leaves(data, place=()):
    """Places of all that stands in JSON data, objects and lists too."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield (*place, key)
        yield from leaves(value, (*place, key))


def put(text, place, value):
    """The JSON text with another text in a leaf's place."""
    data = json.loads(text)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = "in its place"
    return json.dumps(data).replace('"in its place"', value, 1)


# Malformed


def test_leaf_of_another_kind_is_refused_or_means_the_same(path, tries):
    text, before = path.read_text(), numbers(path)
    places = list(leaves(json.loads(text)))
    for number in tries(400):
        rng = np.random.default_rng(number)
        path.write_text(put(text, places[rng.integers(len(places))], OTHER[number % len(OTHER)]))
        assert refused(path) or (same(path, before) and shown(path))


def test_damaged_text_is_refused_or_means_the_same(path, tries):
    content, before = path.read_bytes(), numbers(path)
    for number in tries(200):
        rng = np.random.default_rng(number)
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(content))] if number % 4 == 0 else damaged)
        assert refused(path) or same(path, before)


def test_damaged_archive_is_refused_or_means_the_same_whatever_its_digest(path, tries):
    content, before = path.with_suffix(".npz").read_bytes(), numbers(path)
    for number in tries(400):
        rng = np.random.default_rng(number)
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=rng.integers(1, 4)):
            damaged[place] ^= 1 << rng.integers(8)
        record(path, bytes(damaged[: rng.integers(len(content))] if number % 4 == 0 else damaged))
        assert refused(path) or same(path, before)


# Forged


def forged(cell, field, rng):
    """Another number in a field of a cell."""
    if field in ("n", "undefined"):
        return int(rng.choice([cell[field] + 1, max(cell[field] - 1, 0), 10**9, 0]))
    moved = (cell[field] or 0) + rng.choice([-1, 1]) * 10 ** rng.uniform(np.log10(LEAST_FORGERY), 1)
    return float(rng.choice([moved, 0.999, 37.0, 0.0]))


def test_forged_number_is_refused(path, tries):
    text = path.read_text()
    for number in tries(400):
        rng = np.random.default_rng(number)
        data = json.loads(text)
        cell = data["cells"][rng.integers(len(data["cells"]))]
        field = ("value", "low", "high", "n", "undefined")[number % 5]
        before, cell[field] = cell[field], forged(cell, field, rng)
        path.write_text(json.dumps(data))
        assert refused(path) == (cell[field] != before)


def test_exchanged_ends_and_all_values_at_once_are_refused(path):
    text = path.read_text()
    for change in ({"low": 0.9, "high": 0.1}, {"value": 0.999, "low": 0.99, "high": 1.0}, {"value": None, "low": None, "high": None}):
        data = json.loads(text)
        for cell in data["cells"]:
            cell.update(change)
        path.write_text(json.dumps(data))
        assert refused(path)


def test_forged_scores_are_refused_unless_every_number_follows_from_them(path, tries):
    """Scores with their digests and the archive's, but with the old numbers; numbers that all follow are another result, not a forgery."""
    text, arrays = path.read_text(), read_pair(path)[1]
    for number in tries(100):
        rng = np.random.default_rng(number)
        data = json.loads(text)
        cell = data["cells"][rng.integers(len(data["cells"]))]
        name = f"{cell['variant']}/{cell['metric']}/{cell['seed']}"
        scores = arrays[name] + np.float32(10 ** rng.uniform(-5, 0))
        cell["digest"] = score_digest(scores)
        path.write_text(json.dumps(data))
        record(path, saved({**arrays, name: scores}))
        assert refused(path)


def test_scores_out_of_their_metric_s_bounds_are_refused(tmp_path):
    write_file(*results("mitdb", "lime", {"raw": {"auc": {1: 1.5}}}), tmp_path)
    with pytest.raises(ResultsError, match=r"got 1\.46000004 in raw/auc/1, whose metric goes from 0 to 1"):
        read_boards(tmp_path)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("models", {"accuracy": 0.99}),
        ("models", {"macro_f1": 0.99}),
        ("models", {"confusion": [[1, 2], [3]]}),
        ("models", {"auc": [0.5, None], "macro_auc": 0.75}),
        ("models", {"explainable": 3}),
        ("health", {"zeros": 1.5}),
        ("health", {"seconds_a_window": -1.0}),
    ],
    ids=str,
)
def test_facts_that_contradict_each_other_are_refused(path, what, change):
    data = json.loads(path.read_text())
    data[what]["1"].update(change)
    path.write_text(json.dumps(data))
    assert refused(path)

"""Pages of results with whatever is undefined, missing or equal: what cannot be compared is left out, and nothing fails."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.render import text_pages
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.results import write_file

from ..leaderboard import conftest
from ..leaderboard.conftest import IDENTITY, results

pytestmark = pytest.mark.slow

METRICS = ("twin_agreement", "twin_morf", "auc", "region_perturbation_morf")


def made_up(rng, windows, levels):
    """Scores of some metrics and seeds, some of them undefined, on a few levels so that they tie."""
    scores = np.round(rng.random(windows) * levels) / levels
    scores[rng.random(windows) < rng.choice([0.0, 0.5, 0.9])] = np.nan
    return scores.tolist()


def accept(rng, dataset, method, windows, root):
    levels, seeds = int(rng.choice([1, 2, 100])), range(1, int(rng.integers(2, 5)))
    metrics = [metric for metric in METRICS if rng.random() < 0.8] or ["auc"]
    means = {variant: {metric: {seed: made_up(rng, windows, levels) for seed in seeds} for metric in metrics} for variant in ("raw", "abs")}
    identity = replace(IDENTITY, samples=windows)
    write_file(*results(dataset, method, means, identity=identity), root=root)


def test_pages_are_drawn_whatever_is_undefined(tries, tmp_path, monkeypatch):
    for number in tries(60):
        rng = np.random.default_rng(number)
        windows, root = int(rng.integers(1, 14)), tmp_path / str(number)
        patient = np.array([f"p{i}" for i in rng.integers(0, rng.integers(1, 9), size=windows)])
        target = rng.integers(0, 3, size=windows)
        monkeypatch.setattr(conftest, "PATIENT", patient)
        monkeypatch.setattr(
            conftest, "WINDOWS", {"record": patient, "start": np.arange(windows) * 360, "patient": patient, "target": target}
        )
        for dataset in ("synthetic", "mitdb"):
            for method in ("lrp", "lime", "saliency")[: int(rng.integers(1, 4))]:
                accept(rng, dataset, method, windows, root)
        pages = text_pages([analyse(board) for board in read_boards(root)])
        assert not any(" nan" in text or "(nan" in text or ">nan" in text for text in pages.values()), number

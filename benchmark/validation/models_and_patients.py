"""How often intervals over models and patients are right, on simulated scores: `python benchmark/validation/models_and_patients.py`.

Prints its tables and writes them into docs/statistics.md, in about a minute on one core. The same seed and repetitions give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from simulated_scores import renew
from tqdm import tqdm

from ecgbench.leaderboard.pages.tables import number, table
from ecgbench.leaderboard.statistics.models import Tally, comparison_with_best, contrast_spread, mean_spread, two_way_draws
from ecgbench.randomness import seed_generator
from ecgbench.results import expanded_tail

MARKER = "models"
MODELS, PATIENTS = (2, 3, 5, 8), (5, 10, 38)
OF_MODELS = (0.03, 0.06, 0.1)
OF_PATIENTS, RESIDUAL = 0.05, 0.1
COMMON_MODEL, COMMON_PATIENT = 0.05, 0.1
UNDEFINED = 0.1
RESAMPLES = 1000
BLOCK = 50
MITDB = (13, 13, 5, 4, 4, 4, 3, 3, 3, 3, 3, 3, 1, 1, 1)
SVDB = (*[2] * 25, *[1] * 14)
KINDS = ("plain", "expanded", "ours")
METHODS = 6
BEHIND = (0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Scene:
    """Scores of several methods, explained on several models.

    Attributes
    ----------
    models, patients : how many
    of_models : standard deviation of method x model; those of method x patient and of single windows are 0.05 and 0.1
    methods : how many
    same_windows : whether all models explain the same windows
    skewed : whether effects of models and patients are exponential instead of normal
    single : whether the mean of one method is judged, in which effects that are common to all count, instead of a difference of two
    """

    models: int
    patients: int
    of_models: float = 0.06
    methods: int = 2
    same_windows: bool = True
    skewed: bool = False
    single: bool = False

    def draw(self, generator: np.random.Generator, repetitions: int) -> Tally:
        """Scores with true means 0: repetitions x methods rows, the methods of a repetition behind each other."""
        windows = self._windows(generator, repetitions)
        shape = repetitions, self.methods, self.models, self.patients
        own = self.of_models * self._effect(generator, (*shape[:3], 1)) + OF_PATIENTS * self._effect(generator, (*shape[:2], 1, shape[3]))
        common = COMMON_MODEL * self._effect(generator, (repetitions, 1, self.models, 1))
        common = common + COMMON_PATIENT * self._effect(generator, (repetitions, 1, 1, self.patients))
        counts = generator.binomial(np.broadcast_to(windows[:, None], shape), 1 - UNDEFINED).astype(np.float64)
        sums = counts * (own + common) + RESIDUAL * np.sqrt(counts) * generator.standard_normal(shape)
        rows = repetitions * self.methods, self.models, self.patients
        return Tally(sums.reshape(rows), counts.reshape(rows))

    def _windows(self, generator: np.random.Generator, repetitions: int) -> np.ndarray:
        """Windows of each repetition, model and patient: as mitdb has them where patients are few, as svdb where they are many."""
        known = SVDB if self.patients > len(MITDB) else MITDB
        models = 1 if self.same_windows else self.models
        drawn = generator.choice(known, (repetitions, models, self.patients))
        return np.broadcast_to(drawn, (repetitions, self.models, self.patients))

    def _effect(self, generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return generator.standard_exponential(shape) - 1 if self.skewed else generator.standard_normal(shape)


def coverage(scene: Scene, repetitions: int, seed: int) -> dict[str, tuple[float, float]]:
    """How often each kind of interval holds the true difference of two methods, or mean of one, and half its median width.

    The plain and the expanded interval are those of the two-way bootstrap, the latter with min(models, patients) - 1 degrees of freedom.
    """
    generator = seed_generator(seed, f"coverage of {scene}")
    bounds: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    tails = {"plain": 0.025, "expanded": expanded_tail(min(scene.models, scene.patients), 0.95)}
    for start in range(0, repetitions, BLOCK):
        scores = scene.draw(generator, min(BLOCK, repetitions - start))
        first = np.arange(0, len(scores.sums), 2)
        draws = two_way_draws(scores, RESAMPLES, generator)
        drawn = draws[first] if scene.single else draws[first] - draws[first + 1]
        for kind, tail in tails.items():
            bounds[kind].append(np.nanquantile(drawn, [tail, 1 - tail], axis=1).T)
        spread = mean_spread(scores) if scene.single else contrast_spread(scores, first.tolist(), (first + 1).tolist())
        bounds["ours"].append(spread.intervals()[:: 2 if scene.single else 1])
    return {kind: _judged(np.concatenate(parts)) for kind, parts in bounds.items()}


def _judged(bounds: np.ndarray) -> tuple[float, float]:
    low, high = bounds[~np.isnan(bounds).any(axis=1)].T
    return float(((low <= 0) & (high >= 0)).mean()), float(np.median(high - low) / 2)


def best_found(scene: Scene, repetitions: int, seed: int) -> dict[str, float]:
    """How often the best is called worse than another as good, and how often one that is behind by so much is told from it."""
    generator = seed_generator(seed, f"best of {scene}")
    outcomes: dict[str, list[bool]] = {"wrong": [], **{str(behind): [] for behind in BEHIND}}
    for _ in range(repetitions):
        scores = scene.draw(generator, 1)
        draws = two_way_draws(scores, RESAMPLES, generator)
        for name in outcomes:
            gains = np.zeros(len(draws)) if name == "wrong" else np.array([*[0.0] * (len(draws) - 1), -float(name)])
            shifted = Tally(scores.sums + gains[:, None, None] * scores.counts, scores.counts)
            found = comparison_with_best(shifted, draws + gains[:, None], higher_is_better=True)
            row = 0 if name == "wrong" else -1
            outcomes[name].append(found is not None and not found.candidates[row])
    return {name: float(np.mean(told)) for name, told in outcomes.items()}


def report(repetitions: int, seed: int, models: tuple[int, ...] = MODELS, patients: tuple[int, ...] = PATIENTS) -> str:
    """All tables as markdown."""
    scenes = [Scene(some, others) for some in models for others in patients]
    note = f"{repetitions} repetitions each, so that a share of 0.95 is good to ±{1.96 * (0.95 * 0.05 / repetitions) ** 0.5:.3f}."
    widths = {f"{kind}, {of:g}": (kind, partial(replace, of_models=of)) for of in OF_MODELS for kind in KINDS}
    harder = {f"{kind}, {name}": (kind, change) for name, change in HARDER.items() for kind in KINDS}
    found = {(scene, change): coverage(change(scene), repetitions, seed) for scene, change in _pairs(scenes, [*widths.values()])}
    found |= {(scene, change): coverage(change(scene), repetitions, seed) for scene, change in _pairs(scenes, [*harder.values()])}
    tables = [
        ("How often intervals of a difference hold the truth, by method x model (should be 0.95)", widths, 0),
        ("How wide these intervals are: half the median width", widths, 1),
        ("How often, where windows differ between models, and of the mean of one method with skewed effects", harder, 0),
    ]
    parts = [note]
    for title, columns, which in tables:
        body = [[*_heads(scene), *(number(found[scene, change][kind][which], 2) for kind, change in columns.values())] for scene in scenes]
        parts += [f"### {title}", table(["models", "patients", *columns], body, numbers_from=0)]
    return "\n\n".join([*parts, *_best_table(scenes, repetitions, seed)])


Change = Callable[[Scene], Scene]
HARDER: dict[str, Change] = {
    "windows differ": partial(replace, same_windows=False),
    "skewed mean": partial(replace, skewed=True, single=True),
}


def _pairs(scenes: list[Scene], columns: list[tuple[str, Change]]) -> list[tuple[Scene, Change]]:
    changes = list(dict.fromkeys(change for _, change in columns))
    return [(scene, change) for scene in tqdm(scenes, desc="scenes") for change in changes]


def _best_table(scenes: list[Scene], repetitions: int, seed: int) -> list[str]:
    body = []
    for scene in tqdm(scenes, desc="best"):
        told = best_found(replace(scene, methods=METHODS, of_models=0.03), repetitions, seed)
        body.append([*_heads(scene), *(number(share, 2) for share in told.values())])
    heads = ["models", "patients", "the best of six alike", *(f"behind by {behind:g}" for behind in BEHIND)]
    return ["### How often a method is told apart from the best", table(heads, body, numbers_from=0)]


def _heads(scene: Scene) -> list[str]:
    return [str(scene.models), str(scene.patients)]


if __name__ == "__main__":
    print(renew(__doc__, 500, report, MARKER))

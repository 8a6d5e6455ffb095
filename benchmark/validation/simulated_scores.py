"""How often the leaderboards' intervals and groups are right, on simulated scores: `python benchmark/validation/simulated_scores.py`.

Writes its tables into docs/statistics.md, in about two minutes on one core. The same seed and repetitions give the same tables.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import combinations
from pathlib import Path

import numpy as np
from _scenes import FAMILY, SHAPES, SHOWN, Scene, ranked
from tqdm import tqdm

from ecgbench.artifacts import write_atomically
from ecgbench.leaderboard.pages.tables import number, table
from ecgbench.leaderboard.statistics.patients.groups import LEVEL, comparison
from ecgbench.leaderboard.statistics.patients.resampled import place_draws, rank_intervals, resampled_means
from ecgbench.randomness import seed_generator
from ecgbench.results import drawn_means, patient_sums, patient_weights, seeds_interval

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"
PATIENTS = (5, 10, 15, 20, 40)
RESAMPLES = 1000
FLIPS = 2000
APART = (-1.8, -0.6, 0.6, 1.8)
CLOSE = (-0.3, -0.1, 0.1, 0.3)
ALIKE = (0.0,) * 6
HALF_ALIKE = (0.0, 0.0, 0.0, 1.0, 2.0, 3.0)
GAINS = (0.5, 1.0, 2.0)

Outcome = dict[str, float]


def mean_coverage(scene: Scene, generator: np.random.Generator) -> Outcome:
    """Whether the percentile interval and ours hold the true mean of the first method."""
    samples = scene.draw(generator, metrics=("auc",))
    truth, seed = SHAPES[scene.shape].mean, int(generator.integers(2**31))
    values = [samples.values["m0", "raw", "auc", model] for model in samples.seeds]
    low, high = seeds_interval(values, list(samples.patient.values()), seed, RESAMPLES)
    weights = patient_weights(scene.patients, RESAMPLES, np.random.default_rng(seed))
    sums = [patient_sums(scores[None], samples.index(model), scene.patients) for model, scores in enumerate(values)]
    plain = np.nanquantile(np.mean([drawn_means(weights, *both)[0] for both in sums], axis=0), [0.025, 0.975])
    return {"percentile": plain[0] <= truth <= plain[1], "expanded": low is not None and high is not None and low <= truth <= high}


def rank_coverage(scene: Scene, generator: np.random.Generator) -> Outcome:
    """Share of methods whose true place and rank lie in their intervals, and how wide those of the rank are."""
    samples = scene.draw(generator)
    draws = resampled_means(samples, RESAMPLES, int(generator.integers(2**31)))
    found = rank_intervals(place_draws(draws, SHOWN, ranked(scene))[FAMILY])
    ranks = np.arange(len(scene.gains), 0, -1)
    true = {"place": (ranks - 1) / (len(ranks) - 1), "rank": ranks}
    held = {what: _held(found[what]["low"], found[what]["high"], values) for what, values in true.items()}
    return held | {"ranks": float((found["rank"]["high"] - found["rank"]["low"] + 1).mean())}


def _held(low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> float:
    return float(((low <= truth + 1e-9) & (truth <= high + 1e-9)).mean())


def told_apart(scene: Scene, generator: np.random.Generator) -> Outcome:
    """Whether any methods that are alike are told apart, and the share of the other pairs that is."""
    samples = scene.draw(generator)
    found = comparison(samples, SHOWN, ranked(scene), FAMILY, FLIPS, int(generator.integers(2**31)))
    if found is None:
        return {"wrong": 0.0, "right": 0.0}
    pairs = list(combinations(range(len(scene.gains)), 2))
    differ = np.array([found.adjusted.loc[f"m{i}", f"m{j}"] <= LEVEL for i, j in pairs])
    alike = np.array([scene.gains[i] == scene.gains[j] for i, j in pairs])
    return {"wrong": float((differ & alike).any()), "right": float(differ[~alike].mean()) if (~alike).any() else 0.0}


Trial = Callable[[Scene, np.random.Generator], Outcome]
Column = tuple[str, Trial, Scene, str]
"""Heading, the trial, its scene (whatever its number of patients), and which outcome is shown."""


def mean_columns(what: str) -> list[Column]:
    """Coverage of intervals of a mean, by the scores' shape and the correlation within patients."""
    scenes = [Scene(shape=shape, within=within) for shape in SHAPES for within in (0.2, 0.8)]
    found: list[Column] = [(f"{scene.shape}, {scene.within}", mean_coverage, scene, what) for scene in scenes]
    return [*found, ("bounded, 0.5, 3 seeds", mean_coverage, Scene(seeds=3), what)]


TABLES: dict[str, list[Column]] = {
    "How often the plain percentile interval holds the true mean (should be 0.95)": mean_columns("percentile"),
    "How often the expanded interval, ours, does": mean_columns("expanded"),
    "How often intervals of places and ranks hold the true ones, and how many of four ranks an interval spans": [
        (f"{name}: {what}", rank_coverage, Scene(gains=gains), what)
        for name, gains in (("apart", APART), ("close", CLOSE))
        for what in ("place", "rank", "ranks")
    ],
    "How often any two methods that are alike are told apart (should be 0.05 at most)": [
        (f"{name}, {shape}", told_apart, Scene(gains=gains, shape=shape), "wrong")
        for name, gains in (("all alike", ALIKE), ("half alike", HALF_ALIKE))
        for shape in ("skewed", "bounded")
    ],
    "How often a method that is better than five others, which are alike, is told apart from each of them": [
        (f"by {gain:g}", told_apart, Scene(gains=(*ALIKE[1:], gain), shape="normal"), "right") for gain in GAINS
    ],
}


def report(repetitions: int, seed: int, patients: Sequence[int] = PATIENTS) -> str:
    """All tables as markdown."""
    outcome = cache(partial(repeated, repetitions=repetitions, seed=seed))
    parts = [f"{repetitions} repetitions each, so that a share of 0.95 is good to ±{1.96 * (0.95 * 0.05 / repetitions) ** 0.5:.3f}."]
    with tqdm(total=len(TABLES) * len(patients), desc="rows") as bar:
        for title, shown in TABLES.items():
            body = []
            for number_of in patients:
                values = [outcome(trial, replace(scene, patients=number_of))[what] for _, trial, scene, what in shown]
                body.append([str(number_of), *(number(value, 2) for value in values)])
                bar.update()
            parts += [f"### {title}", table(["patients", *(heading for heading, *_ in shown)], body, numbers_from=0)]
    return "\n\n".join(parts)


def repeated(trial: Trial, scene: Scene, repetitions: int, seed: int) -> Outcome:
    """Means over repetitions of what a trial returns."""
    names = (f"{trial.__name__} of {scene}, repetition {i}" for i in range(repetitions))
    outcomes = [trial(scene, seed_generator(seed, name)) for name in names]
    return {what: float(np.mean([outcome[what] for outcome in outcomes])) for what in outcomes[0]}


def refreshed(text: str, tables: str, what: str = "validation") -> str:
    """A page's text with the tables between its markers renewed."""
    found = re.search(rf"(<!-- {what}:begin -->\n).*?(<!-- {what}:end -->)", text, re.DOTALL)
    if found is None:
        raise SystemExit(f"expected <!-- {what}:begin --> and <!-- {what}:end --> in the page, got none; put both there.")
    return f"{text[: found.end(1)]}\n{tables}\n\n{text[found.start(2) :]}"


def renew(description: str, repetitions: int, tables_of: Callable[[int, int], str], what: str = "validation") -> str:
    """Do what a script's command line asks for: compute tables and write them into the page; returns them.

    Parameters
    ----------
    description : of the script
    repetitions : simulated datasets behind each number, unless others are asked for
    tables_of : from repetitions and seed to the tables
    what : the page's markers
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    default = f"simulated datasets behind each number (default {repetitions})"
    parser.add_argument("--repetitions", type=int, default=repetitions, help=default)
    parser.add_argument("--seed", type=int, default=0, help="of the simulation (default 0)")
    parser.add_argument("--out", type=Path, default=PAGE, help="page with the markers (default docs/statistics.md)")
    given = parser.parse_args()
    if given.repetitions < 1:
        parser.error(f"expected one repetition or more, got {given.repetitions}")
    if not given.out.is_file():
        parser.error(f"expected a page with the markers at {given.out}, got none; name docs/statistics.md of a clone")
    text = given.out.read_text()
    # Markers that are missing shall be known before minutes have passed.
    refreshed(text, "", what)
    tables = tables_of(given.repetitions, given.seed)
    write_atomically(given.out, refreshed(text, tables, what).encode())
    return tables


if __name__ == "__main__":
    renew(__doc__, 400, report)

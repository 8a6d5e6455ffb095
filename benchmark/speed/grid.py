"""Race the whole grid on a few windows against the study's way: Captum for each map, Quantus for each cell, one window at a time.

Run as `python benchmark/speed/grid.py`, on golden windows and the golden network of mitdb, with made-up masks: all methods, raw and
absolute maps, all metrics, with each side's own defaults. The two sides take turns, part by part.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
import torch
from _race import figure, golden, golden_windows, machine, markdown, say, silence
from methods import RACES, Setting
from methods import Course as Captum

import ecgbench
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.models import OnImages, compact, evaluator, plain_evaluator
from ecgbench.needs import METRIC_NEEDS, ScoredBatch, supplied
from ecgbench.pipeline.compute.perturbed_scores import Perturbation, perturbed_scores
from ecgbench.types import OracleCase

HEADER = ("part", "ours, s", "share", "the study's way, s", "share", "study / ours")

cached = cache(evaluator)
"""A model's evaluator, made once, as a run makes it."""

PARTS = {
    "perturbation": ["region_perturbation_morf", "region_perturbation_lerf"],
    "faithfulness correlation": ["faithfulness_correlation"],
    "complexity": ["gini"],
    "localisation": [entry.key for entry in METRICS if entry.oracle is not None and "mask" in entry.needs],
}


def compared() -> list[str]:
    """Methods that Captum has too, and those that are not raced."""
    return [key for key in METHODS.keys() if key not in RACES or RACES[key].captum]  # noqa: SIM118


class Grid:
    """Windows, the network and what both sides make of them.

    Parameters
    ----------
    model : a ResNet of ours
    x : (n, leads, time) float32
    target : (n,) int
    setting : steps, samples and baselines of the methods that have them
    """

    def __init__(self, model: torch.nn.Module, x: np.ndarray, target: np.ndarray, setting: Setting) -> None:
        self.model, self.x, self.target, self.setting = model, x, target, setting
        self.mask = np.zeros(x.shape, dtype=bool)
        self.mask[..., x.shape[2] // 3 : x.shape[2] // 2] = True
        self.maps: dict[str, np.ndarray] = {}

    def our_maps(self) -> None:
        """The methods on the network without its dead channels, as the benchmark explains it."""
        network = compact(self.model)
        for key in compared():
            race = RACES.get(key)
            options = {race.per: race.count(self.setting)} if race and race.per else {}
            self.maps[key] = ecgbench.explain(network, self.x, self.target, key, normal_windows=self.x, **options)

    def captum_maps(self) -> None:
        """The methods by Captum, a window at a time; the random maps by NumPy."""
        course = Captum(self.model, self.x, self.target, self.setting)
        np.random.default_rng(0).standard_normal(self.x.shape)
        for key in [key for key in compared() if key in RACES]:
            course.captum(key, len(self.x), self.setting)

    def our_scores(self, keys: Sequence[str]) -> None:
        """Some metrics on all maps, those that perturb the windows together for each method, as the benchmark does it."""
        entries = [METRICS[key] for key in keys]
        batch = ScoredBatch(self.x, self.target, self.mask, evaluator=partial(cached, self.model))
        shared = {entry.key: self._shared(entry, batch) for entry in entries}
        for maps in self.maps.values():
            variants = [maps, np.abs(maps)]
            perturbing = [Perturbation(entry, variants, batch, {}) for entry in entries if entry.perturb is not None]
            if perturbing:
                perturbed_scores(perturbing)
            for entry in (entry for entry in entries if entry.perturb is None):
                needed = supplied(entry.key, entry.needs, METRIC_NEEDS, replace(batch, shared=shared[entry.key]))
                for variant in variants:
                    entry.function(variant, **needed)

    def _shared(self, entry: MetricEntry, batch: ScoredBatch) -> Mapping[str, np.ndarray] | None:
        if entry.shared is None:
            return None
        return entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, batch))

    def quantus_scores(self, keys: Sequence[str]) -> None:
        """The same by Quantus, a window and a cell at a time."""
        images, evaluate = OnImages(self.model).eval(), plain_evaluator(self.model)
        for maps in self.maps.values():
            for variant in (maps, np.abs(maps)):
                case = OracleCase(variant.astype(np.float32), self.mask, self.x, self.target, self.model, images, evaluate)
                for key in keys:
                    METRICS[key].oracle(case)


def seconds(call: Callable[[], None]) -> float:
    """What a call takes."""
    with silence():
        began = time.perf_counter()
        call()
    return time.perf_counter() - began


def raced(grid: Grid) -> Iterator[tuple[str, float, float]]:
    """Name of each part, and the seconds of ours and of the study's way."""
    yield "attributions", seconds(grid.our_maps), seconds(grid.captum_maps)
    for name, keys in PARTS.items():
        yield name, seconds(lambda keys=keys: grid.our_scores(keys)), seconds(lambda keys=keys: grid.quantus_scores(keys))


def report(grid: Grid) -> str:
    """The race as text; parts are said as they come."""
    size = f"{len(grid.x)} windows, {len(compared())} methods, raw and absolute, {len(METRICS.keys())} metrics"
    head = f"{machine('captum', 'quantus')}\n{size}"
    say(head)
    found = []
    for name, ours, theirs in raced(grid):
        say(f"{name}: {ours:.1f} s, the study's way {theirs:.1f} s")
        found.append((name, ours, theirs))
    whole = ("all", *(sum(part[side] for part in found) for side in (1, 2)))
    rows = [
        [name, figure(ours), f"{ours / whole[1]:.0%}", figure(theirs), f"{theirs / whole[2]:.0%}", figure(theirs / ours)]
        for name, ours, theirs in (*found, whole)
    ]
    return f"{head}\n\n{markdown(HEADER, rows)}"


def main(given: Sequence[str] | None = None) -> None:
    """Race on the golden network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, choices=range(1, 17), default=2, metavar="N", help="golden windows (default: %(default)s)")
    windows = parser.parse_args(given).windows
    model = ecgbench.load_model(golden("mitdb_resnet18_7.safetensors"))
    # Whoever comes first would pay for what is imported and set up once.
    warm = Grid(model, *golden_windows(1), Setting(steps=2, samples=4, baselines=2))
    warm.our_maps()
    warm.captum_maps()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        print(report(Grid(model, *golden_windows(windows), Setting())))


if __name__ == "__main__":
    main()

"""Whether LIME's penalty should go by the spread of the logits: `python benchmark/validation/lime_scale.py`.

The fixed penalty is in logits, so that it says something else of a network whose logits are larger. Networks with smaller logits are here
the shipped ones of `synthetic` with their logits divided. Each row compares, on the same drawn masks, the relative penalty with the fixed
one, which is the study's. Some minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from tabulate import tabulate
from tqdm import tqdm

import ecgbench
from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from ecgbench.needs import METRIC_NEEDS, supplied
from ecgbench.pipeline import ModelAddress, Options, Run
from ecgbench.pipeline.compute.scores import scored_batch
from ecgbench.pipeline.compute.subject import Batch, Subject
from ecgbench.results import seeds_interval

FIXED = 0.01
SMALLER = (1, 10, 100)
"""What the logits are divided by."""

Scores = Mapping[str, np.ndarray]
"""Of one map a window: (n,) by the metric's name."""


class Remembering(torch.nn.Module):
    """A network that keeps the logits of all rows, since LIME asks for the same ones whatever its penalty."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network, self.known = network, dict[bytes, torch.Tensor]()
        self.divided_by = 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The network's logits, divided."""
        key = x.numpy().tobytes()
        if key not in self.known:
            self.known[key] = self.network(x)
        return self.known[key] / self.divided_by


class Judged:
    """A batch of a model's windows, by which maps are judged.

    Parameters
    ----------
    batch : the windows
    """

    def __init__(self, batch: Batch) -> None:
        self.batch, subject = batch, batch.subject
        self._network = Remembering(subject.network)
        self._options = {"patch": subject.spec.patch, "samples": subject.spec.perturbations}

    @cached_property
    def _shapley(self) -> dict[str, np.ndarray]:
        """What `twin_agreement` compares maps with, once for all maps."""
        entry = METRICS["twin_agreement"]
        assert entry.shared is not None, "the metric computes Shapley values once for all maps"
        found: dict[str, np.ndarray] = entry.shared(
            **supplied(entry.key, entry.shared_needs, METRIC_NEEDS, scored_batch(self.batch, "", entry.asks))
        )
        return found

    def scores(self, alpha: float | str, divided_by: int) -> Scores:
        """Scores of LIME's maps with that penalty where the logits are divided."""
        self._network.divided_by, batch, subject = divided_by, self.batch, self.batch.subject
        maps = ecgbench.explain(self._network, batch.x, batch.target, "lime", seed=subject.seed, alpha=alpha, **self._options)
        given = {"x": batch.x, "model": subject.model.module, "target": batch.target, "twin": batch.twin, "sham": batch.sham}
        return {
            "auc": ecgbench.score("auc", maps, mask=batch.masks("causal")),
            "twin_agreement": METRICS["twin_agreement"].function(maps, x=batch.x, fs=subject.dataset.fs, shared=self._shapley),
            "twin_morf": ecgbench.score("twin_morf", maps, seed=subject.seed, fs=subject.dataset.fs, **given),
            "zero": (~maps.any(axis=(1, 2))).astype(float),
        }


def subjects(seeds: Sequence[int], samples: int) -> Iterator[Subject]:
    """The shipped models of `synthetic` with the windows that are explained."""
    run = Run(Options(samples=samples))
    model = DATASETS["synthetic"].default_model()
    yield from (run.subject(ModelAddress("synthetic", model, seed)) for seed in seeds)


def rows(seeds: Sequence[int], samples: int) -> Iterator[list[object]]:
    """A row for each size of the logits and metric: fixed, relative, and the difference with its interval over patients."""
    found: dict[tuple[int, str], list[Scores]] = {}
    chosen = [(1, "relative"), *((divided_by, FIXED) for divided_by in SMALLER)]
    held = list(subjects(seeds, samples))
    for subject in tqdm(held, "seeds"):
        judged = [Judged(subject.batch(number)) for number in range(len(subject.parts))]
        for divided_by, alpha in chosen:
            parts = [one.scores(alpha, divided_by) for one in judged]
            joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            found.setdefault((divided_by, str(alpha)), []).append(joined)
    patients = [subject.explained.windows.patient for subject in held]
    relative = found[1, "relative"]  # the same whatever the logits are divided by
    for divided_by in SMALLER:
        for name in relative[0]:
            yield [
                divided_by,
                name,
                *compared([one[name] for one in found[divided_by, str(FIXED)]], [one[name] for one in relative], patients),
            ]


def compared(fixed: Sequence[np.ndarray], relative: Sequence[np.ndarray], patients: Sequence[np.ndarray]) -> list[object]:
    """Means over seeds and, of the windows where both are defined, the difference and its interval."""
    differences = [more - less for more, less in zip(relative, fixed, strict=True)]
    if all(np.isnan(values).all() for values in differences):
        return [float("nan"), _mean(relative), "", ""]
    low, high = seeds_interval(differences, patients)
    return [_mean(fixed), _mean(relative), _mean(differences), "" if low is None else f"{low:+.3f}..{high:+.3f}"]


def _mean(values: Sequence[np.ndarray]) -> float:
    means = [np.nanmean(one) for one in values if not np.isnan(one).all()]
    return float(np.mean(means)) if means else float("nan")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds of the models (default: 1 2 3)")
    parser.add_argument("--samples", type=int, default=64, help="explained windows of each (default: 64)")
    given = parser.parse_args()
    header = ["logits divided by", "metric", f"alpha={FIXED}", 'alpha="relative"', "difference", "95 % interval"]
    print(tabulate(rows(given.seeds, given.samples), header, floatfmt="+.3f"))


if __name__ == "__main__":
    main()

"""Race our metrics against Quantus 0.6.0, against naive batched evaluation, and against the bare passes through the network.

Run as `python benchmark/speed/metrics.py`, on golden windows and the golden network of mitdb. All take turns in one process, and where the
definitions coincide their values are compared first: a race between different numbers is refused. Average precision, which Quantus lacks,
runs against scikit-learn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from _race import Turn, alternate, figure, golden, golden_windows, machine, markdown, say, silence

import ecgbench
from ecgbench.metrics import METRICS
from ecgbench.metrics._quantus import Zeroing, correlation
from ecgbench.models import OnImages, evaluator, forward, plain_evaluator, untrained
from ecgbench.types import OracleCase, Steps

ROWS = 32
"""Rows that pass through the network at once, naive and bare."""

FS = 360.0
"""Sampling rate of the windows, in Hz."""

SAME = 1e-5
"""Largest difference of two scores that are the same but for rounding."""

HEADER = (
    "ms a window",
    "windows",
    "ours",
    "bare",
    "ours / bare",
    "naive",
    "naive / ours",
    "Quantus",
    "Quantus / ours",
    "asked",
    "",
    "by",
)

NOTES = """Milliseconds are a window's; medians of calls that took turns.
region perturbation: one method's maps, most relevant patches first; ours by default zeroes 90 patches of 16 samples, the study's way and
Quantus 100. bare: as many rows as there are, through the network as it is, 32 at once. naive: the same metric with a whole pass a step.
all channels alive: an untrained network of the same size, of which no channel can be left out.
faithfulness correlation: of all variants together, which share a window's evaluations with ours; naive shares them too, by whole passes.
donor_morf: patches of 0.1 s to half of the window; two rows more a window say whether it counts.
localisation: ours on all windows at once, Quantus one window a call.
by: largest difference of the scores from Quantus's given the same options and subsets, and from the naive path's."""


@dataclass(frozen=True)
class Setting:
    """How much is raced.

    Attributes
    ----------
    windows : of a region perturbation cell
    few : windows of what takes long: Quantus on perturbation metrics, and faithfulness correlation
    batch : windows of localisation metrics
    variants : that share the evaluations of faithfulness correlation
    repeats : rounds
    """

    windows: int = 32
    few: int = 2
    batch: int = 256
    variants: int = 24
    repeats: int = 3


class Course:
    """The network, and windows with made-up maps and masks, on which all run.

    Parameters
    ----------
    model : a ResNet of ours
    x : (n, leads, time) float32
    target : (n,) int
    setting : how much is raced
    """

    def __init__(self, model: torch.nn.Module, x: np.ndarray, target: np.ndarray, setting: Setting) -> None:
        generator = np.random.default_rng(0)
        self.model, self.x, self.target, self.setting = model, x, target, setting
        self.maps = generator.standard_normal(x.shape, dtype=np.float32)
        onset = generator.integers(0, x.shape[2] // 2, len(x))[:, None, None]
        self.mask = (np.arange(x.shape[2]) >= onset) & (np.arange(x.shape[2]) < onset + x.shape[2] // 8) & np.ones(x.shape, dtype=bool)

    def case(self, count: int) -> OracleCase:
        """The first windows, as oracles take them."""
        first = slice(count)
        images, evaluate = OnImages(self.model).eval(), plain_evaluator(self.model)
        return OracleCase(self.maps[first], self.mask[first], self.x[first], self.target[first], self.model, images, evaluate)

    def quantus(self, key: str, count: int) -> np.ndarray:
        """Quantus's scores of the first windows, one window a call."""
        with silence():
            return METRICS[key].oracle(self.case(count))

    def quantus_correlation(self, count: int) -> None:
        """Quantus's faithfulness correlation of the first windows, with subsets that it draws itself."""
        case = self.case(count)
        for window in (slice(i, i + 1) for i in range(count)):
            correlation(case.images, case.x[window], case.target[window], case.attributions[window], Zeroing())

    def ours(self, key: str, count: int, **options: Any) -> np.ndarray:
        """Our scores of the first windows."""
        given = {"mask": self.mask[:count], "x": self.x[:count], "model": self.model, "target": self.target[:count]}
        return ecgbench.score(key, self.maps[:count], **given, **options)

    def steps(self, count: int) -> Steps:
        """What the first windows' region perturbation zeroes."""
        return METRICS["region_perturbation_morf"].perturb(self.maps[:count], self.x[:count], 0)

    def bare(self, rows: int) -> None:
        """So many rows through the network, a batch at a time."""
        batch = np.resize(self.x, (ROWS, *self.x.shape[1:]))
        for _ in range(-(-rows // ROWS)):
            forward(self.model, batch, ROWS)


def difference(what: str, ours: np.ndarray, theirs: np.ndarray) -> str:
    """The largest difference of scores that must be the same.

    Raises
    ------
    SystemExit
        If they are not.
    """
    found = float(np.abs(ours - theirs).max())
    if not found <= SAME:
        raise SystemExit(f"expected the same scores of {what}, got {found:.1e} between them; look for the fault before the speed.")
    return f"{found:.0e}"


def measured(turns: Mapping[str, tuple[Callable[[], object], float]], rounds: int) -> dict[str, float]:
    """Milliseconds of calls that take turns; the number beside a call is by how much to divide, such as its windows."""
    calls: list[Turn] = [(name, call) for name, (call, _) in turns.items()]
    return {name: seconds / turns[name][1] * 1e3 for name, seconds in alternate(calls, rounds).items()}


def line(name: str, windows: int, ms: Mapping[str, float], asked: str, met: bool, same: str) -> list[str]:
    """One row of the table; what was not measured is a dash."""

    def ratio(first: str, second: str) -> str:
        return figure(ms[first] / ms[second]) if first in ms and second in ms else "-"

    times = {key: figure(ms.get(key)) for key in ("ours", "bare", "naive", "quantus")}
    compared = [times["ours"], times["bare"], ratio("ours", "bare"), times["naive"], ratio("naive", "ours"), times["quantus"]]
    return [name, str(windows), *compared, ratio("quantus", "ours"), asked, "met" if met else "missed", same]


def region_perturbation(course: Course, name: str) -> Iterator[list[str]]:
    """Our default against the naive way, and the study's options against Quantus."""
    key, setting, count = "region_perturbation_morf", course.setting, course.setting.windows
    fast, naive, steps = evaluator(course.model), plain_evaluator(course.model, ROWS), course.steps(count)
    x, rows = course.x[:count], count * (1 + course.steps(1).onset.shape[1])
    same = difference(f"{key} and the naive path", *(_heights(one.stepwise(x, steps), steps, course) for one in (fast, naive)))
    ms = measured(
        {
            "ours": (lambda: course.ours(key, count), count),
            "bare": (lambda: course.bare(rows), count),
            "naive": (lambda: naive.stepwise(x, steps), count),
        },
        setting.repeats,
    )
    yield line(f"region perturbation, {name}", count, ms, "0.45 of bare", ms["ours"] <= 0.45 * ms["bare"], same)
    few = setting.few
    same = difference(f"{key} and Quantus", course.ours(key, few, protocol="study"), course.quantus(key, few))
    ms = measured(
        {"ours": (lambda: course.ours(key, count, protocol="study"), count), "quantus": (lambda: course.quantus(key, few), few)},
        setting.repeats,
    )
    yield line(f"region perturbation, {name}, study's options", count, ms, "Quantus / 2.3", ms["ours"] * 2.3 <= ms["quantus"], same)


def _heights(curves: np.ndarray, steps: Steps, course: Course) -> np.ndarray:
    return METRICS["region_perturbation_morf"].function(curves, steps.count, course.target[: len(curves)], False)


def donors(course: Course, name: str) -> Iterator[list[str]]:
    """Exchange with the donor, for which another window stands, against the naive way."""
    entry, setting, count = METRICS["donor_morf"], course.setting, course.setting.windows
    fast, naive, x = evaluator(course.model), plain_evaluator(course.model, ROWS), course.x[:count]
    donor = np.roll(x, 1, axis=0)
    steps = entry.perturb(course.maps[:count], x, donor, FS, 0)
    same = difference("donor_morf and the naive path", *(one.stepwise(x, steps, donor) for one in (fast, naive)))
    ms = measured(
        {
            "ours": (lambda: course.ours("donor_morf", count, donor=donor, fs=FS), count),
            "bare": (lambda: course.bare(count * (3 + steps.onset.shape[1])), count),
            "naive": (lambda: naive.stepwise(x, steps, donor), count),
        },
        setting.repeats,
    )
    yield line(f"donor morf, {name}", count, ms, "bare", ms["ours"] <= ms["bare"], same)


def faithfulness_correlation(course: Course, name: str) -> Iterator[list[str]]:
    """All variants of a window: ours evaluate the network once, Quantus once a variant."""
    entry, few, variants = METRICS["faithfulness_correlation"], course.setting.few, course.setting.variants
    x, target = course.x[:few], course.target[:few]
    fast, naive = evaluator(course.model), plain_evaluator(course.model, ROWS)

    def scored(evaluate: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        shared = entry.shared(x, target, evaluate, 0)
        return [entry.function(course.maps[:few], x, 0, shared) for _ in range(variants)][-1]

    same = difference("faithfulness correlation and the naive path", scored(fast), scored(naive))
    same = max(same, difference("faithfulness correlation and Quantus", scored(fast), course.quantus(entry.key, few)))
    ms = measured(
        {
            "ours": (lambda: scored(fast), few),
            "naive": (lambda: scored(naive), few),
            "quantus": (lambda: course.quantus_correlation(few), few / variants),
        },
        course.setting.repeats,
    )
    yield line(f"faithfulness correlation, {name}, {variants} variants", few, ms, "Quantus / 20", ms["ours"] * 20 <= ms["quantus"], same)


def localisation(course: Course) -> Iterator[list[str]]:
    """Each metric of localisation, without a model."""
    count = course.setting.batch
    for key in (entry.key for entry in METRICS if entry.oracle is not None and "mask" in entry.needs):
        same = difference(f"{key} and Quantus", course.ours(key, count, protocol="study"), course.quantus(key, count))
        turns = {"ours": (lambda key=key: course.ours(key, count), count), "quantus": (lambda key=key: course.quantus(key, count), count)}
        ms = measured(turns, course.setting.repeats)
        yield line(key.replace("_", " "), count, ms, "Quantus / 5", ms["ours"] * 5 <= ms["quantus"], same)


def report(trained: Course, alive: Course) -> str:
    """The whole race as text; rows are said as they come."""
    head = machine("quantus")
    say(head)
    found = []
    courses = {"trained": trained, "all channels alive": alive}
    parts = [part(course, name) for part in (region_perturbation, donors, faithfulness_correlation) for name, course in courses.items()]
    for row in (row for part in (*parts, localisation(trained)) for row in part):
        say(" | ".join(row))
        found.append(row)
    return f"{head}\n\n{markdown(HEADER, found)}\n\n{NOTES}"


def main(given: Sequence[str] | None = None) -> None:
    """Race on the golden network, and on an untrained one of its size."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=NOTES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, choices=range(1, 100), default=Setting.repeats, metavar="N", help="rounds (%(default)s)")
    setting = Setting(repeats=parser.parse_args(given).repeats)
    model = ecgbench.load_model(golden("mitdb_resnet18_7.safetensors"))
    x, target = golden_windows(max(setting.batch, setting.windows))
    print(report(Course(model, x, target, setting), Course(untrained("resnet18_7", 4).eval(), x, target, setting)))


if __name__ == "__main__":
    main()

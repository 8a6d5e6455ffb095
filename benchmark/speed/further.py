"""Race the further maps that sanity checks ask for against the bare passes through the network that they need.

Run as `python benchmark/speed/further.py`, on windows of `synthetic` and its shipped model of seed 1. Both take turns in one process.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from _race import Turn, alternate, figure, machine, markdown, say

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS, MOST_WINDOWS, Situation
from ecgbench.nn import frozen, place_of
from ecgbench.pipeline import ModelAddress, Options, Run, source_named
from ecgbench.pipeline.compute.scores import changed_batches
from ecgbench.pipeline.compute.sources.further_maps import chosen, explained
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.grid.cost import method_passes

METHOD_KEYS = ("saliency", "gradcam", "guided_backprop", "lrp", "integrated_gradients")
"""Methods that are raced: from one pass a map to fifty, and the one whose rules cost most."""

ROWS = 32
"""Rows that pass through the network at once, bare."""

HEADER = ("method, situation", "maps a window", "passes a window", "ours, ms", "bare, ms", "ours / bare")

NOTES = """Milliseconds are a window's; medians of calls that took turns.
maps, passes: what a window's further maps come to; a pass goes forward and back, and one that only goes forward is less.
ours: the maps as the pipeline makes them, all windows of a further map together.
bare: as many passes through the network that is explained, 32 rows at once, evaluation mode, frozen parameters; of re-drawn models it has
all its channels alive."""


class Course:
    """The windows and the models on which all run.

    Parameters
    ----------
    windows : how many are raced, at most `MOST_WINDOWS`
    rounds : of calls that take turns
    store : where windows and models are kept
    """

    def __init__(self, windows: int, rounds: int, store: ArtifactStore) -> None:
        dataset = DATASETS["synthetic"]
        self.rounds, run = rounds, Run(Options(samples=windows, store=store))
        self.subject: Subject = run.subject(ModelAddress(dataset.key, dataset.default_model(), dataset.protocol.seeds[0]))

    def row(self, method: str, metric: str, situation: Situation) -> list[str]:
        """One row of the table."""
        here, source = changed_batches(self.subject, metric)[0], source_named(method)
        changed = here.changed()
        asked = chosen(0, changed)
        network = (self.subject if changed.redrawn is None else self.subject.redrawn(1)).network
        passes = method_passes(METHODS[method], self.subject.spec) * asked.sum() / len(asked)
        bare: Turn = ("bare", lambda: _pass(network, self.subject.explained.windows.x))
        ours: Turn = ("ours", lambda: explained(source, here.batch, changed, asked))
        ours[1]()
        taken = alternate([bare, ours, bare], self.rounds)
        needed, made = taken["bare"] / ROWS * passes, taken["ours"] / len(asked)
        numbers = [asked.sum() / len(asked), passes, made * 1e3, needed * 1e3, made / needed]
        return [f"{method}, {situation.key.replace('_', ' ')}", *map(figure, numbers)]


def _pass(network: torch.nn.Module, x: np.ndarray) -> None:
    """`ROWS` rows forward through a network, and back to the input."""
    with frozen(network):
        rows = torch.from_numpy(np.resize(x, (ROWS, *x.shape[1:]))).to(place_of(network)).requires_grad_(True)
        torch.autograd.grad(network(rows)[:, 0].sum(), rows)


def situations() -> dict[str, tuple[str, Situation]]:
    """Each situation that a metric declares, by its key, with the first such metric."""
    found: dict[str, tuple[str, Situation]] = {}
    for entry in METRICS:
        if entry.situation is not None:
            found.setdefault(entry.situation.key, (entry.key, entry.situation))
    return found


def rows(course: Course, methods: Sequence[str]) -> Iterator[list[str]]:
    """All rows of the table, as they come."""
    for method in methods:
        for metric, situation in situations().values():
            yield course.row(method, metric, situation)


def report(course: Course, methods: Sequence[str]) -> str:
    """The whole race as text; rows are said as they come."""
    head, found = machine(), []
    say(head)
    for row in rows(course, methods):
        say(" | ".join(row))
        found.append(row)
    return f"{head}\n\n{markdown(HEADER, found)}\n\n{NOTES}"


def main(given: Sequence[str] | None = None) -> None:
    """Race on windows of the embedded dataset."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=NOTES, formatter_class=argparse.RawDescriptionHelpFormatter)
    most = range(1, MOST_WINDOWS + 1)
    parser.add_argument("--windows", type=int, choices=most, default=MOST_WINDOWS, metavar="N", help="windows (%(default)s)")
    parser.add_argument("--repeats", type=int, choices=range(1, 100), default=3, metavar="N", help="rounds (%(default)s)")
    parser.add_argument("--method", action="append", choices=METHODS.keys(), help=f"default {', '.join(METHOD_KEYS)}")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory() as folder:
        course = Course(options.windows, options.repeats, ArtifactStore(folder))
        print(report(course, options.method or METHOD_KEYS))


if __name__ == "__main__":
    main()

"""Draw one explained window with the maps of all methods over its ECG: `python benchmark/maps.py mitdb --window 0 --out maps.png`.

A row is a method: the map as colour behind the signal (orange speaks for the class, blue against it), scaled to the map's own 99.5th
percentile, and as a line below. Grey bars at the top are the beats of the class.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.errors import EcgbenchError
from ecgbench.leaderboard.figures.paper.ruling import map_colours
from ecgbench.methods import METHODS
from ecgbench.pipeline import MapsAddress, ModelAddress, Options, Run
from ecgbench.types import Explained

SHOWN = 99.5
"""Percentile of a map's absolute values that gets the full colour."""


def main() -> None:
    """Draw what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", choices=DATASETS.keys())
    parser.add_argument("--window", type=int, default=0, help="number of the explained window (default 0, the first)")
    parser.add_argument("--lead", type=int, default=0, help="lead that is drawn (default 0)")
    parser.add_argument("--methods", nargs="+", choices=METHODS.keys(), default=METHODS.keys(), metavar="METHOD", help="default: all")
    parser.add_argument("--seed", type=int, help="default: the dataset's first")
    parser.add_argument("--seconds", type=float, nargs=2, metavar=("FROM", "TO"), help="part of the window that is drawn (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="file of the figure, such as maps.png")
    given = parser.parse_args()
    seed = DATASETS[given.dataset].protocol.seeds[0] if given.seed is None else given.seed
    run, of = Run(Options()), ModelAddress(given.dataset, DATASETS[given.dataset].default_model(), seed)
    try:
        explained = run.explained(of)
    except EcgbenchError as error:
        parser.error(str(error))
    for name, count in (("window", len(explained.target)), ("lead", explained.windows.x.shape[1])):
        if not 0 <= getattr(given, name) < count:
            parser.error(f"expected a {name} from 0 to {count - 1}, got {getattr(given, name)}; name another")
    maps = {method: run.maps(MapsAddress(of.dataset, of.model, method, seed)).values[given.window, given.lead] for method in given.methods}
    draw(explained, given.window, given.lead, maps, run.dataset(given.dataset).fs, given.seconds, given.out)


def draw(
    explained: Explained,
    window: int,
    lead: int,
    maps: Mapping[str, np.ndarray],
    fs: float,
    seconds: tuple[float, float] | None,
    out: Path,
) -> None:
    """Write the figure: a window's signal (standardised) and maps (time,) by method."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    signal = explained.windows.x[window, lead]
    mask = explained.windows.mask(window, int(explained.target[window]))[lead]
    time = np.arange(len(signal)) / fs
    figure, axes = plt.subplots(len(maps), 1, figsize=(16, 1.35 * len(maps)), sharex=True, layout="constrained", squeeze=False)
    for axis, (method, values) in zip(axes[:, 0], maps.items(), strict=True):
        _draw_map(axis, time, signal, values)
        axis.fill_between(time, 1.06, 1.12, where=mask, transform=axis.get_xaxis_transform(), color="0.6", lw=0, clip_on=False)
        axis.set_ylabel(method, rotation=0, ha="right", va="center")
        axis.set(yticks=[], xlim=seconds or (time[0], time[-1]))
    axes[-1, 0].set_xlabel("s")
    figure.savefig(out, dpi=100)
    plt.close(figure)


def _draw_map(axis: object, time: np.ndarray, signal: np.ndarray, values: np.ndarray) -> None:
    low, height = signal.min(), np.ptp(signal)
    limit = float(np.percentile(np.abs(values), SHOWN) or np.abs(values).max() or 1)
    extent = (time[0], time[-1], low - 0.9 * height, low + 1.05 * height)
    axis.imshow(values[None], aspect="auto", extent=extent, cmap=map_colours(), vmin=-limit, vmax=limit, alpha=0.6, interpolation="nearest")
    axis.plot(time, signal, color="black", lw=0.7)
    axis.plot(time, low - 0.5 * height + 0.35 * height * np.clip(values / limit, -1.1, 1.1), color="0.25", lw=0.6)


if __name__ == "__main__":
    main()

"""How far each method is from golden maps and from what its maps must sum to: `python benchmark/errors.py`.

Golden maps were made by other software (Captum 0.9.0, zennit 0.5.1) in float64 with the reference networks; see the README beside them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate
from tqdm import tqdm

import ecgbench
from ecgbench.methods import METHODS, explanation, sum_errors

REFERENCE = Path(os.environ.get("ECGBENCH_SHARED", Path(__file__).parents[2] / "shared")) / "reference"
HEADER = ("method", "network", "golden, float64: largest", "float32: median", "float32: share > 1e-3", "sum, float64", "sum, float32")
COMPARED = [entry.key for entry in METHODS if entry.sum_within is not None or not entry.stochastic]
"""Methods that have something to be compared with."""

STANDS_FOR = {"lrp_epsilon": "input_gradient"}
"""Methods that must equal another one's golden maps, up to stabilisers."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--methods",
        nargs="+",
        choices=METHODS.keys(),
        default=COMPARED,
        metavar="METHOD",
        help="default: all that have something to be compared with",
    )
    parser.add_argument("--windows", type=int, default=8, choices=range(1, 9), metavar="1..8", help="windows of each network (default 8)")
    given = parser.parse_args()
    if not REFERENCE.is_dir():
        parser.error(f"expected reference files in {REFERENCE}, found no such folder; set ECGBENCH_SHARED to the folder that holds it")
    print(tabulate(tqdm(rows(given.methods, given.windows), total=2 * len(given.methods), delay=2), HEADER, tablefmt="pipe"))
    print("\ngolden: difference from the golden map, as a share of a window's largest value")
    print("sum: largest abs(sum - total) / max(abs(total), 1), where a map must sum to something")


def rows(methods: list[str], windows: int) -> Iterator[list[str]]:
    """A row for each method and network."""
    for name in ("mitdb", "svdb"):
        with np.load(REFERENCE / f"{name}_attributions.npz") as file:
            golden = {key: file[key][:windows] for key in file.files if key != "logits_zero"}
        model = ecgbench.load_model(REFERENCE / f"{name}_resnet18_7.safetensors")
        for method in methods:
            exact = measured(model.double(), golden, method)
            single = measured(model.float(), golden, method)
            golden_errors = [(exact[0], np.max), (single[0], np.median), (single[0], beyond)]
            errors_of_sums = [(exact[1], np.max), (single[1], np.max)]
            yield [method, name, *(shown(values, statistic) for values, statistic in golden_errors + errors_of_sums)]


def measured(model: torch.nn.Module, golden: dict[str, np.ndarray], method: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Differences from the golden maps (n,) and errors of the sums (n,), each None where there is nothing to compare with."""
    x, key = golden["x"].reshape(len(golden["y"]), 1, -1), STANDS_FOR.get(method, method)
    found = explanation(model, x, golden["y"], method)
    difference = None
    if key in golden:
        wanted = golden[key].reshape(x.shape)
        difference = np.abs(found.maps - wanted).max(axis=(1, 2)) / np.abs(wanted).max(axis=(1, 2))
    return difference, None if found.total is None else sum_errors(found.maps, found.total)


def beyond(differences: np.ndarray) -> float:
    """Share of windows that are not the golden ones."""
    return float((differences > 1e-3).mean())


def shown(values: np.ndarray | None, statistic: Callable[[np.ndarray], float]) -> str:
    """One number as text, or a dash."""
    return "-" if values is None else f"{statistic(values):.2g}"


if __name__ == "__main__":
    main()

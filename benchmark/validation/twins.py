"""How many real windows have a sinus twin, what a network says of it, and how it looks: `python benchmark/validation/twins.py`.

The networks are those of the golden files (labels of the study) in the folder that `ECGBENCH_SHARED` names; a database takes some minutes.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from _twin_pictures import draw
from scipy.special import softmax
from tabulate import tabulate

import ecgbench
from ecgbench.datasets import DATASETS, data_root
from ecgbench.datasets.records.counterfactuals.twins import twins_of
from ecgbench.datasets.records.files.wfdb_reader import Record, read_record
from ecgbench.errors import EcgbenchError
from ecgbench.models import forward
from ecgbench.protocol import BEAT_CLASSES, BEAT_RULES, DatasetProtocol
from ecgbench.types import Twins, Windows

REFERENCE = Path(os.environ.get("ECGBENCH_SHARED", Path(__file__).parents[2] / "shared")) / "reference"
LABELS = "study"
DATABASES = ("mitdb", "svdb")
PICTURES = 10
HEADER = (
    "database",
    "class",
    "windows",
    "twin",
    "both",
    "recognised",
    "its twins",
    "twin is N",
    "its shams",
    "sham keeps",
    "qualify",
    "records",
)
LEGEND = """windows: abnormal test windows; twin: those with a twin; both: and a sham; recognised: with a probability above the threshold
its twins, twin is N: recognised windows with a twin, and the share of them whose twin is predicted normal
its shams, sham keeps: recognised windows with a sham, and the share of them whose sham is predicted as the window is
qualify: recognised windows whose twin is predicted normal and whose sham keeps the label; records: of these and of all recognised"""


@dataclass(frozen=True)
class Judged:
    """A database's abnormal test windows, their twins, and what its network says of all.

    Attributes
    ----------
    recognised : (n,) bool, whether the label's probability exceeds the threshold
    twin_class, sham_class : (n,) int64, class that is predicted; -1 where there is none or the window is not recognised
    """

    name: str
    windows: Windows
    twins: Twins
    recognised: np.ndarray
    twin_class: np.ndarray
    sham_class: np.ndarray

    @cached_property
    def qualifies(self) -> np.ndarray:
        """Which windows are recognised, have a normal twin and a sham with the window's label."""
        return self.recognised & (self.twin_class == 0) & (self.sham_class == self.windows.y)


def judged(name: str, root: Path) -> Judged:
    """Construct a database's twins and ask its network."""
    numbers = DATASETS[name].numbers()
    test = ecgbench.load_dataset(name, root, labels=LABELS).test
    windows = test.take(np.flatnonzero(test.y > 0))
    twins = twins_of(windows, windows.y, lambda record: _read(root, numbers, record), BEAT_RULES[LABELS], numbers.fs)
    model = ecgbench.load_model(REFERENCE / f"{name}_resnet18_7.safetensors")
    probability = softmax(forward(model, windows.x).astype(np.float64), axis=1)
    recognised = probability[np.arange(len(windows)), windows.y] > numbers.threshold
    twin_class, sham_class = (predicted(model, windows, rows, recognised) for rows in (twins.twin, twins.sham))
    return Judged(name, windows, twins, recognised, twin_class, sham_class)


def _read(root: Path, numbers: DatasetProtocol, record: str) -> Record:
    assert numbers.lead is not None
    return read_record(root / numbers.slug / numbers.version, record, numbers.lead, numbers.fs)


def predicted(model: torch.nn.Module, windows: Windows, rows: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Predicted class of the rows that there are of the windows asked for, -1 for all others.

    They are standardised as their windows are, so that outside of what was exchanged the network sees the same numbers.
    """
    index = np.flatnonzero(asked & ~np.isnan(rows).any(axis=(1, 2)))
    signal = windows.signal[index]
    mean, std = signal.mean(axis=-1, keepdims=True), signal.std(axis=-1, keepdims=True)
    found = np.full(len(windows), -1)
    found[index] = forward(model, (rows[index] - mean) / (std + np.float32(1e-6))).argmax(axis=1)
    return found


def rows(found: Judged) -> Iterator[list[object]]:
    """A row for each abnormal class."""
    twin, sham = found.twins.reason == "", found.twins.sham_reason == ""
    for label in np.unique(found.windows.y).tolist():
        of_class = found.windows.y == label
        recognised = of_class & found.recognised
        records = [len(set(found.windows.record[of_class & which])) for which in (found.qualifies, found.recognised)]
        yield [
            *(found.name, BEAT_CLASSES[label], of_class.sum(), (of_class & twin).sum(), (of_class & twin & sham).sum(), recognised.sum()),
            *((recognised & twin).sum(), share(found.twin_class[recognised & twin] == 0)),
            *((recognised & sham).sum(), share(found.sham_class[recognised & sham] == label)),
            *((of_class & found.qualifies).sum(), f"{records[0]} of {records[1]}"),
        ]


def share(true: np.ndarray) -> str:
    """A share in per cent, or a dash."""
    return f"{100 * true.mean():.1f} %" if true.size else "-"


def reasons(found: Judged) -> Iterator[list[object]]:
    """A row for each class and reason why there is no twin or no sham."""
    for what, reason in (("twin", found.twins.reason), ("sham", found.twins.sham_reason)):
        counted = Counter(zip(found.windows.y.tolist(), reason.tolist(), strict=True))
        for (label, why), count in sorted(counted.items()):
            if why:
                yield [found.name, BEAT_CLASSES[label], f"no {what}", why, count]


def not_normal(found: Judged) -> Iterator[list[object]]:
    """A row for each class and record of which more than a tenth of the recognised windows' twins are not predicted normal."""
    for label in np.unique(found.windows.y).tolist():
        asked = (found.windows.y == label) & (found.twin_class >= 0)
        for record in np.unique(found.windows.record[asked]).tolist():
            classes = found.twin_class[asked & (found.windows.record == record)]
            if (classes > 0).mean() > 0.1:
                yield [found.name, BEAT_CLASSES[label], record, (classes > 0).sum(), len(classes)]


def chosen(found: Judged, count: int, seed: int) -> list[int]:
    """Indices of recognised windows with a twin, at random, of as many records and classes as there are."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(np.flatnonzero(found.twin_class >= 0))
    kind = [f"{found.windows.record[i]} {found.windows.y[i]}" for i in order]
    first = np.sort(np.unique(kind, return_index=True)[1])
    rest = np.setdiff1d(np.arange(len(order)), first)
    return order[[*generator.permutation(first), *rest][:count]].tolist()


def print_tables(all_found: Sequence[Judged]) -> None:
    """What the figures say."""
    print(tabulate([row for found in all_found for row in rows(found)], HEADER, tablefmt="pipe"))
    print(f"\n{LEGEND}\n")
    print(tabulate([row for found in all_found for row in reasons(found)], ("database", "class", "", "reason", "windows"), tablefmt="pipe"))
    print("\nRecords whose twins are often not predicted normal:\n")
    header = ("database", "class", "record", "twins not N", "of")
    print(tabulate([row for found in all_found for row in not_normal(found)], header, tablefmt="pipe"))


def main() -> None:
    """Print the tables and draw ten twins."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES, metavar="KEY", help="default: mitdb svdb")
    parser.add_argument("--root", type=Path, default=data_root(), help="folder of the records (default ECGBENCH_DATA)")
    parser.add_argument("--out", type=Path, default=Path("twins.png"), help="picture of ten twins (default twins.png)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of twins that are drawn (default 0)")
    given = parser.parse_args()
    if not REFERENCE.is_dir():
        parser.error(f"expected reference files in {REFERENCE}, found no such folder; set ECGBENCH_SHARED to the folder that holds it")
    try:
        all_found = [judged(name, given.root) for name in given.databases]
    except EcgbenchError as error:
        parser.error(str(error))
    print_tables(all_found)
    shares = [PICTURES // len(all_found)] * len(all_found)
    shown = [(found, i) for found, count in zip(all_found, shares, strict=True) for i in chosen(found, count, given.seed)]
    draw(given.out, [(found.windows, found.twins, i, caption(found, i), DATASETS[found.name].numbers().fs) for found, i in shown])


def caption(found: Judged, i: int) -> str:
    """What a drawn window is."""
    label, twin = (BEAT_CLASSES[class_] for class_ in (found.windows.y[i], found.twin_class[i]))
    return f"{found.name} {found.windows.record[i]}, sample {found.windows.start[i]}: {label}, twin predicted {twin}"


if __name__ == "__main__":
    main()

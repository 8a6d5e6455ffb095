"""What the full study takes, by dataset: `python benchmark/validation/scale.py` writes the tables of docs/scale.md, `--check` compares.

Passes, bytes and files are those of the model of cost (`ecgbench.pipeline.cost_of`). Milliseconds a pass of a processor's core follow from
what accepted results recorded of integrated gradients; scale.json has those of a card, and windows that no accepted result counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from ecgbench.datasets import DATASETS
from ecgbench.methods import METHODS
from ecgbench.pipeline import Selection, cost_of, healthy_maps
from ecgbench.pipeline.grid.cost import BACKWARD, method_passes
from ecgbench.protocol import DatasetProtocol

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "scale.md"
SCORES = ROOT / "leaderboards" / "scores"
MARKS = "<!-- {}: {} -->"
CALIBRATED_BY = "integrated_gradients"
UNKNOWN = "not measured"


@dataclass(frozen=True)
class Part:
    """A dataset of the study.

    Attributes
    ----------
    name : in tables
    dataset, edition : whose numbers it has
    folder : of its accepted results; empty if there are none
    like : the part whose speed it has, in proportion to leads and samples, where nothing is recorded of its own
    """

    name: str
    dataset: str
    edition: str | None
    folder: str
    like: str = ""

    @property
    def numbers(self) -> DatasetProtocol:
        """The numbers of its edition."""
        return DATASETS[self.dataset].numbers(self.edition)


PARTS = (
    Part("mitdb", "mitdb", None, "mitdb/resnet18_7"),
    Part("svdb", "svdb", None, "svdb/resnet18_7"),
    Part("incartdb", "incartdb", None, "", like="svdb"),
    Part("icentia11k", "icentia11k", None, "", like="svdb"),
    Part("ptbxl at 100 Hz", "ptbxl", "1.0.3@100hz", "ptbxl@100hz/resnet18_7"),
    Part("ptbxl", "ptbxl", None, "", like="ptbxl at 100 Hz"),
    Part("ludb", "ludb", None, "ludb/resnet18_7_narrow_leads"),
    Part("synthetic", "synthetic", None, "synthetic/resnet18_7_narrow"),
)


def accepted(part: Part) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Accepted results of the part's methods, by the method."""
    for path in sorted((SCORES / part.folder).glob("*.json")) if part.folder else ():
        if path.stem in METHODS:
            yield path.stem, json.loads(path.read_text())


def recorded(part: Part) -> dict[str, tuple[float, float]]:
    """By method the passes of the model of cost for a window, and the seconds that it took, the mean over seeds."""
    found = {}
    for method, results in accepted(part):
        taken = [measured["seconds_a_window"] for measured in results["health"].values() if "seconds_a_window" in measured]
        passes = BACKWARD * method_passes(METHODS[method], part.numbers)
        if taken and passes:
            found[method] = passes, sum(taken) / len(taken)
    return found


def core_seconds(part: Part) -> float:
    """Seconds of a forward pass on a core."""
    if not part.like:
        passes, seconds = recorded(part)[CALIBRATED_BY]
        return seconds / passes
    other = next(other for other in PARTS if other.name == part.like)
    length, other_length = (one.numbers.leads * one.numbers.window for one in (part, other))
    return core_seconds(other) * length / other_length


def windows_of(part: Part, known: Mapping[str, int]) -> int:
    """Explained windows a seed: those that the model which recognises the fewest does, or a given number."""
    if part.name in known:
        return known[part.name]
    return min(model["explainable"] for _, results in accepted(part) for model in results["models"].values())


def study(data: Mapping[str, Any]) -> str:
    """The full study, a dataset a row."""
    return _table(
        ["dataset", "windows a seed", "seeds", "passes, millions", "core-hours", "card-hours", "GB", "files"],
        [_row(part, data) for part in PARTS],
    )


def _row(part: Part, data: Mapping[str, Any]) -> list[str]:
    cells = Selection((part.dataset,), seeds=part.numbers.seeds).cells()
    windows = windows_of(part, data["windows"])
    checked = {(of.source, of.seed) for of in healthy_maps(cells)}
    cost = cost_of(cells, checked, part.numbers, cells[0].model, windows)
    card = data["card"]["milliseconds_per_pass"].get(part.name)
    return [
        part.name,
        f"{windows:,}" + (" (taken for)" if part.name in data["windows"] else ""),
        str(len({cell.seed for cell in cells})),
        f"{cost.passes / 1e6:,.1f}",
        f"{cost.passes * core_seconds(part) / 3600:,.1f}",
        UNKNOWN if card is None else f"{cost.passes * card / 3.6e6:,.2f}",
        f"{cost.bytes / 1e9:,.2f}",
        f"{cost.files:,}",
    ]


def predicted(part: Part) -> tuple[float, float]:
    """Seconds for the maps of a window by all recorded methods: as the model of cost says, and as they were."""
    found = recorded(part)
    return sum(passes for passes, _ in found.values()) * core_seconds(part), sum(seconds for _, seconds in found.values())


def compared() -> str:
    """The model of cost beside recorded seconds, a dataset a row."""
    rows = []
    for part in [part for part in PARTS if part.folder]:
        model, taken = predicted(part)
        numbers = [f"{1e3 * core_seconds(part):.2f}", f"{model:.3f}", f"{taken:.3f}", f"{model / taken:.2f}"]
        rows.append([part.name, str(len(recorded(part))), *numbers])
    return _table(["dataset", "methods", "ms a pass", "s a window, model", "s a window, recorded", "ratio"], rows)


def _table(header: list[str], rows: list[list[Any]]) -> str:
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def written(text: str) -> str:
    """The document with its tables made anew."""
    data = json.loads(Path(__file__).with_suffix(".json").read_text())
    for name, table in {"study": study(data), "compared": compared()}.items():
        begin, end = MARKS.format("begin", name), MARKS.format("end", name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise SystemExit(f"expected {begin} and {end} in {DOC}, got none; put them where the table belongs.")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main() -> None:
    """Write the document, or say that it is not what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the tables differ from what would be written")
    held = DOC.read_text()
    made = written(held)
    if not parser.parse_args().check:
        DOC.write_text(made)
    elif made != held:
        sys.exit("expected the tables of docs/scale.md as computed, got others; run python benchmark/validation/scale.py.")


if __name__ == "__main__":
    main()

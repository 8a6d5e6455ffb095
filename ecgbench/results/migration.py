"""Accepted results of schema 1 (`<dataset>[@what differs]/<method>.json`), brought to this one without a change of any value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecgbench.errors import ResultsError
from ecgbench.printable import quoted
from ecgbench.results.files import REMEDY, check_pair, read_pair, write_pair
from ecgbench.results.identity import results_path
from ecgbench.results.reading.archive import LARGEST, unpacked
from ecgbench.results.reading.window_arrays import array_forms
from ecgbench.results.records import LARGEST_TEXT, SourceResults
from ecgbench.untrusted.files import read_bounded
from ecgbench.untrusted.json_text import strict_json, strictly


def migrate(root: Path, model_of: Callable[[str], str]) -> list[Path]:
    """Bring the results of schema 1 below `root` to this schema and to their place; returns the new files.

    Files of schema 1 are removed once their results are written, so that one that was cut off can be asked for again.

    Parameters
    ----------
    root : folder of the results of all datasets
    model_of : key of the architecture of a dataset's models, by the dataset's key

    Raises
    ------
    ResultsError
        If a file is damaged, or other results are at the place of its own.
    """
    return [_moved(path, root, model_of) for path in sorted(root.glob("*/*.json"))]


def _moved(path: Path, root: Path, model_of: Callable[[str], str]) -> Path:
    archive = path.with_suffix(".npz")
    try:
        results = _of_schema_1(strict_json(read_bounded(path, LARGEST_TEXT).decode()), path, model_of)
        content = read_bounded(archive, LARGEST)
        check_pair(results, unpacked(content, array_forms(results)), path)
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"expected accepted results of schema 1 in {path} and {archive.name}, got {quoted(str(error))}; {REMEDY}"
        ) from error
    place = results_path(root, results.identity, results.source)
    if place.exists() and read_pair(place)[0] != results:
        raise ResultsError(f"expected no other results in {place} than in {path}, got some; remove those that are out of date.")
    write_pair(results, content, root)
    path.unlink()
    archive.unlink()
    return place


def _of_schema_1(data: Any, path: Path, model_of: Callable[[str], str]) -> SourceResults:
    """Results of schema 1, whose dataset's name held what differs, and whose models were all of the dataset's architecture."""
    if not isinstance(data, dict) or not {"dataset", "method", "identity"} <= data.keys() or not isinstance(data["identity"], dict):
        raise ValueError("none of it")
    if (data["dataset"], data["method"]) != (path.parent.name, path.stem):
        raise ValueError(f"those of {data['dataset']} and {data['method']}")
    dataset, _, differs = data.pop("dataset").partition("@")
    named = {"dataset": dataset, "differs": differs, "model": model_of(dataset)}
    return strictly({"source": data.pop("method"), **data, "identity": {**named, **data["identity"]}}, SourceResults)

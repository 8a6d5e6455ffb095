"""Files of accepted results: `<dataset>[@what differs]/<method>.json` with the per-window scores beside it as `.npz`."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.npyio import NpzFile

from ecgbench.artifacts import write_atomically
from ecgbench.errors import ResultsError
from ecgbench.results.schema import SCHEMA

ROOT = Path("leaderboards") / "scores"


@dataclass(frozen=True)
class Cell:
    """One accepted number.

    Attributes
    ----------
    variant : "raw" or "abs"
    metric : the metric's key, with the mask's kind behind it where that is not the beats' spans
    seed : the model's seed
    value : mean over the windows where the metric is defined; None if there are none
    n, undefined : windows where it is defined and undefined
    low, high : 95 % interval of the mean, patients resampled; None as the value
    seconds : time that computing it took on the machine that did
    digest : SHA-256 of the per-window scores
    """

    variant: str
    metric: str
    seed: int
    value: float | None
    n: int
    undefined: int
    low: float | None
    high: float | None
    seconds: float
    digest: str


@dataclass(frozen=True)
class MethodResults:
    """Everything that was accepted for one method on one dataset.

    Attributes
    ----------
    dataset : the dataset's key, with "@" and what differs from its default identity behind it
    method : the method's key
    identity : edition, split, labels, protocol, samples, simulated, and the key of the dataset's windows
    models : by seed (as text): digest, origin ("trained", "imported", "shipped"), accuracy, macro_f1, confusion, precision, ...
    provenance : packages, processor, device, date
    notes : what a reader of the numbers must know about the dataset
    health : by seed (as text): share of zeros, of flat maps, error of the sum, ... of the method's maps
    artifacts : by seed (as text): keys of the attributions
    cells : the numbers
    """

    dataset: str
    method: str
    identity: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]
    health: Mapping[str, Mapping[str, Any]]
    artifacts: Mapping[str, tuple[str, ...]]
    cells: tuple[Cell, ...]


def results_root() -> Path:
    """Folder of the accepted results below the working directory."""
    return ROOT


def read_files(root: Path | None = None) -> list[MethodResults]:
    """All accepted results below `root`, by dataset and method.

    Raises
    ------
    ResultsError
        If a file is unreadable, is not of the schema, lacks the model of a cell's seed, or its per-window scores are missing or do not
        have the recorded digest.
    """
    return [read_file(path) for path in sorted((root or results_root()).glob("*/*.json"))]


def read_file(path: Path) -> MethodResults:
    """Read and check one file of accepted results (see `read_files`)."""
    import jsonschema

    try:
        data = json.loads(path.read_text(), parse_constant=_finite, parse_float=_finite)
        jsonschema.validate(data, SCHEMA)
    except (OSError, ValueError) as error:
        raise ResultsError(f"expected readable accepted results in {path}, got {error}; {_REMEDY}") from error
    except jsonschema.ValidationError as error:
        raise ResultsError(
            f"expected accepted results of the schema in {path}, got {error.json_path}: {error.message}; {_REMEDY}"
        ) from error
    cells = tuple(Cell(**{field.name: cell[field.name] for field in fields(Cell)}) for cell in data["cells"])
    artifacts = {seed: tuple(keys) for seed, keys in data["artifacts"].items()}
    kept = {name: data[name] for name in ("dataset", "method", "identity", "models", "provenance", "health")}
    results = MethodResults(**kept, notes=tuple(data["notes"]), artifacts=artifacts, cells=cells)
    _check(results, path)
    return results


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text}, which is not finite")
    return value


_REMEDY = "take it back from version control, or accept new values with `--update-scores`."


def _check(results: MethodResults, path: Path) -> None:
    if (results.dataset, results.method) != (path.parent.name, path.stem):
        raise ResultsError(
            f"expected results of {path.parent.name} and {path.stem} in {path}, got {results.dataset} and {results.method}; {_REMEDY}"
        )
    scores = read_scores(path)
    for cell in results.cells:
        if str(cell.seed) not in results.models:
            raise ResultsError(f"expected the model of seed {cell.seed} in {path}, as it has cells of it, got none; {_REMEDY}")
        name = score_name(cell.variant, cell.metric, cell.seed)
        if name not in scores or scores[name].dtype.kind != "f" or score_digest(scores[name]) != cell.digest:
            raise ResultsError(
                f"expected scores with the accepted digest under {name} in {path.with_suffix('.npz')}, got others; {_REMEDY}"
            )


def read_scores(path: Path) -> dict[str, np.ndarray]:
    """Per-window scores (n,) float32 by `score_name`, and `sample_name` and `gallery_name` arrays, of the results file at `path`."""
    try:
        # Not np.load, which would take a single array or a pickle as well; damage can make an archive look encrypted (RuntimeError).
        with NpzFile(io.BytesIO(path.with_suffix(".npz").read_bytes()), allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ResultsError(f"expected per-window scores in {path.with_suffix('.npz')}, got {error}; {_REMEDY}") from error


def score_name(variant: str, metric: str, seed: int) -> str:
    """Name of a cell's scores in the archive."""
    return f"{variant}/{metric}/{seed}"


def sample_name(what: str, seed: int) -> str:
    """Name of the explained windows' record, patient, start or target, or of their maps' sketch, in the archive."""
    return f"samples/{what}/{seed}"


def gallery_name(what: str, seed: int) -> str:
    """Name of what the gallery draws, in the archive: its windows, their signal, maps and masks, ..."""
    return f"gallery/{what}/{seed}"


def score_digest(values: np.ndarray) -> str:
    """SHA-256 of per-window scores as little-endian float32."""
    return hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()


def write_file(results: MethodResults, scores: Mapping[str, np.ndarray], root: Path | None = None) -> Path:
    """Write accepted results and their per-window scores; returns the JSON file's path.

    Raises
    ------
    ResultsError
        If a number is not finite or the folder cannot be made; no file is touched.
    ArtifactError
        If a file cannot be written.
    """
    path = (root or results_root()) / results.dataset / f"{results.method}.json"
    archive = io.BytesIO()
    arrays: dict[str, Any] = {name: scores[name] for name in sorted(scores)}
    np.savez_compressed(archive, **arrays)
    try:
        text = json.dumps(asdict(results), indent=1, allow_nan=False) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
    except ValueError as error:
        raise ResultsError(f"expected finite numbers for {path}, got {error}; look at the cells' scores and maps.") from error
    except OSError as error:
        raise ResultsError(f"expected to make the folder {path.parent}, got {error.strerror or error}; name another folder.") from error
    write_atomically(path.with_suffix(".npz"), archive.getvalue())
    write_atomically(path, text.encode())
    return path


def read_results(path: Path | str | None = None) -> pd.DataFrame:
    """Accepted results as a tidy frame: one row per dataset, method, variant, metric and seed.

    Parameters
    ----------
    path : folder of the results; default `leaderboards/scores` below the working directory

    Raises
    ------
    ResultsError
        If the folder is absent, or a file is unreadable or not of the schema (see `read_files`).
    """
    root = results_root() if path is None else Path(path)
    if not root.is_dir():
        raise ResultsError(f"expected a folder of accepted results at {root}, got none; name one, such as a clone's leaderboards/scores.")
    rows = [
        {"dataset": results.dataset, "method": results.method, **asdict(cell)} for results in read_files(root) for cell in results.cells
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", *(field.name for field in fields(Cell))])

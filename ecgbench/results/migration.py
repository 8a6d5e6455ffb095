"""Accepted results of schema 2, brought to this one in their place; no score changes, and no number that follows from scores.

Schema 2 held the chance levels of one seed, without saying of which, beside numbers that were means over all seeds. The levels of each
seed are what the control `constant` scored on the seed's windows: a constant map knows nothing. That is relied on for metrics alone whose
level in schema 2 is the control's score of some seed. A metric of which it cannot be shown has no level, which is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.errors import ResultsError
from ecgbench.printable import quoted
from ecgbench.results.files import REMEDY, check_pair, result_files
from ecgbench.results.identity import SEEDED
from ecgbench.results.pair import locked, read_archive, replace_pair, settle
from ecgbench.results.reading.archive import digest_of, unpacked
from ecgbench.results.reading.leaves import Real, Text
from ecgbench.results.reading.window_arrays import array_forms
from ecgbench.results.records import LARGEST_TEXT, VERSION, SourceResults, to_text
from ecgbench.untrusted.files import read_bounded
from ecgbench.untrusted.json_text import strict_json, strictly

OLD = VERSION - 1
CONSTANT = "constant"
"""The control whose maps are constant."""

EQUAL = 1e-9
"""By how much two computations of one mean may differ."""


@dataclass(frozen=True)
class _Levels:
    """Chance levels by the name of a cell's metric, as schema 2 had them."""

    chance: Mapping[Text, Real]


def migrate(root: Path) -> list[Path]:
    """Bring the results of schema 2 below `root` to this schema; returns their files.

    Each file is replaced at once, so that a migration that was cut off can be asked for again.

    Parameters
    ----------
    root : folder of the results of all datasets

    Raises
    ------
    ResultsError
        If a file is damaged.
    """
    return [path for path in result_files(root) if _is_renewed(path)]


def _is_renewed(path: Path) -> bool:
    """Renew the results at `path`, if they are of schema 2."""
    try:
        with locked(path):
            data = _read(path)
            if data.get("schema") != OLD:
                return False
            content, _ = read_archive(path, str(data.get("archive")))
            settle(path, digest_of(content))
            results = _of_schema_2(data, path)
            check_pair(results, unpacked(content, array_forms(results)), path)
            replace_pair(path, to_text(results, digest_of(content)).encode(), content)
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"expected accepted results of schema {OLD} in {path} and {path.stem}.npz, got {quoted(str(error))}; {REMEDY}"
        ) from error
    return True


def _read(path: Path) -> dict[str, Any]:
    data = strict_json(read_bounded(path, LARGEST_TEXT).decode())
    if not isinstance(data, dict):
        raise ValueError("$: expected an object")
    return data


def _of_schema_2(data: dict[str, Any], path: Path) -> SourceResults:
    results, levels = _without_chance(data)
    if len(results.models) == 1:
        return replace(results, chance=dict.fromkeys(results.models, levels))
    scored = _constant_scores(path.with_name(f"{CONSTANT}.json"), results)
    shown = [name for name, level in levels.items() if any(abs(of.get(name, np.inf) - level) <= EQUAL for of in scored.values())]
    return replace(results, chance={seed: {name: of[name] for name in shown if name in of} for seed, of in scored.items()})


def _without_chance(data: dict[str, Any]) -> tuple[SourceResults, Mapping[str, float]]:
    """Results of schema 2 or of this one without their chance levels, and those of schema 2."""
    kept = {name: value for name, value in data.items() if name not in ("schema", "archive")} | {"chance": {}, "panel": {}}
    levels: Any = {}
    if isinstance(kept.get("identity"), dict):
        kept["identity"] = {"explained": SEEDED, **kept["identity"]}
    if isinstance(kept.get("provenance"), dict):
        kept["provenance"] = dict(kept["provenance"])
        levels = kept["provenance"].pop("chance", {})
    return strictly(kept, SourceResults), strictly({"chance": levels}, _Levels).chance


def _constant_scores(path: Path, results: SourceResults) -> dict[str, dict[str, float]]:
    """Means of the control with constant maps by seed and metric, of the seeds whose model is the same; none if it is not there."""
    if not path.exists():
        return {}
    constant, _ = _without_chance(_read(path))
    same = [
        seed for seed, model in results.models.items() if seed in constant.models and constant.models[seed]["digest"] == model["digest"]
    ]
    means = {(cell.metric, str(cell.seed)): cell.value for cell in constant.cells}
    return {seed: {name: value for (name, of), value in means.items() if of == seed and value is not None} for seed in same}

"""Windows and maps as small scripts that hand themselves to the explorer: a page from the file system may load scripts and nothing else.

A window is JSON, deflated as zlib does it, in base64: a quarter of what the same numbers take in base64 alone.
"""

from __future__ import annotations

import json
import math
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from jaxtyping import Float, Int8

from ecgbench.leaderboard.figures.paper.ruling import full_colour
from ecgbench.leaderboard.site.explorer.case import Case, Map, Shares, Shown, marked_runs, shares_of

COLUMNS = 1280
"""Columns that a map has at most; of a longer one neighbours are averaged. More than a screen shows at once."""

FULL = 100
"""Level of a map that has the full colour."""

DIGITS = 5
"""Decimals of shares and probabilities."""

BEST = 9
"""Level of compression: a window is packed once and loaded often."""

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What could end a script that stands in a page, as JSON may write it too; beyond ASCII nothing is left."""


def catalogue_script(shown: Sequence[Shown]) -> str:
    """The script that says which windows there are."""
    return f"ecgbenchExplorer.data.catalogue({_json([_entry(one) for one in shown])});\n"


def case_scripts(shown: Sequence[Shown]) -> Iterator[tuple[str, str]]:
    """Path and content of the script of each window, with its maps."""
    for one in shown:
        for number, case in enumerate(one.cases):
            path = path_of(one, number)
            yield path, f"ecgbenchExplorer.data.put({_json(path)}, {_json(_deflated(_case(case)))});\n"


def path_of(shown: Shown, number: int) -> str:
    """Path of a window's script below the folder of the data, of names in which no sign is left that a file's name may not have."""
    return f"{quote(shown.dataset, safe='')}/{quote(shown.model, safe='')}/{number}.js"


def megabytes_of_case(leads: int, time: int, sources: int) -> float:
    """How large a window's script is, at most."""
    return (leads * (2 * time + sources * min(time, COLUMNS))) * 4 / 3 / 1e6


def levels(values: Map) -> Int8[np.ndarray, "leads columns"]:
    """A map in whole steps of a hundredth of the full colour, averaged so that it has at most `COLUMNS` columns."""
    pooled = _pooled(values.astype(np.float64))
    scaled: Int8[np.ndarray, "leads columns"] = np.rint(pooled / full_colour(pooled) * FULL).clip(-127, 127).astype(np.int8)
    return scaled


def _pooled(values: Float[np.ndarray, "leads time"]) -> Float[np.ndarray, "leads columns"]:
    time = values.shape[1]
    onsets = np.arange(0, time, _step(time))
    sizes = np.diff(np.append(onsets, time))
    pooled: Float[np.ndarray, "leads columns"] = np.add.reduceat(values, onsets, axis=1) / sizes
    return pooled


def _step(time: int) -> int:
    """Samples that a column stands for."""
    return -(-time // COLUMNS)


def _entry(shown: Shown) -> dict[str, Any]:
    return {
        "dataset": shown.dataset,
        "title": shown.title,
        "model": shown.model,
        "fs": shown.fs,
        "leads": list(shown.leads),
        "classes": list(shown.classes),
        "unit": shown.unit,
        "sources": [{"key": key, "kind": kind} for key, kind in shown.sources.items()],
        "first": list(shown.first),
        "marked": shown.marked,
        "windows": [_window(shown, number) for number in range(len(shown.cases))],
    }


def _window(shown: Shown, number: int) -> dict[str, Any]:
    case = shown.cases[number]
    said = [round(float(value), DIGITS) for value in case.probabilities]
    return {"title": case.title, "label": case.label, "probabilities": said, "file": path_of(shown, number)}


def _case(case: Case) -> dict[str, Any]:
    largest = float(np.abs(case.signal).max()) or 1.0
    scale = largest / np.iinfo(np.int16).max
    return {
        "time": case.signal.shape[1],
        "signal": {"scale": scale, "steps": np.rint(case.signal / scale).astype(int).tolist()},
        "marks": marked_runs(case.marks).tolist(),
        "beats": [{"place": one.place, "letter": one.letter, "name": one.name, "labelled": one.labelled} for one in case.beats.shown],
        "found": case.beats.source,
        "maps": {key: _map(values, case) for key, values in case.maps.items()},
    }


def _map(values: Map, case: Case) -> dict[str, Any]:
    found, step = levels(values), _step(values.shape[1])
    shares = {"signed": _shares(shares_of(values, case)), "absolute": _shares(shares_of(np.abs(values), case))}
    return {"step": step, "levels": found.tolist(), **shares}


def _shares(shares: Shares) -> dict[str, Any]:
    return {"beats": _numbers(shares.beats), "leads": _numbers(shares.leads), "inside": _numbers(np.array([shares.inside]))[0]}


def _numbers(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else round(value, DIGITS) for value in values.tolist()]


def _deflated(value: Any) -> str:
    return b64encode(zlib.compress(_json(value).encode(), BEST)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(ESCAPES)

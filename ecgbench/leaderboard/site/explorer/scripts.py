"""Windows and maps as small scripts that hand themselves to the explorer: a page from the file system may load scripts and nothing else.

A window is a line of JSON and, behind it, its arrays: the signal's steps as int16, little-endian, and the levels of each map as int8, lead
by lead. All of it is deflated as zlib does it and written as base64.
"""

from __future__ import annotations

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
from ecgbench.leaderboard.site.script_json import script_json

COLUMNS = 1280
"""Columns that a map has at most; of a longer one neighbours are averaged. More than a screen shows at once."""

FULL = 50
"""Level of a map that has the full colour: in steps of 2 % of it nobody sees a difference."""

DIGITS = 5
"""Decimals of shares and probabilities."""

BEST = 9
"""Level of compression: a window is packed once and loaded often."""


def catalogue_script(shown: Sequence[Shown]) -> str:
    """The script that says which windows there are."""
    return f"ecgbenchExplorer.data.catalogue({script_json([_entry(one) for one in shown])});\n"


def case_scripts(shown: Sequence[Shown]) -> Iterator[tuple[str, str]]:
    """Path and content of the script of each window, with its maps."""
    for one in shown:
        for number, case in enumerate(one.cases):
            path = path_of(one, number)
            yield path, f"ecgbenchExplorer.data.put({script_json(path)}, {script_json(_packed(case))});\n"


def path_of(shown: Shown, number: int) -> str:
    """Path of a window's script below the folder of the data, of names in which no sign is left that a file's name may not have."""
    return f"{quote(shown.dataset, safe='')}/{quote(shown.model, safe='')}/{number}.js"


def megabytes_of_case(leads: int, time: int, sources: int) -> float:
    """How large a window's script is, at most."""
    return (leads * (2 * time + sources * min(time, COLUMNS))) * 4 / 3 / 1e6


def levels(values: Map) -> Int8[np.ndarray, "leads columns"]:
    """A map in whole steps up to the full colour, `FULL`, averaged so that it has at most `COLUMNS` columns."""
    pooled = _pooled(values.astype(np.float64))
    scaled: Int8[np.ndarray, "leads columns"] = np.rint(pooled / full_colour(pooled) * FULL).clip(-FULL, FULL).astype(np.int8)
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
        "sources": [{"key": key, "kind": kind, "absolute": key in shown.absolute} for key, kind in shown.sources.items()],
        "first": list(shown.first),
        "marked": shown.marked,
        "windows": [_window(shown, number) for number in range(len(shown.cases))],
    }


def _window(shown: Shown, number: int) -> dict[str, Any]:
    case = shown.cases[number]
    said = [round(float(value), DIGITS) for value in case.probabilities]
    return {"title": case.title, "label": case.label, "probabilities": said, "file": path_of(shown, number)}


def _packed(case: Case) -> str:
    """A window's script but for the call."""
    largest = float(np.abs(case.signal).max()) or 1.0
    scale = largest / np.iinfo(np.int16).max
    maps = {key: levels(values) for key, values in case.maps.items()}
    head = {**_head(case), "scale": scale, "maps": {key: _map(found, case.maps[key], case) for key, found in maps.items()}}
    arrays = [np.rint(case.signal / scale).astype("<i2"), *maps.values()]
    whole = b"\n".join([script_json(head).encode(), b"".join(array.tobytes() for array in arrays)])
    return b64encode(zlib.compress(whole, BEST)).decode()


def _head(case: Case) -> dict[str, Any]:
    leads, time = case.signal.shape
    return {
        "leads": leads,
        "time": time,
        "marks": marked_runs(case.marks).tolist(),
        "beats": [{"place": one.place, "letter": one.letter, "name": one.name, "labelled": one.labelled} for one in case.beats.shown],
        "found": case.beats.source,
    }


def _map(found: Int8[np.ndarray, "leads columns"], values: Map, case: Case) -> dict[str, Any]:
    shares = {"signed": _shares(shares_of(values, case)), "absolute": _shares(shares_of(np.abs(values), case))}
    return {"columns": found.shape[1], "step": _step(values.shape[1]), **shares}


def _shares(shares: Shares) -> dict[str, Any]:
    return {"beats": _numbers(shares.beats), "leads": _numbers(shares.leads), "inside": _numbers(np.array([shares.inside]))[0]}


def _numbers(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else round(value, DIGITS) for value in values.tolist()]

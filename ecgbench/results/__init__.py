"""Accepted results: what they hold, how they are read, written and compared with new values."""

from __future__ import annotations

from ecgbench.results._compare import Fresh, Verdict, compare
from ecgbench.results._files import (
    Cell,
    MethodResults,
    read_file,
    read_files,
    read_results,
    read_scores,
    results_root,
    sample_name,
    score_digest,
    score_name,
    write_file,
)
from ecgbench.results._health import health_rows
from ecgbench.results._interval import mean_interval
from ecgbench.results._sketches import map_correlation, near_duplicates, sketch

__all__ = [
    "Cell",
    "Fresh",
    "MethodResults",
    "Verdict",
    "compare",
    "health_rows",
    "map_correlation",
    "mean_interval",
    "near_duplicates",
    "read_file",
    "read_files",
    "read_results",
    "read_scores",
    "results_root",
    "sample_name",
    "score_digest",
    "score_name",
    "sketch",
    "write_file",
]

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
from ecgbench.results._interval import mean_interval

__all__ = [
    "Cell",
    "Fresh",
    "MethodResults",
    "Verdict",
    "compare",
    "mean_interval",
    "read_file",
    "read_files",
    "read_results",
    "read_scores",
    "results_root",
    "sample_name",
    "score_digest",
    "score_name",
    "write_file",
]

"""Accepted results: what they hold, how they are read, written and compared with new values."""

from __future__ import annotations

from ecgbench.results.files import (
    Cell,
    MethodResults,
    gallery_name,
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
from ecgbench.results.health_rows import health_rows
from ecgbench.results.interval import mean_interval, seeds_interval
from ecgbench.results.judgement import Fresh, Verdict, compare, same_number
from ecgbench.results.resampling import drawn_means, expanded_tail, patient_sums, patient_weights
from ecgbench.results.sketches import map_correlation, near_duplicates, sketch

__all__ = [
    "Cell",
    "Fresh",
    "MethodResults",
    "Verdict",
    "compare",
    "drawn_means",
    "expanded_tail",
    "gallery_name",
    "health_rows",
    "map_correlation",
    "mean_interval",
    "near_duplicates",
    "patient_sums",
    "patient_weights",
    "read_file",
    "read_files",
    "read_results",
    "read_scores",
    "results_root",
    "same_number",
    "sample_name",
    "score_digest",
    "score_name",
    "seeds_interval",
    "sketch",
    "write_file",
]

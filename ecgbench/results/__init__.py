"""Accepted results: what they hold, how they are read, written and compared with new values."""

from __future__ import annotations

from ecgbench.results.bootstrap.interval import mean_interval, seeds_interval, seeds_intervals
from ecgbench.results.bootstrap.resampling import drawn_means, expanded_tail, patient_sums, patient_weights, row_quantiles
from ecgbench.results.files import (
    Pair,
    read_file,
    read_files,
    read_if_accepted,
    read_pair,
    read_scores,
    result_files,
    results_root,
    update_file,
    write_file,
)
from ecgbench.results.folder import check_folder
from ecgbench.results.health_rows import health_rows
from ecgbench.results.identity import SEEDED, Identity, page_name, results_path
from ecgbench.results.judgement import Fresh, Verdict, compare, same_number
from ecgbench.results.migration import migrate
from ecgbench.results.pair import leftovers
from ecgbench.results.reading.archive import gallery_name, sample_name, score_digest, score_name, shown_name
from ecgbench.results.reading.window_arrays import OF_PREDICTIONS
from ecgbench.results.records import BETWEEN, SUBMITTED, SUBMITTED_MODELS, TWINLESS, Cell, ModelRecord, Provenance, SourceResults
from ecgbench.results.refusals import Refusal, add_refusal, drop_refusals, read_refusal, read_refusals, refusal_path
from ecgbench.results.shipped import accepted_root, read_results
from ecgbench.results.sketches import map_correlation, near_duplicates, sketch

__all__ = [
    "BETWEEN",
    "OF_PREDICTIONS",
    "SEEDED",
    "SUBMITTED",
    "SUBMITTED_MODELS",
    "TWINLESS",
    "Cell",
    "Fresh",
    "Identity",
    "ModelRecord",
    "Pair",
    "Provenance",
    "Refusal",
    "SourceResults",
    "Verdict",
    "accepted_root",
    "add_refusal",
    "check_folder",
    "compare",
    "drawn_means",
    "drop_refusals",
    "expanded_tail",
    "gallery_name",
    "health_rows",
    "leftovers",
    "map_correlation",
    "mean_interval",
    "migrate",
    "near_duplicates",
    "page_name",
    "patient_sums",
    "patient_weights",
    "read_file",
    "read_files",
    "read_if_accepted",
    "read_pair",
    "read_refusal",
    "read_refusals",
    "read_results",
    "read_scores",
    "refusal_path",
    "result_files",
    "results_path",
    "results_root",
    "row_quantiles",
    "same_number",
    "sample_name",
    "score_digest",
    "score_name",
    "seeds_interval",
    "seeds_intervals",
    "shown_name",
    "sketch",
    "update_file",
    "write_file",
]

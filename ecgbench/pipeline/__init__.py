"""The pipeline: the only place that strings datasets, models, methods and metrics together, and judges and accepts results.

Names are imported when they are first used, so that cells can be listed and options parsed without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_accept": ["accept", "cell_flags", "identity", "judge", "lost_cells", "results_folder"],
        "_arguments": [
            "DATA_ARGUMENTS",
            "RUN_ARGUMENTS",
            "SELECTION_ARGUMENTS",
            "options_from",
            "parse_samples",
            "selection_from",
        ],
        "_attributions": ["array_digest"],
        "_cells": ["Cell", "Selection", "metric_names", "split_metric", "variant_name"],
        "_estimate": ["estimate_seconds"],
        "_health": ["illness"],
        "_health_table": ["health_record", "health_table"],
        "_models": ["TrainedModel", "import_model", "model_of", "train"],
        "_register": ["register"],
        "_options": ["Options"],
        "_run": ["Run"],
        "_score": ["score"],
        "_standard_windows": ["check_seeds"],
        "_submission": ["About", "check_about", "pack"],
        "_submitted": ["check_place", "submitted_run"],
        "_stored": ["not_stored", "scored"],
        "_table": ["score_table"],
        "_window_file": ["ATTRIBUTIONS", "read_maps", "window_arrays"],
    },
)

if TYPE_CHECKING:
    from ecgbench.pipeline._accept import accept as accept
    from ecgbench.pipeline._accept import cell_flags as cell_flags
    from ecgbench.pipeline._accept import identity as identity
    from ecgbench.pipeline._accept import judge as judge
    from ecgbench.pipeline._accept import lost_cells as lost_cells
    from ecgbench.pipeline._accept import results_folder as results_folder
    from ecgbench.pipeline._arguments import DATA_ARGUMENTS as DATA_ARGUMENTS
    from ecgbench.pipeline._arguments import RUN_ARGUMENTS as RUN_ARGUMENTS
    from ecgbench.pipeline._arguments import SELECTION_ARGUMENTS as SELECTION_ARGUMENTS
    from ecgbench.pipeline._arguments import options_from as options_from
    from ecgbench.pipeline._arguments import parse_samples as parse_samples
    from ecgbench.pipeline._arguments import selection_from as selection_from
    from ecgbench.pipeline._attributions import array_digest as array_digest
    from ecgbench.pipeline._cells import Cell as Cell
    from ecgbench.pipeline._cells import Selection as Selection
    from ecgbench.pipeline._cells import metric_names as metric_names
    from ecgbench.pipeline._cells import split_metric as split_metric
    from ecgbench.pipeline._cells import variant_name as variant_name
    from ecgbench.pipeline._estimate import estimate_seconds as estimate_seconds
    from ecgbench.pipeline._health import illness as illness
    from ecgbench.pipeline._health_table import health_record as health_record
    from ecgbench.pipeline._health_table import health_table as health_table
    from ecgbench.pipeline._models import TrainedModel as TrainedModel
    from ecgbench.pipeline._models import import_model as import_model
    from ecgbench.pipeline._models import model_of as model_of
    from ecgbench.pipeline._models import train as train
    from ecgbench.pipeline._options import Options as Options
    from ecgbench.pipeline._register import register as register
    from ecgbench.pipeline._run import Run as Run
    from ecgbench.pipeline._score import score as score
    from ecgbench.pipeline._standard_windows import check_seeds as check_seeds
    from ecgbench.pipeline._stored import not_stored as not_stored
    from ecgbench.pipeline._stored import scored as scored
    from ecgbench.pipeline._submission import About as About
    from ecgbench.pipeline._submission import check_about as check_about
    from ecgbench.pipeline._submission import pack as pack
    from ecgbench.pipeline._submitted import check_place as check_place
    from ecgbench.pipeline._submitted import submitted_run as submitted_run
    from ecgbench.pipeline._table import score_table as score_table
    from ecgbench.pipeline._window_file import ATTRIBUTIONS as ATTRIBUTIONS
    from ecgbench.pipeline._window_file import read_maps as read_maps
    from ecgbench.pipeline._window_file import window_arrays as window_arrays

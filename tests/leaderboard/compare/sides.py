"""Two folders of fabricated results that are compared, with the windows that the scores are of."""

import numpy as np

from ecgbench.results import sample_name, write_file
from tests.leaderboard.conftest import PATIENT, results

AUC, LERF = "auc", "region_perturbation_lerf"
LIME = {AUC: {1: 0.7, 2: 0.8}, LERF: {1: 0.2, 2: 0.2}}
SALIENCY = {AUC: {1: 0.6, 2: 0.6}, LERF: {1: 0.3, 2: 0.3}}


def write(root, method="lime", raw=LIME, dataset="mitdb", start=(0, 10, 20, 30), **changed):
    """Accept a method's raw cells below `root`, with the records and starts of the windows; none where `start` is None."""
    found, arrays = results(dataset, method, {"raw": raw}, **changed)
    if start is not None:
        for seed in {cell.seed for cell in found.cells}:
            arrays |= {sample_name("record", seed): PATIENT, sample_name("start", seed): np.array(start)}
    return write_file(found, arrays, root)

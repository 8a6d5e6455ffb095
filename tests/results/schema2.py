"""Accepted results as schema 2 had them: chance levels of one seed in what was said of their provenance, windows chosen by the seed."""

import json

from ecgbench.results import write_file
from tests.results.cases import RESULTS, SCORES


def write_schema_2(root, results=RESULTS, scores=SCORES, chance=None):
    """Write results below `root`, in their place."""
    path = write_file(results, scores, root)
    data = json.loads(path.read_text())
    del data["chance"], data["panel"], data["identity"]["explained"]
    data["schema"] = 2
    if chance is not None:
        data["provenance"]["chance"] = chance
    path.write_text(json.dumps(data))
    return path

"""The cells that tests accept, and what they do to the files."""

import json

from tests.pipeline.runs import cell

SLICE = [cell(metric, "random_baseline", variant) for metric in ("auc", "pointing_game") for variant in ("raw", "abs")]


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))

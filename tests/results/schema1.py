"""Accepted results as the first schema had them."""

import json
from dataclasses import asdict

from ecgbench.results import write_file
from tests.results.cases import RESULTS, SCORES


def write_schema_1(root, results=RESULTS, scores=SCORES):
    """Write results below `root` as `<dataset>[@what differs]/<method>.json`, under their own number of a schema: none."""
    new = write_file(results, scores, root)
    data = asdict(results)
    identity = {name: value for name, value in data.pop("identity").items() if name not in ("dataset", "differs", "model")}
    old = new.parents[1] / new.name
    old.write_text(json.dumps({"dataset": results.identity.folder, "method": data.pop("source"), "identity": identity, **data}))
    new.with_suffix(".npz").rename(old.with_suffix(".npz"))
    new.unlink()
    new.parent.rmdir()
    return old

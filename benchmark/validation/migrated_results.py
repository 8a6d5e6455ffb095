"""Whether accepted results of schema 2 in a git revision are those that lie in this clone's folder now, number by number.

    python benchmark/validation/migrated_results.py REVISION

It reads both with the standard library and numpy alone, prints what it compared and the largest difference, and ends with 1 unless all of
it is there and equal to the last bit. Chance levels are compared where schema 2 said of which seed they are: where there is one.
"""

import argparse
import io
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path("leaderboards") / "scores"
KEPT = ("source", "archive", "models", "notes", "health", "artifacts")
NUMBERS = ("value", "low", "high", "seconds", "n", "undefined")


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout


def difference(old, new):
    """Of two numbers; infinite where only one of them is there."""
    if old is None or new is None:
        return 0.0 if old is new else math.inf
    return abs(old - new)


def compare_cells(old, new):
    """Number of cells and their largest difference."""
    olds, news = ({(cell["variant"], cell["metric"], cell["seed"]): cell for cell in side["cells"]} for side in (old, new))
    if olds.keys() != news.keys() or any(olds[name]["digest"] != news[name]["digest"] for name in olds):
        return len(olds), math.inf
    return len(olds), max(difference(olds[name][what], news[name][what]) for name in olds for what in NUMBERS)


def same(old, new):
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def compare_texts(old, new):
    """Names of the parts of two results that are not equal."""
    chance = old["provenance"].pop("chance", {})
    differing = [name for name in (*KEPT, "provenance") if not same(old[name], new[name])]
    kept = {name: new["identity"].get(name) for name in old["identity"]}
    differing += [] if same(old["identity"], kept) else ["identity"]
    single = [levels for levels in new["chance"].values() if len(new["models"]) == 1]
    return [*differing, "chance"] if single and not same(single, [chance]) else differing


def compare_archives(old, new):
    """Number of arrays of two archives, and the names of those that differ in type, shape or a bit."""
    olds, news = (dict(np.load(io.BytesIO(content), allow_pickle=False)) for content in (old, new))
    names = sorted({*olds, *news})
    return len(names), [name for name in names if name not in olds or name not in news or not alike(olds[name], news[name])]


def alike(old, new):
    return old.dtype == new.dtype and old.shape == new.shape and old.tobytes() == new.tobytes()


def compare_file(revision, path):
    """What was counted of one file, its largest difference, and what else differs."""
    old, new = json.loads(git("show", f"{revision}:{path.as_posix()}")), json.loads(path.read_text())
    archives = git("show", f"{revision}:{path.with_suffix('.npz').as_posix()}"), path.with_suffix(".npz").read_bytes()
    (cells, largest), (arrays, differing) = compare_cells(old, new), compare_archives(*archives)
    counted = Counter(files=1, cells=cells, arrays=arrays) + Counter({"archives of equal bytes": archives[0] == archives[1]})
    return counted, largest, [f"{path}: {what}" for what in compare_texts(old, new) + differing]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("revision", help="git revision that holds results of schema 2")
    revision = parser.parse_args().revision
    listed = map(Path, git("ls-tree", "-r", "--name-only", revision, f"{ROOT.as_posix()}/").decode().splitlines())
    old, new = {path for path in listed if path.suffix == ".json"}, set(ROOT.glob("*/*/*.json"))
    wrong = [f"{path}: on one side only" for path in sorted(old ^ new)]
    counted, worst = Counter(), 0.0
    for path in sorted(old & new):
        found, largest, others = compare_file(revision, path)
        counted, worst, wrong = counted + found, max(worst, largest), wrong + others
    print(", ".join(f"{count} {what}" for what, count in counted.items()) or "nothing was compared")
    print(f"largest difference of a number: {worst:g}; other differences: {len(wrong)}")
    print("\n".join(wrong[:20]))
    return int(not counted or worst > 0 or bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

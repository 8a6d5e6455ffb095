"""What every method says of networks of installed packages: `python benchmark/validation/third_party.py` writes docs/third_party.md.

Wants, in an environment of its own beside this project: `pip install deepecgkit torch_ecg tsai braindecode monai pytorch-tcn`; of these,
what is not installed is left out. It takes about half an hour. `--kept FILE` keeps verdicts as they come, so that a run that was cut off
goes on; `--kept-only` writes the page of those. Ends with 1 if a map is silently wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from _third_party_networks import PACKAGES, TIME, Foreign, built, installed  # noqa: E402
from networks import by_method, cell  # noqa: E402

from ecgbench.artifacts import write_atomically  # noqa: E402
from ecgbench.errors import InputError  # noqa: E402
from ecgbench.leaderboard.pages.tables import table  # noqa: E402
from ecgbench.methods.cam.layers import chosen_units  # noqa: E402
from ecgbench.methods.cam.outputs import probe_of  # noqa: E402
from ecgbench.nn import frozen  # noqa: E402
from tests.networks.properties import TARGET, differs, logits  # noqa: E402
from tests.networks.table import windows  # noqa: E402
from tests.networks.test_methods import ASKING  # noqa: E402
from tests.networks.traces import changed, traces, world  # noqa: E402
from tests.networks.verdicts import REFUSED, Verdict, verdict  # noqa: E402

PAGE = ROOT / "docs" / "third_party.md"
PARTS = 40
"""Parts of a window that are changed one by one, to see which units of a layer notice."""

Row = dict[str, Any]

HEAD = """# Networks of other packages and methods

Made by `python benchmark/validation/third_party.py`, nothing here is written by hand. {networks} networks, of {listed} in the script,
of {packages}.
Windows are 12 leads x {time} samples, and networks as their packages build them but narrow where an option allows, with weights drawn
from a seed. None of these packages is needed by ecgbench. "yes": the method applies; "warns": it applies and says what its maps lack;
"no": it refuses the network. Percentages are the largest error of a map's sum as a share of the total, where the method promises a sum;
"yes" may stand beside a large one where the total is near 0, since an error below a thousandth of the map's absolute values is no fault;
"WRONG": a map that is wrong, and nobody is told.

What is known of maps is checked as on [networks from the literature](networks.md). **Silently wrong: {wrong}. Left behind by all methods
together: {left}.** Networks whose own logits of a window depend on the batch that it is in, so that nothing is known of their maps, by this
share of the largest logit: {mixed}.

"layer" is the one that class activation maps choose by themselves, "off" how far its units stand, in the median, from the middle of what
moves them: parts of the window are changed one by one, which is another way than the one by which they are placed. Units may look further
to one side than to the other, so that "off" need not be 0. More than a twentieth of the window off: {far}.
"""


def row(foreign: Foreign) -> Row:
    """What all methods say of a network, what they leave behind, and how far class activation maps are off in time."""
    model, x = built(foreign), windows(2, TIME)
    own, mixed = renewed(model, x), mixing(model, x)
    before, settings = traces(model), world()
    found = {key: asdict(asked(model, x, key, bool(mixed))) for key in ASKING}
    left = [name for name in changed(before, traces(model)) if name not in own] + changed(settings, world())
    layer, off, apart = place(model, x)
    places = {"layer": layer, "off": off, "apart": apart}
    return {"package": foreign.package, "name": foreign.name, "verdicts": found, "left": left, "mixed": mixed, **places}


def renewed(model: torch.nn.Module, x: torch.Tensor) -> list[str]:
    """What a pass of the network itself puts anew, as torch's former weight norm does its weights: no method leaves it behind."""
    alive = [dict(vars(part)) for part in model.modules()]  # so that nothing new gets the place in memory by which an old one is known
    before = traces(model)
    mixing(model, x)
    own = changed(before, traces(model))
    del alive
    return own


def mixing(model: torch.nn.Module, x: torch.Tensor) -> float:
    """By what share of the largest logit the windows beside a window change its logits, 0 if they don't."""
    alone, beside = logits(model, x[1:], TARGET[1:]), logits(model, x)[1:]
    return float(np.abs(alone - beside).max() / np.abs(alone).max()) if differs(alone, beside) else 0.0


def asked(model: torch.nn.Module, x: torch.Tensor, key: str, mixed: bool) -> Verdict:
    """The verdict; an error that is no refusal is wrong, too. Of a network that mixes windows itself, maps cannot be known."""
    try:
        found = verdict(model, x, key)
        return replace(found, wrong=()) if mixed else found
    except Exception as error:
        return Verdict(REFUSED, f"{type(error).__name__}: {error}", np.nan, (f"it fails with {type(error).__name__}",))


def place(model: torch.nn.Module, x: torch.Tensor) -> tuple[str, float, float]:
    """The layer of class activation maps, the median of how far its units stand from the middle of what moves them, and from each other."""
    try:
        with frozen(model):
            units = chosen_units(model, x, None)
            moved = moved_by_parts(model, x[:1], units.layer, units.layout.time)
    except InputError:
        return "", np.nan, np.nan
    moved -= np.median(moved, axis=0)
    weights = moved.clip(min=0) ** 2
    starts = np.arange(PARTS) * (TIME / PARTS) + (TIME / PARTS - 1) / 2
    middles = (weights * starts[:, None]).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-30)
    inside = np.isfinite(units.places.centres) & (units.places.centres > 0) & (units.places.centres < TIME) & weights.any(axis=0)
    off = float(np.median(np.abs(middles - units.places.centres)[inside])) if inside.any() else np.nan
    return units.layer, off, float(np.nanmedian(np.diff(units.places.centres)))


def moved_by_parts(model: torch.nn.Module, x: torch.Tensor, layer: str, axis: int) -> np.ndarray:
    """How much each unit changes where a part of the window does: (parts, units)."""
    rows, part = x.repeat(PARTS, 1, 1), TIME // PARTS
    noise = torch.randn(x.shape[1], part, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    for i, window in enumerate(rows):
        window[:, i * part : (i + 1) * part] += noise
    with torch.no_grad():
        probe = probe_of(model, layer, 8)
        difference = probe(rows) - probe(x)
    return np.asarray(difference.movedim(axis, 1).flatten(2).norm(dim=2))


def page(rows: Sequence[Row]) -> str:
    """The whole page."""
    found = {(f"{one['package']} {one['name']}", key): _verdict(one["verdicts"][key]) for one in rows for key in ASKING}
    names = list(dict.fromkeys(name for name, _ in found))
    wrong = sorted(f"{key} on {name} ({', '.join(one.wrong)})" for (name, key), one in found.items() if one.wrong)
    left = sorted({f"{one['name']} ({', '.join(one['left'])})" for one in rows if one["left"]})
    far = [f"{one['name']} ({one['off']:.0f} samples, units {one['apart']:.0f} apart)" for one in rows if one["off"] > TIME / 20]
    mixed = "; ".join(_mixed(one) for one in rows if one["mixed"]) or "none"
    counts = {"mixed": mixed, "listed": len(installed()), "networks": len(rows), "packages": ", ".join(_versions(rows)), "time": TIME}
    head = HEAD.format(**counts, wrong="; ".join(wrong) or "none", left="; ".join(left) or "nothing", far="; ".join(far) or "none")
    parts = [head, "## By method\n", by_method(found), "\n## By network\n"]
    cells = [[name, *(cell(found[name, key]) for key in ASKING)] for name in names]
    parts += [table(["network", *ASKING], cells), "\n## Places of class activation maps\n"]
    places = [[name, one["layer"] or "-", f"{one['off']:.0f}" if one["layer"] else "-"] for name, one in zip(names, rows, strict=True)]
    parts += [table(["network", "layer", "off, samples"], places, 2), "\n## Why methods refuse\n"]
    reasons = [[name, key, one.reason] for (name, key), one in found.items() if one.says == REFUSED]
    return "\n".join([*parts, table(["network", "method", "reason"], reasons, 3), ""])


def _mixed(one: Row) -> str:
    refused = all(said["says"] == REFUSED for said in one["verdicts"].values())
    return f"{one['name']} ({one['mixed']:.0e}{', refused' if refused else ''})"


def _verdict(fields: dict[str, Any]) -> Verdict:
    return Verdict(**{**fields, "wrong": tuple(fields["wrong"])})


def _versions(rows: Sequence[Row]) -> list[str]:
    found = []
    for package in dict.fromkeys(one["package"] for one in rows):
        try:
            found.append(f"{PACKAGES[package]} {version(PACKAGES[package])}")
        except PackageNotFoundError:
            found.append(PACKAGES[package])
    return found


def kept_rows(file: Path | None) -> list[Row]:
    """Rows of an earlier run that was cut off."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file and file.exists() else []


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="", help="only those whose name has this part; the page is printed then")
    parser.add_argument("--kept", type=Path, help="file of verdicts, to which they are added as they come")
    parser.add_argument("--kept-only", action="store_true", help="ask no network that has no verdicts yet")
    given = parser.parse_args()
    rows = {(one["package"], one["name"]): one for one in kept_rows(given.kept)}
    chosen = [foreign for foreign in installed() if given.networks in f"{foreign.package} {foreign.name}"]
    if given.kept_only:
        chosen = [foreign for foreign in chosen if (foreign.package, foreign.name) in rows]
    for foreign in chosen:
        place_of = foreign.package, foreign.name
        if place_of not in rows:
            rows[place_of] = row(foreign)
            print(*place_of, {key: one["wrong"] for key, one in rows[place_of]["verdicts"].items() if one["wrong"]}, flush=True)
            if given.kept:
                with given.kept.open("a") as file:
                    file.write(json.dumps(rows[place_of]) + "\n")
    shown = [rows[foreign.package, foreign.name] for foreign in chosen]
    text = page(shown)
    if given.networks:
        print(text)
    else:
        write_atomically(PAGE, text.encode())
    return int(any(one["wrong"] for of_network in shown for one in of_network["verdicts"].values()))


if __name__ == "__main__":
    sys.exit(main())

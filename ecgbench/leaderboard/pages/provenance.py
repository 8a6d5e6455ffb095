"""The part of a page that says where its numbers come from: windows, models, maps' health, machines."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecgbench.artifacts import canonical
from ecgbench.leaderboard.pages.tables import NOTHING, escaped, number, table
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.protocol import AGREEMENT_WINDOWS, NEAR_DUPLICATE
from ecgbench.results import health_rows, sample_name

ALL = "all"
_NOT_PROVENANCE = ("chance", "ranked")
_OF_A_MODEL = ("digest", "origin", "precision")
HEALTH = f"""\
What the signed maps look like before any metric is computed. A number is the mean over the seeds that have one; a dash: it does not apply.

- Sum error: abs(sum - total) / max(abs(total), 1), the median over windows, for methods that promise a total: the logit's change from
  a baseline; of LRP, the logit less what biases and stabilisers absorbed.
- Zeros, flat, non-finite: the shares of values that are exactly zero, of maps that are constant, of maps with a value that is not finite.
- Seed agreement: mean correlation of a window's map with that of another seed, for methods that draw at random.
- Class agreement: the same with the map of another class, the one with the highest logit; 1 is a method that does not look at the class.
  Both are over the first {AGREEMENT_WINDOWS} explained windows of a seed, without those where a map is constant.
- Undetermined: share of the directions that a method's own samples leave open.
- Near duplicate of: methods whose maps correlate with these by more than {NEAR_DUPLICATE} in the mean on every seed, as estimated from
  sketches of the maps.
- s / window: the time that explaining a window took."""


def together(values: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Distinct values of methods, each with the methods that share it ("all" if every one does)."""
    holders: dict[str, list[str]] = {}
    for method in sorted(values):
        holders.setdefault(canonical(values[method]), []).append(f"`{method}`")
    first = {canonical(values[method]): values[method] for method in values}
    return [(first[text], ALL if len(holders) == 1 else ", ".join(methods)) for text, methods in holders.items()]


def windows_section(board: Board) -> str:
    """Explained windows, patients and classes of every seed, and the dataset's notes."""
    rows = []
    for seed in board.seeds:
        methods = {m: _samples(board, m, seed) for m, results in board.files.items() if any(c.seed == seed for c in results.cells)}
        rows += [[str(seed), *counts, methods] for counts, methods in together(methods)]
    notes = [
        f"- {html.escape(' '.join(note.split()), quote=False)}"
        for note in dict.fromkeys(note for method in sorted(board.files) for note in board.files[method].notes)
    ]
    listed = table(["seed", "explained windows", "patients", "windows of each class", "results of"], rows, numbers_from=5)
    return "\n".join(["## Explained windows", "", listed, *([""] if notes else []), *notes])


def _samples(board: Board, method: str, seed: int) -> list[str]:
    arrays = board.samples[method]
    patient, target = (arrays.get(sample_name(what, seed)) for what in ("patient", "target"))
    if patient is None or target is None:
        return [NOTHING, NOTHING, NOTHING]
    classes, counts = np.unique(target, return_counts=True)
    each = ", ".join(f"{board.class_name(int(c))} {n}" for c, n in zip(classes, counts, strict=True))
    return [str(len(target)), str(len(np.unique(patient))), each]


def models_section(board: Board) -> str:
    """The explained models: digest, origin and how well they classify the whole test set."""
    found = [(seed, model, methods) for seed in board.seeds for model, methods in together(_models(board, seed))]
    measures = sorted({name for _, model, _ in found for name, value in model.items() if _plain(value)} - set(_OF_A_MODEL))
    rows = [
        [
            str(seed),
            _text(model["digest"]),
            *(_text(model[name]) for name in _OF_A_MODEL[1:]),
            *(_text(model.get(m)) for m in measures),
            methods,
        ]
        for seed, model, methods in found
    ]
    header = ["seed", "digest", "origin", "precision", *(name.replace("_", " ") for name in measures), "explained for"]
    parts = ["## Models", "", table(header, rows, numbers_from=len(header))]
    if any(methods != ALL for _, _, methods in found):
        parts += ["", "**Methods of one seed explain different models: compare them with care.**"]
    details = {"confusion": _confusion, "auc": _label_auc}
    parts += [show(board, seed, model) for seed, model, _ in found for measure, show in details.items() if measure in model]
    return "\n".join(parts)


def _models(board: Board, seed: int) -> dict[str, Any]:
    return {method: results.models[str(seed)] for method, results in board.files.items() if str(seed) in results.models}


def _confusion(board: Board, seed: int, model: Mapping[str, Any]) -> str:
    names = [board.class_name(i) for i in range(len(model["confusion"]))]
    rows = [[name, *map(str, counts)] for name, counts in zip(names, model["confusion"], strict=True)]
    return _folded(f"Confusion matrix of seed {seed}", model, table(["true \\ predicted", *names], rows))


def _label_auc(board: Board, seed: int, model: Mapping[str, Any]) -> str:
    rows = [[board.class_name(i), NOTHING if value is None else number(value)] for i, value in enumerate(model["auc"])]
    what = f"AUC of each label of seed {seed} (a dash where no test record, or every one, has the label)"
    return _folded(what, model, table(["label", "AUC"], rows))


def _folded(what: str, model: Mapping[str, Any], shown: str) -> str:
    summary = f"<details><summary>{what}, model <code>{html.escape(model['digest'][:12])}</code></summary>"
    return "\n".join(["", summary, "", shown, "", "</details>"])


def health_section(board: Board) -> str:
    """What the maps themselves look like, as means over seeds; empty if nothing was recorded."""
    measured = {method: results.health for method, results in board.files.items()}
    if not any(values for seeds in measured.values() for values in seeds.values()):
        return ""
    sketches = {method: _sketches(board, method) for method in board.files}
    headings, rows = health_rows(measured, sketches, lambda method: f"`{method}`")
    return "\n".join(["## Health", "", HEALTH, "", table(headings, rows)])


def health_table(method: str, boards: Sequence[Board]) -> str:
    """What the maps of one method look like on every dataset; empty if nothing was recorded."""
    measured = {board.name: board.files[method].health for board in boards}
    if not any(values for seeds in measured.values() for values in seeds.values()):
        return "Nothing was measured."
    (_, *headings), rows = health_rows(measured, {}, lambda name: f"[{name}](../{name}.md#health)")
    return table(["dataset", *headings], rows)


def _sketches(board: Board, method: str) -> dict[str, np.ndarray]:
    names = {str(seed): sample_name("sketch", seed) for seed in board.seeds}
    return {seed: board.samples[method][name] for seed, name in names.items() if name in board.samples[method]}


def provenance_section(board: Board) -> str:
    """Identity of the numbers, what computed them, and the commands that do it again."""
    rows = [[name, _text(board.identity[name]), ALL] for name in sorted(board.identity)]
    names = {name for results in board.files.values() for name in results.provenance} - set(_NOT_PROVENANCE)
    for name in sorted(names):
        values = {method: results.provenance.get(name) for method, results in board.files.items()}
        rows += [[escaped(name), _text(value), methods] for value, methods in together(values)]
    commands = [
        f"{recompute(board)}   # compute again and accept",
        f"{recompute(board, accept=False)}   # compute again and compare",
        f"ecgbench scores {board.name} --method {min(board.files)} --metric {board.columns[0].name}   # per-window scores behind a cell",
        "ecgbench leaderboard   # draw the pages from the accepted results",
    ]
    return "\n".join(["## Provenance", "", table(["what", "value", "results of"], rows, 3), "", "```sh", *commands, "```"])


def recompute(board: Board, accept: bool = True) -> str:
    """The command that computes a board's numbers again."""
    seeds = board.seeds
    consecutive = seeds == tuple(range(seeds[0], seeds[-1] + 1))
    listed = [f"{seeds[0]}-{seeds[-1]}"] if consecutive and len(seeds) > 1 else [str(seed) for seed in seeds]
    chosen = {name: board.identity[name] for name in ("edition", "split", "labels", "protocol", "samples")}
    options = [f"--{name} {value}" for name, value in chosen.items() if value != ""]
    options += [f"--seeds {seed}" for seed in listed]
    return " ".join([f"pytest benchmark --dataset {board.key}", *options, *(["--update-scores"] if accept else [])])


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{escaped(name)} {_text(value[name])}" for name in sorted(value))
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"`{value[:12]}`" if _hexadecimal(value) else escaped(str(value if value not in (None, "") else NOTHING))


def _hexadecimal(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")

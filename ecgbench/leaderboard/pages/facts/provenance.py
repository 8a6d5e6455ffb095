"""Where the numbers of a page come from: windows, models, maps' health, machines."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ecgbench.artifacts import canonical
from ecgbench.leaderboard.pages.tables import NOTHING, escaped, number, table
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.protocol import COMMON, OWN, PREDICTED
from ecgbench.results import SEEDED, health_rows, sample_name

ALL = "all"
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
_NOT_PROVENANCE = ("ranked",)
_CHOICES = {
    COMMON: "They are test windows that {models} recognise.",
    OWN: "They are test windows that each model by itself recognises.",
    PREDICTED: "They are test windows in which each model by itself predicts something abnormal, drawn whether it is right or wrong.",
    SEEDED: "They are test windows that each model by itself recognises, in an order that hangs on its seed. That is no longer how "
    "windows are chosen: computed again, they are others.",
}
_OF_A_MODEL = ("digest", "origin", "precision")


def together(values: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """Distinct values of methods, each with the methods that share it ("all" if every one does)."""
    holders: dict[str, list[str]] = {}
    for method in sorted(values):
        holders.setdefault(canonical(values[method]), []).append(f"`{method}`")
    first = {canonical(values[method]): values[method] for method in values}
    return [(first[text], ALL if len(holders) == 1 else ", ".join(methods)) for text, methods in holders.items()]


def windows_facts(board: Board) -> dict[str, Any]:
    """Explained windows, patients and classes of every seed, and the dataset's notes."""
    rows = []
    for seed in board.seeds:
        methods = {m: _counts(board, m, seed) for m, results in board.files.items() if any(c.seed == seed for c in results.cells)}
        rows += [[str(seed), *counts, methods] for counts, methods in together(methods)]
    notes = [
        f"{html.escape(' '.join(note.split()), quote=False)}"
        for note in dict.fromkeys(note for method in sorted(board.files) for note in board.files[method].notes)
    ]
    header = ["seed", "explained windows", "patients", "windows (patients) of each class", "results of"]
    return {"table": table(header, rows, numbers_from=5), "notes": [*choice_said(board), *unexplained_said(board), *notes]}


def choice_said(board: Board) -> list[str]:
    """Whether the seeds explain the same windows, and how these were chosen."""
    explained, said = [windows for seed in board.seeds if (windows := _places(board, seed))], []
    if len(explained) > 1:
        every = set.intersection(*explained)
        said.append(
            "All seeds explain the same windows."
            if all(windows == every for windows in explained)
            else f"**The seeds explain different windows**: {len(every)} of up to {max(map(len, explained))} are explained of every seed. "
            "So what differs between seeds is not the models alone, but the windows as well."
        )
    return [*said, _CHOICES[board.identity.explained].format(models=_panel_said(board))]


def unexplained_said(board: Board) -> list[str]:
    """A sentence for each abnormal class of which no window is explained, since no model, or not every one, recognises any."""
    models = [model for results in board.files.values() for model in results.models.values()]
    confusions = [np.array(model["confusion"]) for model in models if "confusion" in model]
    explained = {target for seed in board.seeds for _, _, target in _places(board, seed)}
    if not confusions or not explained or board.identity.explained == PREDICTED:
        return []
    windows, right = (np.array([count(each) for each in confusions]) for count in (lambda each: each.sum(axis=1), np.diagonal))
    absent = [class_ for class_ in range(1, windows.shape[1]) if windows[:, class_].any() and class_ not in explained]
    return [_unexplained(board.class_name(class_), int(windows[:, class_].max()), right[:, class_]) for class_ in absent]


def _unexplained(name: str, windows: int, right: np.ndarray) -> str:
    low, high = right.min(), right.max()
    if not high:
        return f"**{name} is not explained**: no model has any of its {windows} test windows right."
    said = f"{low}" if low == high else f"{low} to {high}"
    return (
        f"**{name} is not explained**: of its {windows} test windows each model has {said} right, and there is none that all the models "
        "which choose the windows have right and are sure of."
    )


def _panel_said(board: Board) -> str:
    """The models that recognise what is explained, and which others explain it."""
    further = further_seeds(board)
    panel = sorted(map(int, next(iter(board.files.values())).panel))
    if not further:
        return f"the models of all seeds, {len(panel)} in number,"
    others = ", ".join(map(str, further))
    return f"the models of seeds {', '.join(map(str, panel))} (those of seeds {others} explain them, whether they do so or not)"


def further_seeds(board: Board) -> list[int]:
    """Seeds whose models explain what those of others recognise."""
    return sorted({int(seed) for results in board.files.values() for seed, model in results.models.items() if model.get("further")})


def _places(board: Board, seed: int) -> set[tuple[str, int, int]]:
    """Record, start and class of a seed's explained windows; empty where no method says them."""
    names = [sample_name(what, seed) for what in ("record", "start", "target")]
    for arrays in board.samples.values():
        if all(name in arrays for name in names):
            return set(zip(*(arrays[name].tolist() for name in names), strict=True))
    return set()


def _counts(board: Board, method: str, seed: int) -> list[str]:
    arrays = board.samples[method]
    patient, target = (arrays.get(sample_name(what, seed)) for what in ("patient", "target"))
    if patient is None or target is None:
        return [NOTHING, NOTHING, NOTHING]
    classes, counts = np.unique(target, return_counts=True)
    patients = [len(np.unique(patient[target == class_])) for class_ in classes]
    each = ", ".join(f"{board.class_name(int(c))} {n} ({p})" for c, n, p in zip(classes, counts, patients, strict=True))
    return [str(len(target)), str(len(np.unique(patient))), each]


def these_models(board: Board) -> str:
    """The models of which a board's claims hold, such as "these two models"."""
    count = len(board.seeds)
    return "this one model" if count == 1 else f"these {_NUMBERS.get(count, str(count))} models"


def models_facts(board: Board) -> dict[str, Any]:
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
    details = {"confusion": _confusion, "auc": _label_auc}
    return {
        "table": table(header, rows, numbers_from=len(header)),
        "differ": any(methods != ALL for _, _, methods in found),
        "details": [show(board, seed, model) for seed, model, _ in found for measure, show in details.items() if measure in model],
    }


def _models(board: Board, seed: int) -> dict[str, Any]:
    return {method: results.models[str(seed)] for method, results in board.files.items() if str(seed) in results.models}


def _confusion(board: Board, seed: int, model: Mapping[str, Any]) -> dict[str, str]:
    names = [board.class_name(i) for i in range(len(model["confusion"]))]
    rows = [[name, *map(str, counts)] for name, counts in zip(names, model["confusion"], strict=True)]
    return _folded(f"Confusion matrix of seed {seed}", model, table(["true \\ predicted", *names], rows))


def _label_auc(board: Board, seed: int, model: Mapping[str, Any]) -> dict[str, str]:
    rows = [[board.class_name(i), NOTHING if value is None else number(value)] for i, value in enumerate(model["auc"])]
    what = f"AUC of each label of seed {seed} (a dash where no test record, or every one, has the label)"
    return _folded(what, model, table(["label", "AUC"], rows))


def _folded(what: str, model: Mapping[str, Any], shown: str) -> dict[str, str]:
    return {"what": what, "digest": html.escape(model["digest"][:12]), "table": shown}


def health_means(board: Board) -> str:
    """Health of all methods' maps, means over seeds; empty if none was measured."""
    measured = {method: results.health for method, results in board.files.items()}
    if not any(values for seeds in measured.values() for values in seeds.values()):
        return ""
    sketches = {method: _sketches(board, method) for method in board.files}
    headings, rows = health_rows(measured, sketches, lambda method: f"`{method}`")
    return table(headings, rows)


def health_table(method: str, boards: Sequence[Board]) -> str:
    """Health of one method's maps on each dataset; empty if none was measured."""
    measured = {board.name: board.files[method].health for board in boards}
    if not any(values for seeds in measured.values() for values in seeds.values()):
        return ""
    (_, *headings), rows = health_rows(measured, {}, lambda name: f"[{name}](../{name}.md#health)")
    return table(["dataset", *headings], rows)


def _sketches(board: Board, method: str) -> dict[str, np.ndarray]:
    names = {str(seed): sample_name("sketch", seed) for seed in board.seeds}
    return {seed: board.samples[method][name] for seed, name in names.items() if name in board.samples[method]}


def provenance_facts(board: Board) -> dict[str, str]:
    """Identity of the numbers, the machine and packages that computed them, and the command to compute them again."""
    rows = [[name, _text(value), ALL] for name, value in sorted(asdict(board.identity).items()) if name not in ("dataset", "differs")]
    names = {name for results in board.files.values() for name in results.provenance} - set(_NOT_PROVENANCE)
    for name in sorted(names):
        values = {method: results.provenance.get(name) for method, results in board.files.items()}
        rows += [[escaped(name), _text(value), methods] for value, methods in together(values)]
    return {
        "table": table(["what", "value", "results of"], rows, 3),
        "recompute": recompute(board),
        "method": min(board.files),
        "metric": board.columns[0].name,
    }


def recompute(board: Board) -> str:
    """The command that computes a board's numbers again."""
    seeds = board.seeds
    consecutive = seeds == tuple(range(seeds[0], seeds[-1] + 1))
    listed = [f"{seeds[0]}-{seeds[-1]}"] if consecutive and len(seeds) > 1 else [str(seed) for seed in seeds]
    chosen = {name: getattr(board.identity, name) for name in ("edition", "split", "labels", "protocol", "samples", "explained")}
    options = [f"--{name} {value}" for name, value in chosen.items() if value not in ("", SEEDED)]
    options += [f"--seeds {seed}" for seed in listed]
    options += [] if board.name == board.identity.folder else [f"--model {board.identity.model}"]
    return " ".join([f"pytest benchmark --dataset {board.key}", *options])


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

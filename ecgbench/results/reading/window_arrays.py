"""What the archive beside accepted results holds of the explained windows, of their maps and of the gallery, and what must agree of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecgbench.protocol import COMMON, PREDICTED, SKETCH_SIZE
from ecgbench.results.reading.archive import gallery_name, sample_name, score_name
from ecgbench.results.reading.npy import Form
from ecgbench.results.reading.shown_windows import check_shown, shown_forms
from ecgbench.results.records import SourceResults

NEEDED = ("patient", "target")
"""Arrays of the windows that every archive must have."""

IDENTIFYING = ("record", "start", *NEEDED)
"""Arrays that tell windows from any others."""

OF_PREDICTIONS = ("right", "probability")
"""Arrays of the windows that archives of explained predictions must have, and no others may."""

MOST_WINDOWS = 100_000
"""Windows of a seed that accepted results may have."""

EXAMPLES = 3
"""Windows of the gallery: those of the best, the median and the worst map."""

LARGEST_IN_SKETCH = 10
"""No number of a random projection of a map of norm 1 comes near it."""

Arrays = Mapping[str, np.ndarray]


def array_forms(results: SourceResults) -> dict[str, Form]:
    """Forms of the arrays that the archive of results may have.

    Raises
    ------
    ValueError
        If the cells say that there are more windows than accepted results may have.
    """
    forms: dict[str, Form] = {}
    windows_of = {cell.seed: cell.n + cell.undefined for cell in results.cells}
    for seed, windows in windows_of.items():
        forms |= _prediction_forms(results, seed, windows) | _window_forms(seed, windows)
    for cell in results.cells:
        windows = cell.n + cell.undefined
        if windows > MOST_WINDOWS:
            raise ValueError(f"cells of {windows} windows instead of at most {MOST_WINDOWS}")
        forms[score_name(cell.variant, cell.metric, cell.seed)] = Form("<f4", (windows,))
    return forms


def _window_forms(seed: int, windows: int) -> dict[str, Form]:
    samples = {
        "record": Form("<U", (windows,)),
        "patient": Form("<U", (windows,)),
        "start": Form("<i8", (windows,)),
        "target": Form("<i8", (windows,)),
        "sketch": Form("<f4", (windows, SKETCH_SIZE)),
    }
    examples = {
        "window": Form("<i8", (EXAMPLES,)),
        "score": Form("<f4", (EXAMPLES,)),
        "lead": Form("<i8", (EXAMPLES,)),
        "signal": Form("<i2", (EXAMPLES, None)),
        "map": Form("|i1", (EXAMPLES, None)),
        "mask": Form("|b1", (EXAMPLES, None)),
        "variant": Form("<U", ()),
        "metric": Form("<U", ()),
    }
    named = {sample_name(what, seed): form for what, form in samples.items()}
    return named | {gallery_name(what, seed): form for what, form in examples.items()} | shown_forms(seed)


def _prediction_forms(results: SourceResults, seed: int, windows: int) -> dict[str, Form]:
    """Whether the predicted class is right, and its probability, where predictions are explained."""
    if results.identity.explained != PREDICTED:
        return {}
    forms = (Form("|b1", (windows,)), Form("<f4", (windows,)))
    return {sample_name(what, seed): form for what, form in zip(OF_PREDICTIONS, forms, strict=True)}


def check_windows(results: SourceResults, arrays: Arrays, seed: int) -> None:
    """Refuse arrays of a seed's windows that lack what is needed, or do not agree with each other or with what the results say.

    Raises
    ------
    ValueError
        If they do not.
    """
    predictions = OF_PREDICTIONS if results.identity.explained == PREDICTED else ()
    for what in (*NEEDED, *predictions):
        if sample_name(what, seed) not in arrays:
            raise ValueError(f"no {what} of each window of seed {seed}")
    target = arrays[sample_name("target", seed)]
    _check_count(results, len(target), seed)
    outputs = len(results.models[str(seed)].get("neutral_logits", ())) or MOST_WINDOWS
    _require_range(target, 0, outputs - 1, f"classes of windows of seed {seed}")
    _require_range(arrays.get(sample_name("start", seed)), 0, 1 << 53, f"starts of windows of seed {seed}")
    _require_range(arrays.get(sample_name("probability", seed)), 0, 1, f"probabilities of predicted classes of seed {seed}")
    sketch = arrays.get(sample_name("sketch", seed))
    if sketch is not None and not (np.abs(sketch) <= LARGEST_IN_SKETCH).all():
        raise ValueError(f"a sketch of seed {seed} that is not one of maps of norm 1")
    _check_gallery(results, arrays, seed, len(target))
    check_shown(arrays, seed, len(target))


def check_common(results: SourceResults, arrays: Arrays, seeds: Sequence[int]) -> None:
    """Refuse common windows that are not the same for all seeds."""
    if results.identity.explained != COMMON:
        return
    for what in IDENTIFYING:
        of_seeds = [arrays[name] for seed in seeds if (name := sample_name(what, seed)) in arrays]
        if any(not np.array_equal(one, of_seeds[0]) for one in of_seeds):
            raise ValueError(f"another {what} per window of some seed, where all seeds explain the same windows")


def _check_count(results: SourceResults, windows: int, seed: int) -> None:
    """As many windows are explained as can be and were asked for."""
    asked, model = results.identity.samples, results.models[str(seed)]
    available = model.get("explainable_by_all", model.get("explainable", windows))
    expected = available if asked == "all" else min(asked, available)
    if windows > expected or ("explainable" in model and windows < expected):
        raise ValueError(f"{windows} windows of seed {seed}, of which {expected} were to be explained")


def _require_range(values: np.ndarray | None, low: int, high: int, what: str) -> None:
    if values is not None and not ((values >= low) & (values <= high)).all():
        raise ValueError(f"{what} outside {low} to {high}")


def _check_gallery(results: SourceResults, arrays: Arrays, seed: int, windows: int) -> None:
    """Refuse a gallery that is not whole, or whose scores are not those of its windows."""
    names = [name for name in _window_forms(seed, windows) if name.startswith("gallery/")]
    kept = {name.split("/")[1]: arrays[name] for name in names if name in arrays}
    if not kept:
        return
    if len(kept) < len(names):
        raise ValueError(f"a gallery of seed {seed} with {len(kept)} of {len(names)} arrays")
    _require_range(kept["window"], 0, windows - 1, f"windows of the gallery of seed {seed}")
    _require_range(kept["lead"], 0, 1 << 10, f"leads of the gallery of seed {seed}")
    time = kept["signal"].shape[1]
    if time < 1 or {kept["map"].shape[1], kept["mask"].shape[1]} != {time}:
        raise ValueError(f"signals, maps and masks of different lengths in the gallery of seed {seed}")
    scores = arrays.get(score_name(str(kept["variant"]), str(kept["metric"]), seed))
    # Results of a few cells may have a gallery that was chosen by the scores of another one.
    if not np.isfinite(kept["score"]).all() or (scores is not None and not np.array_equal(scores[kept["window"]], kept["score"])):
        raise ValueError(f"scores of the gallery of seed {seed} that are not those of its windows")

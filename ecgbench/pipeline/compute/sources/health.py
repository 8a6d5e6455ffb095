"""Health of a method's maps: signs that a method is broken before any metric is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.methods import sum_errors
from ecgbench.pipeline.compute.entries import long_entry
from ecgbench.pipeline.compute.subject import Batch, Subject
from ecgbench.protocol import AGREEMENT_WINDOWS
from ecgbench.results import map_correlation
from ecgbench.types import Attributions, Logits, Targets

FLAT_LIMIT = 0.5
"""Share of constant maps above which a method is held to be broken."""


def map_health(maps: Attributions, said: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Measures of a method's maps.

    Parameters
    ----------
    maps : (n, leads, time), signed
    said : (n,) by name, what the method says of its maps: their `total`, and measures of its own

    Returns
    -------
    zeros : share of values that are exactly zero
    flat : share of maps that are constant
    nonfinite : share of maps with a value, or a total, that is not finite
    sum_error : where there is a total, the median of abs(sum - total) / max(abs(total), 1) over maps where both are finite
    and the means of the method's own measures; a measure that has no finite value is left out
    """
    flat = maps.reshape(len(maps), -1)
    finite = np.isfinite(flat).all(axis=1) & np.isfinite(said.get("total", 0))
    health = {
        "zeros": float((flat == 0).mean()),
        "flat": float((flat.min(axis=1) == flat.max(axis=1)).mean()),
        "nonfinite": float((~finite).mean()),
    }
    for name, values in said.items():
        if name == "total":
            if finite.any():
                health["sum_error"] = float(np.median(sum_errors(maps[finite], values[finite])))
        else:
            health |= defined_mean(name, values)
    return health


def defined_mean(name: str, values: np.ndarray) -> dict[str, float]:
    """The mean of the values (n,) that are finite, under a measure's name; nothing if there are none, since JSON has no nan."""
    finite = values[np.isfinite(values)]
    return {name: float(finite.mean())} if finite.size else {}


def illness(measured: Mapping[str, float], sum_within: float | None) -> str:
    """What is wrong with maps, or an empty text (see `missed_sum` for the parameters)."""
    return "; ".join(filter(None, [_broken(measured), missed_sum(measured, sum_within)]))


def _broken(measured: Mapping[str, float]) -> str:
    """What no maps should be, whatever the model."""
    found = []
    if measured["nonfinite"] > 0:
        found.append(f"expected finite maps, got non-finite values in {measured['nonfinite']:.2%} of them")
    if measured["flat"] > FLAT_LIMIT:
        found.append(f"expected at most {FLAT_LIMIT:.0%} constant maps, got {measured['flat']:.0%}")
    return "; ".join(found)


def missed_sum(measured: Mapping[str, float], sum_within: float | None) -> str:
    """By how much maps miss the sum that they promise, or an empty text.

    Parameters
    ----------
    measured : see `map_health`
    sum_within : the largest healthy error of a map's sum; None if nobody promised a total
    """
    if sum_within is None or measured.get("sum_error", np.inf) <= sum_within:
        return ""
    got = f"an error of {measured['sum_error']:.3g}" if "sum_error" in measured else "no total with them"
    return f"expected maps that sum to their total within {sum_within:g}, got {got}"


@dataclass(frozen=True)
class Asked:
    """A method as its agreement with itself asks it again.

    Attributes
    ----------
    key : the method's
    stochastic : whether its maps depend on the seed
    identity : what tells its maps of a batch from any others
    explain : its maps (n, leads, time) of a batch's windows, of any classes (n,) and with any seed
    """

    key: str
    stochastic: bool
    identity: Callable[[Batch], Mapping[str, Any]]
    explain: Callable[[Batch, Targets, int], Attributions]


def agreement_of(method: Asked, subject: Subject, maps: Attributions) -> dict[str, float]:
    """Mean correlation of the first windows' maps with those that a method gives them otherwise.

    Returns
    -------
    seed_agreement : with another seed, for stochastic methods
    class_agreement : of the other class that has the highest logit, if the model has several; a method that ignores the class has 1
    A mean is over the windows where both maps vary, since a constant one correlates with nothing; it is left out if there are none.
    """
    by_batch = [_agreement(method, batch, maps) for batch in subject.first(min(AGREEMENT_WINDOWS, len(subject.explained.target)))]
    arrays = {measure: np.concatenate([arrays[measure] for arrays in by_batch]) for measure in sorted(by_batch[0])}
    return {name: value for measure, values in arrays.items() for name, value in defined_mean(measure, values).items()}


def _agreement(method: Asked, batch: Batch, maps: Attributions) -> Mapping[str, np.ndarray]:
    """Correlations of a batch's maps with those that a method gives them otherwise, by measure."""
    name = f"{method.key}@{artifact_key('agreement', agreement=1, **method.identity(batch))[:16]}"

    def compute() -> tuple[Arrays, dict[str, Any]]:
        others = _other_maps(method, batch)
        said = {"method": method.key, **batch.subject.model.computed_on}
        return {name: map_correlation(maps[batch.part], other) for name, other in others.items()}, said

    return long_entry(batch.subject.store, "agreement", artifact_key("agreement", **batch.identity), name, compute).arrays


def _other_maps(method: Asked, batch: Batch) -> dict[str, Attributions]:
    """The windows' maps with another seed and of another class, as far as there are any."""
    from ecgbench.models import forward

    subject, found = batch.subject, {}
    if method.stochastic:
        found["seed_agreement"] = method.explain(batch, batch.target, subject.seed + 1)
    logits = forward(subject.network, batch.x)
    if logits.shape[1] > 1:
        found["class_agreement"] = method.explain(batch, runners_up(logits, batch.target), subject.seed)
    return found


def runners_up(logits: Logits, target: Targets) -> Targets:
    """The class with the highest logit among those that are not explained, (n,)."""
    others: Logits = np.where(np.arange(logits.shape[1]) == target[:, None], -np.inf, logits)
    classes: Targets = others.argmax(axis=1)
    return classes

"""What a method says of a network, and what is wrong with its maps: a row of the table."""

import copy
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

import ecgbench
from ecgbench.errors import InputError, MapWarning
from ecgbench.methods._promises import MASS

from .properties import BY_HAND, HOMOGENEOUS, POSITIVE, SUMS, TARGET, differs, gradient, is_homogeneous, options_of, without_biases

APPLIES, WARNS, REFUSED = "applies", "warns", "refused"


class Found(NamedTuple):
    """What a method returned for a network and for its windows alone, and what is already known to be wrong with it."""

    says: str
    reason: str
    maps: np.ndarray
    map_alone: np.ndarray | None
    wrong: list[str]


@dataclass(frozen=True)
class Verdict:
    """Of a method and a network.

    Attributes
    ----------
    says : APPLIES, WARNS or REFUSED
    reason : of the warning or refusal
    error : largest error of a map's sum as a share of its total, nan where no sum is known
    wrong : what contradicts what is known of the map although nobody was told
    """

    says: str
    reason: str
    error: float
    wrong: tuple[str, ...]


def verdict(model, x, key):
    """What a method says of a network, built as it is, and of two windows."""
    says, reason, maps = explained(model, x, TARGET, key)
    alone, reason_alone, map_alone = explained(model, x[1:], TARGET[1:], key)
    wrong = []
    if (says == REFUSED) != (alone == REFUSED) and not told_of_maps(reason, reason_alone):
        wrong.append("whether it applies depends on the windows")
    if maps is None:
        return Verdict(says, reason, np.nan, tuple(wrong))
    with torch.compiler.set_stance("force_eager"):  # by hand, what is compiled is taken as it was before
        return checked(model, x, key, Found(says, reason, maps, map_alone, wrong))


def checked(model, x, key, found):
    """The verdict on a map that a method returned."""
    says, reason, maps, map_alone, wrong = found
    if map_alone is not None and differs(map_alone, maps[1:]):
        wrong.append("the map depends on the windows beside it")
    error = np.nan
    if key in BY_HAND and differs(maps, BY_HAND[key](model, x)):
        wrong.append("it is not what the definition gives")
    if key in SUMS:
        error, missed = sum_error(key, model, x, maps)
        wrong += ["it misses its sum, and nobody is told"] * (missed and says == APPLIES)
    if key in POSITIVE and maps.min() < 0:
        wrong.append("a value is negative")
    if not maps.any() and says == APPLIES:
        wrong.append("it is zero, and nobody is told")
    return Verdict(says, reason, error, (*wrong, *homogeneous(model, x, key)))


def told_of_maps(*reasons):
    """Whether each is about the maps: where most of a call's miss their sum it is refused, so that one warned of may be refused alone."""
    return all(reason.startswith("expected maps of ") for reason in reasons)


def explained(model, x, target, key):
    """Verdict, reason and maps, None where it is refused."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            maps = ecgbench.explain(model, x, target, key, **options_of(key, x))
        except InputError as error:
            return REFUSED, str(error), None
    reasons = [str(one.message) for one in told if issubclass(one.category, MapWarning)]
    return (WARNS, reasons[0], maps) if reasons else (APPLIES, "", maps)


def sum_error(key, model, x, maps):
    """The largest error of a sum as a share of its total, and whether one is more than the method promises.

    Where the parts of a map nearly cancel, a thousandth of their absolute values is allowed as well.
    """
    total, by, within = SUMS[key]
    wanted = total(model, x)
    off = np.abs(by(maps) - wanted)
    missed = off > within * np.abs(wanted) + MASS * by(np.abs(maps)) + 1e-9
    return float((off / np.maximum(np.abs(wanted), 1e-12)).max()), bool(missed.any())


def homogeneous(model, x, key):
    """Without biases, where the network is homogeneous, rules of proportion give input times gradient."""
    if key not in HOMOGENEOUS or not is_homogeneous(model := without_biases(copy.deepcopy(model)), x):
        return ()
    large = 1e4 * x  # beside which stabilisers are nothing
    says, _, maps = explained(model, large, TARGET, key)
    wanted = large.numpy() * gradient(model, large)
    return () if says == REFUSED or not differs(maps, wanted, 1e-3) else ("of a network without biases it is not input times gradient",)

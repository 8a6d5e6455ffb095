"""The trials that every entry of every registry must pass, for the package's own entries and for those of others alike.

>>> import ecgbench
>>> from ecgbench.testing import check_entry
>>> check_entry(ecgbench.metrics()["auc"])
"""

from __future__ import annotations

from ecgbench.errors import EntryError, InputError
from ecgbench.registry import Keyed
from ecgbench.testing._axes import AXES

__all__ = ["check_entry"]


def check_entry(entry: Keyed) -> None:
    """Put an entry through the trials of its axis: signature, documentation, values, seeds, independence of windows and more.

    Parameters
    ----------
    entry : a registered method, control, metric, family, dataset or model, such as `ecgbench.methods()["saliency"]`

    Raises
    ------
    EntryError
        At the first trial that it does not pass; says what was expected, what came instead, and the remedy.
    InputError
        If it is no entry of a registry.

    Notes
    -----
    Records that a dataset needs are not looked for: its numbers are checked, and its windows where they need no files.
    """
    axis = AXES.get(type(entry))
    if axis is None:
        raise InputError(f"expected an entry of a registry, got {type(entry).__name__}; pass one such as ecgbench.methods()['saliency'].")
    for trial in axis.trials:
        try:
            trial(entry)
        except EntryError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise EntryError(f'expected of {axis.name} "{entry.key}": {_property_of(trial)}, got {what}; mend what raises it.') from error


def _property_of(trial: object) -> str:
    """What a trial's first line says, without its full stop."""
    return (trial.__doc__ or "").partition("\n")[0].rstrip(".")

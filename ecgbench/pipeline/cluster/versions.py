"""What a client and its workers must have in common, so that a worker computes what the client would."""

from __future__ import annotations

import hashlib
import platform
import re
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from ecgbench.errors import InputError

PACKAGES = ("ecgbench-attribution", "torch", "numpy", "scipy", "scikit-learn")
"""Packages from which values follow."""

Description = Mapping[str, str]
"""Versions by what they are of."""

PLACE = re.compile(r" at 0x[0-9a-f]+", re.IGNORECASE)
"""Where an object lies in memory, as Python shows it."""

SHOWN = 5
"""Differences that an error names."""


def described() -> Description:
    """Versions of Python, of packages and of every registered entry, with its options, in the process that is asked."""
    return {"python": platform.python_version().rpartition(".")[0], **_packages(), **_entries()}


def check_alike(client: Any) -> None:
    """Refuse workers that would compute something else, and a scheduler that cannot read what it hands on.

    Parameters
    ----------
    client : of a Dask cluster

    Raises
    ------
    InputError
        If a version or an entry differs, or one has no ecgbench; it names what and where.
    """
    here, names = described(), (__name__, described.__name__)

    def ask() -> Description | str:  # within a function it goes by value, to a worker without this package too
        from importlib import import_module

        try:
            return getattr(import_module(names[0]), names[1])()  # type: ignore[no-any-return]
        except (ImportError, AttributeError) as error:
            return f"{type(error).__name__}: {error}"

    at_scheduler = client.run_on_scheduler(ask)
    if isinstance(at_scheduler, str):
        raise not_installed("the scheduler", at_scheduler)
    for worker, there in client.run(ask).items():
        if isinstance(there, str):
            raise not_installed(f"worker {worker}", there)
        check_same(here, there, worker)


def not_installed(worker: str, why: str) -> InputError:
    """The refusal of a worker that cannot import what the client asks it to do."""
    from ecgbench import __version__

    return InputError(
        f'expected {worker} to have ecgbench {__version__}, got {why}; pip install "ecgbench-attribution[cluster]=={__version__}" there.'
    )


def check_same(client: Description, there: Description, worker: str) -> None:
    """Refuse one worker that would compute something else; one that joins later asks this of itself.

    Raises
    ------
    InputError
        If a version or an entry differs.
    """
    apart = differences(client, there)
    if apart:
        more = f" and {len(apart) - SHOWN} more" if len(apart) > SHOWN else ""
        raise InputError(
            f"expected worker {worker} to have what the client has, got {'; '.join(apart[:SHOWN])}{more}; install the same there, "
            "entries of your own by an entry point or `dask worker --preload my_package`."
        )


def differences(here: Description, there: Description) -> list[str]:
    """What differs, in words."""
    names = sorted({*here, *there})
    return [
        f"{name} {there.get(name, 'absent')} instead of {here.get(name, 'none')}" for name in names if here.get(name) != there.get(name)
    ]


def _packages() -> Description:
    from ecgbench.pipeline.acceptance.environment import packages

    # A build for a card, such as 2.13.0+cu130, counts as the version that it is of.
    return {name: packages().get(name, "absent").partition("+")[0] for name in PACKAGES}


def _entries() -> Description:
    from ecgbench.controls import CONTROLS
    from ecgbench.datasets import DATASETS
    from ecgbench.methods import METHODS
    from ecgbench.metrics import METRICS
    from ecgbench.models import MODELS, RECIPES

    axes: dict[str, Any] = {
        "dataset": DATASETS,
        "model": MODELS,
        "recipe": RECIPES,
        "method": METHODS,
        "metric": METRICS,
        "control": CONTROLS,
    }
    return {f"{axis} {entry.key}": _entry(entry) for axis, registry in axes.items() for entry in registry}


def _entry(entry: Any) -> str:
    """An entry's version and a digest of its options, whose order says nothing."""
    return f"version {entry.version}, options {hashlib.sha256(told(entry.options).encode()).hexdigest()[:8]}"


def told(value: Any) -> str:
    """An option's value in words that equal values share, whichever process is asked.

    Python's own would show a set in an order that changes from process to process, an object's place in memory, an array's first numbers.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        return told(value.tolist())
    if isinstance(value, Mapping):
        return "{" + ", ".join(sorted(f"{told(key)}: {told(one)}" for key, one in value.items())) + "}"
    if isinstance(value, Set):
        return "{" + ", ".join(sorted(map(told, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(told, value)) + "]"
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return PLACE.sub("", repr(value))

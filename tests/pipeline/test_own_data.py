"""Own data name an architecture that there is."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench import datasets
from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.protocol import Recipe

SIDE = ecgbench.windows(np.random.default_rng(0).standard_normal((4, 1, 64)), [0, 1, 0, 1])
RECORDS = {"folder": "nowhere", "train": ("a",), "test": ("b",), "fs": 128, "window": 64}
DECLARED = {"version": 1, "reference": "mine", "title": "mine", "licence": "own", "source": "here", "megabytes": 0}


def arrays(**numbers):
    return ecgbench.register_arrays("mine", SIDE, SIDE, ("a", "b"), 128, **numbers)


def records(**numbers):
    return ecgbench.register_records("mine", **RECORDS, **numbers)


def function(**numbers):
    recipe = numbers.get("recipe") or Recipe(**numbers, learning_rate=1e-3)
    protocol = replace(DATASETS["synthetic"].protocol, recipe=recipe)
    return ecgbench.register("datasets", **DECLARED, protocol=protocol)(lambda request: None)


@pytest.mark.usefixtures("registries_restored")
def test_architecture_that_nobody_registered_is_refused_before_anything_is_read():
    for register in (arrays, records, function):
        for numbers in ({"architecture": "my_net"}, {"recipe": Recipe("my_net", learning_rate=1e-3)}):
            with pytest.raises(UnknownKeyError, match='expected a key of models, got "my_net"'):
                register(**numbers)
    assert "mine" not in DATASETS

    @ecgbench.register("models", version=1, reference="mine", title="mine")
    def my_net(leads, samples, outputs): ...

    assert arrays(architecture="my_net").protocol.recipe.architecture == "my_net"


def test_signatures_are_those_of_the_datasets():
    for name in ("register_arrays", "register_records"):
        assert inspect.signature(getattr(ecgbench, name)) == inspect.signature(getattr(datasets, name))

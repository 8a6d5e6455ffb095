"""Datasets that must be refused: one for each trial, made of a healthy one of arrays."""

from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench.datasets import DATASETS
from ecgbench.errors import EntryError
from ecgbench.testing import check_entry
from ecgbench.types import Twins

pytestmark = pytest.mark.usefixtures("registries_restored")


def windows(seed):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(6, 2, 200)).astype(np.float32)
    spans = [np.array([[10, 60, 1]])] * 6
    return ecgbench.windows(x, np.array([0, 1, 2, 0, 1, 2]), patient=[f"{seed}-{i}" for i in range(6)], spans=spans)


@pytest.fixture
def healthy():
    return ecgbench.register_arrays("broken", windows(1), windows(2), classes=("N", "S", "V"), fs=100)


def registered(entry):
    DATASETS._entries["broken"] = entry
    return entry


def test_what_is_broken_below_is_healthy_before(healthy):
    check_entry(healthy)


DECLARED = {
    "no licence": ({"licence": ""}, "a licence, got ''"),
    "no source": ({"source": " "}, "a source, got ' '"),
    "size without files": ({"megabytes": 3.0}, "a size and a slug where it needs records, .*, got 3.0 MB, files False, slug ''"),
    "labels twice": ({"labels": ("own", "own")}, "labels that are each named once, got"),
    "no split": ({"splits": ()}, "splits that are each named once, got"),
    "study split": ({"study_split": "random"}, "a study_split among standard, got random"),
}


@pytest.mark.parametrize(("changed", "message"), DECLARED.values(), ids=DECLARED.keys())
def test_declaration_is_refused(healthy, changed, message):
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(registered(replace(healthy, **changed)))


NUMBERS = {
    "rate": ({"fs": 0.0}, "a positive fs, got 0.0"),
    "window": ({"window": -1}, "a positive window, got -1"),
    "threshold": ({"threshold": 1.0}, "a threshold between 0 and 1, got 1.0"),
    "patch": ({"patch": 201}, "a patch of at most 200 samples, got 201"),
    "lead": ({"lead": -1}, "the index of a lead, or None, got -1"),
    "class": ({"classes": ("N",)}, "at least two classes, each named once, got"),
    "classes twice": ({"classes": ("N", "V", "V")}, "at least two classes, each named once, got"),
    "seeds": ({"seeds": ()}, "at least one seed, each named once, got"),
    "precision": ({"precision": "float16"}, "a precision of float32 or float64, got float16"),
    "masks": ({"mask_kinds": ("causal", "spans")}, 'mask_kinds among "spans" and "causal", in this order'),
    "normal": ({"not_explained": ("sinus",)}, "normal labels and those that are not explained among its classes, got sinus"),
    "records twice": ({"train": ("a", "b"), "test": ("b",)}, "records that stand on one side once, got one twice"),
    "one side": ({"train": ("a",)}, "records of both sides, or of none, got 1 and 0"),
    "strangers": ({"train": ("a",), "test": ("b",), "patients": {"c": "a"}}, "patients of its records, got c"),
}


@pytest.mark.parametrize(("changed", "message"), NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_are_refused(healthy, changed, message):
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(registered(replace(healthy, protocol=replace(healthy.protocol, **changed))))


def test_recipe_of_an_unknown_model_is_refused(healthy):
    recipe = replace(healthy.protocol.recipe, architecture="resnet19")
    with pytest.raises(EntryError, match=r"a recipe of .*resnet18, .*, got resnet19; name a registered model"):
        check_entry(registered(replace(healthy, protocol=replace(healthy.protocol, recipe=recipe))))


def loading(healthy, **changed):
    """The dataset with a function that returns something else."""

    def broken(request):
        """Load what is not what the numbers say."""
        found = healthy.function(request)
        side = {name: value for name, value in changed.items() if hasattr(found.test, name)}
        whole = {name: value for name, value in changed.items() if name not in side}
        return replace(found, **whole, test=replace(found.test, **side))

    return registered(replace(healthy, function=broken))


X = windows(2).signal
LOADED = {
    "classes": ({"classes": ("N", "S")}, r"a dataset with classes \('N', 'S', 'V'\)"),
    "name": ({"name": "other"}, "a dataset with name broken, got other"),
    "leads": ({"leads": ("I",)}, r"names of 2 leads, got \('I',\)"),
    "shape": ({"signal": X[..., 1:]}, r"float32 signals \(6, 2, 200\) of test, got float32 \(6, 2, 199\)"),
    "nan": ({"signal": np.where(X > 2, np.float32("nan"), X)}, "finite signals of test, got nan or infinity"),
    "too few spans": ({"spans": [np.array([[10, 60, 1]])] * 5}, "spans of 6 windows of test, got 5"),
    "unknown class": ({"y": np.array([0, 1, 2, 3, 0, 1])}, "labels of 3 classes of test, got int64"),
    "span beyond": (
        {"spans": [np.array([[10, 201, 1]])] * 6},
        r"spans .* within window 0 of test, got \[\[10, 201, 1\]\]",
    ),
    "span backwards": ({"spans": [np.array([[20, 10, 1]])] * 6}, "spans .* within window 0 of test"),
    "span of no class": ({"spans": [np.array([[0, 10, 3]])] * 6}, "spans .* within window 0 of test"),
    "span of no lead": ({"spans": [np.array([[0, 10, 1, 2]])] * 6}, "spans .* within window 0 of test"),
    "span of too much": ({"spans": [np.array([[0, 10, 1, 0, 0]])] * 6}, "spans .* within window 0 of test"),
    "undeclared twins": ({"twin": X + 1}, "twins None of test, as twins says"),
    "undeclared causal mask": ({"causal": np.ones(X.shape, dtype=bool)}, "causal masks None of test, as mask_kinds says"),
}


@pytest.mark.parametrize(("changed", "message"), LOADED.values(), ids=LOADED.keys())
def test_windows_are_refused(healthy, changed, message):
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(loading(healthy, **changed))


def test_spans_of_single_leads_are_healthy(healthy):
    check_entry(loading(healthy, spans=[np.array([[0, 10, 1, 0], [5, 10, 2, 1]])] * 6))


def test_key_that_changes_is_refused(healthy):
    keys = iter("0123")

    def broken(request):
        """Load equal windows under another key each time."""
        return replace(healthy.function(request), key=next(keys))

    with pytest.raises(EntryError, match="equal keys of equal windows, got others"):
        check_entry(registered(replace(healthy, function=broken)))


MADE = {
    "too few": (X[:1], r"float32 twin \(6, 2, 200\), got float32 \(1, 2, 200\)"),
    "partly nan": (np.where(np.arange(200) < 5, np.float32("nan"), X), "each twin of test finite or nan throughout"),
}


@pytest.mark.parametrize(("twin", "message"), MADE.values(), ids=MADE.keys())
def test_twins_that_it_makes_are_refused(healthy, twin, message):
    made = replace(healthy, twins=lambda request, windows, target: Twins(twin, np.full_like(twin, np.nan)))
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(registered(made))


TOLD = {
    "too few": (np.zeros((1, 2, 200), dtype=np.uint8), r"uint8 regions \(6, 2, 200\), got uint8 \(1, 2, 200\)"),
    "real": (np.zeros((6, 2, 200)), r"uint8 regions \(6, 2, 200\), got float64 \(6, 2, 200\)"),
    "unknown": (np.full((6, 2, 200), 3, dtype=np.uint8), "regions 0, 1 and 2, got 3"),
}


@pytest.mark.parametrize(("regions", "message"), TOLD.values(), ids=TOLD.keys())
def test_regions_that_it_tells_are_refused(healthy, regions, message):
    told = replace(healthy, regions=lambda request, windows, target: regions)
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(registered(told))

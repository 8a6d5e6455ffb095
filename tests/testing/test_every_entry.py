"""Every entry of every registry through the trials that all must pass, and what the package asks of its own beyond them."""

import re
import sys
from pathlib import Path

import pytest

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.methods import METHODS
from ecgbench.metrics import CAUSAL, FAITHFULNESS, FAMILIES, LOCALISATION, METRICS
from ecgbench.models import MODELS, RECIPES
from ecgbench.testing import check_entry
from tests.simulated import simulated

REGISTRIES = (CONTROLS, DATASETS, FAMILIES, METHODS, METRICS, MODELS, RECIPES)
WITH_FILES = tuple(registry for registry in REGISTRIES if registry is not FAMILIES)
ENTRIES = [pytest.param(entry, id=f"{registry.name}-{entry.key}") for registry in REGISTRIES for entry in registry]
FROM_FILES = [pytest.param(entry, id=f"{registry.name}-{entry.key}") for registry in WITH_FILES for entry in registry]
PUBLISHED = [entry for entry in FROM_FILES if not entry.id.startswith("controls")]


LONG = (
    *("models-resnet18", "models-resnet18_5", "models-resnet34", "models-resnet50", "models-xresnet1d50"),
    *("models-se_resnet1d", "models-inception_time", "models-cnn_lstm", "models-vit1d", "datasets-synthetic12"),
)
"""Entries whose trials take seconds, beside smaller ones that are built of the same parts."""

TRIED = [pytest.param(*one.values, id=one.id, marks=pytest.mark.slow if one.id in LONG else ()) for one in ENTRIES]


@pytest.mark.parametrize("entry", TRIED)
def test_entry_passes_all_trials(entry, monkeypatch):
    if entry.key in DATASETS.keys() and DATASETS[entry.key].embedded:  # noqa: SIM118
        monkeypatch.setenv("ECGBENCH_CACHE", str(simulated(entry.key).root))
    check_entry(entry)


@pytest.mark.parametrize("entry", FROM_FILES)
def test_key_is_the_files_name(entry):
    assert entry.key == Path(sys.modules[entry.function.__module__].__file__).stem


@pytest.mark.parametrize("registry", WITH_FILES, ids=lambda registry: registry.name)
def test_every_public_file_of_an_axis_holds_an_entry(registry):
    folder = Path(sys.modules[registry._package].__file__).parent
    assert {path.stem for path in folder.glob("[!_]*.py")} - {"families"} == set(registry.keys())


@pytest.mark.parametrize("entry", PUBLISHED)
def test_reference_can_be_looked_up(entry):
    assert re.match(r"doi:10\.\d{4,9}/\S+$|arXiv:\d{4}\.\d{4,5}$|[A-Z].+\d{4}", entry.reference)


@pytest.mark.parametrize(
    "entry", [entry for entry in METRICS if entry.family in (LOCALISATION, FAITHFULNESS, CAUSAL)], ids=lambda entry: entry.key
)
def test_metric_of_localisation_needs_a_mask_and_one_of_faithfulness_the_model_and_of_the_causal_one_twins_too(entry):
    assert ("mask" in entry.asks, bool(entry.asks & {"evaluate", "curves"})) == (entry.family == LOCALISATION, entry.family != LOCALISATION)
    assert ("twin" in entry.asks) == (entry.family == CAUSAL)

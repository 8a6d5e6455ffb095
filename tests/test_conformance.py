"""Every entry of every registry through the same trials, so that a new one joins them by being registered."""

import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import InputError
from ecgbench.methods import METHODS
from ecgbench.metrics import FAITHFULNESS, LOCALISATION, METRICS
from ecgbench.models.resnet import ARCHITECTURES

from .world import World

REGISTRIES = (CONTROLS, DATASETS, METHODS, METRICS)
ENTRIES = [pytest.param(registry.family, entry, id=f"{registry.family}-{entry.key}") for registry in REGISTRIES for entry in registry]
POSITIONAL = {"controls": ("scene",), "datasets": ("request",), "methods": ("model", "x", "target"), "metrics": ("attributions",)}
SUPPLIED = {
    "controls": set(),
    "datasets": set(),
    "methods": {"generators", "generator", "batch_size"},
    "metrics": {"mask", "x", "target", "evaluate", "seed", "multilabel", "shared", "curves", "steps"},
}

every_entry = pytest.mark.parametrize(("family", "entry"), ENTRIES)
every_published = pytest.mark.parametrize(("family", "entry"), [entry for entry in ENTRIES if entry.values[0] != "controls"])
every_dataset = pytest.mark.parametrize("entry", list(DATASETS), ids=DATASETS.keys())
every_metric = pytest.mark.parametrize("entry", list(METRICS), ids=METRICS.keys())


def needs(entry):
    return tuple(getattr(entry, "needs", ()))


def options(family, entry):
    """Parameters that are neither what every entry gets nor what this one needs; a metric's first part has its options."""
    given = {*POSITIONAL[family], *SUPPLIED[family]}
    return [parameter for name, parameter in inspect.signature(optioned(entry)).parameters.items() if name not in given]


def optioned(entry):
    """The function that takes the entry's options."""
    return getattr(entry, "shared", None) or getattr(entry, "perturb", None) or entry.function


@every_entry
def test_key_is_the_functions_and_the_files_name(family, entry):
    assert entry.key == entry.function.__name__ == Path(sys.modules[entry.function.__module__].__file__).stem


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda registry: registry.family)
def test_every_public_file_of_a_family_holds_an_entry(registry):
    folder = Path(sys.modules[f"ecgbench.{registry.family}"].__file__).parent
    assert {path.stem for path in folder.glob("[!_]*.py")} == set(registry.keys())


@every_entry
def test_key_can_stand_in_a_cells_name(family, entry):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", entry.key)
    assert not entry.key.endswith(("_abs", "_causal", "_spans"))


@every_entry
def test_version_is_a_positive_number(family, entry):
    assert type(entry.version) is int
    assert entry.version >= 1


@every_published
def test_reference_can_be_looked_up(family, entry):
    assert re.match(r"doi:10\.\d{4,9}/\S+$|arXiv:\d{4}\.\d{4,5}$|[A-Z].+\d{4}", entry.reference)


@every_entry
def test_function_is_documented(family, entry):
    first = inspect.getdoc(entry.function).splitlines()[0]
    assert first.endswith(".") or ":" in first
    assert len(first) > 20


@every_entry
def test_function_is_called_with_what_is_declared_and_nothing_else(family, entry):
    names = tuple(inspect.signature(entry.function).parameters)
    wanted = needs(entry) if getattr(entry, "perturb", None) else POSITIONAL[family] + needs(entry)
    assert names[: len(wanted)] == wanted
    assert set(needs(entry)) <= SUPPLIED[family]
    assert not SUPPLIED[family].intersection(names[len(wanted) :])


@every_entry
def test_every_option_is_named_typed_and_has_a_default(family, entry):
    for parameter in options(family, entry):
        assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD, parameter.name
        assert parameter.annotation is not parameter.empty, parameter.name
        assert parameter.default is not parameter.empty, parameter.name


@every_entry
def test_every_option_is_documented(family, entry):
    documented = inspect.getdoc(getattr(optioned(entry), "func", optioned(entry)))
    for parameter in options(family, entry):
        assert re.search(rf"^[\w, ]*\b{parameter.name}\b[\w, ]* : ", documented, flags=re.MULTILINE), parameter.name


@every_entry
def test_the_study_sets_options_that_exist_to_other_values(family, entry):
    defaults = {parameter.name: parameter.default for parameter in options(family, entry)}
    for name, value in getattr(entry, "study", {}).items():
        assert defaults[name] != value


@every_dataset
def test_dataset_declares_what_a_user_must_know(entry):
    assert all((entry.title, entry.licence, entry.source))
    assert (entry.megabytes == 0) == (entry.files is None) == entry.embedded
    for offered in (entry.labels, entry.splits, entry.edition_names):
        assert len(set(offered)) == len(offered) >= 1


@every_dataset
def test_datasets_protocol_is_complete_and_consistent(entry):
    protocol = entry.protocol
    assert bool(protocol.slug) == bool(protocol.version)
    assert len(set(protocol.classes)) == len(protocol.classes) >= 2
    assert 0 < protocol.threshold < 1
    assert min(protocol.fs, protocol.window, protocol.patch, protocol.perturbations, protocol.baselines) > 0
    assert len(set(protocol.seeds)) == len(protocol.seeds) >= 1
    assert protocol.precision in ("float32", "float64")
    assert protocol.mask_kinds[:1] in ((), ("spans",))
    assert set(protocol.mask_kinds) <= {"spans", "causal"}
    assert protocol.recipe.architecture in ARCHITECTURES


@every_dataset
def test_records_that_are_named_stand_on_one_side_once(entry):
    records = (*entry.protocol.train, *entry.protocol.test)
    assert len(set(records)) == len(records)
    assert bool(entry.protocol.train) == bool(entry.protocol.test)


@every_metric
def test_metric_declares_family_direction_bounds_and_tolerance(entry):
    low, high = entry.bounds
    assert entry.family in (LOCALISATION, FAITHFULNESS)
    assert type(entry.higher_is_better) is bool
    assert low < high
    assert 0 < entry.atol < 1e-2 * (high - low)


@every_metric
def test_metric_of_localisation_needs_a_mask_and_one_of_faithfulness_the_model(entry):
    asked = {*needs(entry), *(inspect.signature(entry.shared).parameters if entry.shared else ())}
    assert ("mask" in asked, bool(asked & {"evaluate", "curves"})) == (entry.family == LOCALISATION, entry.family == FAITHFULNESS)
    assert ("shared" in needs(entry)) == (entry.shared is not None)
    assert ("curves" in needs(entry)) == (entry.perturb is not None)


@every_metric
@pytest.mark.parametrize("leads", [1, 12])
def test_metrics_scores_of_random_maps_lie_within_its_bounds(entry, leads):
    scores = World(leads=leads).score(entry.key)
    low, high = entry.bounds
    assert scores.shape == (4,)
    assert scores.dtype == np.float64
    assert ((low <= scores) & (scores <= high)).all()


@every_metric
def test_metrics_score_of_a_window_does_not_depend_on_its_batch(entry):
    world = World()
    alone = [world.score(entry.key, slice(i, i + 1))[0] for i in range(4)]
    np.testing.assert_allclose(world.score(entry.key), alone, rtol=1e-9, atol=1e-12)


@every_metric
def test_metric_refuses_maps_that_are_not_finite(entry):
    world = World()
    world.maps = world.maps.copy()
    world.maps[2, 1, 7] = np.nan
    with pytest.raises(InputError, match="expected finite attributions, got nan or infinity in windows 2"):
        world.score(entry.key)


@every_metric
def test_metric_does_not_write_into_its_arguments(entry):
    world = World()
    world.score(entry.key)
    world.assert_untouched()

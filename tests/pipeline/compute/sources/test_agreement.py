"""Agreement of a method's maps with those of another seed and of another class."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.methods import METHODS
from ecgbench.models import forward
from ecgbench.pipeline.compute.sources.health import Asked, agreement_of, runners_up
from ecgbench.protocol import AGREEMENT_WINDOWS
from tests.pipeline.runs import maps_of, model_at, small_run, stages, store_with_logits

SAMPLES = AGREEMENT_WINDOWS + 2


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    return store_with_logits(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def run(artifacts):
    return small_run(artifacts, samples=SAMPLES)


@pytest.fixture
def noisy(registries_restored):
    """A method half of whose map is drawn, so that seeds agree by about a half."""

    @METHODS.register(version=1, reference="", passes=0, needs=("generators",))
    def noisy(model, x, target, generators):
        return x + torch.from_numpy(np.stack([generator.standard_normal(x.shape[1:]) for generator in generators])).to(x)

    return "noisy"


def explained(run, method, seed=1, other_class=False):
    """Maps of the first windows, from the public call."""
    found = run.explained(model_at())
    windows, target = found.windows.x[:AGREEMENT_WINDOWS], found.target[:AGREEMENT_WINDOWS]
    module = run.model(model_at()).module
    if other_class:
        ranked = np.argsort(forward(module, windows), axis=1)[:, ::-1]
        target = np.array([next(class_ for class_ in row if class_ != wanted) for row, wanted in zip(ranked, target, strict=True)])
    return ecgbench.explain(module, windows, target, method, seed=seed)


def mean_correlation(first, second):
    return np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(first, second, strict=True)])


def test_class_agreement_is_the_correlation_with_the_next_best_class(run):
    wanted = mean_correlation(explained(run, "saliency"), explained(run, "saliency", other_class=True))
    found = run.health(maps_of())
    assert found["class_agreement"] == pytest.approx(wanted, abs=1e-9)
    assert "seed_agreement" not in found


def test_seed_agreement_is_the_correlation_with_the_next_seed(run, noisy):
    wanted = mean_correlation(explained(run, noisy), explained(run, noisy, seed=2))
    found = run.health(maps_of(noisy))["seed_agreement"]
    assert found == pytest.approx(wanted, abs=1e-9)
    assert 0.4 < found < 0.6


def test_random_maps_agree_between_classes_and_not_between_seeds(run):
    standard_error = 1 / np.sqrt(AGREEMENT_WINDOWS * explained(run, "random_baseline")[0].size)
    found = run.health(maps_of("random_baseline"))
    assert abs(found["seed_agreement"]) < 4 * standard_error
    assert found["class_agreement"] == pytest.approx(1, abs=1e-12)


def test_constant_maps_agree_with_nothing(run, registries_restored):
    @METHODS.register(version=1, reference="", passes=0, needs=("generator",))
    def mostly_flat(model, x, target, generator):
        return torch.ones_like(x)

    found = run.health(maps_of("mostly_flat"))
    assert not {"seed_agreement", "class_agreement"} & found.keys()
    json.dumps(found, allow_nan=False)


def test_agreement_is_over_the_windows_whose_maps_vary(run, registries_restored):
    first = run.explained(model_at()).windows.x[0]

    @METHODS.register(version=1, reference="", passes=0)
    def flat_on_the_first(model, x, target):
        return torch.where((x == torch.from_numpy(first).to(x)).all(dim=(1, 2), keepdim=True), torch.zeros_like(x), x)

    assert run.health(maps_of("flat_on_the_first"))["class_agreement"] == pytest.approx(1, abs=1e-12)


def test_agreement_is_computed_once_and_its_maps_are_kept_nowhere_else(tmp_path):
    store = store_with_logits(tmp_path / "artifacts")
    maps = small_run(store, samples=SAMPLES).maps(maps_of("random_baseline"))
    assert "agreement" not in stages(store)
    first = small_run(store, samples=SAMPLES).health(maps_of("random_baseline"))
    assert maps.health.items() <= first.items()
    held = list(store)
    assert small_run(store, samples=SAMPLES).health(maps_of("random_baseline")) == first
    assert list(store) == held
    small_run(store, samples=SAMPLES).health(maps_of("saliency"))
    assert stages(store).count("agreement") == 1  # of all methods of a model together
    assert stages(store).count("attributions") == 2


def test_agreement_of_other_samples_is_the_same(artifacts, run):
    fewer = small_run(artifacts, samples=AGREEMENT_WINDOWS).health(maps_of("saliency"))
    assert fewer["class_agreement"] == run.health(maps_of("saliency"))["class_agreement"]


def test_runner_up_has_the_highest_logit_of_the_others():
    logits = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [-5.0, -7.0, -6.0]])
    assert runners_up(logits, np.array([0, 2, 0])).tolist() == [1, 0, 2]


class Biased(torch.nn.Module):
    """Logits 0, 1, 2, ... of any window."""

    def __init__(self, outputs):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.arange(float(outputs)))

    def forward(self, x):
        return self.logits.repeat(len(x), 1)


@pytest.mark.parametrize(("outputs", "asked"), [(1, []), (2, [1]), (3, [2])])
def test_class_that_is_compared_with_is_the_other_one_of_two_and_none_where_there_is_one(tmp_path, run, outputs, asked):
    whole = run.subject(model_at())
    of_class_0 = replace(whole.explained, target=np.zeros_like(whole.explained.target))
    model = replace(whole.model, module=Biased(outputs))
    subject, seen = replace(whole, model=model, explained=of_class_0, store=ArtifactStore(tmp_path)), []

    def negated(batch, target, seed):
        seen.extend(np.unique(target))
        return -batch.x

    method = Asked("negated", False, lambda batch: {}, negated)
    found = agreement_of(method, subject, of_class_0.windows.x)
    assert (seen, found) == (asked, {"class_agreement": pytest.approx(-1)} if asked else {})

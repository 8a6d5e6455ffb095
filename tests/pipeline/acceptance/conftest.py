"""Runs whose cells are accepted, and where to."""

import pytest

from ecgbench.models import save_model
from ecgbench.pipeline import import_model
from tests.pipeline.runs import model_at, small_run, store_with_logits


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory):
    """A store that the tests share, since none of them is about it."""
    return store_with_logits(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def run(artifacts):
    return small_run(artifacts)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "scores"


@pytest.fixture
def other_run(tmp_path):
    """Of the same windows with another model, as if it had been trained elsewhere."""
    store = store_with_logits(tmp_path / "other")
    dataset = small_run(store).dataset("synthetic")
    second = small_run(store).model(model_at(2)).module.float()
    save_model(second, {}, tmp_path / "second.safetensors")
    import_model(dataset, 1, tmp_path / "second.safetensors", store)
    return small_run(store)

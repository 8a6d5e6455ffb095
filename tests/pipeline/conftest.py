"""What the tests of submitted maps share: a store, and the run with which an author packs maps."""

import pytest

from ecgbench.pipeline import Run
from tests.pipeline.runs import small_run, store_with_logits
from tests.pipeline.submissions.submission_files import SAMPLES


@pytest.fixture(scope="session")
def evaluator_store(tmp_path_factory):
    """A store in which no test computes scores of files that are refused."""
    return store_with_logits(tmp_path_factory.mktemp("evaluator"))


@pytest.fixture(scope="session")
def author(evaluator_store) -> Run:
    """What an author packs maps with."""
    return small_run(evaluator_store, samples=SAMPLES)


@pytest.fixture(scope="session")
def everything(evaluator_store) -> Run:
    """What an author packs maps of all windows with that can be explained."""
    return small_run(evaluator_store, samples="all")

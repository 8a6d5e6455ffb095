"""Damaged and forged files of models: each is refused in one line, or holds the weights whose digests it announces."""

import json

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import EcgbenchError
from ecgbench.pipeline import Options, submitted_models
from tests.attacks.test_submissions import ATTACKS
from tests.pipeline.submissions.submission_files import split_file
from tests.pipeline.submissions.submitted_models import import_models, packed_models_of, register

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("registries_restored")]


@pytest.fixture
def content(tmp_path):
    register()
    store = ArtifactStore(tmp_path / "store")
    import_models(store, tmp_path)
    return packed_models_of(store)


def test_forged_file_of_models_is_refused_or_holds_what_it_announces(tries, content, tmp_path):
    path, options = tmp_path / "file.safetensors", Options(store=ArtifactStore(tmp_path / "reviewer"))
    refusals = []
    for number in tries(2000):
        rng = np.random.default_rng(number)
        path.write_bytes(ATTACKS[rng.integers(len(ATTACKS))](content, rng))
        try:
            run, cells = submitted_models(path, options, ("saliency",), ("auc",))
        except EcgbenchError as error:
            refusals.append(str(error))
            continue
        announced = json.loads(split_file(path.read_bytes())[0]["__metadata__"]["ecgbench"])["seeds"]
        assert {str(cell.seed): run.model(cell.of_model).digest for cell in cells} == announced
    assert refusals
    assert not [said for said in refusals if "\n" in said]

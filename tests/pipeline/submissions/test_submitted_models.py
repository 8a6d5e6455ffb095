"""Models as a submission: what a file of them says, and what is refused."""

import json

import numpy as np
import pytest
from safetensors.numpy import load, save

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import CheckpointError, InputError
from ecgbench.models import MODELS
from ecgbench.pipeline import AboutModels, Options, holds_models, submitted_models
from ecgbench.untrusted.safetensors_header import OWN
from tests.pipeline.submissions.submission_files import split_file, with_header
from tests.pipeline.submissions.submitted_models import ABOUT, DATASET, MODEL, import_models, packed_models_of, register

pytestmark = pytest.mark.usefixtures("registries_restored")


@pytest.fixture
def store(tmp_path):
    register()
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def content(store, tmp_path):
    import_models(store, tmp_path)
    return packed_models_of(store)


@pytest.fixture
def submitted(tmp_path):
    """Read a file in a store that holds no model."""

    def read(content):
        path = tmp_path / "file.safetensors"
        path.write_bytes(content)
        assert holds_models(path)
        return submitted_models(path, Options(store=ArtifactStore(tmp_path / "reviewer")), ("saliency",), ("auc",))

    return read


def said(content):
    return json.loads(split_file(content)[0]["__metadata__"][OWN])


def with_text(content, **changed):
    def change(header):
        header["__metadata__"][OWN] = json.dumps(json.loads(header["__metadata__"][OWN]) | changed)

    return with_header(content, change)


def test_models_are_those_of_the_file_and_kept_nowhere(content, submitted):
    run, cells = submitted(content)
    assert {(cell.dataset, cell.model, cell.source, cell.metric) for cell in cells} == {(DATASET, MODEL, "saliency", "auc")}
    assert {cell.seed for cell in cells} == {1, 2}
    for cell in cells:
        assert run.model(cell.of_model).digest == said(content)["seeds"][str(cell.seed)]
    assert not [stage for stage, _ in run.options.store if stage == "model"]
    assert run.given.about["authors"] == ABOUT.authors
    assert run.given.command.endswith("file.safetensors --update-scores")


def test_file_is_the_same_whenever_it_is_packed(content, store):
    assert packed_models_of(store) == content


def test_models_that_are_not_here_are_not_trained_to_be_packed(store, tmp_path):
    import_models(store, tmp_path, seeds=(1,))
    with pytest.raises(InputError, match=r"got none of seed 2; train it, `ecgbench train raised_samples --model tiny --seed 2`"):
        packed_models_of(store)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (AboutModels("me", saw_test_set=False), "expected a reference as doi:10"),
        (AboutModels("doi:10.1000/xyz", "<b>", saw_test_set=False), "expected authors as one line"),
        (AboutModels("doi:10.1000/xyz", "", "a\nb", saw_test_set=False), "expected description as one line"),
    ],
)
def test_texts_that_no_page_shows_are_refused(store, about, message):
    with pytest.raises(InputError, match=message):
        packed_models_of(store, about)


def with_tensors(content, change):
    tensors = {name: array.copy() for name, array in load(content).items()}
    change(tensors)
    return save(tensors, split_file(content)[0]["__metadata__"])


def test_other_weights_than_those_of_the_announced_digests_are_refused(content, submitted):
    def nudge(tensors):
        tensors["2/4.bias"] += np.float32(1e-3)

    with pytest.raises(InputError, match="weights of other digests than it announces"):
        submitted(with_tensors(content, nudge))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.update({"1/4.bias": np.full(2, np.nan, np.float32)}), "expected finite weights"),
        (lambda tensors: tensors.pop("1/4.bias"), "tensor"),
        (lambda tensors: tensors.update({"1/4.bias": np.zeros(3, np.float32)}), "of shape"),
        (lambda tensors: tensors.update({"3/4.bias": np.zeros(2, np.float32)}), "expected networks of seeds 1, 2"),
    ],
    ids=["nan", "missing", "shape", "seed"],
)
def test_weights_that_are_none_of_the_architecture_are_refused(content, submitted, change, message):
    with pytest.raises(CheckpointError, match=message):
        submitted(with_tensors(content, change))


def test_models_of_other_data_seeds_and_forms_are_refused(content, submitted):
    text = said(content)
    with pytest.raises(InputError, match="expected models of the windows of raised_samples that are here, got others: windows"):
        submitted(with_text(content, identity=text["identity"] | {"windows": "0" * 64}))
    with pytest.raises(InputError, match="expected models of seeds 1, 2 of raised_samples, got 1; pack all of them"):
        submitted(with_text(content, seeds={"1": text["seeds"]["1"]}))
    with pytest.raises(InputError, match="networks of"):
        submitted(with_text(content, network=text["network"] | {"outputs": 5}))


def test_architecture_that_is_not_registered_is_refused_with_the_remedy(content, submitted, monkeypatch):
    monkeypatch.delitem(MODELS._entries, MODEL)
    with pytest.raises(CheckpointError, match="register it first"):
        submitted(content)


def test_results_of_models_that_were_not_submitted_stay(content, submitted, tmp_path):
    from ecgbench.pipeline import check_models_place
    from ecgbench.pipeline.compute.run import Run

    run, cells = submitted(content)
    check_models_place(run, cells, tmp_path / "scores")

    class Others:
        submitted_models = None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "accepted", lambda *_: Others())
        with pytest.raises(InputError, match="register the architecture under another name"):
            check_models_place(run, cells, tmp_path / "scores")
    assert ecgbench.models()[MODEL].title == "a convolution and a mean"

"""A third party's architecture, from its registration to the pages."""

import argparse
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.leaderboard import write_pages
from ecgbench.models import MODELS, save_model, untrained
from ecgbench.pipeline import SELECTION_ARGUMENTS, MapsAddress, ModelAddress, Options, Run, judge, selection_from
from ecgbench.results import read_file
from tests.pipeline.runs import accepted_files

DATASET, OWN, USUAL = "raised_samples", "small_transformer", "resnet18_7_narrow"
OF = ModelAddress(DATASET, OWN, 1)
FOLDER = f"{DATASET}@samples-4"
CHOSEN = ("--dataset", DATASET, "--method", "saliency", "--method", "slope", "--metric", "auc", "--metric", "region_perturbation_morf")


class SmallTransformer(nn.Module):
    """A patch embedding, one encoder layer with dropout, and the mean over patches."""

    def __init__(self, leads, samples, outputs):
        super().__init__()
        self.patches = nn.Conv1d(leads, 16, 16, stride=8)
        self.place = nn.Parameter(torch.zeros(1, (samples - 16) // 8 + 1, 16))
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.out = nn.Linear(16, outputs)

    def forward(self, x):
        return self.out(self.encoder(self.patches(x).transpose(1, 2) + self.place).mean(dim=1))


def side(seed, count):
    """Noise; every second window is raised at 100 to 140."""
    x, y = np.random.default_rng(seed).standard_normal((count, 1, 256)), np.arange(count) % 2
    x[y == 1, :, 100:140] += 4
    return ecgbench.windows(x, y, patient=np.arange(count) // 4 + 100 * seed, spans=[[[100, 140, int(class_)]] for class_ in y])


@pytest.fixture
def registered_one(registries_restored):
    usual = {"architecture": USUAL, "learning_rate": 1e-2, "epochs": 6, "threshold": 0.5}
    ecgbench.register_arrays(DATASET, side(0, 96), side(1, 32), ("normal", "raised"), 128, **usual)
    recipe = {"epochs": 8, "learning_rate": 5e-3, "batch_size": 16}

    @ecgbench.register("models", version=1, reference="this test", title="Transformer", gradcam_layer="patches", recipe=recipe)
    def small_transformer(leads, samples, outputs):
        return SmallTransformer(leads, samples, outputs)


def selected(*arguments):
    parser = argparse.ArgumentParser()
    for flag, options in SELECTION_ARGUMENTS.items():
        parser.add_argument(flag, **options)
    return selection_from(parser.parse_args(arguments)).cells()


def run_in(folder):
    return Run(Options(samples=4, store=ArtifactStore(folder)))


def check_trained(run, folder):
    """By its own recipe, dropout included, twice to the same weights; saved, and loaded without being told what it is."""
    model, state = run.model(OF), torch.random.get_rng_state()
    assert isinstance(model.module, SmallTransformer)
    assert (model.info["recipe"]["epochs"], model.info["recipe"]["architecture"]) == (8, OWN)
    assert model.info["test"]["accuracy"] > 0.9
    assert run_in(folder / "again").model(OF).digest == model.digest
    assert torch.equal(torch.random.get_rng_state(), state)
    save_model(model.module, model.info, folder / "model.safetensors")
    loaded, x = ecgbench.load_model(folder / "model.safetensors"), torch.from_numpy(run.explained(OF).windows.x)
    with torch.inference_mode():
        assert torch.equal(loaded(x), model.module(x))


def check_explained(run):
    """By gradients, by Grad-CAM of the layer that it names, and by the rules of what it calls."""
    explained, module = run.explained(OF), run.model(OF).module
    maps = ecgbench.explain(module, explained.windows.x, explained.target, "saliency", seed=1)
    np.testing.assert_allclose(run.maps(MapsAddress(DATASET, OWN, "saliency", 1)).values, maps, rtol=1e-4, atol=1e-7)
    assert run.maps(MapsAddress(DATASET, OWN, "gradcam", 1)).values.shape == maps.shape
    assert run.maps(MapsAddress(DATASET, OWN, "lrp", 1)).health["sum_error"] < 1e-3


def check_accepted(run, cells, root):
    """In a folder of its own, beside the usual architecture's, where its scores stand."""
    assert {path.relative_to(root).as_posix() for path in accepted_files(run, cells, root)} == {
        f"{FOLDER}/{model}/{source}.json" for model in (OWN, USUAL) for source in ("saliency", "slope")
    }
    assert read_file(root / FOLDER / OWN / "saliency.json").identity.model == OWN
    assert {judge(run, cell, run.scores(cell), root).status for cell in cells} == {"accepted"}


@pytest.mark.slow
@pytest.mark.usefixtures("registered_one")
def test_architecture_of_ones_own_is_trained_explained_scored_accepted_and_shown_beside_the_usual_one(tmp_path):
    run = run_in(tmp_path / "store")
    check_trained(run, tmp_path)
    check_explained(run)
    own, usual = selected(*CHOSEN, "--model", OWN), selected(*CHOSEN)
    assert ({cell.model for cell in own}, {cell.model for cell in usual}) == ({OWN}, {USUAL})
    assert own[0].id == f"{DATASET}-{OWN}-saliency-auc-seed1"
    assert all(np.isfinite(run.scores(cell).values).all() for cell in own)
    check_accepted(run, [*own, *usual], tmp_path / "scores")
    readme = tmp_path / "README.md"
    readme.write_text(f"<!-- leaderboard:begin {FOLDER} -->\n<!-- leaderboard:end -->\n")
    pages = [path for path in write_pages(tmp_path / "scores", tmp_path / "pages", readme) if path.name.startswith(DATASET)]
    assert {path.name for path in pages if path.suffix == ".md"} == {f"{FOLDER}.md", f"{FOLDER}-{OWN}.md"}
    assert all("saliency" in path.read_text() for path in pages if path.suffix == ".md")


@pytest.mark.usefixtures("registered_one")
def test_architecture_without_a_layer_for_gradcam_has_the_last_that_stands_in_time(monkeypatch):
    monkeypatch.setitem(MODELS._entries, OWN, replace(MODELS[OWN], gradcam_layer=""))
    network, x = untrained(OWN, 2, samples=256), np.random.default_rng(0).standard_normal((2, 1, 256), dtype=np.float32)
    found = ecgbench.explain(network, x, 1, "gradcam")
    assert found.shape == x.shape
    assert (np.ptp(found, axis=2) > 0).all()

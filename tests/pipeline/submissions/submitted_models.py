"""A dataset and an architecture of a test's own, both tiny, and a file of its models."""

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.models import Form, save_model, untrained
from ecgbench.pipeline import AboutModels, Options, Run, import_model, pack_models
from tests.datasets.own.raised_windows import TIME, side

DATASET, MODEL, SEEDS = "raised_samples", "tiny", (1, 2)
ABOUT = AboutModels("doi:10.1000/xyz", "A. Author", "two convolutions", saw_test_set=False)


def register():
    """Register both; the test's own fixture forgets them."""
    ecgbench.register_arrays(DATASET, side(0), side(1), classes=("normal", "raised"), fs=128, seeds=SEEDS)

    @ecgbench.register("models", version=1, reference="made up", title="a convolution and a mean", recipe={"epochs": 1})
    def tiny(leads, samples, outputs):
        from torch import nn

        return nn.Sequential(nn.Conv1d(leads, 2, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(2, outputs))


def import_models(store: ArtifactStore, folder, seeds=SEEDS) -> None:
    """Take untrained networks as the dataset's models."""
    for seed in seeds:
        path = folder / f"{seed}.safetensors"
        form = {"model": MODEL, "leads": 1, "samples": TIME, "outputs": 2}
        save_model(untrained(MODEL, 2, seed, samples=TIME), {"form": form}, path)
        import_model(ecgbench.load_dataset(DATASET), seed, path, store, MODEL)
    assert Form(**form).model == MODEL


def packed_models_of(store: ArtifactStore, about=ABOUT) -> bytes:
    return pack_models(Run(Options(store=store)), DATASET, MODEL, about)

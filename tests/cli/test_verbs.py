"""What each verb says of itself, lists, and does with models and their maps."""

import json
import re
from collections import Counter

import numpy as np

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import fetch_command
from ecgbench.metrics import FAMILIES
from ecgbench.models import model_digest, save_model, shipped_record, untrained
from ecgbench.protocol import MITDB
from tests.pipeline.runs import model_at, small_run

VERBS = (
    *("datasets", "models", "recipes", "methods", "controls", "metrics", "download", "verify", "simulate", "train", "explain", "run"),
    *("report", "rate", "windows", "submit", "evaluate", "leaderboard", "compare", "scores", "results", "cache", "completion"),
)


# Help


def test_help_names_every_verb_and_every_verb_explains_itself(ecg):
    assert re.findall(r"^    (\w+)", ecg("--help").partition("verbs:")[2], re.MULTILINE) == list(VERBS)
    assert ecg() == ecg("--help")
    for verb in VERBS:
        assert ecg(verb, "--help").startswith(f"usage: ecgbench {verb}")


# models, methods, controls, metrics


def test_every_entry_is_listed_with_what_it_is_and_its_source(ecg):
    for axis in ("models", "methods", "controls", "metrics"):
        entries, lines = getattr(ecgbench, axis)(), ecg(axis).splitlines()[2:]
        assert {line.split()[0] for line in lines} == set(entries)
        assert all(line.rstrip().endswith(entries[line.split()[0]].reference) for line in lines)
    families = [line.split()[1] for line in ecg("metrics").splitlines()[2:]]
    counts = {"localisation": 8, "causal": 5, "donor": 3, "faithfulness": 3, "waves": 3, "consistency": 2, "sanity": 6, "complexity": 2}
    assert Counter(families) == counts
    order = [FAMILIES[family].order for family in families]
    assert order == sorted(order)


# datasets


def test_every_edition_is_listed_with_licence_and_where_its_records_are(ecg):
    lines = ecg("datasets").splitlines()[2:]
    editions = [(entry, edition) for entry in ecgbench.datasets().values() for edition in entry.edition_names]
    for line, (entry, edition) in zip(lines, editions, strict=True):
        assert line.startswith(f"{entry.key} ")
        assert edition in line
        assert entry.title in line
        assert entry.licence in line
        assert line.rstrip().endswith("embedded" if entry.embedded else fetch_command(entry.numbers(edition)))
        assert entry.embedded or " absent " in line


def test_records_are_listed_as_here_when_all_files_are_and_as_partial_before(ecg, tmp_path):
    folder = tmp_path / "data" / "mitdb" / "1.0.0"
    folder.mkdir(parents=True)
    paths = [folder / f"{name}{suffix}" for name in (*MITDB.train, *MITDB.test) for suffix in (".hea", ".dat", ".atr")]
    for path in paths[1:]:
        path.touch()
    (line,) = [line for line in ecg("datasets").splitlines() if line.startswith("mitdb")]
    assert " 131 of 132 " in line
    assert line.endswith("ecgbench download mitdb")
    paths[0].touch()
    (folder / "SIMULATED").touch()
    (line,) = [line for line in ecg("datasets").splitlines() if line.startswith("mitdb")]
    assert " here, simulated " in line
    assert line.endswith(str(folder))


# train


def test_shipped_model_is_shown_with_its_accuracy_and_written_of_the_first_seed_where_none_is_named(ecg, tmp_path):
    said = ecg("train", "synthetic", "--seed", "2", "--out", "model.safetensors")
    recorded = shipped_record("synthetic-resnet18_7_narrow-seed2")
    assert said.startswith(
        f"synthetic resnet18_7_narrow seed 2: shipped, precision {recorded['precision']}, weights {recorded['digest'][:12]}"
    )
    assert f"test accuracy: {recorded['test']['accuracy']}" in said
    assert model_digest(ecgbench.load_model(tmp_path / "model.safetensors")) == recorded["digest"]
    assert json.loads((tmp_path / "model.json").read_text())["origin"] == "shipped"
    assert ecg("train", "synthetic").startswith("synthetic resnet18_7_narrow seed 1: shipped")


def test_given_weights_become_the_datasets_model(ecg, own_store, tmp_path):
    save_model(untrained("resnet18_7_narrow", 3, seed=5), {}, tmp_path / "own.safetensors")
    digest = model_digest(untrained("resnet18_7_narrow", 3, seed=5))
    wanted = f"synthetic resnet18_7_narrow seed 1: imported, precision unknown, weights {digest[:12]}"
    assert ecg("train", "synthetic", "--from", "own.safetensors").startswith(wanted)
    assert ecg("train", "synthetic").startswith(wanted)
    assert ecg("train", "synthetic", "--seed", "2").startswith("synthetic resnet18_7_narrow seed 2: shipped")


# explain


def test_maps_are_those_of_the_public_call(ecg, tmp_path):
    method = "random_baseline"
    said = ecg("explain", "synthetic", "--method", method, "--samples", "3", "--seed", "2", "--out", "maps.npz")
    assert said.startswith(f"3 maps of {method} written to maps.npz")
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as held:
        found = dict(held)
    model = ecgbench.train("synthetic", seed=2).double()
    np.testing.assert_allclose(found["attributions"], ecgbench.explain(model, found["x"], found["target"], method, seed=2), atol=1e-12)
    explained = small_run(ArtifactStore(), samples=3).explained(model_at(2))
    np.testing.assert_array_equal(found["x"], explained.windows.x)
    np.testing.assert_array_equal(found["target"], explained.target)
    for name in ("record", "patient", "start"):
        np.testing.assert_array_equal(found[name], getattr(explained.windows, name))

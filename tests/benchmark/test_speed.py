"""The scripts that race us against others: they run and say what they should, on a tiny network; times are never judged."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.models import model_digest, untrained

from .races import table

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("no_collection")


@pytest.fixture(scope="module")
def speed():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "speed")
        yield importlib.import_module("methods")


@pytest.fixture
def course(speed):
    """Three windows and few samples on the narrow network."""
    x = np.random.default_rng(0).standard_normal((3, 1, 200), dtype=np.float32)
    few = {"heavy_windows": 1, "batch_windows": 2, "repeats": 1, "steps": 2, "samples": 6, "baselines": 2}
    few |= {"copies": 2, "masks": 3, "permutations": 2}
    return speed.Course(untrained("resnet18_7_narrow", 4), x, np.array([0, 1, 3]), speed.Setting(windows=3, **few))


def test_races_are_of_methods_that_exist(speed):
    assert set(speed.RACES) <= set(ecgbench.methods())


def test_report_has_a_row_for_every_race(speed, course):
    text = speed.report(course, list(speed.RACES))
    assert "torch" in text
    assert "default memory layout" in text
    found = table(text)
    assert [key for key in found if key != "deep_shap (2 windows)"] == list(speed.RACES)
    assert {len(cells) for cells in found.values()} == {len(speed.HEADER) - 1}
    assert found["integrated_gradients"][4] == "2 forward+backward"
    assert found["lime"][4] == "6 forward"
    assert found["shapley_patches"][4] == f"{2 * 9} forward"
    assert found["deep_shap (2 windows)"][2] == "-"
    assert {key for key, cells in found.items() if cells[-2] == "-"} == {"lrp", "lrp_epsilon", "lrp_gamma"}
    assert {key for key, cells in found.items() if cells[2] == "-"} == {"layercam", "lrp_gamma", "rise", "deep_shap (2 windows)"}


def test_maps_are_recognised_as_the_same(speed, course):
    assert max(course.difference(key) for key in ("input_gradient", "guided_backprop", "integrated_gradients")) < speed.SAME


def test_captum_does_not_take_part_where_it_is_skipped(speed, course, capsys):
    setting = speed.replace(course.setting, captum=False)
    found = table(speed.report(speed.Course(course._model, course.x, course.target, setting), ["saliency"]))
    assert (found["saliency"][2], found["saliency"][3], found["saliency"][-1]) == ("-", "-", "-")
    assert "saliency" in capsys.readouterr().err


def test_race_leaves_all_networks_as_they_were(speed, course):
    networks = (course._model, course._bare, course._theirs)
    before = [model_digest(network) for network in networks]
    speed.report(course, ["lrp", "guided_gradcam", "deep_lift"])
    assert [model_digest(network) for network in networks] == before
    assert not any(parameter.requires_grad for parameter in course._bare.parameters())
    assert all(parameter.requires_grad and parameter.is_contiguous() for parameter in course._theirs.parameters())


def test_ways_to_follow_a_perturbation_are_raced_after_their_logits_were_compared(speed, monkeypatch):
    perturbation = importlib.import_module("perturbation")
    x = np.random.default_rng(0).standard_normal((1, 1, 100), dtype=np.float32)
    assert len(perturbation.raced("xresnet1d_narrow", x, 1, torch.float32)) == len(perturbation.HEADER) - 1
    monkeypatch.setattr(perturbation, "SAME", 0)
    with pytest.raises(SystemExit, match="expected equal logits of xresnet1d_narrow, got"):
        perturbation.raced("xresnet1d_narrow", x, 1, torch.float32)


def test_calls_take_turns(speed):
    said = []
    seconds = speed.alternate([(name, lambda name=name: said.append(name)) for name in "aba"], 2)
    assert "".join(said) == "abaaba"
    assert set(seconds) == {"a", "b"}


def test_missing_golden_file_is_named_with_its_remedy(speed, tmp_path, monkeypatch):
    monkeypatch.setenv("ECGBENCH_SHARED", str(tmp_path))
    with pytest.raises(SystemExit, match=r"mitdb_resnet18_7.safetensors.*ECGBENCH_SHARED"):
        speed.main([])


def test_numbers_that_make_no_race_are_refused(speed, capsys):
    with pytest.raises(SystemExit):
        speed.main(["--repeats", "0"])
    assert "expected repeats of at least 1, got 0" in capsys.readouterr().err


def test_golden_windows_repeat_without_being_equal(speed, shared):
    x, target = speed.golden_windows(20)
    assert x.dtype == np.float32
    assert x.shape == (20, 1, 2880)
    assert np.array_equal(target[:4], target[16:])
    assert 0 < np.abs(x[:4] - x[16:]).max() < 0.1

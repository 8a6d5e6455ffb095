"""The scripts that race our metrics and the whole grid: they run, compare values first and say what they should; times are never judged."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.models import untrained
from tests.pipeline.runs import store_with_windows

from .races import table

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("no_collection"),
    pytest.mark.filterwarnings("ignore:divide by zero encountered:RuntimeWarning"),
]


@pytest.fixture(scope="module")
def scripts():
    """The scripts, imported as if they were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "speed")
        yield {name: importlib.import_module(name) for name in ("metrics", "grid", "methods", "further")}


def windows(count, time=1700):
    return np.random.default_rng(0).standard_normal((count, 1, time), dtype=np.float32), np.arange(count) % 4


def network():
    return untrained("resnet18_7_narrow", 4).eval()


@pytest.fixture
def course(scripts):
    """Three windows on the narrow network; long enough for a hundred patches."""
    setting = scripts["metrics"].Setting(windows=3, few=1, batch=3, variants=2, repeats=1)
    return scripts["metrics"].Course(network(), *windows(3), setting)


def test_race_has_a_row_for_every_metric_and_compares_all_with_quantus(scripts, course):
    found = table(scripts["metrics"].report(course, course))
    names = {
        "region perturbation",
        "donor morf",
        "faithfulness correlation",
        *(entry.key.replace("_", " ") for entry in METRICS if entry.oracle is not None and "mask" in entry.needs),
    }
    assert {row.partition(",")[0] for row in found} == names
    assert all(float(cells[-1]) <= scripts["metrics"].SAME for cells in found.values())
    assert {cells[-2] for cells in found.values()} <= {"met", "missed"}
    assert found["region perturbation, trained"][3] != "-"
    assert found["auc"][7] != "-"


def test_other_values_are_not_raced(scripts, course, monkeypatch):
    real = course.ours
    monkeypatch.setattr(course, "ours", lambda *given, **options: real(*given, **options) + 1e-4)
    with pytest.raises(SystemExit, match=r"expected the same scores of \w+ and Quantus, got 1\.0e-04"):
        list(scripts["metrics"].localisation(course))


def test_grid_has_every_part_and_their_sum(scripts, capsys, monkeypatch):
    few = ("saliency", "integrated_gradients", "random_baseline")
    monkeypatch.setattr(METHODS, "_entries", {key: METHODS[key] for key in few})
    monkeypatch.setattr(scripts["grid"], "RACES", {key: scripts["grid"].RACES[key] for key in few[:2]})
    setting = scripts["methods"].Setting(steps=2, samples=4, baselines=2)
    found = table(scripts["grid"].report(scripts["grid"].Grid(network(), *windows(1), setting)))
    assert list(found) == ["attributions", *scripts["grid"].PARTS, "all"]
    assert found["all"][1] == found["all"][3] == "100%"
    assert "perturbation: " in capsys.readouterr().err


def test_grid_scores_every_metric_that_another_implementation_has(scripts):
    scored = [key for keys in scripts["grid"].PARTS.values() for key in keys]
    assert sorted(scored) == sorted(entry.key for entry in METRICS if entry.oracle is not None)


def test_further_maps_are_raced_in_every_situation(scripts, tmp_path):
    further, store = scripts["further"], store_with_windows(tmp_path)
    found = table(further.report(further.Course(2, 1, store), ("saliency",)))
    assert set(found) == {f"saliency, {key.replace('_', ' ')}" for key in further.situations()}
    assert found["saliency, randomised"][:2] == ["3", "3"]
    with pytest.raises(SystemExit):
        further.main(["--windows", "17"])


@pytest.mark.parametrize(("script", "given"), [("metrics", ["--repeats", "0"]), ("grid", ["--windows", "17"])])
def test_missing_golden_file_and_numbers_that_make_no_race_are_refused(scripts, script, given, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ECGBENCH_SHARED", str(tmp_path))
    with pytest.raises(SystemExit, match=r"mitdb_resnet18_7.safetensors.*ECGBENCH_SHARED"):
        scripts[script].main([])
    with pytest.raises(SystemExit):
        scripts[script].main(given)
    assert "invalid choice" in capsys.readouterr().err

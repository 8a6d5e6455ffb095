"""What the cross-check compares on data of any kind."""

from types import SimpleNamespace

import numpy as np
import pytest

import ecgbench
from benchmark._crosscheck import crosscheck, crosschecks, untied
from ecgbench.artifacts import ArtifactStore
from ecgbench.models import untrained
from ecgbench.pipeline import Address

MODEL, KEYS = "resnet18_7_narrow", ("auc", "auc_pr", "relevance_rank_accuracy", "top_k_intersection", "gini")


def spanned(time, spans):
    """Three raised windows, whose label has these spans."""
    x = np.random.default_rng(0).standard_normal((3, 1, time)).astype(np.float32)
    return ecgbench.windows(x, [1, 1, 1], spans=[[[*span, 1] for span in spans] for spans in spans])


def crossed_on(windows, metric, store):
    """The scores that are compared for one metric on windows that an untrained network is said to explain."""
    data = (windows, windows, ("a", "b"), 128)
    ecgbench.register_arrays("mine", *data, architecture=MODEL)
    (crossed,) = crosschecks([Address("mine", MODEL, "saliency", "raw", metric, 1)])
    model = SimpleNamespace(module=untrained(MODEL, 2, seed=1), digest="", precision="float32")
    explained = SimpleNamespace(windows=windows, target=windows.y)
    options = SimpleNamespace(store=ArtifactStore(store))
    return crosscheck(SimpleNamespace(model=lambda of: model, explained=lambda of: explained, options=options), crossed)


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.filterwarnings("ignore:Ratio is smaller:UserWarning")
@pytest.mark.parametrize("metric", KEYS)
def test_windows_that_a_mask_covers_or_leaves_out_are_not_compared(metric, tmp_path):
    windows = spanned(1024, [[(0, 1024)], [(100, 400)], []])
    found = crossed_on(windows, metric, tmp_path)
    assert {len(scores) for scores in found.values()} == {3 if metric == "gini" else 1}
    np.testing.assert_allclose(found["study"], found["oracle"], atol=1e-5)


@pytest.mark.usefixtures("registries_restored")
def test_nothing_is_compared_where_no_window_can_be(tmp_path):
    found = crossed_on(spanned(1024, [[(0, 1024)], [(0, 1024)], []]), "auc", tmp_path)
    assert {name: scores.tolist() for name, scores in found.items()} == {"ours": [], "study": [], "oracle": []}


@pytest.mark.usefixtures("registries_restored")
def test_windows_with_fewer_values_than_the_study_takes_are_left_out():
    ecgbench.register_arrays("short", *(2 * (spanned(720, [[(0, 9)]] * 3),)), ("a", "b"), 128)
    cells = [Address("short", MODEL, "saliency", "raw", metric, 1) for metric in ("top_k_intersection", "auc")]
    assert [crossed.metric for crossed in crosschecks(cells)] == ["auc"]


def test_equal_values_of_a_window_are_moved_apart_in_order_and_no_others():
    maps = np.array([[[2, 0, 2, 0, 1]], [[5, 4, 3, 2, 1]]], dtype=np.float32)
    apart = untied(maps)
    assert apart[0, 0].argsort().tolist() == [1, 3, 4, 0, 2]
    assert len(np.unique(apart[0])) == 5
    np.testing.assert_allclose(apart, maps, rtol=1e-6, atol=1e-40)
    assert np.array_equal(apart[1], maps[1])

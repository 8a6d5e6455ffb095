"""What a run remembers is bounded: maps of one source, windows and models of one dataset and architecture."""

import pytest

from ecgbench.pipeline import Address
from tests.pipeline.runs import MODEL, cell, maps_of, model_at, small_run, store_with_logits

OTHER = "vit1d_narrow"
METRICS = ("auc", "faithfulness_correlation", "consistency")


@pytest.fixture
def run(tmp_path):
    wanted = [
        Address("synthetic", model, source, "raw", metric, seed)
        for model in (MODEL, OTHER)
        for seed in (1, 2)
        for source in ("saliency", "input_gradient")
        for metric in METRICS
    ]
    return small_run(store_with_logits(tmp_path / "artifacts"), samples=2, wanted=wanted)


def about(run, kind):
    """What things of one kind that a run holds are about."""
    return {key[1] for key in run._held if key[0] == kind}


def check_bound(run):
    assert len(about(run, "maps")) <= 1
    for kind in ("subject", "explained", "model", "outputs"):
        assert len({(of.dataset, of.model) for of in about(run, kind)}) <= 1, kind
    assert len(about(run, "dataset")) <= 1


def test_a_run_holds_maps_of_one_source_and_windows_of_one_architecture_whatever_the_number_of_models(run):
    seen = set()
    for _ in run.perform():
        check_bound(run)
        seen |= about(run, "maps")
    assert {(of.model, of.seed, of.source) for of in seen} >= {(MODEL, 1, "saliency"), (OTHER, 2, "input_gradient")}
    for model in (MODEL, OTHER):
        for seed in (1, 2):
            run.scores(Address("synthetic", model, "saliency", "raw", "auc", seed))
            run.health(maps_of("input_gradient", seed))
            check_bound(run)


def test_what_was_let_go_comes_from_the_store_and_is_the_same(run):
    first = run.scores(cell("faithfulness_correlation")).values
    maps = run.maps(maps_of()).values
    run.maps(maps_of("input_gradient"))
    assert about(run, "maps") == {maps_of("input_gradient")}
    again = run.maps(maps_of())
    assert again.cached
    assert again.values is not maps
    assert again.values.tobytes() == maps.tobytes()
    assert run.scores(cell("faithfulness_correlation")).values.tobytes() == first.tobytes()


def test_windows_that_a_run_was_narrowed_to_are_not_let_go(run):
    explained = run.explained(model_at())
    few = run.narrowed((), (), {model_at(): explained})
    assert few.explained(model_at()) is explained
    with few._at(Address("synthetic", OTHER, "saliency", "raw", "auc", 1).of_maps):
        check_bound(few)
    assert few.explained(model_at()) is explained

"""What the site's explorer shows of the benchmark's models: which windows, which maps, and what is computed for it."""

import numpy as np
import pytest

from ecgbench.datasets import DATASETS
from ecgbench.errors import InputError, RefusedError, UnknownKeyError
from ecgbench.leaderboard.site.explorer.case import shares_of
from ecgbench.methods import METHODS
from ecgbench.pipeline import ModelAddress, Options
from ecgbench.pipeline.compute.sources import map_sources
from ecgbench.pipeline.grid.cost import method_passes
from ecgbench.report.explorer import accepted, named_models, shown_models, usual_models
from ecgbench.report.explorer.accepted import FAST, Wanted, absolute_of, best_first
from tests.pipeline.runs import MODEL, maps_of, model_at, small_run, store_with_windows

SOURCES = ("saliency", "occlusion", "kernel_shap", "amplitude", "causal_mask")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_with_windows(tmp_path_factory.mktemp("explored"))


@pytest.fixture(scope="module")
def shown(store):
    """Two models, one of which somebody asked for, with few sources and windows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accepted, "registered_sources", lambda: [map_sources.source_named(key) for key in SOURCES])
        patch.setattr(accepted, "fitting", lambda *_: 3)
        wanted = [Wanted(model_at(1), all_methods=False), Wanted(ModelAddress("synthetic", "vit1d_narrow", 1), all_methods=False)]
        yield shown_models(wanted, Options(store=store), {"synthetic": {"occlusion": "raw", "saliency": "abs"}})


def test_the_same_windows_are_shown_of_every_model_with_what_it_says_of_them(shown, store):
    explained = small_run(store, samples=3).explained(model_at(1))
    for one in shown:
        assert [case.label for case in one.cases] == [one.classes[class_] for class_ in explained.target]
        assert all((case.signal == signal).all() for case, signal in zip(one.cases, explained.windows.signal, strict=True))
        assert all(sum(case.probabilities) == pytest.approx(1, abs=1e-6) for case in one.cases)
    said = [case.probabilities[one] for case, one in zip(shown[0].cases, explained.target, strict=True)]
    np.testing.assert_allclose(said, explained.probability, atol=1e-5)
    assert said != [case.probabilities[one] for case, one in zip(shown[1].cases, explained.target, strict=True)]
    assert shown[0].cases[0].title == f"record {explained.windows.record[0]}, {clock(explained.windows.start[0])}"


def clock(start):
    first = start // 128
    return f"{first // 60}:{first % 60:02} to {(first + 8) // 60}:{(first + 8) % 60:02}"


def test_maps_are_the_benchmarks_and_slow_methods_are_left_out(shown, store):
    assert list(shown[0].sources) == ["occlusion", "saliency", "amplitude", "causal_mask"]
    assert shown[0].first == ["occlusion", "saliency", "amplitude"]
    assert list(shown[0].sources.values()) == ["method", "method", "control", "bound"]
    slow = {key for key in SOURCES if key in METHODS and method_passes(METHODS[key], DATASETS["synthetic"].protocol) > FAST}
    assert set(SOURCES) - set(shown[0].sources) == slow == {"kernel_shap"}
    expected = small_run(store, samples=3).maps(maps_of("saliency")).values
    for case, values in zip(shown[0].cases, expected, strict=True):
        np.testing.assert_allclose(case.maps["saliency"], values, rtol=1e-6)


def test_beats_are_the_annotated_ones_and_marks_what_makes_the_label(shown):
    for case in shown[0].cases:
        labelled = [beat for beat in case.beats.shown if beat.labelled]
        assert labelled
        assert {beat.name for beat in labelled} == {case.label}
        assert {beat.letter for beat in case.beats.shown} <= {"N", "S", "V"}
        assert shares_of(case.maps["causal_mask"], case).inside == 1
        assert case.beats.source == "as annotated"
        peaks = [abs(case.signal[0, beat.place] - np.median(case.signal)) for beat in case.beats.shown]
        assert np.median(peaks) > 2 * np.median(np.abs(case.signal - np.median(case.signal)))


def test_what_the_store_holds_is_not_computed_again(shown, store, monkeypatch):
    whole = small_run(store, samples=64)
    monkeypatch.setattr(accepted, "fitting", lambda *_: 3)
    source = map_sources.source_named("gradcam")
    held = whole.batch_maps(maps_of("gradcam"), 0).artifact.arrays["maps"]
    monkeypatch.setattr(accepted, "registered_sources", lambda: [source])
    monkeypatch.setattr(map_sources.MethodSource, "explain", None)
    (found,) = shown_models([Wanted(model_at(1), all_methods=False)], Options(store=store), {})
    np.testing.assert_array_equal([case.maps["gradcam"] for case in found.cases], held[:3])


def test_a_method_that_cannot_explain_the_model_is_left_out(shown, store, monkeypatch):
    def refuse(*_):
        raise RefusedError("not this model")

    monkeypatch.setattr(accepted, "fitting", lambda *_: 2)
    monkeypatch.setattr(accepted, "registered_sources", lambda: [map_sources.source_named(key) for key in ("hirescam", "slope")])
    monkeypatch.setattr(map_sources.MethodSource, "explain", refuse)
    (found,) = shown_models([Wanted(model_at(1), all_methods=True)], Options(store=store), {})
    assert list(found.sources) == ["slope"]


def test_models_are_named_by_their_dataset_their_id_or_a_glob():
    assert [one.model for one in named_models(["synthetic"])] == [model_at(seed) for seed in (1, 2, 3)]
    assert [one.model.id for one in named_models(["synthetic-vit1d*seed2", "synthetic-*7_narrow-seed8"])] == [
        f"synthetic-{MODEL}-seed8",
        "synthetic-vit1d_narrow-seed2",
    ]
    assert all(one.all_methods for one in named_models(["svdb"]))
    with pytest.raises(UnknownKeyError, match="synthetic"):
        named_models(["synthetik"])
    usual = usual_models()
    assert [one.model.dataset for one in usual] == [entry.key for entry in DATASETS if entry.embedded]
    assert not any(one.all_methods for one in usual)


def test_a_model_that_would_have_to_be_trained_is_named_with_what_trains_it(store, monkeypatch):
    monkeypatch.setattr("ecgbench.pipeline.compute.run.model_at_hand", lambda *_: None)
    with pytest.raises(InputError, match=rf"trained model synthetic-{MODEL}-seed1 .* got none; `ecgbench run --dataset synthetic` trains"):
        shown_models([Wanted(model_at(1), all_methods=True)], Options(store=store), {})


def test_methods_come_from_the_best_on_and_controls_last():
    kinds = {"a": "method", "b": "control", "c": "method", "d": "method"}
    assert absolute_of({"a": "raw", "b": "abs"}) == ["b"]
    assert list(best_first(kinds, ["gone", "d", "c"])) == ["d", "c", "a", "b"]

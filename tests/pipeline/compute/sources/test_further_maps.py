"""Further maps of sources: which windows have them, what they are, and where they are kept."""

import numpy as np
import pytest

import ecgbench
from ecgbench.controls import CONTROLS
from ecgbench.metrics import METRICS, MOST_WINDOWS
from ecgbench.metrics._situations import NOISY, REDRAWN
from ecgbench.models import forward
from ecgbench.pipeline.compute.scores import changed_batches
from ecgbench.pipeline.compute.sources.further_maps import BEYOND
from tests.pipeline.runs import batches_of, cell, model_at, small_run, stages, store_with_logits

SAMPLES = 20
FURTHER = [entry.key for entry in METRICS if entry.situation is not None]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_with_logits(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def run(store):
    """A run that only reads are made of."""
    wanted = [cell(key, source) for key in FURTHER for source in ("saliency", "random_baseline", "amplitude")]
    return small_run(store, samples=SAMPLES, wanted=wanted)


def scores(run, key, source="saliency", variant="raw"):
    return run.scores(cell(key, source, variant)).values


def by_hand(run, key, absolute):
    """Scores of the first windows by the public calls alone."""
    subject = run.subject(model_at())
    x, target = subject.explained.windows.x[:MOST_WINDOWS], subject.explained.target[:MOST_WINDOWS]

    def explain(x, target, model=subject.model.module):
        return ecgbench.explain(model, x, target, "saliency", absolute=absolute, seed=1)

    situation = METRICS[key].situation.key
    if situation == "randomised":
        further = [explain(x, target, subject.redrawn(number).model.module) for number in range(1, REDRAWN + 1)]
    elif situation == "runner_up":
        logits = forward(subject.model.module, x)
        logits[np.arange(len(x)), target] = -np.inf
        further = [explain(x, logits.argmax(axis=1))]
    else:
        changed = changed_batches(subject, key)[0].changed()
        further = [explain(np.ascontiguousarray(changed.x[:MOST_WINDOWS, place]), target) for place in range(changed.asked.shape[1])]
        further = [np.where(changed.asked[:MOST_WINDOWS, place, None, None], maps, np.nan) for place, maps in enumerate(further)]
    return ecgbench.score(key, explain(x, target), x=x, further=np.stack(further, axis=1))


@pytest.mark.parametrize("key", FURTHER)
@pytest.mark.parametrize("variant", ["raw", "abs"])
def test_scores_are_those_by_hand_of_the_first_windows(run, key, variant):
    found = scores(run, key, variant=variant)
    assert len(found) == SAMPLES
    assert np.isnan(found[MOST_WINDOWS:]).all()
    np.testing.assert_allclose(found[:MOST_WINDOWS], by_hand(run, key, variant == "abs"), rtol=1e-6, atol=1e-9)


def test_scores_do_not_depend_on_the_batches(run, tmp_path, monkeypatch):
    wanted = {key: scores(run, key) for key in FURTHER}
    batches_of(7, monkeypatch)
    other = small_run(store_with_logits(tmp_path), samples=SAMPLES, wanted=[cell(key) for key in FURTHER])
    for key in FURTHER:
        np.testing.assert_allclose(scores(other, key), wanted[key], rtol=1e-6, atol=1e-9)


def test_what_knows_no_model_has_no_randomisation_and_what_draws_anew_is_not_stable(run):
    for source in ("random_baseline", "amplitude"):
        np.testing.assert_array_equal(scores(run, "randomisation", source)[:MOST_WINDOWS], 0.0)
        np.testing.assert_allclose(scores(run, "contrast", source)[:MOST_WINDOWS], 0.0, atol=1e-12)
    assert (scores(run, "stability", "random_baseline")[:MOST_WINDOWS] > 0.9).all()
    assert (scores(run, "shift", "amplitude")[:MOST_WINDOWS] > 0.999).all()
    assert (scores(run, "randomisation")[:MOST_WINDOWS] > 0.5).all()


def test_blind_controls_have_scores_of_all(store):
    blind = [entry.key for entry in CONTROLS if not entry.bound]
    run = small_run(store, samples=2, wanted=[cell(key, source) for key in FURTHER for source in blind])
    for source in blind:
        for key in FURTHER:
            assert np.isfinite(scores(run, key, source)).all() == (source != "constant" or key == "max_sensitivity")


def test_metrics_of_one_situation_share_its_maps_and_a_second_run_makes_none(tmp_path):
    store = store_with_logits(tmp_path)
    asked = []
    for key in ("stability", "max_sensitivity", "randomisation", "efficient_mprt"):
        small_run(store, samples=3).scores(cell(key))
        asked.append(len(store.get("further", next(place[1] for place in store if place[0] == "further")).entries))
    assert asked == [1, 1, 2, 2]
    assert stages(store).count("further") == 1
    assert small_run(store, samples=3).scores(cell("stability")).cached


def test_other_windows_before_ask_for_other_maps(run, store):
    fewer = small_run(store, samples=SAMPLES - 1)
    np.testing.assert_array_equal(scores(fewer, "contrast"), scores(run, "contrast")[: SAMPLES - 1])


def test_windows_that_do_not_qualify_are_counted_and_leave_their_places_to_others(run, monkeypatch):
    assert run.facts(model_at(), "shift") == {"qualifies": 16.0, "record ends or has invalid samples": 0.0, BEYOND: SAMPLES - 16.0}
    assert run.facts(model_at(), "contrast")["one output"] == 0
    monkeypatch.setattr("ecgbench.metrics._situations.KEPT_WITHIN", 0.0)
    none = small_run(run.options.store, samples=3)
    assert none.facts(model_at(), "stability") == {"qualifies": 0.0, NOISY.reasons[1]: 3.0, BEYOND: 0.0}


def test_record_that_ends_behind_a_window_leaves_its_place_to_the_next(run, tmp_path, monkeypatch):
    wanted = scores(run, "shift")
    batches_of(6, monkeypatch)
    other = small_run(store_with_logits(tmp_path), samples=SAMPLES)
    subject = other.subject(model_at())
    without, whole = subject.explained.windows.signal[:3], subject.continued

    def ends(windows):
        known = whole(windows).copy()
        for i, signal in enumerate(windows.signal):
            if (signal == without).all(axis=(1, 2)).any():
                known[i, :, -1] = np.nan
        return known

    object.__setattr__(subject, "continued", ends)
    found = scores(other, "shift")
    assert np.isnan(found).tolist() == [True] * 3 + [False] * 16 + [True]
    np.testing.assert_allclose(found[3:16], wanted[3:16], rtol=1e-6, atol=1e-9)
    assert other.facts(model_at(), "shift") == {"qualifies": 16, "record ends or has invalid samples": 3, BEYOND: 1}


def test_redrawn_models_differ_from_each_other_and_between_seeds(run):
    subject = run.subject(model_at())
    digests = {subject.redrawn(number).model.digest for number in range(1, REDRAWN + 1)} | {subject.model.digest}
    assert len(digests) == REDRAWN + 1
    assert subject.redrawn(1) is subject.redrawn(1)
    maps = [subject.redrawn(number).evaluate(subject.explained.windows.x[:4]) for number in range(1, REDRAWN + 1)]
    assert np.ptp(np.stack(maps), axis=0).min() > 1e-3

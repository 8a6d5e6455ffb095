"""The estimate of a run's time."""

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.methods import FORWARD_SHARE, METHODS, MethodEntry
from ecgbench.metrics import MOST_WINDOWS
from ecgbench.metrics._situations import NOISY
from ecgbench.pipeline import Address, MapsAddress, Selection, estimate_seconds
from ecgbench.pipeline.grid import cost, estimate
from ecgbench.pipeline.grid.cost import method_passes
from ecgbench.protocol import AGREEMENT_WINDOWS
from ecgbench.protocol import MITDB as MITDB_NUMBERS

MITDB = Selection(("mitdb",)).cells()


@pytest.fixture(autouse=True)
def second_a_pass(monkeypatch):
    """A pass takes a second, so that estimates are numbers of passes."""
    monkeypatch.setattr(estimate, "_seconds_per_pass", lambda *given: 1.0)


def cell(source="saliency", variant="raw", metric="auc", seed=1, dataset="mitdb", model=None):
    return Address(dataset, model or DATASETS[dataset].default_model(), source, variant, metric, seed)


def maps_of(source):
    return MapsAddress("mitdb", DATASETS["mitdb"].default_model(), source, 1)


def test_nothing_takes_no_time():
    assert estimate_seconds([], 64) == 0


def test_more_cells_never_take_less_time():
    estimates = [estimate_seconds(MITDB[:count], 8) for count in range(0, len(MITDB) + 1, len(MITDB) // 8)]
    assert estimates == sorted(estimates)
    assert estimates[0] < estimates[-1]


def test_time_is_proportional_to_samples_and_all_count_as_the_usual_number():
    few = MITDB[:40]
    assert estimate_seconds(few, 6) == pytest.approx(3 * estimate_seconds(few, 2))
    assert estimate_seconds(few, None) == estimate_seconds(few, "all") == estimate_seconds(few, MITDB_NUMBERS.samples)


def test_datasets_models_and_seeds_add_up():
    one = estimate_seconds([cell()], 2)
    for other in (cell(dataset="synthetic"), cell(model="resnet50"), cell(seed=2)):
        assert estimate_seconds([cell(), other], 2) == one + estimate_seconds([other], 2) == 2 * one


def test_localisation_costs_the_maps_alone():
    both = [cell(), cell(metric="pointing_game"), cell(variant="abs")]
    assert estimate_seconds([cell()], 1) == estimate_seconds(both, 1) == cost.BACKWARD


def test_maps_of_a_control_cost_nothing_and_its_perturbations_what_a_methods_do():
    assert estimate_seconds([cell("amplitude")], 1) == 0
    metric = "region_perturbation_morf"
    assert estimate_seconds([cell("amplitude", metric=metric)], 1) == estimate_seconds([cell(metric=metric)], 1) - cost.BACKWARD > 0


def test_timing_takes_no_longer_than_what_is_timed(monkeypatch):
    rows = []
    monkeypatch.setattr(estimate, "_seconds_per_pass", lambda *given: rows.append(given[-1]) or 1.0)
    estimate_seconds([cell("amplitude")], 1)
    assert rows == []  # maps of a control pass nothing through a network
    passes = [estimate_seconds([cell()], windows) for windows in (1, 5, 1000)]
    assert rows == [1, int(passes[1]) // (estimate.ROUNDS + 1), estimate.ROWS]


def entry(function, **declared):
    return MethodEntry("mine", function, version=1, reference="", **declared)


def test_passes_of_a_method_are_multiplied_by_what_the_dataset_sets_or_else_by_the_default():
    def mine(model, x, target, draws=7, other=1000):
        return x

    protocol = DATASETS["mitdb"].protocol
    assert method_passes(entry(mine, passes=3), protocol) == 3
    assert method_passes(entry(mine, passes=3, of_dataset={"draws": "patch"}), protocol) == 3
    assert method_passes(entry(mine, passes=3, per="draws"), protocol) == 21
    assert method_passes(entry(mine, passes=3, per="draws", of_dataset={"draws": "patch"}), protocol) == 3 * protocol.patch


def test_every_method_has_an_estimate_on_every_dataset():
    assert all(method_passes(method, dataset.protocol) >= 0 for method in METHODS for dataset in DATASETS)


def test_surrogates_cost_a_forward_pass_for_each_perturbed_window():
    assert estimate_seconds([cell("lime")], 1) == pytest.approx(DATASETS["mitdb"].protocol.perturbations)


def test_health_costs_maps_of_another_class_and_of_stochastic_methods_with_another_seed():
    maps = [maps_of("saliency"), maps_of("lime")]
    one = {method: METHODS[method].passes * cost.BACKWARD for method in ("saliency", "lime")}
    one["lime"] *= DATASETS["mitdb"].protocol.perturbations
    assert estimate_seconds([], 64, maps[:1]) == pytest.approx((64 + AGREEMENT_WINDOWS) * one["saliency"])
    assert estimate_seconds([], 64, maps[1:]) == pytest.approx((64 + 2 * AGREEMENT_WINDOWS) * one["lime"])
    assert estimate_seconds([], 1, maps[:1]) == pytest.approx(2 * one["saliency"])
    assert cost.BACKWARD * FORWARD_SHARE == 1


def test_maps_of_cells_are_not_counted_again_for_their_health():
    extra = estimate_seconds([cell()], 64, [maps_of("saliency")]) - estimate_seconds([cell()], 64)
    assert extra == AGREEMENT_WINDOWS * cost.BACKWARD


def test_perturbation_is_part_of_a_pass_for_each_step_of_raw_and_absolute_maps():
    steps = -(-DATASETS["mitdb"].protocol.window // 2 // 16)
    found = [cell("random_baseline", variant, "region_perturbation_morf") for variant in ("raw", "abs")]
    assert estimate_seconds(found, 1) == estimate_seconds(found[:1], 1) == pytest.approx(2 * (1 + steps) * cost.STEP_SHARE)


def test_network_without_an_evaluator_of_its_own_takes_whole_passes():
    whole, parts = ([cell("random_baseline", metric="region_perturbation_morf", model=model)] for model in ("vit1d", "resnet18_7"))
    assert estimate_seconds(parts, 1) == pytest.approx(estimate_seconds(whole, 1) * cost.STEP_SHARE)


def test_what_methods_share_is_counted_once():
    one = [cell("random_baseline", metric="faithfulness_correlation")]
    assert estimate_seconds([*one, cell(metric="faithfulness_correlation")], 1) == 101 + cost.BACKWARD
    assert estimate_seconds(one, 1) == 101


def test_a_pass_is_measured_on_this_machine_with_the_cells_model(monkeypatch):
    monkeypatch.undo()
    assert 0 < estimate_seconds([cell(dataset="synthetic")], 1) < estimate_seconds([cell(dataset="synthetic", model="resnet18_7")], 1) < 60


def test_further_maps_cost_what_maps_do_for_each_situation_once_and_for_the_first_windows_alone():
    def further(samples, *cells):
        return estimate_seconds(list(cells), samples) - estimate_seconds([cell()], samples)

    one = further(8, cell(metric="stability"))
    assert one == pytest.approx(8 * (NOISY.maps * cost.BACKWARD + NOISY.passes))
    assert further(8, cell(metric="stability"), cell(metric="max_sensitivity"), cell(variant="abs", metric="stability")) == one
    assert further(64, cell(metric="stability")) == pytest.approx(MOST_WINDOWS / 8 * one)
    assert further(8, cell(metric="stability"), cell(metric="randomisation")) > one

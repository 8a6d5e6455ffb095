"""The page that sets the study's protocol beside ours, on results made so that the truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau, rankdata, spearmanr

from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.leaderboard.study.changes import changed_values, metrics_table
from ecgbench.leaderboard.study.orders import pairs, places_by_ours, places_by_study, positions, published, tau
from ecgbench.leaderboard.study.page import study_page
from ecgbench.protocol import INFERRED_ORDERS, PUBLISHED_FIRST

FAMILIES = {"localisation": "auc", "faithfulness": "region_perturbation_morf"}
METHODS = sorted({method for order in INFERRED_ORDERS.values() for method, _ in order})


def means(family, method, variant, reverse):
    """A value by the variant's position in the published order; other variants lie below all of them."""
    order = INFERRED_ORDERS[family]
    if (method, variant) not in order:
        return 0.05
    position = order.index((method, variant))
    return 0.1 + 0.05 * (position if reverse else len(order) - position)


@pytest.fixture
def written(accept, identity, scores):
    """Writes a folder of results of all published methods; with `reverse` in the opposite order."""

    def write(folder, protocol, reverse, change=lambda values: values, **changed):
        for method in METHODS:
            cells = {
                variant: {metric: {1: means(family, method, variant, reverse)} for family, metric in FAMILIES.items()}
                for variant in ("raw", "abs")
            }
            accept(folder, method, change(cells), identity=replace(identity, protocol=protocol, labels="study"), **changed)

    return write


@pytest.fixture
def pair(written, scores):
    """The study's protocol gives the published order, ours the opposite one."""
    written("mitdb@study", "study", reverse=False)
    written("mitdb@labels-study", "ours", reverse=True)
    (found,) = pairs(analyses(scores))
    return found


def analyses(scores):
    return {board.name: analyse(board) for board in read_boards(scores)}


def test_published_names_stand_at_the_head_of_the_inferred_orders():
    for family, order in INFERRED_ORDERS.items():
        assert len(set(order)) == 12
        assert order[:3] == PUBLISHED_FIRST[family]


def test_orders_are_recognised(pair):
    for family in FAMILIES:
        study, ours = places_by_study(pair.study, family), places_by_ours(pair.ours, family)
        assert positions(study) == [str(i) for i in range(1, 13)]
        assert positions(ours) == [str(i) for i in range(12, 0, -1)]
        assert [tau(published(family), study).value, tau(published(family), ours).value, tau(study, ours).value] == [1, -1, -1]


def test_tau_is_scipys(pair):
    rng = np.random.default_rng(0)
    first, second = (places_by_study(pair.study, "localisation") for _ in range(2))
    first.value[:], second.value[:] = rng.integers(0, 6, 12), rng.normal(size=12)
    assert tau(first, second).value == pytest.approx(kendalltau(first.value, second.value).statistic, abs=1e-12)


def test_interval_of_tau_holds_what_draws_of_patients_give(pair):
    study = places_by_study(pair.study, "localisation")
    known = published("localisation")
    drawn = [kendalltau(known.value, study.draws[:, draw]).statistic for draw in range(study.draws.shape[1])]
    found = tau(known, study)
    assert min(drawn) - 1e-9 <= found.low <= found.high <= max(drawn) + 1e-9
    assert found.low <= np.quantile(drawn, 0.025) + 1e-9


def test_study_ranks_means_that_are_rounded(written, scores):
    def nearly_tied(cells):
        return {
            variant: {metric: {1: 0.5 + 0.0004 * means_[1]} for metric, means_ in metrics.items()} for variant, metrics in cells.items()
        }

    written("mitdb@study", "study", reverse=False, change=nearly_tied)
    written("mitdb@labels-study", "ours", reverse=False, change=nearly_tied)
    (found,) = pairs(analyses(scores))
    values = np.round([found.study.cells[*variant, "auc"].mean for variant in INFERRED_ORDERS["localisation"]], 3)
    np.testing.assert_array_equal(places_by_study(found.study, "localisation").value, rankdata(-values, method="min"))
    assert positions(places_by_ours(found.ours, "localisation")) == [str(i) for i in range(1, 13)]


def test_results_of_other_models_are_no_pair(written, scores):
    other = {"1": {"digest": "0" * 64, "origin": "trained", "precision": "float32"}}
    written("mitdb@study", "study", reverse=False)
    written("mitdb@labels-study", "ours", reverse=True, models=other)
    assert pairs(analyses(scores)) == []
    assert study_page(list(analyses(scores).values())) is None


def test_changes_are_values_and_ranks_by_both(pair):
    (column,) = (column for column in pair.ours.board.columns if column.name == "auc")
    frame = changed_values(pair, column)
    first = frame.loc[[("guided_gradcam", "abs")]].iloc[0]
    assert first.tolist() == pytest.approx([0.7, 0.1, 1, 12], abs=1e-7)


def test_metrics_table_counts_what_moved_of_methods_that_are_alike(pair):
    alike = ["guided_backprop", "input_gradient", "integrated_gradients", "random_baseline", "saliency"]
    frame = changed_values(pair, next(c for c in pair.ours.board.columns if c.name == "region_perturbation_morf")).loc[alike]
    study, ours = (rankdata(-frame[name].round(9), method="min") for name in ("study", "ours"))
    row = next(line for line in metrics_table([pair]).splitlines() if "region perturbation morf" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")[2:]] == [
        "10",
        f"{np.mean(np.abs(frame['ours'] - frame['study'])):.3f}",
        f"{np.max(np.abs(frame['ours'] - frame['study'])):.3f}",
        str(np.count_nonzero(study != ours)),
        f"{spearmanr(study, ours).statistic:.2f}",
    ]


def test_page_shows_orders_taus_and_corrections(pair, scores):
    page = study_page(list(analyses(scores).values()))
    assert "**`guided_gradcam` (abs)**" in page
    assert "inferred" in page
    row = next(line for line in page.splitlines() if line.startswith("| localisation | mitdb"))
    assert [cell.split()[0] for cell in row.strip("|").split("|")[2:]] == ["1.00", "-1.00", "-1.00"]
    assert "`saliency`" not in page.split("## What each correction changed")[1].split("### Metrics")[0]

"""What pages say of other models, and which method the overview says may be the best by the anchor."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.correlation import kendall
from ecgbench.leaderboard.statistics.orders.anchor import anchor, dataset_orders, metric_orders, recipe_orders
from ecgbench.metrics import FAMILIES, METRICS
from tests.leaderboard import conftest

WINDOWS = 12
METHODS = ("lrp", "lime", "saliency", "gradcam")
ANCHOR = "twin_agreement"


@pytest.fixture(autouse=True)
def more_patients(monkeypatch):
    """Twelve windows of six patients, since fewer than five tell nothing."""
    patient = np.array([f"p{number}" for number in range(6)] * 2)
    windows = {"record": patient, "start": np.arange(WINDOWS) * 360, "patient": patient, "target": np.array([1, 2] * 6)}
    monkeypatch.setattr(conftest, "PATIENT", patient)
    monkeypatch.setattr(conftest, "WINDOWS", windows)
    monkeypatch.setattr(conftest, "OFFSETS", np.tile([-0.04, 0.04, 0.01, -0.01, 0.02, -0.02], 2))


@pytest.fixture
def accept(accept, identity):
    """As everywhere, of these windows."""
    return partial(accept, identity=replace(identity, samples=WINDOWS))


@pytest.fixture
def accept_twins(accept):
    """Writes results of four methods, `lrp` the best by the anchor, then `lime`, both far ahead; `auc` orders them the other way round."""

    def write(dataset, seeds=(1, 2, 3), anchored=True, levels=(0.8, 0.79, 0.3, 0.1), **changed):
        rng = np.random.default_rng(0)
        for level, method in zip(levels, METHODS, strict=True):
            found = {seed: (level + rng.normal(0, 0.02, WINDOWS)).tolist() for seed in seeds}
            metrics = {"auc": {seed: (1 - np.array(scores)).tolist() for seed, scores in found.items()}}
            accept(dataset, method, {"raw": metrics | ({ANCHOR: found} if anchored else {})}, **changed)

    return write


def section(text, title):
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def unlinked(text):
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)


def rows(text, first):
    """Cells of the table's row that begins with a text, links taken off."""
    lines = [[cell.strip() for cell in unlinked(line).strip("|").split("|")] for line in text.split("\n") if line.startswith("|")]
    return [cells for cells in lines if cells[0].startswith(first)]


def test_overview_answers_by_the_anchor_and_claims_no_order_among_the_best(accept_twins, pages):
    accept_twins("synthetic")
    answer = unlinked(section(pages()["README.md"], "What to use when"))
    assert "For these three models, on simulated ECGs (synthetic), 2 of 4 methods may be the best: `lime`, `lrp`" in answer
    assert "For models of this recipe in general, 2 of 4 methods may be the best: `lime`, `lrp`; all others are worse." in answer
    assert "no order among them is claimed" in answer
    assert "in this order" not in answer


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (0.1, "On mitdb `lime`, `lrp`. "),
        (0.9, "On mitdb none: 2 of 4 methods may be the best, none of them shown to beat every map made without the network. "),
    ],
)
def test_card_says_who_may_be_the_best_on_each_dataset_and_whether_controls_are_beaten(accept_twins, accept_control, pages, control, said):
    for dataset in ("mitdb", "synthetic"):
        accept_twins(dataset)
        accept_control(dataset, "slope", {ANCHOR: dict.fromkeys((1, 2, 3), control)})
    start, end = "for the models of these pages. ", "On simulated ECGs, where the cause is known: `lime`, `lrp` (synthetic). |"
    assert f"{start}{said}{end}" in pages()["README.md"]


def test_what_no_blind_map_is_shown_to_be_below_is_marked(accept_twins, accept_control, pages):
    accept_twins("synthetic")
    accept_control("synthetic", "slope", {ANCHOR: dict.fromkeys((1, 2, 3), 0.9)})
    assert "`lime`‡, `lrp`‡" in unlinked(section(pages()["README.md"], "What to use when"))


def test_without_results_of_the_anchor_the_overview_says_so(accept_twins, pages):
    accept_twins("synthetic", anchored=False)
    text = pages()["README.md"]
    assert "No accepted results of twin agreement say so yet." in text
    assert "## Do orders agree with the anchor's?" not in text


def test_orders_of_models_datasets_and_metrics_are_compared_with_the_anchors(accept_twins, pages):
    accept_twins("synthetic")
    accept_twins("mitdb", seeds=(1, 2))
    table = section(pages()["README.md"], "Do orders agree with the anchor's?")
    assert [row[1:3] for row in rows(table, "by another of the models")] == [["mitdb", "4"], ["synthetic", "4"]]
    assert [row[1:3] for row in rows(table, "on synthetic")] == [["mitdb", "4"]]
    (_, name, methods, tau) = rows(table, "by auc")[1]
    assert (name, methods) == ("synthetic", "4")
    assert tau.startswith("-1.00 (-1.00..")


def test_taus_are_those_of_the_means(accept_twins, analysed):
    accept_twins("synthetic")
    accept_twins("mitdb", seeds=(1, 2))
    found = [anchor(analysis) for analysis in analysed().values()]
    first, second = ([one.analysis.cells[method, "raw", ANCHOR].mean for method in sorted(METHODS)] for one in found)
    expected = kendall(np.array(first)[:, None], np.array(second)[:, None])[0]
    ((_, _, agreement),) = dataset_orders(found)
    assert agreement.tau == pytest.approx(expected)
    assert agreement.low <= agreement.tau <= agreement.high
    assert {column.name: order.tau for column, order in metric_orders(found[1])} == {"auc": pytest.approx(-1)}


def test_datasets_without_a_method_in_common_agree_on_nothing(accept, accept_twins, analysed):
    accept_twins("synthetic")
    for method, mean in (("deep_lift", 0.5), ("deep_shap", 0.4)):
        accept("mitdb", method, {"raw": {ANCHOR: {1: mean, 2: mean}}})
    ((_, _, agreement),) = dataset_orders([anchor(analysis) for analysis in analysed().values()])
    assert (agreement.items, np.isnan(agreement.tau)) == (0, True)


BALANCED = "resnet18_7+balanced"


@pytest.fixture
def balanced(identity):
    """Identity of models of mitdb that were trained by another recipe."""
    return replace(identity, samples=WINDOWS, model=BALANCED)


def test_overview_says_whether_the_order_holds_for_another_recipe(accept_twins, balanced, pages):
    accept_twins("mitdb", seeds=(1, 2))
    accept_twins("mitdb", levels=(0.8, 0.3, 0.1, 0.6), identity=balanced)
    accept_twins("svdb")
    found = pages()
    ((dataset, first, second, methods, tau),) = rows(section(found["README.md"], "Does the order hold for another recipe?"), "mitdb")
    assert (dataset, first, second, methods) == ("mitdb", "`resnet18_7` (2)", f"`{BALANCED}` (3)", "4")
    assert tau.startswith("0.33 (")
    assert f"](mitdb-{BALANCED}.md)" in found["README.md"]
    others = rows(section(found["README.md"], "Do orders agree with the anchor's?"), "on ")
    assert [row[:2] for row in others] == [["on svdb", "mitdb"]]


def test_nothing_is_said_of_recipes_where_there_is_one(accept_twins, pages):
    accept_twins("mitdb")
    accept_twins("svdb")
    assert "another recipe" not in pages()["README.md"]


@pytest.mark.parametrize("changed", [{"model": "resnet34+balanced"}, {"labels": "study"}])
def test_recipes_of_other_networks_or_options_are_not_compared(accept_twins, analysed, balanced, changed):
    accept_twins("mitdb")
    accept_twins("mitdb" if "model" in changed else "mitdb@labels-study", identity=replace(balanced, **changed))
    assert recipe_orders([anchor(analysis) for analysis in analysed().values()]) == []


def test_recipes_without_a_method_in_common_agree_on_nothing(accept, accept_twins, analysed, balanced):
    accept_twins("mitdb")
    for method, mean in (("deep_lift", 0.5), ("deep_shap", 0.4)):
        accept("mitdb", method, {"raw": {ANCHOR: {1: mean, 2: mean}}}, identity=balanced)
    ((_, _, agreement),) = recipe_orders([anchor(analysis) for analysis in analysed().values()])
    assert (agreement.items, np.isnan(agreement.tau)) == (0, True)


def test_pages_say_how_far_architectures_agree_and_what_holds_for_all(accept, accept_twins, identity, pages):
    other = replace(identity, samples=WINDOWS, model="inception_time")
    accept_twins("mitdb", seeds=(1, 2))
    accept_twins("mitdb", levels=(0.8, 0.3, 0.79, 0.1), identity=other)
    accept("mitdb", "deep_lift", {"raw": {ANCHOR: {1: 0.5, 2: 0.5}}})
    accept_twins("mitdb", identity=replace(identity, samples=WINDOWS, model=BALANCED))
    found = pages()
    for page in ("README.md", "mitdb.md", "mitdb-inception_time.md"):
        text = section(found[page], "Does the order depend on the architecture?")
        assert "For 2 architectures trained by the recipe `study` on mitdb" in text
        assert "tau-b of 0.67 (" in text
        assert rows(text, "`inception_time`")[0][1:] == ["3", "4"]
        assert "resnet18 7" in text
    assert "architecture?" not in found[f"mitdb-{BALANCED}.md"]
    assert "Only `lrp` may be the best for all of them, of 4 methods" in unlinked(found["README.md"])


def test_nothing_is_said_of_architectures_where_there_is_one(accept_twins, pages):
    accept_twins("mitdb")
    assert "architecture?" not in pages()["README.md"]


def test_one_model_tells_nothing_of_others(accept_twins, pages):
    accept_twins("synthetic", seeds=(1,))
    found = pages()
    for text in (section(found["synthetic.md"], "Causal faithfulness"), section(found["README.md"], "What to use when")):
        assert "There is one model, so nothing can be said of others." in text
        assert "models of this recipe" not in text
    folded = re.findall("<summary>(.*)</summary>", section(found["synthetic.md"], "Causal faithfulness"))
    assert folded[1:] == ["How much does the choice between signed and absolute maps matter? (causal faithfulness)"]
    assert rows(section(found["README.md"], "Do orders agree with the anchor's?"), "by another")[0][3] == "-"


def test_two_models_tell_little(accept_twins, pages):
    accept_twins("synthetic", seeds=(1, 2))
    text = section(pages()["synthetic.md"], "Causal faithfulness")
    assert text.count("Two models tell little of others.") == 3


def test_dataset_page_says_what_is_the_models(accept_twins, pages):
    accept_twins("synthetic")
    text = section(pages()["synthetic.md"], "Causal faithfulness")
    best, variance = rows(text, "twin agreement")
    assert best[1:] == ["2 of 4: `lime`, `lrp`", "2 of 4: `lime`, `lrp`"]
    assert float(variance[1]) == pytest.approx(np.std([0.8, 0.79, 0.3, 0.1], ddof=1), abs=0.02)
    assert variance[5].endswith("%")


def test_interval_over_models_and_patients_ends_where_the_metric_does(accept, pages):
    for method, shift in (("lime", 0.0), ("lrp", 0.05)):
        accept("mitdb", method, {"raw": {"auc": {1: 0.5 + shift, 2: 0.9 + shift}}})
    row = rows(section(pages()["mitdb.md"], "Localisation"), "`lime`")[-1]
    assert row[1].endswith("<br>0.000..1.000")


def test_fewer_than_five_patients_tell_nothing_of_the_best(accept_twins, monkeypatch, pages):
    monkeypatch.setattr(conftest, "PATIENT", np.array([f"p{number % 4}" for number in range(WINDOWS)]))
    monkeypatch.setitem(conftest.WINDOWS, "patient", conftest.PATIENT)
    accept_twins("synthetic")
    found = pages()
    assert rows(section(found["synthetic.md"], "Causal faithfulness"), "twin agreement")[0][1:] == ["fewer than 5 patients"] * 2
    assert "nothing can be said, since fewer than 5 patients have a score." in section(found["README.md"], "What to use when")


def test_anchors_are_metrics_of_their_families():
    named = {family.key: METRICS[family.anchor].family for family in FAMILIES if family.anchor}
    assert named == {"causal": "causal"}


def test_results_of_no_common_seed_have_a_page_without_a_comparison(accept, pages):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"auc": {2: 0.5}}})
    assert "Which may be the best?" not in pages()["mitdb.md"]

"""What a reader finds on a page."""

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.errors import ResultsError, UnknownKeyError
from ecgbench.leaderboard import render
from ecgbench.leaderboard.pages.dataset_page import dataset_page

GOLDEN = Path(__file__).parent / "golden_mitdb.md"


@pytest.fixture
def page(analysed):
    """Text of one dataset's page."""
    return lambda name="mitdb": dataset_page(analysed()[name])


def cells(page, section, variant):
    """Cells of a variant's row in the first table of a section, by the head of their column."""
    table = [line for line in page.split(f"## {section}\n")[1].split("\n## ")[0].split("\n") if line.startswith("|")]
    rows = [[text.strip().replace("&nbsp;", " ") for text in line.strip("|").split("|")] for line in table]
    return next(dict(zip(map(unlinked, rows[0]), row, strict=True)) for row in rows if variant in map(unlinked, row[:2]))


def unlinked(text):
    """Text of a cell without what its links point to."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)


def test_golden_page(accept_small, page):
    """Made by `ECGBENCH_WRITE_GOLDEN=1 python -m pytest tests/leaderboard/pages/test_pages.py -k golden`, then read line by line."""
    accept_small("mitdb")
    if os.environ.get("ECGBENCH_WRITE_GOLDEN"):
        GOLDEN.write_text(page())
    assert page() == GOLDEN.read_text()


def test_best_is_bold_in_the_direction_of_the_metric(accept, page):
    for method, value in (("lime", 0.4), ("lrp", 0.5), ("saliency", 0.6)):
        accept(
            "mitdb", method, {"raw": {"region_perturbation_morf": {1: value, 2: value}, "region_perturbation_lerf": {1: value, 2: value}}}
        )
    bold = {
        (method, name)
        for method in ("lime", "lrp", "saliency")
        for name, text in cells(page(), "Faithfulness", f"`{method}`").items()
        if "**" in text
    }
    assert bold == {("saliency", "region perturbation morf ↑"), ("lime", "region perturbation lerf ↓")}


def test_value_that_does_not_apply_is_neither_best_nor_plain(accept, page):
    accept("mitdb", "lime", {"raw": {"faithfulness_correlation": {1: 0.2, 2: 0.2}}, "abs": {"faithfulness_correlation": {1: 0.9, 2: 0.9}}})
    assert cells(page(), "Faithfulness", "`lime` (abs)")["faithfulness correlation ↑"] == (
        "<sub>[0.900±0.000 (0.890..0.910)<br><sub>balanced 0.887</sub>]</sub>"
    )
    assert cells(page(), "Faithfulness", "`lime`")["faithfulness correlation ↑"].startswith("**0.200**±0.000")


def test_undefined_windows_are_counted_and_a_single_seed_has_no_spread(accept, page):
    accept("mitdb", "lime", {"raw": {"pointing_game": {1: [1.0, np.nan, 1.0, 0.0]}, "auc": {1: 0.5}, "relevance_rank_accuracy": {1: None}}})
    row = cells(page(), "Localisation", "`lime`")
    assert row["pointing game ↑"].endswith("<br><sub>1 of 4 undef.</sub>")
    assert row["auc ↑"] == "**0.500** (0.490..0.510)<br><sub>balanced 0.487</sub>"
    assert row["relevance rank accuracy ↑"] == "undefined<br><sub>4 of 4 undef.</sub>"
    assert "`lime` is not ranked: no value of relevance rank accuracy of seed 1." in page()


def test_cost_is_drawn_where_seconds_are_known(accept, page):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}}, health={"1": {}})
    assert "(figures/mitdb/cost.svg)" not in page()
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5, 2: 0.5}}}, health={"1": {"seconds_a_window": 0.25}, "2": {"seconds_a_window": 0.5}})
    assert "(figures/mitdb/cost.svg)" in page()
    assert cells(page(), "Health", "`lime`")["s / window"] == "0.375"


def test_causal_cells_have_a_table_of_their_own(accept, page):
    accept("synthetic", "lime", {"raw": {"auc": {1: 0.5}, "auc_causal": {1: 0.9}}})
    accept("synthetic", "lrp", {"raw": {"auc": {1: 0.6}, "auc_causal": {1: 0.8}}})
    assert cells(page("synthetic"), "Localisation", "`lime`")["place"] == "1.000 (1.000..1.000)"
    assert cells(page("synthetic"), "Localisation (causal)", "`lime`")["place"] == "0.000 (0.000..0.000)"


def test_missing_cell_is_named_and_its_variant_comes_last_and_is_never_best(accept, page):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5, 2: 0.5}, "pointing_game": {1: 0.5, 2: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.9}}})
    text = page()
    assert "- `lrp` is not ranked: no value of auc of seed 2; pointing game of seed 1, 2." in text
    assert cells(text, "Localisation", "`lrp`")["place"] == "-"
    assert text.index("| [`lime`]") < text.index("| [`lrp`]")
    assert "**" in cells(text, "Localisation", "`lime`")["auc ↑"]
    assert "**" not in cells(text, "Localisation", "`lrp`")["auc ↑"]


def test_method_for_comparison_is_never_ranked_nor_best(accept, page):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp_epsilon", {"raw": {"auc": {1: 0.9}}}, provenance={"ranked": False})
    assert "- `lrp_epsilon` is shown for comparison and not ranked." in page()
    rows = {method: cells(page(), "Localisation", f"`{method}`") for method in ("lime", "lrp_epsilon")}
    assert rows["lime"]["place"] == "0.000 (0.000..0.000)"
    assert rows["lime"]["auc ↑"].startswith("**0.500**")
    assert rows["lrp_epsilon"]["auc ↑"].startswith("0.900")
    assert (rows["lrp_epsilon"]["#"], rows["lrp_epsilon"]["place"]) == ("-", "-")


def test_health_is_the_mean_over_seeds_and_names_near_duplicates(accept, page):
    maps = np.random.default_rng(0).normal(size=(4, 1, 60))
    measured = {"1": {"zeros": 0.1, "sum_error": 0.25, "undetermined": 0.5}, "2": {"zeros": 0.3, "sum_error": 0.75, "undetermined": 0.5}}
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5, 2: 0.5}}}, maps=maps, health=measured)
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.5}}}, maps=3 * maps, health={"1": {"zeros": 0.0, "seed_agreement": 0.125}})
    accept("mitdb", "saliency", {"raw": {"auc": {1: 0.5}}}, maps=-maps)
    accept("mitdb", "gradcam", {"raw": {"auc": {1: 0.5}}})
    lime, lrp = (cells(page(), "Health", f"`{method}`") for method in ("lime", "lrp"))
    assert (lime["zeros"], lime["sum error"], lime["undetermined"], lime["seed agreement"]) == ("0.200", "0.500", "0.500", "-")
    assert (lrp["zeros"], lrp["sum error"], lrp["seed agreement"]) == ("0.000", "-", "0.125")
    alike = {method: cells(page(), "Health", f"`{method}`")["near duplicate of"] for method in ("lime", "lrp", "saliency", "gradcam")}
    assert alike == {"lime": "`lrp`", "lrp": "`lime`", "saliency": "-", "gradcam": "-"}


def test_chance_is_shown_where_the_results_have_it(accept, page):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}, "pointing_game": {1: 0.5}}}, chance={"1": {"auc": 0.5}})
    row = cells(page(), "Localisation", "*chance*")
    assert (row["auc ↑"], row["pointing game ↑"]) == ("0.500", "-")


def test_methods_that_explain_different_models_are_pointed_out(accept, page):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}})
    assert "different models" not in page()
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.7}}}, models={"1": {"digest": "e" * 64, "origin": "imported", "precision": "float32"}})
    assert "Methods of one seed explain different models" in page()


def test_command_computes_the_same_identity(accept, identity, page):
    accept("mitdb@study", "lime", {"raw": {"auc": {2: 0.7, 4: 0.7}}}, identity=replace(identity, protocol="study", labels="study"))
    command = (
        "pytest benchmark --dataset mitdb --split standard --labels study --protocol study "
        "--samples 4 --explained own --seeds 2 --seeds 4 --update-scores"
    )
    assert command in page("mitdb@study")


def test_simulated_stand_ins_are_kept_apart(accept_small, identity, pages):
    accept_small("mitdb")
    accept_small("svdb", identity=replace(identity, simulated=True))
    found = pages()
    assert "**Simulated records.**" in found["svdb.md"]
    assert "**Simulated records.**" not in found["mitdb.md"]
    tables, apart = found["README.md"].split("## Simulated stand-ins")
    assert "svdb" not in tables
    assert "[svdb](svdb.md)" in apart


def test_overall_is_over_real_datasets_in_their_default_identity(accept, accept_small, identity, pages):
    accept_small("mitdb", advantage=0.1)
    accept_small("svdb", advantage=0.1)
    accept_small("synthetic", advantage=-0.05)
    accept_small("mitdb@patient", advantage=-0.05, identity=replace(identity, split="patient"))
    row = cells(pages()["README.md"], "Faithfulness", "`lime`")
    best = "0.000<br><sub># 1 A</sub>"
    shown = {"#": "1", "overall": "0.000 (0.000..0.000)", "mitdb": best, "svdb": best, "synthetic": "0.833<br><sub># 4</sub>"}
    assert {name: row[name] for name in row if name != "variant"} == shown
    accept("mitdb", "lrp", {"raw": {"region_perturbation_lerf": {1: 0.1, 2: 0.1}, "faithfulness_correlation": {1: 0.1, 2: 0.1}}})
    row = cells(pages()["README.md"], "Faithfulness", "`lrp`")
    assert (row["overall"], row["svdb"], row["mitdb"] != "-") == ("-", "-", True)


def test_dataset_that_is_not_registered_still_has_a_page(accept, page):
    accept("elsewhere", "lime", {"raw": {"auc": {1: 0.7}}})
    assert page("elsewhere").split("\n")[2] == "# elsewhere (`elsewhere`)"


def test_order_of_everything_does_not_matter(accept, pages):
    forward = {
        "raw": {"auc": {1: 0.5, 2: 0.6}, "pointing_game": {1: 0.1, 2: 0.3}},
        "abs": {"auc": {1: 0.2, 2: 0.1}, "pointing_game": {1: 0.1, 2: 0.9}},
    }
    backward = {v: {m: dict(reversed(s.items())) for m, s in reversed(ms.items())} for v, ms in reversed(forward.items())}
    for method in ("lrp", "lime"):
        accept("mitdb", method, backward, provenance={"date": "2026-01-02", "device": "cpu"})
    before = pages()
    for method in ("lime", "lrp"):
        accept("mitdb", method, forward, provenance={"device": "cpu", "date": "2026-01-02"})
    assert pages() == before


def test_no_results_are_refused(scores, out):
    with pytest.raises(ResultsError, match="expected accepted results below"):
        render(scores, out)


@pytest.mark.parametrize(("suffix", "damage"), [(".json", b'{"dataset": "mitdb"}'), (".npz", b"PK")])
def test_unreadable_results_are_refused(accept, scores, out, suffix, damage):
    path = accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}}).with_suffix(suffix)
    path.write_bytes(damage)
    with pytest.raises(ResultsError, match=path.name):
        render(scores, out)


def test_every_model_has_a_board_of_its_own_and_only_the_datasets_own_counts(accept_small, identity, pages, scores, out):
    accept_small("mitdb")
    alone = pages()
    accept_small("mitdb", advantage=-0.1, identity=replace(identity, model="cnn"))
    files = render(scores, out)
    assert files[out / "mitdb.md"].decode() == alone["mitdb.md"]
    page = files[out / "mitdb-cnn.md"].decode()
    assert "# MIT-BIH Arrhythmia Database (`mitdb-cnn`)" in page
    assert "2 `cnn` models (seeds 1, 2)" in page
    assert "from scores/mitdb/cnn;" in page
    assert any(path.is_relative_to(out / "figures" / "mitdb-cnn") for path in files)
    overview = files[out / "README.md"].decode()
    assert "[mitdb-cnn](mitdb-cnn.md)" in overview
    assert overview.split("## Localisation")[1] == alone["README.md"].split("## Localisation")[1]


def test_models_of_a_dataset_that_is_not_registered_have_boards(accept_small, identity, analysed):
    for model in ("cnn", "transformer"):
        accept_small("elsewhere", identity=replace(identity, model=model))
    assert list(analysed()) == ["elsewhere", "elsewhere-transformer"]


def test_results_of_two_identities_are_refused(accept, identity, scores, out):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.5}}}, identity=replace(identity, samples=64))
    with pytest.raises(ResultsError, match="expected one identity in the results of mitdb"):
        render(scores, out)


def test_unknown_metric_is_refused(accept, scores, out):
    accept("mitdb", "lime", {"raw": {"auk": {1: 0.5}}})
    with pytest.raises(UnknownKeyError, match="did you mean auc"):
        render(scores, out)


@pytest.mark.parametrize(("seeds", "said"), [((1,), "this one model"), ((1, 2), "these two models"), (range(1, 13), "these 12 models")])
def test_claims_are_about_these_models(accept, page, seeds, said):
    for method, mean in (("lime", 0.7), ("lrp", 0.5)):
        accept("mitdb", method, {"raw": {"auc": dict.fromkeys(seeds, mean)}})
    text = page()
    assert f"- **Localisation**: for {said}, " in text
    assert f"**Which differ, for {said}?**" in text


def test_only_the_anchor_tells_what_a_model_rests_on(accept_small, pages):
    accept_small("mitdb")
    accept_small("synthetic")
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    own = re.sub(r"<!-- leaderboard:begin.*?leaderboard:end -->", "", readme, flags=re.DOTALL)
    for text in (*pages().values(), own):
        assert "rests on" not in text

"""Metrics of a third party: a family of its own, with and without an oracle, from the benchmark's tests to the pages."""

import json

import numpy as np
import pytest

import ecgbench
from ecgbench.leaderboard import write_pages

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("registries_restored")]

DECLARED = {"version": 1, "reference": "", "higher_is_better": True, "bounds": (0, 1), "needs": (), "atol": 1e-9, "family": "sparsity"}
CHOSEN = ("--seeds", "1", "--samples", "4", "--method", "saliency", "--metric", "gini_*")


@pytest.fixture
def gini():
    """A metric without an oracle and two with one, of which one is wrong, in a family of their own."""
    ecgbench.register_family("sparsity", "Sparsity", "Do few samples carry most of the attribution?", order=30)

    def share(attributions):
        flat = abs(attributions).reshape(len(attributions), -1)
        return flat.max(axis=1) / flat.sum(axis=1)

    @ecgbench.register("metrics", **DECLARED)
    def gini_plain(attributions):
        return share(attributions)

    @ecgbench.register("metrics", **DECLARED, oracle=lambda case: share(case.attributions))
    def gini_checked(attributions):
        return share(attributions)

    @ecgbench.register("metrics", **DECLARED, oracle=lambda case: share(case.attributions) + 0.01)
    def gini_crooked(attributions):
        return share(attributions)


def test_metrics_of_a_family_of_its_own_have_cells_cross_checks_tables_and_pages(gini, empty):
    said = empty(*CHOSEN, "--update-scores", code=1)
    assert "1 failed, 10 passed" in said  # 6 cells, 2 cross-checks, 2 of the model, 1 of the maps
    assert "FAILED" in said
    assert "test_agrees_with_its_oracle[synthetic-resnet18_7_narrow-gini_crooked]" in said
    assert "beside its oracle: synthetic gini_checked: at most 0.0e+00" in said
    assert "gini_plain:" not in said
    tables = [line for line in said.splitlines() if line.startswith("saliency")]
    assert len(tables) == 5  # scores and places of raw and absolute maps, and the health of the maps
    results = json.loads((empty.accepted.parent / "saliency.json").read_text())
    assert {cell["metric"] for cell in results["cells"]} == {"gini_plain", "gini_checked", "gini_crooked"}
    out = empty.folder / "pages"
    readme = empty.folder / "README.md"
    readme.write_text("<!-- leaderboard:begin synthetic@samples-4 -->\n<!-- leaderboard:end -->\n")
    written = {path.relative_to(out).as_posix() for path in write_pages(empty.folder / "scores", out, readme) if path.is_relative_to(out)}
    assert "metrics/gini_plain.md" in written
    (page,) = [out / name for name in written if name.startswith("synthetic@samples-4") and name.endswith(".md")]
    assert "## Sparsity" in page.read_text()
    assert "Do few samples carry most of the attribution?" in page.read_text()


@pytest.mark.parametrize("differs", ["", "it counts otherwise"])
def test_metric_that_differs_from_its_oracle_by_default_must_say_how(differs, empty):
    @ecgbench.register(
        "metrics",
        **DECLARED | {"family": "faithfulness"},
        study={"offset": 0.0},
        differs=differs,
        oracle=lambda case: 0 * case.target + 0.5,
    )
    def gini_shifted(attributions, offset=0.1):
        return np.full(len(attributions), 0.5 + offset)

    said = empty(*CHOSEN, "--allow-new", "-k", "oracle", code=0 if differs else 1)
    assert ("undeclared" in said) == (not differs)
    assert f"gini_shifted: at most 1.0e-01. {differs}" in said

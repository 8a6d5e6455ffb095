"""A family of metrics that somebody registered stands on pages as the package's own do: its title, its question, in its order."""

import pytest

from ecgbench.leaderboard import render
from ecgbench.metrics import FAMILIES, METRICS, Family


@pytest.fixture
def twins(monkeypatch):
    """A family between localisation and faithfulness, with one metric."""
    monkeypatch.setattr(FAMILIES, "_entries", {entry.key: entry for entry in FAMILIES})
    monkeypatch.setattr(METRICS, "_entries", {entry.key: entry for entry in METRICS})
    FAMILIES.add(Family("twins", "Sinus twins", "Does the map change where the window does?", order=15), __name__)

    @METRICS.register(family="twins", higher_is_better=True, bounds=(0, 1), needs=("x",), atol=1e-6, version=1, reference="these tests")
    def twin_gain(attributions, x):
        """Made up."""
        return attributions.mean(axis=(1, 2))

    return twin_gain


def test_family_has_its_section_between_those_that_its_order_names(twins, accept, scores, out):
    for method, mean in (("lime", 0.7), ("saliency", 0.6)):
        metrics = {metric: {1: mean, 2: mean} for metric in ("auc", "twin_gain", "region_perturbation_morf")}
        accept("mitdb", method, {"raw": metrics}, health={"1": {}, "2": {}})
    pages = {path.relative_to(out).as_posix(): content.decode() for path, content in render(scores, out).items() if path.suffix == ".md"}
    page = pages["mitdb.md"]
    assert "## Sinus twins\n\nDoes the map change where the window does? The place is over twin gain." in page
    assert page.index("## Localisation") < page.index("## Sinus twins") < page.index("## Faithfulness")
    assert "## Sinus twins" in pages["README.md"]
    assert "Family: sinus twins." in pages["metrics/twin_gain.md"]

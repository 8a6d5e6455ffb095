"""What pages say of the choice between signed and absolute maps."""

import pytest

from ecgbench.leaderboard.pages.dataset_page import dataset_page
from ecgbench.leaderboard.pages.sections.variant_choice import variant_choice
from ecgbench.metrics import FAMILIES


@pytest.fixture
def analysis(accept_small, analysed):
    accept_small("mitdb")
    return analysed()["mitdb"]


def rows(text):
    return [
        [cell.strip().replace("&nbsp;", " ") for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("|")
    ]


@pytest.mark.parametrize("family", ["localisation", "faithfulness"])
def test_places_with_and_without_the_choice_stand_beside_each_other(analysis, family):
    found, (head, _, *shown) = analysis.choices[family], rows(variant_choice(analysis, family))
    assert head[-1] == {"localisation": "place of absolute maps", "faithfulness": "place of signed maps"}[family]
    assert len(shown) == len(found.chosen) == 2
    own = FAMILIES[family].variant
    for name, place, fitted, optimism, kept, of_own in shown:
        method = name.partition("`")[2].partition("`")[0]
        assert name == (f"`{method}` (abs)" if found.chosen[method] == "abs" else f"`{method}`")
        assert place == f"{analysis.place(family, (method, found.chosen[method])):.3f}"
        assert fitted == f"{found.place[method]:.3f}"
        assert float(optimism) == pytest.approx(found.optimism[method], abs=5e-4)
        assert kept == f"{100 * found.kept[method]:.0f} %"
        assert of_own == f"{analysis.place(family, (method, own)):.3f}"
    assert [row[1] for row in shown] == sorted(row[1] for row in shown)


def test_section_is_on_the_page_and_folded(analysis):
    page = dataset_page(analysis)
    folded = page.split("<details><summary>How much does the choice between signed and absolute maps matter? (localisation)</summary>")[1]
    assert variant_choice(analysis, "localisation") in folded.split("</details>")[0]
    assert "(../docs/statistics.md#models-and-patients)" in folded.split("</details>")[0]


def test_nothing_is_said_where_no_choice_can_be_cross_fitted(analysis):
    analysis.__dict__["choices"] = {}
    assert variant_choice(analysis, "localisation") == ""
    assert "signed and absolute maps matter?" not in dataset_page(analysis)

"""A dataset on which no method is better than every blind control recommends none, and does not count for the overall mean."""

import pytest


@pytest.fixture
def overview(accept, accept_control, pages):
    """The overview of two datasets on which two methods have opposite orders, and a control that knows nothing has a score of ours."""

    def of(blind):
        for dataset, score, means in (("mitdb", 0.1, (0.8, 0.6)), ("svdb", blind, (0.6, 0.8))):
            for method, mean in zip(("lime", "saliency"), means, strict=True):
                accept(dataset, method, {"raw": {"auc": {1: mean}}})
            accept(dataset, "random_baseline", {"raw": {"auc": {1: 0.05}}})
            accept_control(dataset, "centre", {"auc": {1: score}})
        return pages()["README.md"]

    return of


def overall(page):
    rows = [line for line in page.split("## Localisation\n")[1].split("\n## ")[0].split("\n") if line.startswith("| ")]
    return {row.split("`")[1]: row.split("|")[3].split()[0] for row in rows if "`" in row}


def test_where_all_fail_the_control_none_is_recommended_and_the_order_does_not_count(overview):
    found = overview(0.9)
    assert "no method of the first group is shown to be better than every [blind control](oracles.md), so none is recommended" in found
    assert overall(found) == {"lime": "0.000", "saliency": "0.500", "random_baseline": "1.000"}


def test_where_they_beat_it_both_datasets_count(overview):
    found = overview(0.2)
    assert "so none is recommended" not in found
    assert overall(found) == {"lime": "0.250", "saliency": "0.250", "random_baseline": "1.000"}

"""A family whose metrics are none of them meant to count: shown on the page of a dataset, without an order and without a verdict."""

import pytest


@pytest.fixture
def shown(accept, pages):
    shares = {"core_share": {1: 0.5}, "rhythm_share": {1: 0.3}, "elsewhere_share": {1: 0.2}}
    accept("mitdb", "lime", {"raw": {**shares, "auc": {1: 0.6}}})
    accept("mitdb", "lrp", {"raw": {**shares, "auc": {1: 0.7}}})
    return pages()


def test_dataset_page_shows_it_without_an_order(shown):
    assert "- **Waves**: shown, without an order." in shown["mitdb.md"]
    assert "## Waves" in shown["mitdb.md"]
    assert "- core share†&nbsp;↑ is shown and does not count: where the attribution should be" in shown["mitdb.md"]


def test_overview_names_nobody_as_ahead_in_it_and_says_why(shown):
    header = next(line for line in shown["README.md"].splitlines() if line.startswith("| dataset"))
    assert [cell.strip() for cell in header.strip("|").split("|")] == ["dataset", "localisation"]
    _, _, section = shown["README.md"].partition("## Waves\n")
    assert section.strip().startswith("**No order**, since none of these metrics says which method is better.")

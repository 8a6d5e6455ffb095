"""Results of a part of a database have a page that says so, rank nothing, and are compared with nothing."""

import pytest

from ecgbench.datasets import part_of
from ecgbench.datasets._part import records_note
from ecgbench.leaderboard.pages.readme_excerpt import refresh_excerpt

METRICS = {"auc": {1: 0.7}, "region_perturbation_morf": {1: 0.7}}
NOTES = {listed: (records_note("PTB-XL", listed, 21799),) for listed in (500, 21000)}


@pytest.mark.parametrize(("listed", "said"), [(500, "500 of its 21,799 records are listed."), (10899, "10899 of its"), (10900, "")])
def test_note_says_that_records_are_less_than_half(listed, said):
    note = records_note("PTB-XL", listed, 21799)
    assert part_of(["Another note.", note]).startswith(said)
    assert bool(part_of([note])) == bool(said)
    assert note.endswith(f"{listed} of its 21,799 records are listed.")


@pytest.fixture
def drawn(accept, accept_small, pages):
    """Pages of svdb, and of a dataset of so many listed records."""
    accept_small("svdb")

    def draw(listed):
        for method, gain in (("lime", 0.1), ("saliency", 0.0)):
            accept("mitdb", method, {"raw": {name: {1: seeds[1] + gain} for name, seeds in METRICS.items()}}, notes=NOTES[listed])
        return pages()

    return draw


def test_page_of_a_part_has_a_banner_and_no_order(drawn):
    page = drawn(500)["mitdb.md"]
    assert "# MIT-BIH Arrhythmia Database, 500 of its 21,799 records, 2 labels (`mitdb`)" in page
    assert "> **A part of the database: 500 of its 21,799 records, 2 labels.**" in page
    assert "- **Localisation**: no order, since these are results of a part of the database." in page
    assert "auc†&nbsp;↑ is shown and does not count: these are results of a part of the database." in page
    assert "Which differ" not in page
    assert "**A part of the database" not in drawn(21000)["mitdb.md"]


def test_part_stands_in_no_comparison(drawn):
    found = drawn(500)
    before, datasets = found["README.md"].split("## Datasets")
    listed, rest = datasets.split("## Localisation")
    assert "real, a part of the records" in listed
    assert "mitdb" not in before
    assert "mitdb" not in rest
    assert "mitdb" not in found["methods/lime.md"]
    assert "mitdb" not in found["metrics/auc.md"]
    assert "mitdb" in drawn(21000)["methods/lime.md"]


def test_excerpt_is_of_a_whole_database(drawn, analysed):
    drawn(500)
    text = refresh_excerpt("<!-- leaderboard:begin -->\n<!-- leaderboard:end -->\n", list(analysed().values()), "leaderboards")
    assert "mitdb" not in text

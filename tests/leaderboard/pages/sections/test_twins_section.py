"""Windows without a twin, what metrics say of models, and the agreement of seeds on the anchor, on the page of a dataset."""

import pytest

from tests.leaderboard.conftest import model

FACTS = {
    "twinless": {"VEB: invalid samples": 2.0, "SVEB: neighbour not normal": 5.0},
    "twin_agreement": {"qualifies": 40.0, "no_twin": 7.0, "split_half": 0.9712},
}


def table_below(text, title):
    lines = text.partition(title)[2].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    last = next((i for i in range(first, len(lines)) if not lines[i].startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first:last]]


@pytest.fixture
def drawn(accept, pages):
    """Pages of three methods and three seeds; the third orders them the other way round."""

    def draw(facts=FACTS):
        models = {str(seed): {**model(seed), **({"facts": facts} if facts else {})} for seed in (1, 2, 3)}
        for method, mean in (("lime", 0.6), ("lrp", 0.4), ("saliency", 0.2)):
            means = {1: mean, 2: mean + 0.1, 3: 0.8 - mean}
            accept("mitdb", method, {"raw": {"twin_agreement": means, "twin_morf": means}}, models=models)
        return pages()

    return draw


def test_windows_without_a_twin_stand_by_class_and_reason(drawn):
    header, _, *rows = table_below(drawn()["mitdb.md"], "### Windows without a twin")
    assert header == ["class", "why there is no twin", "seed 1", "seed 2", "seed 3"]
    assert rows == [["SVEB", "neighbour not normal", "5", "5", "5"], ["VEB", "invalid samples", "2", "2", "2"]]


def test_reason_without_a_class_is_shown_as_it_is(drawn):
    _, _, *rows = table_below(drawn({"twinless": {"invalid samples": 1.0}})["mitdb.md"], "### Windows without a twin")
    assert rows == [["-", "invalid samples", "1", "1", "1"]]


def test_facts_of_a_metric_have_a_table(drawn):
    header, _, *rows = table_below(drawn()["mitdb.md"], "### What twin agreement says of the models")
    assert header == ["seed", "qualifies", "no twin", "split half"]
    assert rows[0] == ["1", "40", "7", "0.971"]


def test_nothing_is_said_where_nothing_is_known(drawn):
    text = drawn(facts=None)["mitdb.md"]
    assert "### Windows without a twin" not in text
    assert "says of the models" not in text


def test_agreement_of_seeds_is_kendall_s_of_the_anchor(drawn):
    text = drawn()["mitdb.md"]
    header, _, *rows = table_below(text, "**Do the models agree?**")
    assert header == ["", "seed 1", "seed 2", "seed 3"]
    assert [[cell.split(" ")[0] for cell in cells[1:]] for cells in rows] == [["", "", ""], ["1.00", "", ""], ["-1.00", "-1.00", ""]]
    assert text.count("**Do the models agree?**") == 1


def test_family_is_named_by_its_title_wherever_it_stands_in_a_sentence(drawn):
    text = drawn()
    assert "Family: causal faithfulness." in text["metrics/twin_morf.md"]
    assert "intervals: causal faithfulness]" in text["mitdb.md"]
    header = next(line for line in text["README.md"].splitlines() if line.startswith("| dataset"))
    assert [cell.strip() for cell in header.strip("|").split("|")] == ["dataset", "causal faithfulness"]

"""What a dataset's page says of the windows that are explained."""

from dataclasses import replace

import numpy as np

from ecgbench.results import write_file
from tests.leaderboard.conftest import model, results


def explained_section(page):
    return page.partition("## Explained windows")[2].partition("## Models")[0]


def test_page_says_whether_seeds_explain_the_same_windows_and_how_these_were_chosen(accept, pages, identity, scores):
    means = {"raw": {"auc": {1: 0.5, 2: 0.6}}}
    accept("mitdb", "lime", means)
    said = explained_section(pages()["mitdb.md"])
    assert "All seeds explain the same windows." in said
    assert "that each model by itself recognises." in said
    panel = {str(seed): model(seed)["digest"] for seed in (1, 2)}
    accept("svdb", "lime", means, identity=replace(identity, explained="common"), panel=panel)
    found = pages()["svdb.md"]
    assert "that the models of all seeds, 2 in number, recognise." in explained_section(found)
    assert "that all models classify rightly and surely" in found
    assert "--explained common" in found


def test_page_says_which_classes_no_window_is_explained_of(accept, pages, identity):
    accept("svdb", "lime", {"raw": {"auc": {1: 0.5, 2: 0.6}}}, identity=identity)
    said = explained_section(pages()["svdb.md"])
    assert said.count("is not explained") == 1
    assert "**F is not explained**: of its 6 test windows each model has 3 right, and there is none" in said


def test_page_says_which_models_recognise_what_further_ones_explain(accept, pages, identity):
    means, models = {"raw": {"auc": {1: 0.5, 2: 0.6, 4: 0.7}}}, {str(seed): model(seed) for seed in (1, 2, 4)}
    panel = {seed: models[seed]["digest"] for seed in ("1", "2")}
    models["4"]["further"] = True
    accept("svdb", "lime", means, identity=replace(identity, explained="common"), panel=panel, models=models)
    found = pages()["svdb.md"]
    said = "that the models of seeds 1, 2 (those of seeds 4 explain them, whether they do so or not) recognise."
    assert said in explained_section(found)
    assert "that the models of seeds 1, 2 classify rightly and surely" in found


def test_page_says_how_few_windows_are_explained_of_every_seed_and_that_they_are_chosen_otherwise_now(identity, pages, scores):
    found, arrays = results("mitdb", "lime", {"raw": {"auc": {1: 0.5, 2: 0.6}}}, identity=replace(identity, explained="seeded"))
    arrays["samples/start/2"] = arrays["samples/start/2"] + np.array([0, 0, 1, 1])
    write_file(found, arrays, scores)
    page = pages()["mitdb.md"]
    assert "**The seeds explain different windows**: 2 of up to 4 are explained of every seed." in explained_section(page)
    assert "computed again, they are others." in explained_section(page)
    assert "--explained" not in page

"""Agreement and means of raters of known skill."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from ecgbench.rating import answers, application, as_csv, as_html, as_markdown, summary
from ecgbench.rating.agreement import intraclass_correlation, weighted_kappa
from ecgbench.rating.summary import crossed_mean
from tests.rating.made_up import DESIGN, MAPS, answer_all, careful, careless, make

SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
"""Table 2 of Shrout and Fleiss 1979, whose ICC(3,1) is .71."""


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    """A study that a careful and a careless rater have gone through, and what each was shown and said."""
    ratings = make(tmp_path_factory.mktemp("rated") / "ratings.sqlite")
    client = application(ratings, "127.0.0.1").test_client()
    said = [answer_all(client, number, rate) for number, rate in enumerate((careful, careless(np.random.default_rng(5))))]
    return ratings, said


def test_intraclass_correlation_is_the_published_one():
    assert intraclass_correlation(pd.DataFrame(SHROUT_FLEISS).rename_axis("item")) == pytest.approx(0.715, abs=5e-4)


def test_intraclass_correlation_at_its_ends():
    same = pd.DataFrame([[value] * 3 for value in (1, 2, 5, 4)]).rename_axis("item")
    assert intraclass_correlation(same) == pytest.approx(1, abs=1e-6)
    noise = pd.DataFrame(np.random.default_rng(0).integers(1, 6, (60, 2))).rename_axis("item")
    assert intraclass_correlation(noise) < 0.2
    assert math.isnan(intraclass_correlation(same * 0 + 3))
    assert math.isnan(intraclass_correlation(same[[0]]))


def test_kappa_of_what_does_not_differ_is_undefined():
    assert math.isnan(weighted_kappa(np.array([3, 3]), np.array([3, 3])))
    assert weighted_kappa(np.array([1, 5, 3]), np.array([1, 5, 3])) == 1


def test_agreement_is_the_library_s_on_the_known_answers(rated):
    ratings, said = rated
    points = []
    for number, of_rater in enumerate(said):
        trials = ratings.trials(number)
        points.append({False: {}, True: {}})
        for shown, answer in of_rater:
            trial = trials[shown["position"]]
            if trial.kind == "map":
                points[-1][trial.repeat][trial.case, trial.map] = answer["feature"]
    keys = sorted(points[0][False])
    ours = summary(ratings).agreements[0]
    options = {"labels": [1, 2, 3, 4, 5], "weights": "quadratic"}
    between = cohen_kappa_score(*([one[False][key] for key in keys] for one in points), **options)
    assert list(ours.between.values()) == [(pytest.approx(between), len(keys))]
    for name, one in zip(DESIGN.raters, points, strict=True):
        again = sorted(one[True])
        within = cohen_kappa_score([one[False][key] for key in again], [one[True][key] for key in again], **options)
        assert ours.within[name] == (pytest.approx(within), len(again))
    assert ours.within["Ada"].value == 1


def test_careful_rater_puts_methods_in_the_right_order(rated):
    ratings, _ = rated
    table = answers(ratings)
    of_ada = table[(table["rater"] == "Ada") & ~table["repeat"] & (table["kind"] == "map")]
    means = of_ada.groupby("map")["feature"].mean()
    assert means["gradcam"] > means["saliency"] > means["lrp"]
    assert means["random_baseline"] == 1
    found = summary(ratings)
    assert next(iter(found.means)) == "gradcam"
    assert found.means["gradcam"]["regions"].value > found.means["saliency"]["regions"].value > found.means["lrp"]["regions"].value
    assert found.suspicious["Ada"] == (0, 1)
    assert found.by_diagnosis == {"VEB": {name: pytest.approx(means["feature"].value) for name, means in found.means.items()}}


def test_table_reads_back_and_tells_all(rated):
    ratings, said = rated
    table = answers(ratings)
    again = pd.read_csv(io.StringIO(as_csv(table)), keep_default_na=False)
    assert len(again) == sum(len(of_rater) for of_rater in said)
    assert set(again["map"]) == {"", *MAPS, "random_baseline", "r_peaks"}
    assert set(table["rater"]) == set(DESIGN.raters)
    assert table.loc[table["kind"] == "region", "feature"].isna().all()
    assert again["catch"].sum() >= 4


def test_report_shows_names_as_they_are_and_loads_nothing(rated):
    markdown = as_markdown(summary(rated[0]))
    page = as_html(markdown)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "//" not in page.replace("<!DOCTYPE html>", "")
    assert markdown.index("`gradcam`") < markdown.index("`lrp`")


def test_report_of_a_study_that_nobody_has_begun(tmp_path):
    found = summary(make(tmp_path / "ratings.sqlite"))
    assert found.answered == 0
    assert "0 of" in as_markdown(found)


def test_interval_holds_the_truth_as_often_as_it_says_with_many_raters_and_patients():
    held, tries, n = 0, 40, 10
    for number in range(tries):
        rng = np.random.default_rng(number)
        values = 3 + rng.normal(size=(n, 1)) + rng.normal(size=(1, n)) + rng.normal(size=(n, n))
        rater, patient = (axis.ravel().astype(str) for axis in np.indices((n, n)))
        _, low, high = crossed_mean(values.ravel(), rater.tolist(), patient.tolist(), number)
        held += low <= 3 <= high
    assert 34 <= held <= 40
    assert all(math.isnan(bound) for bound in crossed_mean(np.array([1.0, 2.0]), ["a", "a"], ["b", "c"], 0)[1:])

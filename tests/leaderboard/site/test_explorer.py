"""What the explorer is given: shares, levels, and scripts that hold what they were made of and nothing that runs."""

import base64
import json
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.figures.paper.ruling import full_colour
from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.explorer.case import marked_runs, shares_of
from ecgbench.leaderboard.site.explorer.scripts import COLUMNS, case_scripts, catalogue_script, levels, megabytes_of_case
from tests.leaderboard.site.explored import HOSTILE, many_leads, one_lead, shown_models


def nearest_beats(case):
    """Of each sample the number of the nearest R peak, the later one where two are as near."""
    around = case.beats.around[::-1]
    return len(around) - 1 - np.abs(np.arange(case.signal.shape[1])[:, None] - around).argmin(axis=1)


def test_a_sample_belongs_to_the_beat_whose_r_peak_is_nearest():
    case = one_lead(0)
    for number, span in enumerate(case.beats.spans(800), start=1):
        assert np.flatnonzero(nearest_beats(case) == number).tolist() == list(range(800))[span]


def test_shares_are_those_of_the_positive_part():
    case = one_lead(0)
    values = case.maps["noise"]
    nearest = nearest_beats(case)
    positive = [max(value, 0) for value in values[0].tolist()]
    in_beat = [sum(value for value, beat in zip(positive, nearest, strict=True) if beat == number) for number in (1, 2, 3)]
    shares = shares_of(values, case)
    np.testing.assert_allclose(shares.beats, np.array(in_beat) / sum(positive), rtol=1e-6)
    np.testing.assert_allclose(shares.inside, sum(positive[380:420]) / sum(positive), rtol=1e-6)
    assert shares.leads.tolist() == [1]
    peak = shares_of(case.maps["peak"], case)
    assert (peak.beats.tolist(), round(peak.inside, 9)) == ([0, 1, 0], round(40 / 60, 9))
    absolute = shares_of(np.abs(case.maps["peak"]), case)
    np.testing.assert_allclose(absolute.beats, [0, 60 / 140, 80 / 140])


def test_a_map_without_a_positive_part_has_no_shares_and_an_unmarked_window_none_inside():
    case = many_leads(3, 90, ["only"], "x")
    assert np.isnan(shares_of(np.zeros((3, 90)), case).leads).all()
    shares = shares_of(case.maps["only"], case)
    assert shares.beats.size == 0
    assert np.isnan(shares.inside)
    assert shares.leads.sum() == pytest.approx(1)


def test_marks_are_told_by_their_runs():
    marks = np.zeros((2, 9), dtype=bool)
    marks[0, :2] = marks[1, 4:9] = marks[0, 5] = True
    assert marked_runs(marks).tolist() == [[0, 0, 2], [0, 5, 6], [1, 4, 9]]


@pytest.mark.parametrize("time", [1, 1280, 1281, 5000])
def test_a_map_has_few_columns_each_of_which_is_the_mean_of_its_samples(time):
    values = np.random.default_rng(time).standard_normal((2, time))
    step = -(-time // COLUMNS)
    means = np.array([[row[at : at + step].mean() for at in range(0, time, step)] for row in values])
    found = levels(values)
    assert found.shape == means.shape
    assert found.shape[1] <= COLUMNS
    expected = np.clip(50 * means / full_colour(means), -50, 50)
    assert np.abs(found - expected).max() <= 0.5 + 1e-9


def put(script):
    """What a window's script hands to the explorer."""
    file, packed = re.fullmatch(r'ecgbenchExplorer\.data\.put\("([^"]*)", "([^"]*)"\);\n', script).groups()
    head, arrays = zlib.decompress(base64.b64decode(packed)).split(b"\n", 1)
    return file, json.loads(head), arrays


def test_scripts_hold_the_windows_and_their_maps():
    shown = shown_models()[:1]
    listed = json.loads(re.fullmatch(r"ecgbenchExplorer\.data\.catalogue\((.*)\);\n", catalogue_script(shown))[1])
    paths = [window["file"] for window in listed[0]["windows"]]
    assert paths == [path for path, _ in case_scripts(shown)] == [f"single/net-seed1/{number}.js" for number in range(3)]
    for (path, script), case in zip(case_scripts(shown), shown[0].cases, strict=True):
        file, content, arrays = put(script)
        assert file == path
        steps = np.frombuffer(arrays, "<i2", case.signal.size).reshape(case.signal.shape)
        np.testing.assert_allclose(steps * content["scale"], case.signal, atol=content["scale"])
        assert list(content["maps"]) == list(case.maps)
        assert arrays[steps.nbytes :] == b"".join(levels(values).tobytes() for values in case.maps.values())
        assert content["maps"]["flat"]["signed"]["beats"] == [None, None, None]
        assert len(script) / 1e6 < megabytes_of_case(1, 800, len(case.maps)) + 0.003


def test_a_window_of_one_lead_with_25_maps_takes_less_than_20_kilobytes():
    rng = np.random.default_rng(0)
    near = np.exp(-(((np.arange(1024) % 128 - 64) / 9) ** 2))  # most of a map lies around beats
    waves = [np.convolve(rng.standard_normal(1024), np.ones(5), "same")[None] * near for _ in range(26)]
    maps = {f"method{number}": wave for number, wave in enumerate(waves[1:])}
    case = replace(one_lead(0), signal=waves[0].astype(np.float32), marks=np.zeros((1, 1024), dtype=bool), maps=maps)
    ((_, script),) = case_scripts([replace(shown_models()[0], cases=[case])])
    assert len(script) < 20_000


def test_no_name_ends_a_script_or_begins_an_element():
    shown = shown_models()
    for text in (catalogue_script(shown), *(script for _, script in case_scripts(shown))):
        assert not set("<>&") & set(text)
        assert text.isascii()
    assert HOSTILE in json.dumps(json.loads(catalogue_script(shown)[len("ecgbenchExplorer.data.catalogue(") : -3])).replace('\\"', '"')


def test_the_site_has_the_explorer_where_something_is_shown_and_names_it(tmp_path):
    pages = {"README.md": b"# Start\n", "methods/lime.md": b"# lime\n"}
    assert not [name for name in render_site(pages, tmp_path) if "explorer" in name]
    site = render_site(pages, tmp_path, shown=shown_models())
    assert {"explorer.html", "explorer/explorer.js", "explorer/data/catalogue.js", "explorer/data/twelve/net-seed1/0.js"} <= site.keys()
    assert b'<a href="explorer.html" aria-current="page">Explorer</a>' in site["explorer.html"]
    assert b'<a href="../explorer.html">Explorer</a>' in site["methods/lime.html"]
    loaded = re.findall(r'src="([^"]*)"', site["explorer.html"].decode())
    assert all(name in site for name in loaded)
    assert HOSTILE.encode() not in site["explorer.html"]


def test_pages_of_what_is_shown_lead_to_it(tmp_path):
    names = ("single.md", "other.md", "methods/peak.md", "methods/single.md")
    site = render_site(dict.fromkeys(names, b"# A page\n"), tmp_path, shown=shown_models())
    led = [re.findall(r'href="([^"]*#[^"]*)"', site[name.replace(".md", ".html")].decode()) for name in names]
    assert led == [["explorer.html#dataset=single"], [], ["../explorer.html#maps=peak"], []]

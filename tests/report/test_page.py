"""The page of a report is one file, says what the report says, and shows somebody else's words as text."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

import ecgbench
from ecgbench.leaderboard.site.explorer.page import inlined_scripts
from ecgbench.report.explorer.windows import fitting
from tests.report.conftest import small_case


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    case = small_case(tmp_path_factory.mktemp("store"))
    classes, leads = ["usual", "<b>raised</b>"], ["I & II", "<script>"]
    return ecgbench.evaluate(
        case.model, case.x, **{**case.more, "methods": ["input_gradient", "expected_gradients"], "classes": classes, "leads": leads}
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.links = []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]


@pytest.fixture(scope="module")
def text(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    report.save(path)
    return path.read_text()


def test_the_page_needs_no_other_file_and_lets_no_code_run_but_the_explorers(report, text):
    tags = Tags()
    tags.feed(text)
    assert tags.links
    assert all(link.startswith("data:image/") for link in tags.links)
    assert not {"link", "iframe", "b"} & set(tags.found)
    assert "url(" not in text
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert scripts == inlined_scripts(report.shown)
    assert len(scripts) == tags.found.count("script")
    policy = re.search(r"Content-Security-Policy\" content=\"(.*?)\"", text)[1]
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    assert policy.endswith("script-src" + "".join(f" 'sha256-{digest}'" for digest in digests))
    assert policy.startswith("default-src 'none';")


def test_the_explorer_begins_with_the_maps_of_the_pictures_and_holds_a_bounded_number_of_windows(report):
    shown = report.shown
    assert shown.first == [name.removeprefix("control: ").removesuffix("_abs") for name in report.pictures[0].maps]
    assert set(shown.sources) == set(report.analysis.board.everything)
    assert len(shown.cases) == 12
    assert fitting(leads=12, time=5000, sources=30) == 5
    assert fitting(leads=500, time=100_000, sources=30) == 1


def test_the_page_says_what_the_report_says(report, text):
    plain = re.sub(r"\s+", " ", text)
    assert report.verdict in plain
    assert "expected normal_windows for expected_gradients" in plain
    assert all(note in plain for note in report.notes)
    assert f"{report.table().loc['input_gradient', 'auc']:.3f}" in plain
    assert plain.count("<figcaption>&lt;b&gt;raised&lt;/b&gt;, patient ") == len(report.pictures) == 4
    assert next(iter(report.pictures[0].maps)) == "input_gradient"
    assert [name for name in report.pictures[0].maps if name.startswith("control: ")]


def test_in_a_terminal_and_a_notebook_the_answer_comes_first(report):
    assert repr(report).startswith("On this network, trust input_gradient")
    assert "trust input_gradient" in report._repr_html_()
    assert "<html" not in report._repr_html_()


def test_the_figure_has_a_row_for_every_variant_and_control(report):
    axes = report.plot().axes[0]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[:2] == ["input_gradient", "input_gradient_abs"]
    assert rows[2:] == [f"control: {key}" for key in sorted(report.analysis.board.controls)]

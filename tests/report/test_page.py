"""The page of a report is one file, says what the report says, and shows somebody else's words as text."""

import re
from html.parser import HTMLParser

import pytest

import ecgbench


@pytest.fixture
def report(case):
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


def test_the_page_needs_no_other_file_and_runs_no_code(report, tmp_path):
    report.save(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    tags = Tags()
    tags.feed(text)
    assert tags.links
    assert all(link.startswith("data:image/") for link in tags.links)
    assert not {"script", "link", "iframe", "b"} & set(tags.found)
    assert "url(" not in text


def test_the_page_says_what_the_report_says(report, tmp_path):
    report.save(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
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

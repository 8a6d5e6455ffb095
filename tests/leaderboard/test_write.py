"""Pages and figures as files: written, checked, and what a check names."""

import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard import check_pages, write_pages

README = "# Project\n\n<!-- leaderboard:begin -->\n<!-- leaderboard:end -->\n\nMore.\n"
FIGURES = ("groups-localisation.svg", "intervals-localisation.svg", "scores-localisation.svg")


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(README)
    return path


@pytest.fixture
def written(accept, scores, out, readme):
    """Content by path of the files of two methods, one metric and no seconds, which are the fewest figures."""
    for method, mean in (("lime", 0.7), ("saliency", 0.6)):
        accept("mitdb", method, {"raw": {"auc": {1: mean, 2: mean}}}, health={"1": {}, "2": {}})
    return {path: path.read_bytes() for path in write_pages(scores, out, readme)}


def test_written_files_pass_the_check_and_are_the_same_again(written, scores, out, readme):
    pages = ("README", "mitdb", "oracles", "methods/lime", "methods/saliency", "metrics/auc")
    expected = {
        readme,
        out / "tables" / "mitdb.csv",
        *(out / f"{name}.md" for name in pages),
        *(out / "figures" / "mitdb" / name for name in FIGURES),
        out / "figures" / "digests.json",
    }
    assert set(written) == expected
    assert check_pages(scores, out, readme) == []
    assert {path: path.read_bytes() for path in write_pages(scores, out, readme)} == written


def test_check_names_every_file_that_differs_and_writing_mends_it(written, scores, out, readme):
    edited, cut, absent = out / "mitdb.md", out / "README.md", out / "metrics" / "auc.md"
    changed, gone, bare = (out / "figures" / "mitdb" / name for name in FIGURES)
    edited.write_text(edited.read_text().replace("# MIT-BIH Arrhythmia Database (`mitdb`)", "# Edited", 1))
    cut.write_text(cut.read_text().removesuffix("\n"))
    readme.write_text(readme.read_text().replace("where to look", "where to listen"))
    changed.write_bytes(written[bare])
    bare.write_text("<svg/>")
    absent.unlink()
    gone.unlink()
    found = {line.partition(": ")[0]: line.partition(": ")[2] for line in check_pages(scores, out, readme)}
    assert set(found) == set(map(str, (edited, cut, readme, changed, bare, absent, gone)))
    assert found[str(edited)] == 'differs at line 3: expected "# MIT-BIH Arrhythmia Database (`mitdb`)", got "# Edited"'
    assert found[str(cut)].endswith('expected "", got the end of the file')
    assert found[str(readme)].startswith("differs at line ")
    assert found[str(absent)] == found[str(gone)] == "missing"
    assert found[str(changed)].startswith("expected a figure of drawn-sha256-")
    assert found[str(bare)].endswith("got none; draw it again")
    write_pages(scores, out, readme)
    assert {path: path.read_bytes() for path in written} == written


def test_figure_that_another_renderer_wrote_passes_the_check(written, scores, out):
    path = out / "figures" / "mitdb" / FIGURES[0]
    path.write_bytes(path.read_bytes().replace(b"stroke-linecap: butt", b"stroke-linecap:butt") + b"<!-- another renderer -->\n")
    assert check_pages(scores, out) == []


def test_unchanged_figures_are_not_drawn_again(written, scores, out, readme, monkeypatch):
    monkeypatch.setattr("ecgbench.leaderboard.figures.drawing.Drawing.draw", lambda drawing: pytest.fail(f"{drawing} was drawn"))
    assert check_pages(scores, out, readme) == []
    assert {path: path.read_bytes() for path in write_pages(scores, out, readme)} == written


def test_changed_results_are_found(written, accept, scores, out):
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.65, 2: 0.65}}})
    named = {line.partition(":")[0] for line in check_pages(scores, out)}
    pages = {str(out / name) for name in ("mitdb.md", "README.md", "methods/lrp.md", "methods/saliency.md", "metrics/auc.md")}
    assert named == pages | {str(out / "tables" / "mitdb.csv"), *(str(out / "figures" / "mitdb" / name) for name in (*FIGURES, "cost.svg"))}


def test_files_of_former_results_are_removed_and_those_by_hand_are_not(written, accept, scores, out):
    accept("svdb", "lrp", {"raw": {"relevance_rank_accuracy": {1: 0.5}}}, health={"1": {}})
    write_pages(scores, out)
    by_hand = [
        out / name
        for name in ("notes.md", "methods/notes.md", "figures/mine.svg", "figures/mitdb/mine.png", "figures/data.csv", "tables/mine.csv")
    ]
    for path in by_hand:
        path.write_text("By hand")
    for file in (scores / "svdb").rglob("*.*"):
        file.unlink()
    stale = [out / name for name in ("svdb.md", "methods/lrp.md", "metrics/relevance_rank_accuracy.md", "tables/svdb.csv")]
    stale += sorted((out / "figures" / "svdb").iterdir())
    left = [line for line in check_pages(scores, out) if line.endswith("generated, but there are no results for it")]
    assert {line.partition(":")[0] for line in left} == set(map(str, stale))
    write_pages(scores, out)
    assert not any(path.exists() for path in stale)
    assert check_pages(scores, out) == []
    assert {path.read_text() for path in by_hand} == {"By hand"}


def test_readme_changes_between_its_markers_only(written, readme):
    begin, end = README.split("<!-- leaderboard:end -->")
    assert readme.read_text().startswith(begin)
    assert readme.read_text().endswith(f"<!-- leaderboard:end -->{end}")
    assert "(leaderboards/README.md)" in readme.read_text()


def test_absent_readme_is_refused(written, scores, out, tmp_path):
    with pytest.raises(ResultsError, match="nowhere"):
        check_pages(scores, out, tmp_path / "nowhere.md")


def test_check_names_what_killed_writers_left_and_the_next_ones_remove_it(written, accept, scores, out, readme):
    (results,) = scores.glob("mitdb/*/lime.json")
    of_results = [results.with_name(name) for name in (".lime.json.0123abcd.part", ".lime.npz.new")]
    of_pages = [out / folder / ".lime.0123abcd.part" for folder in (".", "methods", "figures/mitdb")]
    of_pages.append(readme.with_name(f".{readme.name}.0123abcd.part"))
    for path in of_results + of_pages:
        path.write_text("")
    said = check_pages(scores, out, readme)
    assert [line.partition(": left where the writing of ")[0] for line in said] == list(map(str, of_results + sorted(of_pages)))
    write_pages(scores, out, readme)
    assert [line.partition(":")[0] for line in check_pages(scores, out, readme)] == list(map(str, of_results))
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7, 2: 0.7}}}, health={"1": {}, "2": {}})
    assert check_pages(scores, out, readme) == []
    assert not list(out.rglob("*.lock"))


def test_readme_that_is_edited_while_pages_are_drawn_is_left(written, scores, out, readme, monkeypatch):
    monkeypatch.setattr("ecgbench.leaderboard.write.figures_of", lambda _: readme.write_text("Edited") and [])
    before = {path: path.read_bytes() for path in written if path != readme}
    with pytest.raises(ResultsError, match="to stay as it was while the pages were drawn, got an edit; draw them again"):
        write_pages(scores, out, readme)
    assert readme.read_text() == "Edited"
    assert {path: path.read_bytes() for path in before} == before


def test_archive_without_its_results_is_refused(written, scores, out):
    (path,) = scores.glob("mitdb/*/lime.json")
    path.unlink()
    with pytest.raises(ResultsError, match=r"expected .*lime.json beside its archive, got no such file; take its .json and .npz back"):
        check_pages(scores, out)

"""Pages as files: written, checked, and what a check names."""

import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard import check_pages, write_pages

README = "# Project\n\n<!-- leaderboard:begin -->\n<!-- leaderboard:end -->\n\nMore.\n"


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(README)
    return path


def test_written_pages_pass_the_check(accept_small, scores, out, readme):
    accept_small("mitdb")
    accept_small("synthetic")
    written = [path.relative_to(readme.parent).as_posix() for path in write_pages(scores, out, readme)]
    metrics = ("auc", "faithfulness_correlation", "pointing_game", "region_perturbation_lerf", "relevance_mass_accuracy")
    figures = (
        "cost",
        "groups-faithfulness",
        "groups-localisation",
        "intervals-faithfulness",
        "intervals-localisation",
        "scores-faithfulness",
        "scores-localisation",
    )
    assert sorted(written) == sorted(
        ["README.md", "leaderboards/README.md"]
        + [f"leaderboards/{name}.md" for name in ("mitdb", "synthetic", "methods/lime", "methods/saliency")]
        + [f"leaderboards/metrics/{metric}.md" for metric in metrics]
        + [f"leaderboards/figures/{board}/{figure}.svg" for board in ("mitdb", "synthetic") for figure in figures]
    )
    assert check_pages(scores, out, readme) == []


def test_writing_twice_changes_no_byte(accept_small, scores, out, readme):
    accept_small("mitdb")
    first = {path: path.read_bytes() for path in write_pages(scores, out, readme)}
    assert {path: path.read_bytes() for path in write_pages(scores, out, readme)} == first


def test_edited_page_is_named_with_the_line(accept_small, scores, out):
    accept_small("mitdb")
    write_pages(scores, out)
    page = out / "mitdb.md"
    lines = page.read_text().split("\n")
    lines[2] = "# Edited"
    page.write_text("\n".join(lines))
    (difference,) = check_pages(scores, out)
    assert difference == f'{page}: differs at line 3: expected "# MIT-BIH Arrhythmia Database (`mitdb`)", got "# Edited"'


def test_cut_page_is_named(accept_small, scores, out):
    accept_small("mitdb")
    write_pages(scores, out)
    page = out / "mitdb.md"
    page.write_text(page.read_text().removesuffix("\n"))
    (difference,) = check_pages(scores, out)
    assert difference.endswith('expected "", got the end of the file')


def test_absent_page_is_named(accept_small, scores, out):
    accept_small("mitdb")
    write_pages(scores, out)
    (out / "mitdb.md").unlink()
    assert check_pages(scores, out) == [f"{out / 'mitdb.md'}: missing"]


def test_page_without_results_is_named_and_removed(accept_small, scores, out):
    accept_small("mitdb")
    accept_small("svdb")
    write_pages(scores, out)
    for file in (scores / "svdb").iterdir():
        file.unlink()
    left = [difference for difference in check_pages(scores, out) if difference.startswith(f"{out / 'svdb.md'}")]
    assert left == [f"{out / 'svdb.md'}: generated, but there are no results for it"]
    write_pages(scores, out)
    assert not (out / "svdb.md").exists()


def test_page_by_hand_is_left_alone(accept_small, scores, out):
    accept_small("mitdb")
    by_hand = out / "notes.md"
    by_hand.write_text("# By hand\n")
    write_pages(scores, out)
    assert check_pages(scores, out) == []
    assert by_hand.read_text() == "# By hand\n"


def test_changed_results_are_found(accept, accept_small, scores, out):
    accept_small("mitdb")
    write_pages(scores, out)
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.5, 2: 0.5}}})
    changed = ("mitdb.md", "README.md", "methods/lrp.md", "metrics/auc.md")
    assert {difference.split(":")[0] for difference in check_pages(scores, out)} == {str(out / page) for page in changed}


def test_readme_changes_between_its_markers_only(accept_small, scores, out, readme):
    accept_small("mitdb")
    write_pages(scores, out, readme)
    text = readme.read_text()
    begin, end = README.split("<!-- leaderboard:end -->")
    assert text.startswith(begin)
    assert text.endswith(f"<!-- leaderboard:end -->{end}")
    assert "(leaderboards/mitdb.md)" in text


def test_readme_shows_a_real_dataset_unless_it_names_another(accept_small, scores, out, readme):
    accept_small("mitdb")
    accept_small("synthetic")
    write_pages(scores, out, readme)
    assert "(leaderboards/mitdb.md)" in readme.read_text()
    readme.write_text(README.replace("leaderboard:begin", "leaderboard:begin synthetic"))
    write_pages(scores, out, readme)
    assert "(leaderboards/synthetic.md)" in readme.read_text()


def test_edited_excerpt_is_named(accept_small, scores, out, readme):
    accept_small("mitdb")
    write_pages(scores, out, readme)
    readme.write_text(readme.read_text().replace("`lime`", "`mine`"))
    (difference,) = check_pages(scores, out, readme)
    assert difference.startswith(f"{readme}: differs at line ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("# Project\n", "leaderboard:begin"), (README.replace("begin", "begin nowhere"), "accepted results of nowhere")],
    ids=["no markers", "unknown dataset"],
)
def test_readme_without_a_place_for_the_excerpt_is_refused(accept_small, scores, out, readme, text, expected):
    accept_small("mitdb")
    readme.write_text(text)
    with pytest.raises(ResultsError, match=expected):
        write_pages(scores, out, readme)


def test_absent_readme_is_refused(accept_small, scores, out, tmp_path):
    accept_small("mitdb")
    with pytest.raises(ResultsError, match="nowhere"):
        write_pages(scores, out, tmp_path / "nowhere.md")


@pytest.mark.parametrize("figure", ["scores-localisation", "cost", "intervals-localisation"])
def test_changed_figure_is_named(accept_small, scores, out, figure):
    accept_small("mitdb")
    write_pages(scores, out)
    path = out / "figures" / "mitdb" / f"{figure}.svg"
    path.write_bytes(path.read_bytes().replace(b"lime", b"mine"))
    assert check_pages(scores, out) == [f"{path}: another figure than the results give; draw it again"]


def test_generated_files_of_former_results_are_named_and_removed(accept, accept_small, scores, out):
    accept_small("mitdb")
    accept("mitdb", "lrp", {"raw": {"relevance_rank_accuracy": {1: 0.5, 2: 0.5}}})
    accept_small("svdb")
    write_pages(scores, out)
    for file in [*(scores / "svdb").iterdir(), *scores.glob("mitdb/lrp.*")]:
        file.unlink()
    stale = [out / "svdb.md", out / "methods" / "lrp.md", out / "metrics" / "relevance_rank_accuracy.md"]
    stale += sorted((out / "figures" / "svdb").iterdir())
    assert len(stale) == 10
    left = [difference for difference in check_pages(scores, out) if difference.endswith("generated, but there are no results for it")]
    assert {difference.partition(":")[0] for difference in left} == set(map(str, stale))
    write_pages(scores, out)
    assert not any(path.exists() for path in stale)
    assert check_pages(scores, out) == []


@pytest.mark.parametrize("name", ["methods/notes.md", "metrics/notes.md", "figures/mine.svg", "figures/mitdb/mine.png", "figures/data.csv"])
def test_files_by_hand_in_subfolders_are_left_alone(accept, scores, out, name):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    write_pages(scores, out)
    by_hand = out / name
    by_hand.parent.mkdir(exist_ok=True)
    by_hand.write_text("By hand")
    assert check_pages(scores, out) == []
    write_pages(scores, out)
    assert by_hand.read_text() == "By hand"

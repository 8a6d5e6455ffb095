"""What `ecgbench leaderboard` writes, checks, opens and refuses."""

from pathlib import Path

import pytest


@pytest.fixture
def pages(ecg, accepted, tmp_path):
    """Pages of the slice's accepted results."""
    (tmp_path / "README.md").write_text("# Project\n\n<!-- leaderboard:begin synthetic@samples-3 -->\n<!-- leaderboard:end -->\n")
    said = ecg("leaderboard")
    page = Path("leaderboards") / "synthetic@samples-3.md"
    assert str(page) in said.splitlines()
    return page


def test_written_pages_pass_the_check(ecg, pages):
    assert ecg("leaderboard", "--check") == "the pages are what the accepted results say\n"


def test_page_edited_by_hand_fails_the_check_by_name_and_is_left(ecg, pages):
    edited = pages.read_text().replace("random_baseline", "my_method")
    pages.write_text(edited)
    said = ecg("leaderboard", "--check", code=1)
    assert said.startswith(f"{pages}: differs at line ")
    assert pages.read_text() == edited


def test_pages_into_a_file_are_refused(refused, pages, tmp_path):
    (tmp_path / "file").write_text("")
    assert 'expected a folder, got "file", which is a file; name another' in refused("leaderboard", "--out", "file")


@pytest.fixture
def opened(monkeypatch):
    """Addresses that the browser was asked for."""
    addresses = []
    monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
    return addresses


def test_site_is_built_where_it_is_told_and_opened_where_asked_and_no_page_written(ecg, accepted, opened, tmp_path, monkeypatch):
    assert ecg("leaderboard", "--site", "there", "--explorer", "none") == f"{Path('there') / 'index.html'}\n"
    assert opened == []
    index = Path("build") / "site" / "index.html"
    assert ecg("leaderboard", "--open", "--explorer", "none") == f"{index}\n"
    assert opened == [(tmp_path / index).as_uri()]
    assert "random_baseline" in "".join(page.read_text() for page in index.parent.glob("synthetic@samples-3*.html"))
    assert [path.name for path in Path("leaderboards").iterdir()] == ["scores"]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert ecg("leaderboard", "--open", "--explorer", "none").endswith("no browser was found; open the file in one\n")


def test_explorer_is_of_the_models_that_are_named_and_unknown_ones_are_refused(ecg, refused, accepted, monkeypatch):
    asked = []
    monkeypatch.setattr("ecgbench.report.explorer.shown_models", lambda wanted, options, orders: asked.append((wanted, orders)) or [])
    ecg("leaderboard", "--site", "there", "--explorer", "synthetic-*_narrow-seed8,svdb")
    (wanted, orders) = asked[0]
    assert [one.model.id for one in wanted][:2] == ["svdb-resnet18_7-seed1", "svdb-resnet18_7-seed2"]
    assert wanted[-1].model.seed == 8
    assert orders == {}
    assert 'expected a key of the explorer\'s models, got "svdbb"; did you mean svdb?' in refused(
        "leaderboard", "--site", "there", "--explorer", "svdbb"
    )


def test_site_in_a_folder_of_other_files_is_refused(refused, accepted):
    assert "expected an empty folder or an earlier site in leaderboards, got other files" in refused(
        "leaderboard", "--site", "leaderboards"
    )

"""`compare`: folders and revisions, what is printed, exit codes."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from ecgbench.results import read_pair
from tests.leaderboard.compare.sides import AUC, LIME, write
from tests.leaderboard.conftest import MODEL
from tests.results.schema2 import write_schema_2

OTHER = LIME | {AUC: {1: 0.9, 2: 0.8}}


def git(*arguments):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True)


@pytest.fixture
def folders(tmp_path):
    write(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "same")
    write(tmp_path / "b", raw=OTHER)


@pytest.fixture
def clone(tmp_path):
    """A clone whose second commit changed a value, in whose tree it is changed again."""
    git("init", "-q", "-b", "main")
    (tmp_path / "README.md").touch()
    git("add", ".")
    git("commit", "-q", "-m", "nothing")
    for raw in (LIME, OTHER):
        write(tmp_path / "leaderboards" / "scores", raw=raw)
        git("add", ".")
        git("commit", "-q", "-m", "results")
    write(tmp_path / "leaderboards" / "scores", raw=OTHER | {AUC: {1: 0.9, 2: 0.9}})


@pytest.mark.parametrize(("other", "code", "counts"), [("same", 0, "4 alike, 0 changed"), ("b", 1, "3 alike, 1 changed")])
def test_exit_code_says_whether_something_changed(ecg, folders, other, code, counts):
    said = ecg("compare", "a", other, code=code)
    assert said.startswith(f"### Accepted results: A = `a`, B = `{other}`\n\n**Cells: {counts}, 0 only in A, 0 only in B**.")


def test_one_datasets_folders_can_be_named(ecg, folders):
    assert "3 alike, 1 changed" in ecg("compare", "a/mitdb", "b/mitdb", code=1)


def test_page_goes_to_a_file(ecg, folders, tmp_path):
    said = ecg("compare", "a", "b", code=1)
    assert ecg("compare", "a", "b", "--out", "page.md", code=1) == ""
    assert (tmp_path / "page.md").read_text() == said


def test_all_rows_are_shown_when_asked_for(ecg, tmp_path):
    for side, value in (("a", 0.5), ("b", 0.6)):
        write(tmp_path / side, raw={AUC: dict.fromkeys(range(1, 43), value)})
    assert "2 more changed cells; `--all` shows them." in ecg("compare", "a", "b", code=1)
    assert "more changed cells" not in ecg("compare", "a", "b", "--all", code=1)


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("HEAD~1", "main", "3 alike, 1 changed"),
        ("HEAD~1", "leaderboards/scores", "2 alike, 2 changed"),
    ],
)
def test_what_is_no_folder_is_a_revision(ecg, clone, before, after, counts):
    assert counts in ecg("compare", before, after, code=1)


def test_a_revision_is_alike_to_itself_from_a_folder_of_the_clone(ecg, clone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "leaderboards")
    assert "4 alike, 0 changed" in ecg("compare", "main", "HEAD")


def test_revision_of_the_schema_of_before_is_brought_to_this_one(ecg, clone, tmp_path):
    root = tmp_path / "leaderboards" / "scores"
    (path,) = root.glob("*/*/*.json")
    now = read_pair(path)
    write_schema_2(root, *now)
    git("add", "-A")
    git("commit", "-q", "-m", "schema 2")
    assert "`ecgbench results migrate" in ecg("compare", "main", "leaderboards/scores", code=2)
    assert ecg("results", "migrate").endswith("scores/mitdb/resnet18_7/lime.json\n1 files brought to this schema\n")
    assert read_pair(path)[0] == replace(now[0], identity=replace(now[0].identity, explained="seeded"))
    assert "4 alike, 0 changed" in ecg("compare", "HEAD", "leaderboards/scores")


def test_only_a_folder_is_migrated(refused):
    assert 'expected a folder of accepted results, got "nowhere"' in refused("results", "migrate", "nowhere")


@pytest.mark.parametrize(
    ("revision", "said"),
    [("nowhere", 'expected "nowhere" as a revision, got none'), ("HEAD~2", "expected leaderboards/scores in revision HEAD~2, got")],
)
def test_revisions_without_results_are_refused(refused, clone, revision, said):
    assert said in refused("compare", revision, "HEAD")


def test_outside_a_clone_only_folders_are_taken(refused, folders, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert 'expected "main" as a folder of results, or a revision of the clone around' in refused("compare", "main", "a")


def test_without_git_only_folders_are_taken(refused, folders, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "got no git to look it up with" in refused("compare", "main", "a")


def test_damaged_results_are_refused(refused, folders, tmp_path):
    (tmp_path / "b" / "mitdb" / MODEL / "lime.npz").write_bytes(b"damaged")
    assert "expected per-window scores in" in refused("compare", "a", "b")


def test_page_into_an_absent_folder_is_refused(refused, folders):
    assert "expected --out in a folder that is there" in refused("compare", "a", "b", "--out", "absent/page.md")

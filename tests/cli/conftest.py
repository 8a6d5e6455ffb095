"""The command line in this process, with the windows of synthetic at hand, no records and nothing accepted."""

import shutil

import pytest

from ecgbench import cli
from ecgbench.artifacts import ArtifactStore
from tests.cli.cases import SLICE
from tests.pipeline.runs import store_with_windows


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory):
    """A store that holds the windows of synthetic."""
    return store_with_windows(tmp_path_factory.mktemp("artifacts")).root


@pytest.fixture(autouse=True)
def _places(artifacts, tmp_path, monkeypatch):
    """The windows at hand, no records, nothing accepted."""
    monkeypatch.setenv("ECGBENCH_CACHE", str(artifacts))
    monkeypatch.setenv("ECGBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("ecgbench.results.shipped.CLONE", tmp_path / "no clone")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def own_store(artifacts, tmp_path, monkeypatch):
    """A store that the test may spoil."""
    shutil.copytree(artifacts / "windows", tmp_path / "own" / "windows")
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "own"))
    return ArtifactStore()


@pytest.fixture
def ecg(capsys):
    """Run the command line in this process; returns what it printed."""

    def run(*arguments, code=0):
        try:
            found = cli.main(arguments)
        except SystemExit as ended:
            found = ended.code
        said, wrong = capsys.readouterr()
        assert found == code, said + wrong
        return said if code < 2 else wrong

    return run


@pytest.fixture
def refused(ecg):
    """Run a command that is refused; returns its error, which is the one line behind any progress bars."""

    def run(*arguments):
        said = ecg(*arguments, code=2)
        assert "Traceback" not in said
        assert said.endswith("\n")
        line = said.rstrip("\n").rpartition("\n")[2].rpartition("\r")[2]
        assert line.startswith("ecgbench")
        return line

    return run


@pytest.fixture(scope="session")
def accepted_once(artifacts, tmp_path_factory):
    """Folder of the slice's accepted results."""
    folder = tmp_path_factory.mktemp("accepted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGBENCH_CACHE", str(artifacts))
        assert cli.main((*SLICE, "--update-scores", "--scores", str(folder))) == 0
    return folder


@pytest.fixture
def accepted(accepted_once, tmp_path):
    """The slice's accepted results, which the test may spoil."""
    scores = shutil.copytree(accepted_once, tmp_path / "leaderboards" / "scores")
    return scores / "synthetic@samples-3" / "resnet18_7_narrow" / "random_baseline.json"

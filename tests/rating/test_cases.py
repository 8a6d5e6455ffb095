"""The cases of a real run, and the command from the maps to the report."""

import numpy as np
import pytest

from ecgbench import cli
from ecgbench.pipeline import MapsAddress, ModelAddress
from ecgbench.rating import cases_of
from ecgbench.rating.cases import LEVELS
from ecgbench.rating.schedule import CATCH
from tests.pipeline.runs import MODEL, small_run, store_with_windows
from tests.rating.made_up import make


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_windows(tmp_path_factory.mktemp("store")), samples=2)


def test_cases_are_the_run_s_windows_and_maps(run):
    of = ModelAddress("synthetic", MODEL, 1)
    cases, explained = cases_of(run, of, ("input_gradient", "input_gradient_abs")), run.explained(of)
    signed = run.maps(MapsAddress("synthetic", MODEL, "input_gradient", 1)).values
    for i, case in enumerate(cases):
        assert np.abs(case.signal - explained.windows.signal[i] * 1000).max() <= 0.5
        assert set(case.maps) == {"input_gradient", "input_gradient_abs", *CATCH}
        assert np.array_equal(np.abs(case.maps["input_gradient"]), case.maps["input_gradient_abs"])
        assert np.abs(case.maps["input_gradient"]).max() == LEVELS
        strong = np.abs(case.maps["input_gradient"]) > 1
        assert np.array_equal(np.sign(case.maps["input_gradient"][strong]), np.sign(signed[i][strong]))
        assert 0 <= case.scores["input_gradient_abs"]["auc"] <= 1
    assert len(cases) == 2


def test_command_writes_resumes_exports_and_reports(run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ECGBENCH_CACHE", str(run.options.store.root))
    served = []
    monkeypatch.setattr("ecgbench.rating.listen", lambda *given: lambda: served.append(given))
    ask = ("rate", "synthetic", "--samples", "2", "--method", "input_gradient", "--host", "0.0.0.0")
    assert [cli.main(ask), cli.main(ask)] == [0, 0]
    (first, host, port), (again, _, _) = served
    assert (host, port) == ("0.0.0.0", 8765)
    assert first.raters() == again.raters()
    assert first.raters()[0][1] in capsys.readouterr().out
    assert cli.main([*ask, "--raters", "Ben"]) == 0
    assert [name for name, _ in served[2][0].raters()] == ["rater 1", "Ben"]
    assert cli.main([*ask, "--seed", "1"]) == 2
    assert "got 1; ask for the same, or name another file with --out." in capsys.readouterr().err
    make(tmp_path / "rated.sqlite")
    assert [cli.main(["rate", "--export", "rated.sqlite"]), cli.main(["rate", "--report", "rated.sqlite"])] == [0, 0]
    assert (tmp_path / "rated.csv").read_text().startswith("rater,position,")
    assert "<h1" in (tmp_path / "rated.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected one of a dataset, --export and --report, got 0"),
        (("synthetic", "--report", "a.sqlite"), "expected one of a dataset, --export and --report, got 2"),
        (("--report", "a.sqlite"), "expected a file of ratings, got nothing"),
        (("--report", "a.sqlite", "--out", "a.pdf"), "expected --out as a file .html or .md"),
        (("synthetic", "--out", "a.csv"), "expected --out as a .sqlite file"),
        (("synthetic", "--method", "salency"), "saliency"),
        (("synthetic", "--raters", "a", "a"), "expected 1 to 50 raters of different names"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["rate", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []

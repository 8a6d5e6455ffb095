"""The script that judges real windows' twins: what it counts, what it draws, what it refuses."""

import importlib
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from ecgbench.datasets.records.counterfactuals.exchange import Reason
from ecgbench.types import Twins, Windows

ROOT = Path(__file__).parents[2]
NO_BEAT, NEIGHBOUR = Reason.NO_BEAT.value, Reason.NEIGHBOUR.value


@pytest.fixture(scope="module")
def script():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "validation")
        yield importlib.import_module("twins")


@pytest.fixture
def judged(script):
    """Six windows of two records: of class 2 the first five, of which four are recognised; the fourth has no twin, the second no sham."""
    generator = np.random.default_rng(0)
    signal = generator.standard_normal((6, 1, 1000)).astype(np.float32)
    spans = (np.empty((0, 3), dtype=np.int64),) * 6
    record = np.array(list("aaabbb"))
    windows = Windows(signal, np.array([2, 2, 2, 2, 2, 1]), record, record, np.arange(6) * 1000, spans)
    twin, sham = signal.copy(), signal.copy()
    twin[:, :, 200:400] = 0
    sham[:, :, 600:700] = 0
    twin[3], sham[1] = np.nan, np.nan
    reason, sham_reason = (np.array([why if i == place else "" for i in range(6)]) for place, why in ((3, NEIGHBOUR), (1, NO_BEAT)))
    recognised = np.array([True, True, True, True, False, True])
    return script.Judged(
        "mitdb",
        windows,
        Twins(twin, sham, reason, sham_reason),
        recognised,
        np.array([0, 0, 2, -1, -1, 0]),
        np.array([2, -1, 2, 2, -1, 2]),
    )


def test_rows_count_what_their_columns_say(script, judged):
    sveb, veb = script.rows(judged)
    assert sveb == ["mitdb", "SVEB", 1, 1, 1, 1, 1, "100.0 %", 1, "0.0 %", 0, "0 of 1"]
    assert veb == ["mitdb", "VEB", 5, 4, 3, 4, 3, "66.7 %", 3, "100.0 %", 1, "1 of 2"]


def test_reasons_are_counted_by_class(script, judged):
    assert list(script.reasons(judged)) == [["mitdb", "VEB", "no twin", NEIGHBOUR, 1], ["mitdb", "VEB", "no sham", NO_BEAT, 1]]


def test_records_whose_twins_keep_a_label_are_named(script, judged):
    assert list(script.not_normal(judged)) == [["mitdb", "VEB", "a", 1, 3]]


def test_drawn_windows_have_a_twin_and_are_of_as_many_records_and_classes_as_there_are(script, judged):
    chosen = script.chosen(judged, 2, 0)
    assert set(judged.windows.record[chosen]) == {"a", "b"}
    assert set(judged.windows.y[chosen]) == {1, 2}
    assert sorted(script.chosen(judged, 10, 0)) == [0, 1, 2, 5]
    assert chosen == script.chosen(judged, 2, 0)


def test_twin_is_standardised_as_its_window_is(script, judged, monkeypatch):
    asked = []

    def forward(model, rows):
        asked.append(rows)
        return np.eye(4)[np.arange(len(rows)) % 4]

    monkeypatch.setattr(script, "forward", forward)
    found = script.predicted(None, judged.windows, judged.twins.twin, judged.recognised)
    assert found.tolist() == [0, 1, 2, -1, -1, 3]
    np.testing.assert_array_equal(asked[0][:, :, 400:], judged.windows.x[[0, 1, 2, 5]][:, :, 400:])


def test_twins_are_drawn_to_the_file_that_is_named(script, judged, tmp_path):
    out = tmp_path / "twins.png"
    script.draw(out, [(judged.windows, judged.twins, i, script.caption(judged, i), 360) for i in script.chosen(judged, 3, 0)])
    assert out.read_bytes().startswith(b"\x89PNG")


def test_absent_golden_files_are_refused_with_the_remedy(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ECGBENCH_SHARED", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["twins.py", "--out", str(tmp_path / "twins.png")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script.__file__, run_name="__main__")
    assert ended.value.code == 2
    assert "set ECGBENCH_SHARED to the folder that holds it" in capsys.readouterr().err

"""The guide to own data: its lines run on files of each format."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tests.datasets.recordings.files import FS, PLACES, signal_of, write_beats, write_csv, write_edf, write_hdf5, write_mat
from tests.datasets.records.wfdb_files import write

GUIDE = Path(__file__).parents[1] / "docs" / "own_data.md"


@pytest.mark.usefixtures("registries_restored")
def test_every_line_of_the_guide_runs(tmp_path, monkeypatch):
    for seed, name in enumerate("ab"):
        path = tmp_path / "records" / name
        write(path.parent, name, signal_of(seed).T, list(zip(PLACES, "NVNV", strict=True)), fs=FS)
        for ending, writer in ((".edf", write_edf), (".csv", write_csv), (".h5", write_hdf5), (".mat", write_mat)):
            writer(path.with_suffix(ending))
        write_beats(path.with_suffix(".beats.csv"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))
    found = doctest.testfile(str(GUIDE), module_relative=False)
    assert found.failed == 0
    assert found.attempted >= 25

"""`ecgbench simulate`."""

from pathlib import Path

import ecgbench


def test_stand_in_is_written_and_loads(ecg, tmp_path, monkeypatch):
    said = ecg("simulate", "svdb", "root", "--windows", "2", "--seed", "3")
    folder = Path("root") / "svdb" / "1.0.0"
    mark = "Simulated ECGs, no recordings, in place of svdb 1.0.0: seed 3, 2 windows a record."
    assert said == f"{mark}\nwritten to {folder}; ECGBENCH_DATA=root uses it\n"
    assert (folder / "SIMULATED").read_text() == f"{mark}\n"
    monkeypatch.setenv("ECGBENCH_DATA", "root")
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "cache"))
    assert ecgbench.load_dataset("svdb").simulated


def test_edition_is_written_into_its_own_place(ecg):
    ecg("simulate", "ptbxl", "root", "--edition", "challenge-2021", "--records", "20")
    assert len(list(Path("root/challenge-2021/1.0.3/training/ptb-xl/g1").glob("HR*.mat"))) == 20
    assert not Path("root/ptb-xl").exists()


def test_records_that_are_there_are_never_written_over(refused):
    folder = Path("root") / "mitdb" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "100.dat").write_bytes(b"real")
    said = refused("simulate", "mitdb", "root", "--windows", "1")
    assert said.startswith(f"ecgbench simulate: expected no {folder} yet, got one; ")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"real"]


def test_dataset_without_files_is_refused_with_those_that_have_a_stand_in(refused):
    said = refused("simulate", "synthetic", "root")
    assert "expected a dataset whose database can be simulated (" in said
    assert "mitdb" in said
    assert said.endswith(", got synthetic; choose one of these.")


def test_wrong_options_are_refused(refused):
    assert "mitdb" in refused("simulate", "mitbd", "root")
    assert "expected edition of ptbxl among" in refused("simulate", "ptbxl", "root", "--edition", "2")
    assert "expected no number of records" in refused("simulate", "mitdb", "root", "--records", "5")
    assert "expected no number of windows" in refused("simulate", "ptbxl", "root", "--windows", "5")
    assert 'expected a seed as a whole number from 0 to 999999999, got "-1"' in refused("simulate", "mitdb", "root", "--seed", "-1")
    assert not Path("root").exists()

"""`download` and `verify`: what they say, and how they end."""

from __future__ import annotations

import shutil
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ecgbench.datasets import DATASETS
from ecgbench.protocol import MITDB
from tests.datasets.physionet.databases import list_sums
from tests.datasets.physionet.server import Fault, serving
from tests.datasets.records import wfdb_files as made

FILES = [f"{name}{suffix}" for name in (*MITDB.train, *MITDB.test) for suffix in (".hea", ".dat", ".atr")]


@pytest.fixture(autouse=True)
def _store(tmp_path, monkeypatch):
    """A store of the test's own, because what is verified is cut into it."""
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "artifacts"))


@pytest.fixture(autouse=True)
def _unpinned(tmp_path, monkeypatch):
    """The made-up records of mitdb's names have no sums that are fixed."""
    monkeypatch.setattr("ecgbench.datasets.physionet.pins.FOLDER", tmp_path / "unpinned")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Root of a database of mitdb's names: one made record of two windows under all of them."""
    root = tmp_path_factory.mktemp("published")
    folder = root / "mitdb" / "1.0.0"
    signal = np.random.default_rng(0).integers(-2000, 2000, (2 * MITDB.window, 2)) / 1000
    made.write(folder, "100", signal, [(40, "N"), (700, "V"), (3500, "N")])
    for name in (*MITDB.train, *MITDB.test):
        if name != "100":
            shutil.copy(folder / "100.dat", folder / f"{name}.dat")
            shutil.copy(folder / "100.atr", folder / f"{name}.atr")
            (folder / f"{name}.hea").write_text((folder / "100.hea").read_text().replace("100", name, 1).replace("100.dat", f"{name}.dat"))
    list_sums(folder, FILES)
    return root


@pytest.fixture
def server(published):
    with serving(published) as server:
        yield server


@pytest.fixture
def here(published, tmp_path):
    """Folder of the same database where the command looks for it."""
    shutil.copytree(published, tmp_path / "data")
    return tmp_path / "data" / "mitdb" / "1.0.0"


# download


@pytest.mark.network
def test_terms_are_said_before_the_files_come_and_their_number_after(ecg, server, tmp_path):
    lines = ecg("download", "mitdb", "--mirror", server.url).splitlines()
    folder = tmp_path / "data" / "mitdb" / "1.0.0"
    assert lines == [
        "MIT-BIH Arrhythmia Database",
        "  licence: ODC-By 1.0",
        "  size: about 88 MB",
        "  source: https://physionet.org/content/mitdb/1.0.0/",
        f"  mirror: {server.url}",
        "  sums: none fixed by ecgbench, of other files those in the database's list are believed",
        f"  into: {folder}",
        lines[-1],
    ]
    assert lines[-1].startswith("132 files fetched (")
    assert lines[-1].endswith(f" MB), 0 were here and whole, in {folder}")
    again = ecg("download", "mitdb", "--mirror", server.url).splitlines()
    assert again[-1] == f"0 files fetched (0.0 MB), 132 were here and whole, in {folder}"
    assert set(server.counts.values()) == {1}


@pytest.mark.network
def test_sums_that_are_fixed_are_counted_and_a_mirror_of_others_is_refused_before_its_files_come(refused, ecg, server, tmp_path, capsys):
    (tmp_path / "unpinned").mkdir()
    (tmp_path / "unpinned" / "mitdb-1.0.0.txt").write_text(f"{'a' * 64} 100.dat\n")
    assert "expected the SHA-256 of 100.dat that ecgbench fixes for mitdb 1.0.0" in refused("download", "mitdb", "--mirror", server.url)
    assert set(server.counts) == {"SHA256SUMS.txt"}


@pytest.mark.network
def test_options_are_heeded(ecg, server, tmp_path):
    said = ecg("download", "mitdb", "--dir", "own", "--mirror", server.url, "--records", "10[01]", "234", "--jobs", "1")
    assert {path.stem for path in (tmp_path / "own" / "mitdb" / "1.0.0").glob("*.dat")} == {"100", "101", "234"}
    assert "9 files fetched" in said
    assert server.busiest == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.network
def test_simulated_records_are_said_to_be_simulated(ecg, published, tmp_path):
    shutil.copytree(published, tmp_path / "simulated")
    folder = tmp_path / "simulated" / "mitdb" / "1.0.0"
    (folder / "SIMULATED").touch()
    list_sums(folder, [*FILES, "SIMULATED"])
    with serving(tmp_path / "simulated") as server:
        assert ecg("download", "mitdb", "--mirror", server.url).endswith("; they are simulated, no recordings\n")
    assert "The records are simulated, no recordings." in ecg("verify", "mitdb")


@pytest.mark.network
def test_failures_are_one_line_with_the_remedy(refused, server):
    server.faults["100.dat"] = Fault(status=404)
    said = refused("download", "mitdb", "--mirror", server.url)
    assert said.startswith(
        "ecgbench download: expected 132 files of mitdb, got 131, and 1 that failed, among them 100.dat: expected http://"
    )
    assert "got status 404 Not Found; name another --mirror or --edition." in said


@pytest.mark.network
def test_unlisted_files_are_refused_or_allowed(ecg, refused, published, tmp_path, capsys):
    shutil.copytree(published, tmp_path / "unlisted")
    list_sums(tmp_path / "unlisted" / "mitdb" / "1.0.0", FILES[1:])
    with serving(tmp_path / "unlisted") as server:
        assert f"got none of {FILES[0]};" in refused("download", "mitdb", "--mirror", server.url)
        assert "1 files fetched" in ecg("download", "mitdb", "--mirror", server.url, "--allow-unlisted")


def test_conditions_of_the_licence_are_said(ecg, monkeypatch):
    entry = next(entry for entry in DATASETS if entry.conditions)
    monkeypatch.setattr("ecgbench.datasets.download", lambda *_: SimpleNamespace(fetched=0, whole=0, bytes=0))
    assert f"  conditions: {entry.conditions}\n" in ecg("download", entry.key)


def test_edition_decides_on_folder_size_and_source(ecg, monkeypatch, tmp_path):
    asked: list[Any] = []
    done = SimpleNamespace(fetched=0, whole=0, bytes=0)
    monkeypatch.setattr("ecgbench.datasets.download", lambda *arguments: (asked.append(arguments), done)[1])
    said = ecg("download", "ptbxl", "--edition", "challenge-2021", "--allow-unlisted")
    assert f"  into: {tmp_path / 'data' / 'challenge-2021' / '1.0.3'}\n" in said
    assert "  source: https://physionet.org/content/challenge-2021/1.0.3/\n" in said
    assert "mirror" not in said
    assert asked == [(DATASETS["ptbxl"], tmp_path / "data", "challenge-2021", None, (), 8, True)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("download", "synthetic"), "expected a dataset that lies in files, got synthetic, which needs no files"),
        (("download", "mitbd"), "did you mean mitdb?"),
        (("download", "mitdb", "--jobs", "0"), 'expected jobs as a whole number from 1 to 64, got "0"'),
        (("download", "mitdb", "--mirror", "here"), 'expected an http:// or https:// URL, got "here"'),
        (("download", "mitdb", "--mirror", "http://[::1"), 'expected an http:// or https:// URL, got "http://[::1"'),
        (("download", "ptbxl", "--edition", "2"), 'expected edition of ptbxl among 1.0.3, 1.0.3@100hz, challenge-2021, got "2"'),
        (("verify", "mitdb", "--dir", "own"), "SHA256SUMS.txt, got no such file; fetch it: ecgbench download mitdb --dir own"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_refused_in_one_line_with_the_remedy(refused, arguments, said):
    assert said in refused(*arguments)


# verify


def test_whole_database_is_counted_by_class_on_either_side_beside_published_counts(ecg, here, monkeypatch):
    said = ecg("verify", "mitdb")
    lines = said.splitlines()
    assert lines[0] == "132 files whole, 0 missing, 0 damaged, 0 without a sum in SHA256SUMS.txt"
    counts = [["N", "22", "22"], ["SVEB", "0", "0"], ["VEB", "22", "22"], ["F", "0", "0"]]
    assert [line.split() for line in lines[4:8]] == counts
    assert "published" not in said
    assert "0 training and 0 test windows left out as unclassifiable." in lines
    monkeypatch.setitem(DATASETS._entries, "mitdb", replace(DATASETS["mitdb"], published={"N": 12345, "F": 6}))
    lines = ecg("verify", "mitdb").splitlines()
    assert lines[2].endswith("published, whole database")
    assert [line.split() for line in lines[4:8]] == [[*counts[0], "12345"], *counts[1:3], [*counts[3], "6"]]


def test_labels_are_summed_where_a_window_can_have_several(ecg, here, monkeypatch):
    windows = SimpleNamespace(y=np.array([[1, 1, 0], [0, 1, 0]], dtype=np.uint8))
    dataset = SimpleNamespace(classes=("a", "b", "c"), train=windows, test=windows, notes=("A note.",), simulated=False)
    monkeypatch.setattr("ecgbench.datasets.load_dataset", lambda *_, **__: dataset)
    lines = ecg("verify", "mitdb").splitlines()
    assert [line.split() for line in lines[4:7]] == [["a", "1", "1"], ["b", "2", "2"], ["c", "0", "0"]]
    assert lines[-1] == "A note."


@pytest.mark.parametrize("state", ["damaged", "missing"])
def test_damaged_and_missing_files_fail_by_name_without_counts(ecg, here, state):
    for name in FILES[:12]:
        (here / name).unlink()
        if state == "damaged":
            (here / name).write_bytes(b"x")
    lines = ecg("verify", "mitdb", code=1).splitlines()
    assert lines[:10] == [f"{state}: {name}" for name in FILES[:10]]
    assert lines[10] == f"{state}: 2 more"
    missing, damaged = (0, 12) if state == "damaged" else (12, 0)
    assert lines[11:] == [f"120 files whole, {missing} missing, {damaged} damaged, 0 without a sum in SHA256SUMS.txt"]


def test_file_without_a_sum_fails_after_the_counts(ecg, here):
    list_sums(here, FILES[1:])
    said = ecg("verify", "mitdb", code=1)
    assert said.startswith(f"without a sum: {FILES[0]}\n131 files whole, 0 missing, 0 damaged, 1 without a sum")
    assert "VEB" in said


@pytest.mark.network
def test_downloading_mends_what_verifying_found(ecg, server, here):
    (here / FILES[0]).write_bytes(b"x")
    ecg("verify", "mitdb", code=1)
    assert "1 files fetched" in ecg("download", "mitdb", "--mirror", server.url)
    ecg("verify", "mitdb")

"""A user's own folder of WFDB records as a dataset: read as the built-in ones are, and everything that is refused."""

from types import MappingProxyType

import numpy as np
import pytest

import ecgbench
from ecgbench import cli
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, request_for
from ecgbench.datasets.records.files.wfdb_reader import read_record
from ecgbench.datasets.records.windows.cut import concatenate, cut
from ecgbench.errors import DataError, DuplicateKeyError, InputError, MissingDataError
from ecgbench.pipeline import ModelAddress, Options, Run
from ecgbench.protocol import BEAT_RULES, UNCLASSIFIABLE, Recipe
from ecgbench.types import CORE
from tests.datasets.records.wfdb_files import BEATS, FS, WINDOW, signal_of, write

pytestmark = pytest.mark.usefixtures("registries_restored")

ABNORMAL = [(20, "N"), (120, "V"), (160, "A"), (180, "A"), (250, "V"), (330, "N")]
PATIENTS = {"b": "a", "c": "a"}


@pytest.fixture
def folder(tmp_path):
    """Records `a` to `d` of three windows each; `a`, `b` and `c` are one patient's."""
    folder = tmp_path / "my records"
    for seed, name in enumerate("abcd"):
        write(folder, name, signal_of(seed=seed), BEATS if name in "ab" else ABNORMAL)
    return folder


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))


def registered(folder, key="my_records", **changed):
    given = {"train": ("a", "b"), "test": ("c", "d"), "fs": FS, "window": WINDOW, "patients": PATIENTS}
    return ecgbench.register_records(key, folder, **given | changed)


def loaded(folder, labels=None, split=None, **changed):
    return ecgbench.load_dataset(registered(folder, **changed).key, labels=labels, split=split)


def plainly(folder, names, rule, lead=0):
    """The windows of records, one record after the other, without those that are left out."""
    parts = [cut(read_record(folder, name, lead, FS), WINDOW, rule, PATIENTS.get(name, name)) for name in names]
    whole = concatenate(parts)
    return whole.take(np.flatnonzero((whole.y != UNCLASSIFIABLE) | (not rule.leave_out_unclassifiable)))


def assert_equal(windows, expected):
    for name in ("signal", "y", "record", "patient", "start"):
        np.testing.assert_array_equal(getattr(windows, name), getattr(expected, name))
    assert [one.tolist() for one in windows.spans] == [one.tolist() for one in expected.spans]


# Read as the built-in ones are


@pytest.mark.parametrize("lead", [0, 1])
def test_windows_are_the_records_cut_one_by_one(folder, lead):
    dataset, rule = loaded(folder, lead=lead), BEAT_RULES["aami"]
    assert_equal(dataset.train, plainly(folder, "ab", rule, lead))
    assert_equal(dataset.test, plainly(folder, "cd", rule, lead))
    assert dataset.leads == (f"lead {lead}",)
    assert len(dataset.train) == 4
    assert dataset.test.y.tolist() == [0, 1, 2, 0, 1, 2]


def test_labels_of_the_study_are_offered(folder):
    dataset = loaded(folder, train=("c",), test=("d",), patients=None, labels="study")
    assert_equal(dataset.test, plainly(folder, "d", BEAT_RULES["study"]))
    assert dataset.labels == "study"
    assert ecgbench.load_dataset("my_records", protocol="study").labels == "study"


def test_split_by_patient_leaves_out_whom_it_trains_on(folder):
    dataset = loaded(folder, split="patient")
    assert set(dataset.test.record.tolist()) == {"d"}
    assert not any("both sides" in note for note in dataset.notes)
    standard = ecgbench.load_dataset("my_records")
    assert standard.split == "standard"
    assert "Patients on both sides of the split: a (`--split patient` leaves them out of the test set)." in standard.notes


def test_counts_of_windows_are_said(folder):
    assert loaded(folder).notes[:2] == (
        "2 training and 0 test windows left out as unclassifiable.",
        "0 training and 0 test windows hold no beat and count as normal.",
    )


def test_same_records_under_another_name_or_place_have_the_same_key(folder, tmp_path):
    first = loaded(folder)
    folder.rename(tmp_path / "elsewhere")
    second = loaded(tmp_path / "elsewhere", key="others")
    assert (first.key, first.name, second.name) == (second.key, "my_records", "others")
    write(tmp_path / "elsewhere", "d", signal_of(seed=9), ABNORMAL)
    assert ecgbench.load_dataset("others").key != first.key


def test_second_time_windows_come_from_the_store(folder, monkeypatch):
    first = loaded(folder)
    monkeypatch.setattr("ecgbench.datasets.own.records.read_wanted", None)
    assert_equal(ecgbench.load_dataset("my_records").test, first.test)


def test_folder_is_found_from_everywhere(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    registered("my records")
    monkeypatch.chdir(tmp_path.parent)
    assert len(ecgbench.load_dataset("my_records", root="nowhere").train) == 4


def test_simulated_records_say_so(folder):
    assert not loaded(folder).simulated
    (folder / "SIMULATED").touch()
    assert ecgbench.load_dataset("my_records").simulated


def test_entry_says_what_was_registered(folder):
    entry = registered(folder, title="Mine", licence="CC BY 4.0", reference="a note of 2024", epochs=3, seeds=(4, 5))
    assert (entry.title, entry.licence, entry.reference, entry.source) == ("Mine", "CC BY 4.0", "a note of 2024", str(folder))
    assert (entry.embedded, entry.files, entry.labels, entry.splits) == (False, None, ("aami", "study"), ("standard", "patient"))
    numbers = entry.protocol
    assert numbers.recipe == Recipe("resnet18_7", 1e-3, epochs=3)
    assert (numbers.threshold, numbers.patch, numbers.perturbations, numbers.baselines, numbers.seeds) == (0.75, 23, 500, 250, (4, 5))
    assert (numbers.classes, numbers.mask_kinds, numbers.patients) == (("N", "SVEB", "VEB", "F"), ("spans",), MappingProxyType(PATIENTS))
    assert ecgbench.datasets()["my_records"] == entry


# What is refused

REFUSED = {
    "names as one text": ({"train": "ab"}, r"""expected train as 1 or more different texts, such as \("a", "b"\), got 'ab'"""),
    "no name": ({"test": ()}, r"expected test as 1 or more different texts, .* got \(\)"),
    "a name on both sides": ({"test": ("c", "a")}, "expected records either in train or in test, got a in both; leave them out of one"),
    "patient of no record": ({"patients": {"e": "a"}}, "expected patients of records in train or test, got e; name the records"),
    "window of nothing": ({"window": 0}, "expected window as a whole number from 1 on, got 0"),
    "negative lead": ({"lead": -1}, "expected lead as a whole number from 0 on, got -1"),
    "unknown number": ({"batch": 3}, 'expected numbers among architecture, .* got "batch"; choose one of these'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_records_are_refused_with(folder, case):
    changed, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        registered(folder, **changed)
    assert "my_records" not in DATASETS


def test_key_is_not_given_twice(folder):
    with pytest.raises(DuplicateKeyError, match='expected a new key in datasets, got "mitdb", which MIT-BIH Arrhythmia Database holds'):
        registered(folder, "mitdb")
    first = registered(folder)
    assert registered(folder) == first
    for changed in ({"folder": folder.parent}, {"folder": folder, "lead": 1}):
        with pytest.raises(DuplicateKeyError, match='got "my_records", which my_records holds; name another'):
            registered(**changed)
    assert DATASETS["my_records"] == first


def test_folder_that_is_not_there_is_named(folder):
    registered(folder / "none")  # an entry point that registers must not stop the benchmark
    with pytest.raises(MissingDataError, match=r"expected the records of my_records in .*/my records/none, got no such folder; register"):
        ecgbench.load_dataset("my_records")


def test_file_that_is_not_there_is_named_without_a_command_that_would_not_fetch_it(folder):
    (folder / "c.atr").unlink()
    with pytest.raises(MissingDataError, match=r"expected .*/my records/c\.atr, got no such file; put it there") as caught:
        loaded(folder)
    assert "download" not in str(caught.value)


def test_damaged_record_is_refused_as_the_built_in_ones_are(folder):
    (folder / "c.dat").write_bytes((folder / "c.dat").read_bytes()[:-100])
    with pytest.raises(DataError, match="/my records/c"):
        loaded(folder)


def test_records_of_another_rate_or_without_the_lead_are_refused(folder):
    with pytest.raises(DataError, match=r"expected 250 Hz in .*/a, got 360 Hz; say resample=True"):
        loaded(folder, key="slower", fs=250)
    with pytest.raises(DataError, match=r"expected at least 3 leads in .*/a\.hea, got 2"):
        loaded(folder, key="wider", lead=2)


def test_split_by_patient_that_leaves_nobody_is_refused(folder):
    with pytest.raises(InputError, match='of patients who are not trained on, got none; take split "standard"'):
        loaded(folder, test=("c",), split="patient")
    assert len(ecgbench.load_dataset("my_records").test) == 3


def test_records_shorter_than_a_window_are_refused(folder):
    with pytest.raises(DataError, match=r"expected training windows of 351 samples in .*, got none; register longer records or shorter"):
        loaded(folder, window=351)


def test_unclassifiable_windows_that_the_labels_keep_are_refused(folder):
    write(folder, "a", signal_of(), ABNORMAL)
    write(folder, "d", signal_of(), [(20, "N"), (120, "/"), (140, "/"), (220, "N")])
    with pytest.raises(
        DataError, match=r"expected test windows of classes N, SVEB, VEB, F, got an unclassifiable one in .*/d; take labels"
    ):
        loaded(folder, train=("c",), test=("a", "d"), labels="study", patients=None)
    assert ecgbench.load_dataset("my_records").test.record.tolist() == ["a"] * 3 + ["d"] * 2


# On the command line and in the benchmark


def test_own_data_are_listed_with_their_folder(folder, capsys):
    registered(folder)
    assert cli.main(["datasets"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("my_records")]
    assert " own " in line
    assert line.endswith(str(folder))


@pytest.mark.parametrize("verb", ["download", "verify"])
def test_own_data_are_neither_fetched_nor_verified(folder, capsys, verb):
    registered(folder)
    assert cli.main([verb, "my_records"]) == 2
    said = capsys.readouterr().err
    assert f"expected a dataset that can be fetched and has a list of sums, got my_records, which is own data ({folder})" in said
    assert said.count("\n") == 1


def test_own_records_are_trained_on(tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "long"
    for name in "ab":
        signal, beats = rng.normal(0, 0.1, (64 * 256, 1)), []
        for i in range(64):
            beats += [(256 * i + 60, "N"), (256 * i + 190, "NV"[i % 2])]
            signal[256 * i + 170 : 256 * i + 210] += 2 * (i % 2)
        write(folder, name, signal.round(3), beats, fs=128)
    numbers = {"architecture": "resnet18_7_narrow", "learning_rate": 1e-2, "epochs": 3}
    ecgbench.register_records("long_ones", folder, ("a",), ("b",), 128, 256, **numbers)
    run = Run(Options(samples=4, store=ArtifactStore(tmp_path / "own")))
    model = run.model(ModelAddress("long_ones", "resnet18_7_narrow", 1))
    assert model.info["origin"] == "trained"
    assert np.array(model.info["test"]["confusion"]).sum(axis=1).tolist() == [32, 0, 32, 0]


def test_regions_are_those_of_the_label_s_beats_in_the_record(folder):
    key = registered(folder).key
    found = ecgbench.load_dataset(key).test
    regions = DATASETS[key].regions(request_for(key), found, found.y)
    for i, spans in enumerate(found.spans):
        own = np.zeros(WINDOW, dtype=bool)
        for onset, offset, class_ in spans:
            own[onset:offset] |= class_ == found.y[i]
        core = regions[i, 0] == CORE
        assert core.any() == own.any()
        assert not (core & ~own).any()

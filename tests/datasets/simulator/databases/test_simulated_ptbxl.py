"""Stand-ins for PTB-XL: both editions say and show the same, and every label is to be seen on the record that has it."""

import ast
import csv
import re
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from ecgbench import load_dataset
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import SimulatedSize
from ecgbench.datasets.simulator.databases.ptbxl import COLUMNS, RECORDS, plan_record, record_steps, simulate_ptbxl
from ecgbench.datasets.simulator.diagnoses import (
    EXCLUDED,
    FINDINGS,
    ORDER,
    RHYTHMS,
    STATEMENTS,
    draw_labels,
    heart_axis,
    scp_codes,
    snomed_codes,
)
from ecgbench.datasets.simulator.findings import TRAITS, with_findings
from ecgbench.datasets.simulator.leads import MEASURED
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.datasets.simulator.twelve_leads import SECOND, Draws, Ecg, P, Q, R, S, T, lay_out, normal_ecg, render_ecg
from ecgbench.errors import InputError
from ecgbench.protocol import PTBXL, PTBXL_100HZ, PTBXL_CHALLENGE, PTBXL_LABELS, DatasetProtocol
from tests.datasets.records.wfdb_files import wfdb
from tests.datasets.simulator.databases.test_database_writer import contents

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")
COUNT = 24
PLANS = [plan_record(number, 0) for number in range(1, RECORDS + 1)]


def write(root: Path, numbers: DatasetProtocol, records: int = COUNT, seed: int = 0) -> Path:
    folder = root / numbers.slug / numbers.version
    simulate_ptbxl(folder, numbers, SimulatedSize(records=records, seed=seed))
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both editions at 500 Hz, and below `low` the one at 100 Hz."""
    folder = tmp_path_factory.mktemp("ptbxl")
    for below, numbers in ((folder, PTBXL), (folder, PTBXL_CHALLENGE), (folder / "low", PTBXL_100HZ)):
        write(below, numbers)
    return folder


@pytest.fixture(scope="module")
def rows(root: Path) -> list[dict[str, str]]:
    with open(root / "ptb-xl" / "1.0.3" / "ptbxl_database.csv", newline="") as file:
        return list(csv.DictReader(file))


# PTB-XL's own edition


def test_table_has_the_databases_columns_and_a_row_a_record(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == COLUMNS
    assert len(COLUMNS) == 28
    assert [int(row["ecg_id"]) for row in rows] == list(range(1, COUNT + 1))
    assert all(re.fullmatch(r"\d+\.0", row["patient_id"]) and re.fullmatch(r"\d\d\.0", row["age"]) and row["sex"] in "01" for row in rows)


def test_tables_say_the_labels(root: Path, rows: list[dict[str, str]]) -> None:
    with open(root / "ptb-xl" / "1.0.3" / "scp_statements.csv", newline="") as file:
        known = {row[""]: row for row in csv.DictReader(file)}
    for row, plan in zip(rows, PLANS, strict=False):
        codes = ast.literal_eval(row["scp_codes"])
        assert set(codes) <= set(known)
        said = [label.name for label in PTBXL_LABELS if set(codes) & set(label.scp) or row["heart_axis"] in label.axis]
        assert (said, int(row["strat_fold"])) == (list(plan.labels), plan.fold)
    assert known["LNGQT"] == {"": "LNGQT", "description": "long QT-interval", "diagnostic": "1.0", "form": "1.0", "rhythm": ""}


@pytest.mark.parametrize(("below", "numbers", "column"), [("", PTBXL, "filename_hr"), ("low", PTBXL_100HZ, "filename_lr")])
def test_only_the_editions_records_are_written_as_the_database_names_them(
    root: Path, rows: list[dict[str, str]], below: str, numbers: DatasetProtocol, column: str
) -> None:
    folder = root / below / "ptb-xl" / "1.0.3"
    assert (folder / "RECORDS").read_text().split() == [row[column] for row in rows]
    for row in rows:
        record = wfdb.rdrecord(str(folder / row[column]))
        assert (record.fs, record.sig_len, record.fmt, record.adc_gain) == (numbers.fs, numbers.window, ["16"] * 12, [1000] * 12)
        assert record.sig_name == ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"]
    assert "00001_hr.dat 16 1000.0(0)/mV 16 0 " in (root / "ptb-xl" / "1.0.3" / "records500" / "00000" / "00001_hr.hea").read_text()


def test_low_rate_shows_the_same_ecg(root: Path, rows: list[dict[str, str]]) -> None:
    for row in rows[:6]:
        high = wfdb.rdrecord(str(root / "ptb-xl" / "1.0.3" / row["filename_hr"])).p_signal[::5]
        low = wfdb.rdrecord(str(root / "low" / "ptb-xl" / "1.0.3" / row["filename_lr"])).p_signal
        assert np.corrcoef(high[:, 1], low[:, 1])[0, 1] > 0.97


# The Challenge's edition


def test_headers_are_the_challenges(root: Path) -> None:
    folder = root / "challenge-2021" / "1.0.3" / "training" / "ptb-xl" / "g1"
    lead = r"(HR\d{5})\.mat 16x1\+24 1000\.0\(0\)/mv 16 0 -?\d+ -?\d+ 0 \w+\n"
    comments = r"(# ?)Age: \d\d\n\3Sex: (Male|Female)\n\3Dx: [\d,]+\n\3Rx: Unknown\n\3Hx: Unknown\n\3Sx: Unknown\n"
    for path in sorted(folder.glob("*.hea")):
        assert re.fullmatch(rf"{path.stem} 12 500 5000\n({lead}){{12}}{comments}", path.read_text())
    assert len(list(folder.glob("*.mat"))) == COUNT


def test_matrices_read_back_as_the_other_editions_samples(root: Path, rows: list[dict[str, str]]) -> None:
    import scipy.io

    for row in rows:
        path = root / "challenge-2021" / "1.0.3" / "training" / "ptb-xl" / "g1" / f"HR{int(row['ecg_id']):05d}"
        record, other = wfdb.rdrecord(str(path)), wfdb.rdrecord(str(root / "ptb-xl" / "1.0.3" / row["filename_hr"]))
        assert (record.fs, record.sig_name[3], record.units[0]) == (500, "aVR", "mv")
        np.testing.assert_array_equal(record.p_signal, other.p_signal)
        np.testing.assert_array_equal(scipy.io.loadmat(path.with_suffix(".mat"))["val"] / 1000, other.p_signal.T)
        assert [(checksum - other_) % 65536 for checksum, other_ in zip(record.checksum, other.checksum, strict=True)] == [0] * 12


def test_folders_hold_a_thousand_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecgbench.datasets.simulator.databases.ptbxl.PER_FOLDER", 10)
    names = (write(tmp_path, PTBXL_CHALLENGE) / "RECORDS").read_text().split()
    assert Counter(name.split("/")[-2] for name in names) == {"g1": 10, "g2": 10, "g3": 4}
    names = (write(tmp_path, PTBXL_100HZ) / "RECORDS").read_text().split()
    assert Counter(name.split("/")[-2] for name in names) == {"00000": 9, "00010": 10, "00020": 5}


def test_editions_load_alike_and_are_marked(root: Path, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    own, other = (load_dataset("ptbxl", root, edition=edition, store=store) for edition in ("1.0.3", "challenge-2021"))
    low = load_dataset("ptbxl", root / "low", edition="1.0.3@100hz", store=store)
    assert own.simulated
    assert other.simulated
    assert low.simulated
    for dataset in (other, low):
        np.testing.assert_array_equal(dataset.train.y, own.train.y)
        np.testing.assert_array_equal(dataset.test.patient, own.test.patient)
    np.testing.assert_array_equal(other.test.signal, own.test.signal)


# Patients, folds, labels


def test_patients_are_in_one_fold_and_some_have_two_records() -> None:
    folds = {(plan.patient, plan.fold) for plan in PLANS}
    patients = Counter(plan.patient for plan in PLANS)
    assert len(folds) == len(patients)
    assert set(patients.values()) == {1, 2}
    assert 0.03 < np.mean([count == 2 for count in patients.values()]) < 0.15
    assert Counter(plan.fold for plan in PLANS) == dict.fromkeys(range(1, 11), RECORDS // 10)


def test_every_label_is_in_every_fold() -> None:
    assert {(plan.fold, label) for plan in PLANS for label in plan.labels} == {(fold, label) for fold in range(1, 11) for label in ORDER}


def test_most_records_are_in_sinus_rhythm_and_each_has_one_to_three_labels() -> None:
    assert np.mean(["NSR" in plan.labels for plan in PLANS]) > 0.45
    assert {len(plan.labels) for plan in PLANS} == {1, 2, 3}


def test_labels_go_together() -> None:
    for featured, seed in product(["", *ORDER], range(60)):
        labels = draw_labels(np.random.default_rng(seed), featured)
        assert 1 <= len(labels) <= 3, (featured, seed)
        assert featured in (*labels, ""), (featured, seed)
        assert sum(label in RHYTHMS for label in labels) == 1, (featured, seed)
        assert not {(a, b) for a in labels for b in labels if {a, b} != {"LAD", "LAnFB"}} & EXCLUDED, (featured, seed)
        assert "LAD" in labels or "LAnFB" not in labels, (featured, seed)


def test_rhythms_and_findings_are_all_labels_and_each_has_a_trait() -> None:
    assert {*RHYTHMS, *FINDINGS} == set(ORDER) == set(TRAITS)
    assert sum(RHYTHMS.values()) == pytest.approx(1)


def test_codes_say_the_labels_and_nothing_else() -> None:
    for name, seed in product(ORDER, range(30)):
        labels = (name,)
        generator = np.random.default_rng(seed)
        codes, axis, snomed = scp_codes(labels, generator), heart_axis(labels, generator), snomed_codes(labels, generator)
        assert [label.name for label in PTBXL_LABELS if set(codes) & set(label.scp) or axis in label.axis] == list(labels), (name, seed)
        assert [label.name for label in PTBXL_LABELS if set(snomed) & set(label.snomed)] == list(labels), (name, seed)
        assert set(codes) <= set(STATEMENTS), (name, seed)
        assert "NORM" not in scp_codes(("NSR", name), generator), (name, seed)


# What labels look like


def ecg(*labels: str, seed: int = 0) -> Ecg:
    generator = np.random.default_rng(seed)
    return with_findings(normal_ecg(draw_patient(generator), generator), labels, generator)


def intervals(*labels: str, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.diff(lay_out(ecg(*labels, seed=seed), draw_patient(generator), generator).time)


def amplitude(of: Ecg, lead: str, wave: int) -> float:
    return float(of.morphology().amplitude[MEASURED.index(lead), wave])


def test_rhythms_are_what_their_names_say() -> None:
    for seed in range(8):
        mean = {label: intervals(label, seed=seed).mean() for label in ("NSR", "SB", "STach")}
        assert mean["STach"] < 0.6 < mean["NSR"] < 1 < mean["SB"], seed
        spread = {label: np.std(intervals(label, seed=seed)) / intervals(label, seed=seed).mean() for label in ("NSR", "SA", "AF")}
        assert spread["NSR"] < 0.06 < spread["SA"], seed
        assert spread["AF"] > 0.1, seed
        assert intervals("AF", seed=seed).min() >= 0.3, seed
        assert np.ptp(intervals("AFL", seed=seed)) < 1e-9, seed
        assert intervals("PAC", seed=seed).min() < 0.9 * np.median(intervals("PAC", seed=seed)), seed


def test_waves_are_what_their_names_say() -> None:
    for seed in range(8):
        normal = ecg("NSR", seed=seed)
        left, right, fascicle = (ecg(*labels, seed=seed) for labels in (("LAD",), ("RAD",), ("LAD", "LAnFB")))
        assert amplitude(normal, "I", R) > 0 < amplitude(normal, "II", R), seed
        assert amplitude(left, "I", R) > 0 > amplitude(left, "II", R), seed
        assert amplitude(right, "I", R) < 0 < amplitude(right, "II", R), seed
        assert amplitude(fascicle, "I", Q) < 0 < amplitude(fascicle, "II", Q), seed
        assert amplitude(ecg("CRBBB", seed=seed), "V1", SECOND) > amplitude(ecg("IRBBB", seed=seed), "V1", SECOND) > 0, seed
        assert amplitude(ecg("LBBB", seed=seed), "V1", S) < -0.7, seed
        assert amplitude(ecg("LBBB", seed=seed), "V6", R) > 0 > amplitude(ecg("LBBB", seed=seed), "V6", T), seed
        assert (ecg("NSIVCB", seed=seed).width[[Q, R, S]] > 1.6 * normal.width[[Q, R, S]]).all(), seed
        assert np.abs(ecg("LQRSV", seed=seed).morphology().amplitude[:2, [Q, R, S]]).max() < 0.31, seed
        assert amplitude(ecg("QAb", seed=seed), "II", Q) < -0.3, seed
        assert amplitude(ecg("TInv", seed=seed), "II", T) < 0 < amplitude(normal, "II", T), seed
        assert abs(amplitude(ecg("TAb", seed=seed), "II", T)) < 0.2 * amplitude(normal, "II", T), seed
        assert ecg("LQT", seed=seed).centre[T] > normal.centre[T] + 0.09, seed
        assert ecg("IAVB", seed=seed).centre[P] < ecg("LPR", seed=seed).centre[P] < normal.centre[P], seed
        assert not any(amplitude(ecg(label, seed=seed), lead, P) for label in ("AF", "AFL", "PR") for lead in MEASURED), seed


def test_flutter_has_a_peak_at_its_rate() -> None:
    of, generator = ecg("AFL"), np.random.default_rng(0)
    quiet = replace(of, limb=0 * of.limb, chest=0 * of.chest)
    power = np.abs(np.fft.rfft(render_ecg(quiet, draw_patient(generator), Draws(generator, generator, generator), 500)[1])) ** 2
    assert abs(power[10:].argmax() / 10 + 1 - 1 / of.flutter_period) < 0.15


# Size and seed


def test_same_seed_writes_the_same_bytes_and_fewer_records_do_not_change_them(root: Path, tmp_path: Path) -> None:
    few, many = contents(write(tmp_path, PTBXL_CHALLENGE, records=20)), contents(root / "challenge-2021" / "1.0.3")
    records = {path: data for path, data in few.items() if path.startswith("training")}
    assert len(records) == 40
    assert records.items() <= many.items()


def test_seeds_differ() -> None:
    assert [plan_record(number, 1).labels for number in range(2, 40, 2)] != [plan_record(number, 0).labels for number in range(2, 40, 2)]
    assert (record_steps(PLANS[0], 100, 0) != record_steps(PLANS[0], 100, 1)).any()


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (SimulatedSize(windows=2), "expected no number of windows, .* got 2; name --records"),
        (SimulatedSize(records=19), "expected records as a whole number from 20 on, got 19; name another"),
        (SimulatedSize(records=100_000), "expected at most 99999 records, .* got 100000; name fewer"),
    ],
)
def test_wrong_sizes_are_refused(size: SimulatedSize, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        simulate_ptbxl(tmp_path / "ptb-xl" / "1.0.3", PTBXL, size)
    assert list(tmp_path.iterdir()) == []

"""Stand-ins for the databases of long records: of the databases' shape, what they annotate is what they show."""

import re
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from ecgbench import load_dataset
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import SimulatedSize
from ecgbench.datasets.simulator import rhythm as simulator
from ecgbench.datasets.simulator.databases.annotated_records import RecordForm, lay_out, simulate_records, with_rare_beats
from ecgbench.datasets.simulator.databases.record_forms import ICENTIA11K_FORM, INCARTDB_FORM, MITDB_FORM, SVDB_FORM
from ecgbench.datasets.simulator.leads import MEASURED, TWELVE, digitise, lead_matrix, morphology_of, render_leads
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.errors import InputError
from ecgbench.protocol import BEAT_RULES, ICENTIA11K, INCARTDB, MITDB, SVDB, DatasetProtocol
from tests.datasets.records.wfdb_files import wfdb
from tests.datasets.simulator.databases.test_database_writer import contents

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")
WINDOWS = 2
COMMENTS = re.compile(r"^#<age>: (\d+) <sex>: [MF] <diagnoses>(.*)\n# patient (\d+)\n# (?:PVCs, )?(?:APCs, )?noise\n\Z", re.MULTILINE)
FORMS = {MITDB.slug: MITDB_FORM, SVDB.slug: SVDB_FORM, INCARTDB.slug: INCARTDB_FORM, ICENTIA11K.slug: ICENTIA11K_FORM}
PARTS = tuple(replace(numbers, train=numbers.train[:12], test=numbers.test[:8]) for numbers in (MITDB, SVDB, INCARTDB, ICENTIA11K))
every_database = pytest.mark.parametrize("numbers", PARTS, ids=lambda numbers: numbers.slug)


def write(root: Path, numbers: DatasetProtocol, seed: int = 0, form: RecordForm | None = None) -> Path:
    folder = root / numbers.slug / numbers.version
    simulate_records(form or FORMS[numbers.slug])(folder, numbers, SimulatedSize(windows=WINDOWS, seed=seed))
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts of all four databases."""
    folder = tmp_path_factory.mktemp("parts")
    for numbers in PARTS:
        write(folder, numbers)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of mitdb, svdb and incartdb."""
    folder = tmp_path_factory.mktemp("whole")
    for numbers in (MITDB, SVDB, INCARTDB):
        write(folder, numbers)
    return folder


def paths(root: Path, numbers: DatasetProtocol) -> list[Path]:
    """The records that were written, without suffix."""
    found = [root / numbers.slug / numbers.version / FORMS[numbers.slug].path(name) for name in (*numbers.train, *numbers.test)]
    return [path for path in found if path.with_name(f"{path.name}.hea").is_file()]


# Form of the records


@every_database
def test_records_have_the_databases_rate_length_and_storage(root: Path, numbers: DatasetProtocol) -> None:
    storage = FORMS[numbers.slug].storage
    for path in paths(root, numbers):
        record = wfdb.rdrecord(str(path))
        assert (record.record_name, record.fs, record.sig_len) == (path.name, numbers.fs, WINDOWS * numbers.window)
        assert set(record.fmt) == {storage.format}
        assert set(record.adc_gain) == {storage.gain}
        assert set(record.baseline) == {storage.zero}
        assert set(record.units) == {"mV"}
        assert np.isfinite(record.p_signal).all()


def test_leads_are_named_as_the_databases_are() -> None:
    leads = {
        (MITDB.slug, "101"): "MLII V1",
        (MITDB.slug, "100"): "MLII V5",
        (MITDB.slug, "114"): "V5 MLII",
        (MITDB.slug, "124"): "MLII V4",
        (SVDB.slug, "800"): "ECG1 ECG2",
        (INCARTDB.slug, "I75"): "I II III AVR AVL AVF V1 V2 V3 V4 V5 V6",
        (ICENTIA11K.slug, "p00151_s00"): "ecg",
    }
    assert {(slug, name): " ".join(lead for lead, _ in FORMS[slug].leads(name)) for slug, name in leads} == leads


@every_database
def test_annotations_are_of_the_databases_alphabet_and_begin_with_the_rhythm(root: Path, numbers: DatasetProtocol) -> None:
    form = FORMS[numbers.slug]
    for path in paths(root, numbers):
        marks = wfdb.rdann(str(path), "atr")
        assert set(marks.symbol) <= {*form.symbols.values(), *form.normal, *form.noise_symbols, "+"}
        assert (np.diff(marks.sample) >= 0).all()
        notes = [(symbol, note.rstrip("\0")) for symbol, note in zip(marks.symbol, marks.aux_note, strict=True) if note.rstrip("\0")]
        assert notes == [("+", "(N")] + [("+", form.rhythm_end)] * bool(form.rhythm_end)
        assert marks.symbol[0] == "+"


def test_segments_lie_where_the_database_has_them_and_a_few_are_unpublished(tmp_path: Path) -> None:
    numbers = replace(PARTS[3], train=ICENTIA11K.train[:40])
    folder = write(tmp_path, numbers, form=replace(ICENTIA11K_FORM, unpublished=0.25))
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.hea")}
    assert names < {f"{name[:3]}/{name[:6]}/{name}" for name in (*numbers.train, *numbers.test)}
    assert 30 <= len(names) <= 44
    assert (folder / "RECORDS").read_text().split() == sorted(names)


def test_headers_of_mitdb_say_age_and_sex(root: Path) -> None:
    for path in paths(root, PARTS[0]):
        assert re.fullmatch(r"(\d\d) [MF] 0 0 x1", wfdb.rdheader(str(path)).comments[0])


# Patients


@pytest.mark.slow
def test_consecutive_records_of_incartdb_share_a_patient_and_one_patient_is_on_both_sides(whole: Path) -> None:
    headers = [path.with_suffix(".hea").read_text() for path in paths(whole, INCARTDB)]
    found = [COMMENTS.search(header) for header in headers]
    age, diagnoses, patient = zip(*[match.groups() for match in found if match], strict=True)
    assert len(patient) == 75
    blocks = [(int(key), len(list(group))) for key, group in groupby(patient)]
    assert [key for key, _ in blocks] == list(range(1, 33))
    assert {count for _, count in blocks} == {1, 2, 3, 4}
    assert patient[36] == patient[37]
    assert len({(a, p) for a, p in zip(age, patient, strict=True)}) == 32
    assert 0.3 < np.mean([bool(text) for text in diagnoses]) < 0.8


@pytest.mark.slow
def test_records_of_one_patient_differ_in_rhythm_but_not_in_shape(whole: Path) -> None:
    first, second = (wfdb.rdrecord(str(whole / "incartdb" / "1.0.0" / name)).p_signal[:, 1] for name in ("I01", "I02"))
    assert np.corrcoef(first, second)[0, 1] < 0.5
    assert np.ptp(first) == pytest.approx(np.ptp(second), rel=0.5)


# Signals


def test_limb_leads_agree_as_the_electrodes_demand(root: Path) -> None:
    for path in paths(root, PARTS[2]):
        i, ii, iii, avr, avl, avf = wfdb.rdrecord(str(path), physical=False).d_signal[:, :6].T.astype(float)
        np.testing.assert_array_equal(iii, ii - i)
        for lead, wanted in ((avr, -(i + ii) / 2), (avl, i - ii / 2), (avf, ii - i / 2)):
            assert np.abs(lead - wanted).max() <= 0.5


def test_beats_are_annotated_at_their_peaks(root: Path) -> None:
    """A window around each normal beat of lead II is largest in the middle, on average over a record's beats."""
    for path in paths(root, PARTS[2]):
        marks, signal = wfdb.rdann(str(path), "atr"), wfdb.rdrecord(str(path)).p_signal[:, 1]
        beats = [s for s, symbol in zip(marks.sample, marks.symbol, strict=True) if symbol in "NR" and 20 <= s < len(signal) - 20]
        assert abs(int(np.mean([signal[s - 20 : s + 21] for s in beats], axis=0).argmax()) - 20) <= 1


def test_one_lead_of_the_axis_is_what_the_embedded_simulator_renders() -> None:
    patient = draw_patient(np.random.default_rng(3))
    beats = simulator.layout(patient, np.random.default_rng(4), 10, [simulator.SVEB, simulator.VEB])
    found = render_leads(beats, [morphology_of(waves) for waves in patient.waves], 250, 2500)
    np.testing.assert_allclose(found[MEASURED.index("II")], simulator.render(beats, patient, 250, 2500), atol=1e-12)


def test_leads_are_the_sum_of_their_waves() -> None:
    """The same, beat by beat and wave by wave."""
    patient = draw_patient(np.random.default_rng(5))
    beats = simulator.layout(patient, np.random.default_rng(6), 5, [simulator.VEB])
    morphologies = [morphology_of(waves) for waves in patient.waves]
    time, wanted = np.arange(500) / 100, np.zeros((8, 500))
    for at, class_, interval in zip(beats.time, beats.class_, beats.interval, strict=True):
        beat = morphologies[class_]
        for amplitude, centre, width, power in zip(beat.amplitude.T, beat.centre, beat.width, beat.stretch, strict=True):
            wanted += np.outer(amplitude, np.exp(-((((time - at) / interval**power - centre) / width) ** 2) / 2))
    np.testing.assert_allclose(render_leads(beats, morphologies, 100, 500), wanted, atol=1e-5)


def test_sums_of_leads_are_those_of_stored_values() -> None:
    signal = np.random.default_rng(0).standard_normal((8, 50))
    steps = digitise(signal, lead_matrix(TWELVE), 306)
    np.testing.assert_array_equal(steps[[0, 1, 6, 11]], np.rint(306 * signal[[0, 1, 2, 7]]))
    np.testing.assert_array_equal(steps[2], steps[1] - steps[0])


# Beats


def test_each_window_has_few_abnormal_beats_and_none_follows_another() -> None:
    patient = with_rare_beats(draw_patient(np.random.default_rng(1)))
    beats = lay_out(patient, np.random.default_rng(2), 8.0, 200, MITDB_FORM.rare)
    counts = np.histogram(beats.slot[beats.class_ != 0], bins=np.arange(201) * 8.0)[0]
    assert counts.max() == 3
    assert 0.35 < np.mean(counts == 0) < 0.65
    assert not (beats.class_[1:] * beats.class_[:-1]).any()
    assert set(beats.class_) == set(range(5))
    assert (np.diff(beats.time) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mitdb", "svdb", "incartdb"])
def test_stand_ins_load_and_hold_every_class_on_both_sides(whole: Path, name: str, tmp_path: Path) -> None:
    dataset = load_dataset(name, whole, store=ArtifactStore(tmp_path))
    assert dataset.simulated
    for windows in (dataset.train, dataset.test):
        assert set(windows.y) >= {0, 1, 2}
        assert 0.3 < np.mean(windows.y == 0) < 0.7
        assert dataset.classes[:3] == ("N", "SVEB", "VEB")


def test_every_beats_symbol_is_of_its_class_by_the_labels_rule() -> None:
    for form in (MITDB_FORM, SVDB_FORM, INCARTDB_FORM):
        assert all(BEAT_RULES["aami"].symbols[symbol] == class_ for class_, symbol in form.symbols.items())
        assert {BEAT_RULES["aami"].symbols[symbol] for symbol in form.normal} == {0}
        assert sum(form.normal.values()) == pytest.approx(1)


# Size and seed


@every_database
def test_same_seed_writes_the_same_bytes_and_fewer_records_do_not_change_them(root: Path, numbers: DatasetProtocol, tmp_path: Path) -> None:
    few = replace(numbers, train=numbers.train[:12], test=())
    found, before = contents(write(tmp_path, few)), contents(root / numbers.slug / numbers.version)
    records = [path for path in found if path.endswith((".hea", ".dat", ".atr"))]
    assert len(records) % 3 == 0
    assert records
    assert {path: found[path] for path in records} == {path: before[path] for path in records}


def test_seeds_differ(root: Path, tmp_path: Path) -> None:
    few = replace(MITDB, train=("101",), test=())
    assert contents(write(tmp_path, few, seed=1))["101.dat"] != (root / "mitdb" / "1.0.0" / "101.dat").read_bytes()


@every_database
def test_mark_says_what_it_is(root: Path, numbers: DatasetProtocol) -> None:
    said = (root / numbers.slug / numbers.version / "SIMULATED").read_text()
    assert said == f"Simulated ECGs, no recordings, in place of {numbers.slug} {numbers.version}: seed 0, 2 windows a record.\n"


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (SimulatedSize(records=3), "expected no number of records, since the split of mitdb names them, got 3; leave it out"),
        (SimulatedSize(windows=0), "expected windows a record as a whole number from 1 on, got 0; name another"),
    ],
)
def test_wrong_sizes_are_refused(size: SimulatedSize, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        simulate_records(MITDB_FORM)(tmp_path / "mitdb" / "1.0.0", MITDB, size)
    assert list(tmp_path.iterdir()) == []

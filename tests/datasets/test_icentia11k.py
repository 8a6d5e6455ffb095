"""icentia11k: the stated list, the real segment, and small made databases."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import Request
from ecgbench.datasets.records import drawn_windows
from ecgbench.datasets.records.drawn_windows import DrawnSide, load_drawn
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import ICENTIA11K
from tests.datasets.small_icentia11k import (
    FOLDER,
    TEST,
    TRAIN,
    WINDOW,
    load,
    path_of,
    signal_of,
    write_database,
    write_segment,
    write_sums,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

REAL = "p00000_s00"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_database(tmp_path / "root")
    return tmp_path / "root"


# The stated list


def test_list_is_the_seeded_blind_draw() -> None:
    rng = np.random.default_rng(11000)
    patients = rng.choice(11000, 200, replace=False)
    segments = [(int(patient), int(segment)) for patient in patients for segment in sorted(rng.choice(10, 2, replace=False))]
    for names, drawn in ((ICENTIA11K.train, segments[:200]), (ICENTIA11K.test, segments[200:])):
        assert names == tuple(f"p{patient:05d}_s{segment:02d}" for patient, segment in sorted(drawn))


def test_list_names_two_of_the_first_ten_segments_of_a_hundred_patients_a_side() -> None:
    sides = [Counter(name[:6] for name in names) for names in (ICENTIA11K.train, ICENTIA11K.test)]
    assert [(len(side), set(side.values())) for side in sides] == [(100, {2}), (100, {2})]
    assert not sides[0].keys() & sides[1].keys()
    assert len({*ICENTIA11K.train, *ICENTIA11K.test}) == 400
    assert {name[7:] for name in (*ICENTIA11K.train, *ICENTIA11K.test)} == {f"s{segment:02d}" for segment in range(10)}


# The real segment


@pytest.fixture(scope="module")
def real_folder(unpacked: Callable[[str], Path]) -> Path:
    return unpacked(ICENTIA11K.slug) / FOLDER


@pytest.fixture(scope="module")
def real(real_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> DrawnSide:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    request = Request(real_folder.parents[1], "beats", "standard", "", store, ICENTIA11K, "")
    return load_drawn(request, {REAL: str(path_of(REAL))}, "real")


def plain_label(symbols: list[str]) -> str:
    counts = {symbol: symbols.count(symbol) for symbol in "SVQ"}
    most = max(counts.values())
    return "N" if most == 0 else next(symbol for symbol in "SVQ" if counts[symbol] == most)


@pytest.fixture(scope="module")
def plain(real_folder: Path) -> tuple[np.ndarray, list[str]]:
    """Windows of the real segment and what labels each, by plain loops."""
    path = str(real_folder / path_of(REAL))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        signal, annotation = wfdb.rdrecord(path).p_signal[:, 0], wfdb.rdann(path, "atr")
    inside: list[list[str]] = [[] for _ in range(len(signal) // WINDOW + 1)]
    for sample, symbol in zip(annotation.sample, annotation.symbol, strict=True):
        inside[int(sample) // WINDOW].append(symbol)
    windows = np.array([signal[i * WINDOW : (i + 1) * WINDOW] for i in range(len(signal) // WINDOW)])
    return windows, [plain_label(symbols) for symbols in inside[: len(windows)]]


def test_real_segment_is_cut_into_511_windows_of_which_the_plainly_labelled_are_drawn(
    real: DrawnSide, plain: tuple[np.ndarray, list[str]]
) -> None:
    signal, labels = plain
    usable = np.isfinite(signal).all(axis=1) & (signal.max(axis=1) > signal.min(axis=1))
    kept = [i for i, label in enumerate(labels) if label != "Q" and usable[i]]
    assert len(labels) == 511
    assert real.windows.start.tolist() == [i * WINDOW for i in kept]
    assert real.windows.y.tolist() == ["NSV".index(labels[i]) for i in kept]
    assert np.array_equal(real.windows.signal[:, 0], signal[kept].astype(np.float32))


def test_real_segment_loses_its_undefined_windows_and_counts_them(real: DrawnSide, plain: tuple[np.ndarray, list[str]]) -> None:
    signal, labels = plain
    assert real.left_out == labels.count("Q") > 0
    assert (real.unusable, len(real.windows) + real.left_out) == (0, len(signal))
    assert real.available == [labels.count("N"), 0, 0]


def test_real_segments_rhythm_marks_are_no_beats(real: DrawnSide, real_folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        annotation = wfdb.rdann(str(real_folder / path_of(REAL)), "atr")
    beats = Counter(sample // WINDOW for sample, symbol in zip(annotation.sample, annotation.symbol, strict=True) if symbol in "NSVQ")
    assert "+" in annotation.symbol
    assert [len(spans) for spans in real.windows.spans] == [beats[start // WINDOW] for start in real.windows.start.tolist()]
    assert real.without_beat == sum(not beats[start // WINDOW] for start in real.windows.start.tolist())


# Made databases


def test_dataset_is_described(root: Path, store: ArtifactStore) -> None:
    dataset = load(root, store)
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == ("icentia11k", ("N", "PAC", "PVC"), 250, ("ecg",))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("beats", "standard", "", False)
    assert (dataset.train.signal.shape, dataset.train.signal.dtype) == ((8, 1, WINDOW), np.float32)


def test_windows_are_labelled_by_their_beats_and_undefined_ones_are_left_out_and_counted(root: Path, store: ArtifactStore) -> None:
    dataset = load(root, store)
    for side, names in ((dataset.train, TRAIN), (dataset.test, TEST)):
        assert side.record.tolist() == [name for name in names for _ in range(4)]
        assert side.patient.tolist() == [name[:6] for name in names for _ in range(4)]
        assert side.start.tolist() == [0, WINDOW, 2 * WINDOW, 4 * WINDOW] * 2
        assert side.y.tolist() == [0, 1, 2, 0] * 2
    assert "The 8 training windows are drawn from 8 (N 4, PAC 2, PVC 2)." in dataset.notes
    assert any(note.startswith("Before that, 2 test windows were left out as unclassifiable and 0 with invalid") for note in dataset.notes)
    assert any(note.endswith("; 2 hold no beat and count as normal.") for note in dataset.notes)


def test_windows_hold_the_segments_signal(root: Path, store: ArtifactStore) -> None:
    train = load(root, store).train
    for i, (name, start) in enumerate(zip(train.record.tolist(), train.start.tolist(), strict=True)):
        assert np.array_equal(train.raw(i)[0], signal_of(name)[start : start + WINDOW, 0].astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, 1.5], ids=["invalid", "flat"])
def test_windows_without_a_signal_are_left_out_and_counted(root: Path, store: ArtifactStore, value: float) -> None:
    signal = signal_of(TRAIN[0])
    signal[WINDOW : 2 * WINDOW] = value
    write_segment(root / FOLDER, TRAIN[0], signal)
    dataset = load(root, store)
    assert dataset.train.start[dataset.train.record == TRAIN[0]].tolist() == [0, 2 * WINDOW, 4 * WINDOW]
    assert np.isfinite(dataset.train.x).all()
    assert "The 7 training windows are drawn from 7 (N 4, PAC 1, PVC 2)." in dataset.notes
    assert any("2 training windows were left out as unclassifiable and 1 with invalid or no signal" in note for note in dataset.notes)


def test_one_invalid_sample_spoils_a_window(root: Path, store: ArtifactStore) -> None:
    signal = signal_of(TEST[0])
    signal[WINDOW - 1] = np.nan
    write_segment(root / FOLDER, TEST[0], signal)
    test = load(root, store).test
    assert test.start[test.record == TEST[0]].tolist() == [WINDOW, 2 * WINDOW, 4 * WINDOW]


def test_no_more_windows_are_drawn_than_asked_for(root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_windows, "ICENTIA11K_WINDOWS", 5)
    dataset = load(root, store)
    for side in (dataset.train, dataset.test):
        assert Counter(side.y.tolist()) == {0: 2, 1: 2, 2: 1}
    assert "The 5 training windows are drawn from 8 (N 4, PAC 2, PVC 2)." in dataset.notes
    monkeypatch.undo()
    assert dataset.key != load(root, store).key


def test_segments_that_the_database_lacks_are_passed_over_and_counted(root: Path, store: ArtifactStore) -> None:
    write_sums(root / FOLDER, (TRAIN[0], TEST[1]))
    dataset = load(root, store)
    assert (set(dataset.train.record.tolist()), set(dataset.test.record.tolist())) == ({TRAIN[0]}, {TEST[1]})
    assert "398 of the stated segments are not in the database." in dataset.notes


@pytest.mark.parametrize(("name", "suffix"), [(TRAIN[1], ".hea"), (TEST[0], ".dat"), (TEST[0], ".atr")])
def test_listed_segment_that_is_absent_is_named_with_the_command(root: Path, store: ArtifactStore, name: str, suffix: str) -> None:
    (root / FOLDER / path_of(name)).with_suffix(suffix).unlink()
    command = rf"ecgbench download icentia11k --dir {root}"
    with pytest.raises(MissingDataError, match=rf"expected .*/{path_of(name)}\{suffix}, got no such file; fetch it: {command}$"):
        load(root, store)


def test_without_a_list_all_stated_segments_are_expected(root: Path, store: ArtifactStore) -> None:
    (root / FOLDER / "SHA256SUMS.txt").unlink()
    with pytest.raises(MissingDataError, match=rf"expected .*/{path_of(ICENTIA11K.train[2])}\.hea, got no such file"):
        load(root, store)


def test_list_of_other_segments_is_refused(root: Path, store: ArtifactStore) -> None:
    write_sums(root / FOLDER, ())
    with pytest.raises(MissingDataError, match=r"expected some of the stated segments in .*SHA256SUMS\.txt, got none; remove that file"):
        load(root, store)


@pytest.mark.parametrize(("names", "side"), [(TRAIN, "test"), (TEST, "train")])
def test_list_of_one_side_alone_is_refused(root: Path, store: ArtifactStore, names: tuple[str, ...], side: str) -> None:
    write_sums(root / FOLDER, names)
    with pytest.raises(MissingDataError, match=rf"expected stated segments for icentia11k {side} in .*SHA256SUMS\.txt, got none; remove"):
        load(root, store)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated signal": (
        lambda folder: (folder / path_of(TRAIN[1])).with_suffix(".dat").write_bytes(b"\0" * 100),
        rf"/{TRAIN[1]}\b.*; download",
    ),
    "nothing but undefined beats": (
        lambda folder: [write_segment(folder, name, beats=[(i * WINDOW, "Q") for i in range(5)]) for name in TRAIN],
        r"expected windows with beats in .*, got none that can be used in 2 segments; download",
    ),
    "segments shorter than a window": (
        lambda folder: [write_segment(folder, name, signal_of(name)[:2000], [(5, "N")]) for name in TRAIN],
        r"expected windows with beats in .*, got none that can be used in 2 segments; download",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_segments_are_refused(root: Path, store: ArtifactStore, case: str) -> None:
    damage, message = REFUSED[case]
    damage(root / FOLDER)
    with pytest.raises(DataError, match=message) as caught:
        load(root, store)
    assert not isinstance(caught.value, MissingDataError)
    assert [stage for stage, _ in store if stage == "windows"] == []


def test_cached_dataset_equals_the_built_one_without_reading_a_signal(
    root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("wfdb was called")

    built = load(root, store)
    for name in ("rdrecord", "rdann"):
        monkeypatch.setattr(wfdb, name, forbidden)
    again = load(root, store)
    assert (again.key, again.notes) == (built.key, built.notes)
    for mine, theirs in ((again.train, built.train), (again.test, built.test)):
        for what in ("signal", "y", "record", "patient", "start"):
            assert np.array_equal(getattr(mine, what), getattr(theirs, what))
        assert [spans.tolist() for spans in mine.spans] == [spans.tolist() for spans in theirs.spans]

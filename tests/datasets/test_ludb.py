"""ludb on its 200 real records: labels as its table has them, masks as another reading of the marks gives them."""

from __future__ import annotations

import csv
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, load_dataset, pinned_sums
from ecgbench.datasets.physionet.needed_files import needed_paths
from ecgbench.datasets.records.databases import ludb_records
from ecgbench.datasets.records.windows.wave_marks import read_waves
from ecgbench.models import predict, shipped_record
from ecgbench.models.training.measures import roc_auc
from ecgbench.pipeline import model_of
from ecgbench.protocol import LUDB, LUDB_EXPLAINED, LUDB_LABELS, PTBXL, PTBXL_LEADS, WAVE_CRITERIA, WAVE_PARTS
from ecgbench.types import Dataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")

SAID = {
    "AF": r"atrial fibrillation",
    "AFL": r"atrial flutter",
    "CRBBB": r"^complete right bundle",
    "IAVB": r"^i degree av",
    "IRBBB": r"^incomplete right bundle",
    "LAD": r"left axis",
    "LAnFB": r"left anterior hemiblock",
    "LBBB": r"^complete left bundle",
    "NSIVCB": r"intravintricular",
    "NSR": r"^sinus rhythm",
    "PAC": r"^atrial extrasystole",
    "PR": r"pacing|p-synchrony",
    "RAD": r"right axis",
    "SA": r"sinus arrhythmia",
    "SB": r"sinus bradycardia",
    "STach": r"sinus tachycardia",
    "LVH": r"left ventricular hypertrophy",
    "RVH": r"right ventricular hypertrophy",
    "LAE": r"left atrial (hypertrophy|overload)",
    "RAE": r"right atrial (hypertrophy|overload)",
    "ILBBB": r"^incomplete left bundle",
}
"""What says a label in `ludb.csv`, which the loader does not read."""

COUNTS = {"AF": 15, "AFL": 3, "CRBBB": 4, "IAVB": 10, "IRBBB": 29, "LAD": 66, "LAnFB": 16, "LBBB": 4, "NSIVCB": 4, "NSR": 143, "PR": 10}
COUNTS |= {"RAD": 3, "SA": 8, "SB": 25, "STach": 4, "LVH": 108, "RVH": 3, "ILBBB": 6}
"""Records of labels in the database's README, where one of its lines says the label."""

EDITIONS = ("1.0.1", "1.0.1@100hz")

Load = Callable[..., Dataset]


@pytest.fixture(scope="module")
def root(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("ludb")


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "ludb" / "1.0.1"


@pytest.fixture(scope="module")
def load(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Load a fold of an edition; wfdb parses each record's header once for all of them."""
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ludb_records, "read_header", cache(ludb_records.read_header))
        yield cache(lambda edition, split="fold1": load_dataset("ludb", root, split=split, edition=edition, store=store))


def both_sides(dataset: Dataset, what: str) -> dict[str, np.ndarray]:
    """Of both sides together, `what` of each record."""
    return {
        str(name): value for side in (dataset.train, dataset.test) for name, value in zip(side.record, getattr(side, what), strict=True)
    }


def masks(dataset: Dataset, label: str) -> dict[str, np.ndarray]:
    """Mask of each record that has the label."""
    class_ = dataset.classes.index(label)
    sides = (dataset.train, dataset.test)
    return {str(side.record[i]): side.mask(int(i), class_) for side in sides for i in np.flatnonzero(side.y[:, class_])}


def read_csv(folder: Path) -> dict[str, set[str]]:
    """What the table states of each record, in small letters."""
    with open(folder / "ludb.csv", newline="") as file:
        return {
            line["ID"]: {
                one.strip().lower() for column, text in line.items() if column not in ("ID", "Sex", "Age") for one in text.split("\n")
            }
            for line in csv.DictReader(file)
        }


def test_labels_are_those_of_the_table(load: Load, folder: Path) -> None:
    y, table = both_sides(load("1.0.1"), "y"), read_csv(folder)
    assert set(y) == set(table) == {str(number) for number in range(1, 201)}
    for record, stated in table.items():
        expected = {name for name, says in SAID.items() if any(re.search(says, one) for one in stated)}
        assert {LUDB.classes[i] for i in np.flatnonzero(y[record])} == expected, record


def test_as_many_records_have_a_label_as_the_database_says(load: Load) -> None:
    total = np.sum(list(both_sides(load("1.0.1"), "y").values()), axis=0, dtype=int)
    found = dict(zip(LUDB.classes, total.tolist(), strict=True))
    assert found | COUNTS == found
    assert {name for name, count in found.items() if not count} == set(LUDB.classes) - set(SAID)


def test_first_labels_are_those_of_ptbxl(load: Load) -> None:
    assert load("1.0.1").classes[:22] == PTBXL.classes
    assert load("1.0.1").leads == PTBXL_LEADS


@pytest.mark.parametrize("edition", EDITIONS)
def test_windows_are_whole_records(load: Load, edition: str) -> None:
    dataset = load(edition)
    numbers = DATASETS["ludb"].numbers(edition)
    assert (dataset.name, dataset.fs, dataset.edition, dataset.simulated) == ("ludb", numbers.fs, edition, False)
    for side, count in ((dataset.train, 160), (dataset.test, 40)):
        assert side.signal.shape == (count, 12, numbers.window)
        assert (side.signal.dtype, side.y.dtype, side.y.shape) == (np.float32, np.uint8, (count, 27))
        assert np.isfinite(side.signal).all()
        assert side.y.any(axis=1).all()


def test_signals_are_the_files(load: Load, folder: Path) -> None:
    signals = both_sides(load("1.0.1"), "signal")
    for record in ("1", "95", "200"):
        np.testing.assert_array_equal(signals[record], wfdb.rdrecord(str(folder / "data" / record)).p_signal.T.astype(np.float32))


def test_resampled_signal_lies_where_the_other_does(load: Load) -> None:
    high, low = both_sides(load("1.0.1"), "signal"), both_sides(load("1.0.1@100hz"), "signal")
    for record in ("1", "95", "200"):
        smooth = np.stack([np.convolve(lead, np.ones(5) / 5, "same") for lead in high[record]])[:, ::5]
        for one, other in zip(smooth, low[record], strict=True):
            shifted = [np.corrcoef(one[5:-5], np.roll(other, shift)[5:-5])[0, 1] for shift in (-1, 0, 1)]
            assert np.argmax(shifted) == 1
            assert shifted[1] > 0.97


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_record_is_tested_on_in_one_of_the_folds(load: Load, edition: str) -> None:
    splits = [load(edition, f"fold{number}") for number in range(1, 6)]
    tested = [str(record) for dataset in splits for record in dataset.test.record]
    assert sorted(tested, key=int) == [str(number) for number in range(1, 201)]
    for dataset in splits:
        assert not np.intersect1d(dataset.train.patient, dataset.test.patient).size
        assert len(dataset.train) + len(dataset.test) == 200
    assert len({dataset.key for dataset in splits}) == 5


def test_records_without_a_finding_alone_are_not_tested_on_by_other_databases_models(load: Load) -> None:
    dataset = load("1.0.1@100hz", "transfer")
    alone = np.arange(len(LUDB.classes)) == LUDB.classes.index("NSR")
    assert (len(dataset.train), len(dataset.test)) == (32, 168)
    assert (dataset.train.y.astype(bool) == alone).all()
    assert not (dataset.test.y.astype(bool) == alone).all(axis=1).any()
    assert not np.intersect1d(dataset.train.patient, dataset.test.patient).size


def test_shipped_models_recognise_the_labels_that_are_explained_and_their_waves_are_marked(load: Load) -> None:
    dataset, store = load("1.0.1@100hz", "transfer"), ArtifactStore()
    models = [model_of(dataset, seed, store) for seed in LUDB.seeds]
    assert [model.info["origin"] for model in models] == ["shipped"] * 3
    logits = np.stack([predict(model.module, dataset.test) for model in models])
    for name in LUDB_EXPLAINED:
        class_ = dataset.classes.index(name)
        has = dataset.test.y[:, class_] == 1
        assert has.sum() >= 10
        assert min(roc_auc(one[:, class_], has) or 0 for one in logits) >= 0.9
        for window in np.flatnonzero(has & (logits[..., class_] > 0).all(axis=0)):
            assert dataset.test.mask(int(window), class_).any() == (name in WAVE_CRITERIA)


@cache
def marks_of(path: Path, lead: str) -> wfdb.Annotation:
    return wfdb.rdann(str(path), lead.lower())


def part_by_triples(sample: np.ndarray, symbol: list[str], part: str, length: int) -> np.ndarray:
    """The part's samples on a lead whose marks are onset, peak and offset throughout."""
    kinds, onsets, offsets = symbol[1::3], sample[0::3], sample[2::3]
    mask = np.zeros(length, dtype=bool)
    for i, kind in enumerate(kinds):
        next_is_qrs = i + 1 < len(kinds) and kinds[i + 1] == "N"
        if (part, kind) in (("P", "p"), ("QRS", "N")):
            mask[onsets[i] : offsets[i] + 1] = True
        elif part == "PR" and kind == "p" and next_is_qrs:
            mask[onsets[i] : onsets[i + 1]] = True
        elif part == "TQ" and kind == "t" and next_is_qrs:
            mask[offsets[i] + 1 : onsets[i + 1]] = True
    return mask


@pytest.mark.parametrize("label", WAVE_CRITERIA)
def test_masks_are_the_marked_waves_on_the_criterions_leads(load: Load, folder: Path, label: str) -> None:
    criterion, high, low = WAVE_CRITERIA[label], masks(load("1.0.1"), label), masks(load("1.0.1@100hz"), label)
    compared = 0
    for record in list(high)[:25]:
        for lead, found, resampled in zip(PTBXL_LEADS, high[record], low[record], strict=True):
            marks = marks_of(folder / "data" / record, lead)
            if lead not in criterion.leads:
                assert not found.any()
                assert not resampled.any()
            elif re.fullmatch(r"(\([pNt]\))*", "".join(marks.symbol)):
                expected = part_by_triples(marks.sample, marks.symbol, criterion.part, 5000)
                np.testing.assert_array_equal(found, expected, err_msg=f"{record} {lead}")
                np.testing.assert_array_equal(resampled, expected[::5], err_msg=f"{record} {lead}")
                compared += bool(expected.any())
    assert compared >= min(25, len(high))


@pytest.mark.parametrize("label", [name for name in LUDB.classes if name not in WAVE_CRITERIA])
def test_labels_that_no_wave_carries_have_no_mask(load: Load, label: str) -> None:
    assert not any(mask.any() for mask in masks(load("1.0.1"), label).values())


def test_criteria_are_of_labels_that_the_database_has_and_of_known_leads_and_parts() -> None:
    assert set(WAVE_CRITERIA) <= set(SAID)
    for criterion in WAVE_CRITERIA.values():
        assert criterion.part in WAVE_PARTS
        assert criterion.leads == tuple(lead for lead in PTBXL_LEADS if lead in criterion.leads)
        assert criterion.source


def test_all_peaks_of_the_first_records_but_a_misplaced_one_are_of_a_wave(folder: Path) -> None:
    for record, lead in product(range(1, 21), PTBXL_LEADS):
        path = folder / "data" / str(record)
        waves, unmarked = read_waves(path, lead, 500)
        peaks = Counter(marks_of(path, lead).symbol)
        misplaced = int((record, lead) == (8, "V5"))
        assert unmarked == misplaced
        assert Counter(wave.kind for wave in waves) == Counter(P=peaks["p"], QRS=peaks["N"] - misplaced, T=peaks["t"])
        assert all(0 < wave.offset - wave.onset < 250 for wave in waves)


def test_notes_say_how_many_records_each_label_has(load: Load) -> None:
    notes = "\n".join(load("1.0.1").notes)
    assert "200 of its 200 records are listed." in notes
    assert "AFL 3+0, CRBBB 3+1" in notes
    assert "ILBBB 6+0." in notes
    assert "12 peaks are of no wave" in notes


def test_every_needed_file_is_pinned(folder: Path) -> None:
    needed = needed_paths(DATASETS["ludb"], folder, None)
    assert len(needed) == 200 * 14
    assert set(pinned_sums(LUDB)) in ({*needed}, set())


DOCUMENT = (Path(__file__).parents[2] / "docs" / "ludb.md").read_text()


def test_documented_labels_and_counts_are_those_of_the_folds(load: Load) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\d+) \| ([\d ]+) \|$", DOCUMENT, re.M)
    folds = np.array([load("1.0.1", f"fold{number}").test.y.sum(axis=0, dtype=int) for number in range(1, 6)]).T
    assert [row[0] for row in rows] == list(LUDB.classes)
    assert [int(row[2]) for row in rows] == folds.sum(axis=1).tolist()
    assert [[int(count) for count in row[3].split()] for row in rows] == folds.tolist()


def test_documented_statements_are_the_labels() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \| \d+ \| [\d ]+ \|$", DOCUMENT, re.M))
    assert rows == {label.name: "; ".join(label.statements) or "-" for label in LUDB_LABELS}


def test_documented_auc_is_that_of_the_shipped_models() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \d+ \| ([\d.]+) ([\d.]+) ([\d.]+) \| \d+ \| (yes|no)\b.* \|$", DOCUMENT, re.M)
    records = [shipped_record(f"ludb-{LUDB.recipe.architecture}-seed{seed}") for seed in LUDB.seeds]
    measured = [dict(zip(LUDB.classes, record["test"]["auc"], strict=True)) for record in records if record is not None]
    assert {row[0]: row[1:4] for row in rows} == {row[0]: tuple(f"{auc[row[0]]:.3f}" for auc in measured) for row in rows}
    assert tuple(row[0] for row in rows if row[4] == "yes") == LUDB_EXPLAINED


def test_documented_criteria_are_those_of_the_masks() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (P|QRS|PR|TQ) \| (.+?) \| (.+) \|$", DOCUMENT, re.M)
    leads = {name: " ".join(one.leads) if len(one.leads) < 12 else "all" for name, one in WAVE_CRITERIA.items()}
    assert rows == [(name, one.part, leads[name], one.source) for name, one in WAVE_CRITERIA.items()]

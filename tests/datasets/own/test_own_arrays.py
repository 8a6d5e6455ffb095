"""A user's own arrays as a dataset: what becomes of them, what they are stored under, and everything that is refused."""

import inspect

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS
from ecgbench.datasets.own.arrays import register_arrays
from ecgbench.errors import DuplicateKeyError, InputError
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Address, ModelAddress, Options, Run, Selection, metric_names
from ecgbench.protocol import Recipe
from tests.datasets.own.raised_windows import TIME, raised, side, spans_of

pytestmark = pytest.mark.usefixtures("registries_restored")

CLASSES = ("normal", "raised")


def registered(key="raised_samples", train=None, test=None, classes=CLASSES, **options):
    train, test = side(0) if train is None else train, side(1) if test is None else test
    return ecgbench.register_arrays(key, train, test, **{"classes": classes, "fs": 128} | options)


def key_of(**changed):
    """Key of the dataset when one side's arrays are made otherwise."""
    registered("changed", train=side(0, **changed))
    key = ecgbench.load_dataset("changed").key
    DATASETS._entries.pop("changed")
    return key


# What becomes of the arrays


def test_sides_without_names_share_patients_only_where_they_share_windows():
    assert not any("both sides" in note for note in loaded(registered(train=side(0, patient=None), test=side(1, patient=None))).notes)
    (shared,) = side(0, patient=None).patient[3:4].tolist()
    both = np.concatenate([raised(seed=1)[0], raised(seed=0)[0][3:4]])
    entry = registered("shared", train=side(0, patient=None), test=ecgbench.windows(both, [0] * 25))
    assert f"Patients on both sides of the split: {shared}." in loaded(entry).notes


def loaded(entry):
    return ecgbench.load_dataset(entry.key)


def test_dataset_says_what_was_registered():
    entry = registered(title="Raised", licence="MIT", reference="a note of 2024", leads=("II",), notes=["Made up."])
    assert (entry.key, entry.title, entry.licence, entry.source) == ("raised_samples", "Raised", "MIT", "arrays")
    assert (entry.embedded, entry.files, entry.labels, entry.splits) == (False, None, ("own",), ("standard",))
    dataset = loaded(entry)
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == ("raised_samples", CLASSES, 128, ("II",))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("own", "standard", "", False)
    assert dataset.notes == ("Made up.",)
    assert loaded(registered("plain")).leads == ("lead 0",)


def test_usual_numbers_are_the_benchmarks():
    numbers = registered().protocol
    assert numbers.recipe == Recipe("resnet18_7", 1e-3)
    assert (numbers.threshold, numbers.patch, numbers.perturbations, numbers.baselines, numbers.seeds) == (0.75, 8, 500, 250, (1,))
    assert (numbers.lead, numbers.fs, numbers.window, numbers.classes, numbers.slug) == (None, 128, TIME, CLASSES, "")


def test_twins_are_part_of_what_was_registered():
    x = side(1).signal
    twin = np.where(np.arange(24)[:, None, None] % 2, x + 1, np.nan)
    assert not registered().protocol.twins
    entry = registered("twinned", test=side(1, twin=twin))
    assert entry.protocol.twins
    assert loaded(entry).key != loaded(registered("bare")).key
    assert loaded(registered("others", test=side(1, twin=twin + 1))).key != loaded(entry).key


def test_numbers_can_be_given():
    given = {"threshold": 0.6, "patch": 16, "perturbations": 9, "baselines": 8, "seeds": [3, 1], "precision": "float64", "samples": 7}
    numbers = registered(**given, window_batch=5, architecture="resnet18_7_narrow", epochs=2, learning_rate=0.1).protocol
    assert {name: getattr(numbers, name) for name in given} == given | {"seeds": (3, 1)}
    assert numbers.recipe == Recipe("resnet18_7_narrow", 0.1, epochs=2)
    whole = Recipe("resnet34", 1.0, batch_size=4)
    assert registered("whole", recipe=whole, weight_decay=0).protocol.recipe == Recipe("resnet34", 1.0, batch_size=4, weight_decay=0)


def test_localisation_is_scored_where_a_window_has_spans_and_nowhere_else():
    registered()
    registered("bare", train=side(0, spans=None), test=side(1, spans=None))
    registered("half", train=side(0, spans=None))
    of_masks = [name for name in metric_names("mitdb") if not METRICS[name].asks & {"twin", "regions", "continued", "other_maps"}]
    assert metric_names("raised_samples") == metric_names("half") == of_masks
    assert not {"auc", "pointing_game"} & set(metric_names("bare"))
    assert "region_perturbation_morf" in metric_names("bare")
    assert "No beat is annotated, so localisation is undefined here." in loaded(DATASETS["bare"]).notes


def test_own_data_are_run_only_where_they_are_selected():
    registered(seeds=(1, 2))
    assert {cell.dataset for cell in Selection().cells()} == {"synthetic"}
    assert {cell.seed for cell in Selection(("raised_samples",)).cells()} == {1}


# What they are stored under


def test_equal_arrays_have_one_key_whatever_they_are_called():
    registered("first")
    registered("second", title="Another", threshold=0.5, notes=("Once more.",), classes=("a", "b"))
    assert ecgbench.load_dataset("first").key == ecgbench.load_dataset("second").key


def test_key_does_not_depend_on_the_process_or_the_machine():
    x = np.arange(24, dtype=np.float64).reshape(2, 1, 12) / 8
    one = ecgbench.windows(x, [0, 1], record=["a", "b"], spans=[[], [[0, 12, 1]]])
    registered("fixed", train=one, test=one)
    assert ecgbench.load_dataset("fixed").key == "77c2c6a9625705430b8f611d45ebb2450a8740a2009e776921d245bc1fadf0ee"


CHANGES = {
    "signal": {"x": raised()[0] + (np.arange(TIME) == 7)},
    "labels": {"y": 1 - raised()[1]},
    "patients": {"patient": np.arange(24)},
    "records": {"record": ["r"] * 24},
    "starts": {"start": np.arange(24)},
    "a span": {"spans": [[[0, 101, 0]], *spans_of(raised()[1])[1:]]},
    "spans elsewhere": {"spans": [*spans_of(raised()[1])[1:], spans_of(raised()[1])[0][:2]]},
    "no spans": {"spans": None},
    "order": {"x": raised()[0][::-1], "y": raised()[1][::-1], "patient": (np.arange(24) // 4)[::-1]},
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_arrays_have_another_key(what):
    assert key_of() == key_of()
    assert key_of(**CHANGES[what]) != key_of()


def test_sides_that_are_exchanged_or_more_classes_have_another_key():
    registered("one")
    registered("exchanged", train=side(1), test=side(0))
    registered("more", classes=(*CLASSES, "third"))
    assert len({ecgbench.load_dataset(key).key for key in ("one", "exchanged", "more")}) == 3


# What is refused

X, Y = raised(4)

REFUSED = {
    "classes as one text": ({"classes": "ab"}, r'expected classes as 2 or more different texts, such as \("a", "b"\), got \'ab\''),
    "one class": ({"classes": ("a",)}, "expected classes as 2 or more different texts"),
    "a class twice": ({"classes": ("a", "a")}, "expected classes as 2 or more different texts"),
    "class beyond": ({"train": side(0, y=np.arange(24) % 3)}, r"expected y of train within 0\.\.1, got 2; name every class"),
    "labels for other classes": ({"test": side(1, y=np.ones((24, 3), dtype=int))}, "y of test with a column for each of 2 classes, got 3"),
    "span's class beyond": (
        {"test": side(1, spans=[[], [[0, 9, 1], [9, 20, 2]], *[[]] * 22])},
        r"expected spans of test with classes within 0\.\.1, got 2 in window 1",
    ),
    "other leads": ({"test": side(1, leads=2)}, r"as many leads and samples on both sides, got \(1, 256\) and \(2, 256\)"),
    "labels beside classes": ({"test": side(1, y=np.ones((24, 2), dtype=int))}, r"one kind of y on both sides, got \(24,\) and \(24, 2\)"),
    "leads without names": ({"leads": ("I", "II")}, "expected names of 1 leads, got 2; name each lead of x"),
    "fs of nothing": ({"fs": 0}, "expected fs as a number above 0, got 0"),
    "fs beyond all": ({"fs": float("inf")}, "expected fs as a number above 0, got inf"),
    "key of a cell's ending": ({"key": "mine_abs"}, 'does not end in _abs, _causal or _spans, got "mine_abs"'),
    "key of other letters": ({"key": "My data"}, 'expected a key of small letters, digits and underscores .* got "My data"'),
    "key of a device": ({"key": "con"}, 'expected a key that can be a file\'s, got "con", which is a device on Windows'),
    "key without end": ({"key": "a" * 65}, "expected a key of 1 to 64 characters, got 65"),
    "title that is not seen": ({"title": "\u3164"}, r"expected the title of characters that are seen, got .* with U\+3164"),
    "class that is not seen": ({"classes": ("a", "\u2800")}, r"expected each of classes of characters that are seen, got .* with U\+2800"),
    "class in pieces": ({"classes": ("a", "e\u0301")}, r"expected each of classes in Unicode's composed form \(NFC\)"),
    "unknown number": ({"treshold": 0.5}, 'expected numbers among architecture, .*threshold, .* got "treshold"; choose one of these'),
    "number of the data": ({"window": 5}, 'got "window"; choose one of these'),
    "threshold of 1": ({"threshold": 1}, "expected threshold as a probability between 0 and 1, got 1"),
    "patch of nothing": ({"patch": 0}, "expected patch as a whole number from 1 on, got 0"),
    "patch beyond the window": ({"patch": 257}, "expected a patch within the window of 256 samples, got 257"),
    "half a perturbation": ({"perturbations": 0.5}, "expected perturbations as a whole number from 1 on, got 0.5"),
    "no seed": ({"seeds": ()}, r"expected seeds as different whole numbers, such as \(1, 2, 3\), got \(\)"),
    "one seed as number": ({"seeds": 1}, "expected seeds as different whole numbers"),
    "a seed twice": ({"seeds": (1, 1)}, "expected seeds as different whole numbers"),
    "negative seed": ({"seeds": (-1,)}, "expected seeds as a whole number from 0 on, got -1"),
    "seed of ten digits": ({"seeds": (10**9,)}, "expected seeds as a whole number up to 999999999, got 1000000000"),
    "seeds without end": ({"seeds": range(10**12)}, "expected seeds as different whole numbers"),
    "precision of no network": ({"precision": "float16"}, "expected precision float32 or float64, got 'float16'"),
    "recipe as text": ({"recipe": "resnet18_7"}, "expected recipe as a Recipe, got 'resnet18_7'; name its parts instead: architecture, "),
    "architecture as number": ({"architecture": 18}, 'expected architecture as a name such as "resnet18_7", got 18'),
    "learning rate of nothing": ({"learning_rate": 0.0}, "expected learning_rate as a number above 0, got 0.0"),
    "negative decay": ({"weight_decay": -1e-4}, "expected weight_decay as a number from 0 on, got -0.0001"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_arrays_are_refused_with(case):
    changed, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        registered(**changed)
    assert {"raised_samples", "mine_abs", "My data"}.isdisjoint(DATASETS.keys())


def test_bare_arrays_are_refused_with_the_way_to_make_windows_of_them():
    with pytest.raises(InputError, match=r"expected train as windows, got tuple; make them with ecgbench\.windows\(x, y\)"):
        inspect.unwrap(register_arrays)("mine", (X, Y), (X, Y), CLASSES, 128)


def test_key_is_not_given_twice():
    with pytest.raises(DuplicateKeyError, match='expected a new key in datasets, got "mitdb", which MIT-BIH Arrhythmia Database holds'):
        registered("mitdb")
    first = registered()
    assert registered() == first
    for changed in ({"train": side(2)}, {"title": "Another"}, {"threshold": 0.5}):
        with pytest.raises(DuplicateKeyError, match='got "raised_samples", which raised_samples holds; name another'):
            registered(**changed)
    assert DATASETS["raised_samples"] == first


# From arrays to scores


def run_of(tmp_path):
    return Run(Options(samples=4, store=ArtifactStore(tmp_path)))


def address(of: ModelAddress, metric: str, variant: str = "raw") -> Address:
    """A cell of saliency's maps of a model."""
    return Address(of.dataset, of.model, "saliency", variant, metric, of.seed)


NARROW = {"architecture": "resnet18_7_narrow", "learning_rate": 1e-2, "threshold": 0.5, "perturbations": 20, "baselines": 2}


def test_own_arrays_are_trained_on_and_scored(tmp_path):
    registered(train=side(0, 96), test=side(1, 32), epochs=6, **NARROW)
    run, of = run_of(tmp_path), ModelAddress("raised_samples", NARROW["architecture"], 1)
    cells = [address(of, metric, "abs") for metric in ("auc", "region_perturbation_morf")]
    assert run.model(of).info["test"]["accuracy"] == 1
    assert set(run.explained(of).target.tolist()) == {1}
    scores = [run.scores(cell) for cell in cells]
    assert all(np.isfinite(score.values).all() for score in scores)
    assert run_of(tmp_path).scores(cells[0]).cached


def test_windows_of_several_labels_and_leads_are_trained_on_and_scored(tmp_path):
    def labelled(seed):
        x, y = raised(48, 2, seed)
        x[::3, :, 200:230] -= 4
        lowered = (np.arange(48) % 3 == 0).astype(int)
        return ecgbench.windows(x, np.stack([y, lowered, y | lowered], axis=1))

    entry = registered("labelled", labelled(0), labelled(1), ("raised", "lowered", "either"), epochs=4, **NARROW)
    dataset, run = loaded(entry), run_of(tmp_path)
    assert dataset.train.y.dtype == np.uint8
    assert dataset.train.y[:2].tolist() == [[0, 1, 1], [1, 0, 1]]
    of = ModelAddress("labelled", NARROW["architecture"], 1)
    assert len(run.model(of).info["test"]["auc"]) == 3
    assert np.isfinite(run.scores(address(of, "region_perturbation_morf")).values).all()

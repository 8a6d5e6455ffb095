"""Windows that are held back: drawn with a secret from those beyond the public ones, as many of each class."""

import hmac
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import Options, accept, check_accepted_maps, held_back_run, pack, read_secret, submitted_run
from ecgbench.pipeline.submissions.held_back import drawing
from ecgbench.types import Explained, Windows
from tests.pipeline.runs import MODEL, maps_of, model_at, small_run
from tests.pipeline.submissions.submission_files import ABOUT, packed, some_maps

SECRET, OTHER = b"sixteen bytes or", b"more of them here"
PUBLIC = 64


def made_up(record, target, patient=None):
    """Explained windows, all of which start at 0."""
    count = len(record)
    windows = Windows(
        signal=np.zeros((count, 1, 4), dtype=np.float32),
        y=np.zeros((count, 3), dtype=np.uint8),
        record=np.array(record),
        patient=np.array(record if patient is None else patient),
        start=np.zeros(count, dtype=np.int64),
        spans=tuple(np.zeros((0, 3), dtype=np.int64) for _ in range(count)),
    )
    return Explained(windows, np.array(target), np.zeros(count), np.ones(count), np.zeros(3), count, count)


def places(explained, index):
    return [(explained.windows.record[i], explained.windows.start[i]) for i in index]


# The drawing


def test_public_windows_are_those_that_are_explained_otherwise(everything, evaluator_store):
    explained = everything.explained(model_at())
    usual = small_run(evaluator_store, samples=None).explained(model_at())
    public = drawing(explained, PUBLIC, 1, SECRET).public
    assert sorted(places(explained, public)) == sorted(places(usual, range(PUBLIC)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_drawn_windows_are_no_public_ones_and_as_many_of_each_class(everything, seed):
    explained = everything.explained(model_at(seed))
    drawn = drawing(explained, PUBLIC, seed, SECRET)
    assert not set(places(explained, drawn.held_back)) & set(places(explained, range(PUBLIC)))
    assert len(set(drawn.held_back)) == len(drawn.held_back) == PUBLIC
    assert Counter(explained.target[drawn.held_back]) == Counter(explained.target[drawn.public])


def test_secret_decides_what_is_drawn(everything):
    explained = everything.explained(model_at())
    first, again, other = (drawing(explained, PUBLIC, 1, secret).held_back for secret in (SECRET, SECRET, OTHER))
    np.testing.assert_array_equal(first, again)
    assert len(set(first) - set(other)) > 10


def test_order_within_a_patient_is_that_of_the_keyed_hashes():
    explained = made_up([f"r{i:02}" for i in range(60)], [1] * 60, ["p", "q"] * 30)
    found = drawing(explained, 20, 1, SECRET).held_back
    for patient in ("p", "q"):
        mine = [i for i in range(20, 60) if explained.windows.patient[i] == patient]
        wanted = sorted(mine, key=lambda i: hmac.digest(SECRET, f"r{i:02}/0".encode(), "sha256"))[:10]
        assert [i for i in found if explained.windows.patient[i] == patient] == wanted


def test_window_that_is_public_with_one_label_is_not_drawn_with_another():
    explained = made_up([f"r{i // 2:02}" for i in range(60)], [1, 2, 2, 1] * 15)
    drawn = drawing(explained, 17, 1, SECRET)
    assert len(drawn.held_back) >= 16
    assert 17 not in drawn.held_back
    assert not set(places(explained, drawn.held_back)) & set(places(explained, range(17)))


def test_class_without_windows_beyond_the_public_ones_is_not_compared():
    explained = made_up([f"r{i:02}" for i in range(50)], [1, 2] * 10 + [2] * 30)
    drawn = drawing(explained, 20, 1, SECRET)
    assert set(explained.target[drawn.public]) == set(explained.target[drawn.held_back]) == {2}
    assert len(drawn.public) == len(drawn.held_back) == 10


@pytest.mark.parametrize(
    ("count", "patients", "got"), [(64, 64, "got 0 of 0: of the 64"), (73, 73, "got 9 of 9: of the 73"), (90, 1, "got 26 of 1: of the 90")]
)
def test_too_few_windows_or_patients_are_refused_with_their_counts(count, patients, got):
    explained = made_up([f"r{i}" for i in range(count)], [1] * count, [f"p{i % patients}" for i in range(count)])
    with pytest.raises(InputError, match=f"{got} that can be explained 64 are public; take a dataset with more windows"):
        drawing(explained, PUBLIC, 1, SECRET)


# The secret's file


@pytest.mark.parametrize(("length", "got"), [(0, "got 0"), (15, "got 15"), (4097, "got more"), (1 << 20, "got more")])
def test_file_that_is_no_secret_is_refused(tmp_path, length, got):
    (tmp_path / "secret").write_bytes(b"x" * length)
    with pytest.raises(InputError, match=f"expected a secret of 16 to 4096 bytes in .*, {got}; write one with"):
        read_secret(tmp_path / "secret")


def test_secret_is_the_files_bytes(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(range(256)))
    assert read_secret(tmp_path / "secret") == bytes(range(256))


# The run


def test_run_is_on_the_submissions_own_maps_of_both_sides(everything, evaluator_store, tmp_path):
    (tmp_path / "file").write_bytes(packed(everything, (1, 2)))
    found = held_back_run(tmp_path / "file", Options(store=evaluator_store), SECRET, ("auc",))
    for seed, drawn in found.drawn.items():
        index = np.concatenate([drawn.public, drawn.held_back])
        np.testing.assert_array_equal(found.run.maps(maps_of("my_method", seed)).values, some_maps(everything, seed)[index])
        np.testing.assert_array_equal(found.run.explained(model_at(seed)).target, everything.explained(model_at(seed)).target[index])
    cell = found.cells[0]
    first = np.concatenate([found.drawn[1].public, found.drawn[1].held_back])
    whole = everything.on([cell], [replace(found.run.source("my_method"), given={("synthetic", MODEL, 1): some_maps(everything)})])
    np.testing.assert_allclose(found.run.scores(cell).values, whole.scores(cell).values[first], atol=1e-12)


def test_file_of_a_subset_is_refused_with_the_remedy(author, evaluator_store, tmp_path):
    (tmp_path / "file").write_bytes(packed(author))
    with pytest.raises(InputError, match=r"expected maps of all windows of each seed, got of 4; .*`ecgbench submit --samples all`"):
        held_back_run(tmp_path / "file", Options(store=evaluator_store), SECRET)


def test_maps_must_be_those_that_are_ranked(everything, evaluator_store, tmp_path):
    options, root = Options(store=evaluator_store), tmp_path / "scores"

    def compared(maps):
        (tmp_path / "file").write_bytes(pack(everything, "synthetic", MODEL, {1: maps}, ABOUT))
        return check_accepted_maps(held_back_run(tmp_path / "file", options, SECRET, ("auc",)), root)

    maps = some_maps(everything)
    assert not compared(maps)
    (tmp_path / "ranked").write_bytes(pack(small_run(evaluator_store, samples=None), "synthetic", MODEL, {1: maps[:PUBLIC]}, ABOUT))
    run, cells = submitted_run(tmp_path / "ranked", options, ("auc",))
    accept(run, cells, root)
    assert compared(maps)
    with pytest.raises(InputError, match=r"expected the maps of the public windows whose scores were accepted in .*, got others of seed 1"):
        compared(maps[::-1].copy())


def test_secret_is_nowhere_in_the_store(everything, evaluator_store, tmp_path):
    (tmp_path / "file").write_bytes(pack(everything, "synthetic", MODEL, {1: some_maps(everything)}, ABOUT))
    found = held_back_run(tmp_path / "file", Options(store=evaluator_store), SECRET, ("auc",))
    found.run.scores(found.cells[0])
    kept = b"".join(path.read_bytes() for path in evaluator_store.root.rglob("*") if path.is_file() and "windows" not in path.parts)
    assert SECRET not in kept
    assert SECRET.hex().encode() not in kept

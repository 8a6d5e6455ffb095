"""The explained windows as a file, and the maps that come back in one: read as they are, or refused within bounded memory."""

import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.pipeline import read_maps, window_arrays
from tests.pipeline.runs import MODEL, model_at, small_run
from tests.pipeline.submissions.submission_files import EDITS, SAMPLES, edited, maps_file, peak_while, some_maps

MEGABYTE = 1 << 20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "maps.npz"


@pytest.fixture
def refused(author, path):
    """The error that a file of maps gives."""

    def error():
        with pytest.raises(InputError, match=r"^expected ") as raised:
            read_maps(author, "synthetic", MODEL, path)
        assert str(raised.value).isprintable()
        return str(raised.value)

    return error


def members(path, **contents):
    """Write a zip archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(f"{name}.npy", content)


def npy(array, **options):
    held = io.BytesIO()
    np.save(held, array, **options)
    return held.getvalue()


def contents(run, **changed):
    arrays = {**window_arrays(run, model_at()), "attributions": some_maps(run)}
    return {**{name: npy(array) for name, array in arrays.items()}, **changed}


# What is written and read


def test_windows_are_those_that_are_explained_with_what_tells_them(author):
    arrays, explained = window_arrays(author, model_at(2)), author.explained(model_at(2))
    assert arrays["x"].dtype == np.float32
    np.testing.assert_array_equal(arrays["x"], explained.windows.x)
    np.testing.assert_array_equal(arrays["target"], explained.target)
    for name in ("record", "patient", "start"):
        np.testing.assert_array_equal(arrays[name], getattr(explained.windows, name))
    assert (arrays["fs"], arrays["seed"], arrays["model"]) == (128, 2, author.model(model_at(2)).digest)


@pytest.mark.parametrize(("dtype", "order"), [("<f4", "F"), (">f8", "C")])
def test_maps_are_read_as_float32_whatever_their_order_and_precision(author, path, dtype, order):
    maps = np.asarray(some_maps(author), dtype=dtype, order=order)
    seed, found = read_maps(author, "synthetic", MODEL, maps_file(author, path, attributions=maps))
    assert seed == 1
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, some_maps(author))


@pytest.mark.parametrize(
    ("save", "kept"), [(np.savez, ("attributions", "seed", "model", "target", "start", "record")), (np.savez_compressed, None)]
)
def test_maps_need_only_what_tells_their_windows(author, path, save, kept):
    arrays = {**window_arrays(author, model_at(3)), "attributions": some_maps(author, 3)}
    save(path, **{name: array for name, array in arrays.items() if kept is None or name in kept})
    seed, found = read_maps(author, "synthetic", MODEL, path)
    assert seed == 3
    np.testing.assert_array_equal(found, some_maps(author, 3))


# What is refused


@pytest.mark.parametrize("name", ["attributions", "seed", "record"])
def test_missing_array_is_refused_by_name(author, path, refused, name):
    maps_file(author, path, **{name: None})
    assert f'expected an array "{name}" in' in refused()


@pytest.mark.parametrize(
    "change",
    [
        {"attributions": np.zeros((SAMPLES, 1024), dtype=np.float32)},
        {"attributions": np.zeros((SAMPLES + 1, 1, 1024), dtype=np.float32)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=np.float16)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=np.longdouble)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=[("a", "f4")])},
        {"seed": np.array(1.0)},
        {"model": np.array("x" * 500)},
        {"target": np.zeros(SAMPLES)},
        {"start": np.zeros(SAMPLES + 1, dtype=np.int64)},
    ],
    ids=lambda change: " ".join(f"{name} {array.dtype} {array.shape}" for name, array in change.items())[:60],
)
def test_array_of_another_form_is_refused_by_name(author, path, refused, change):
    maps_file(author, path, **change)
    assert f'expected "{next(iter(change))}" as ' in refused() or "expected at most" in refused()


@pytest.mark.parametrize("value", [1e39, np.nan])
def test_values_that_float32_cannot_hold_are_not_finite(author, path, value):
    maps = some_maps(author).astype(np.float64)
    maps[0, 0, 0] = value
    _, found = read_maps(author, "synthetic", MODEL, maps_file(author, path, attributions=maps))
    assert not np.isfinite(found[0, 0, 0])


@pytest.mark.parametrize("name", ["target", "start", "record"])
def test_maps_of_other_windows_are_refused_with_the_command_that_writes_the_right_ones(author, path, refused, name):
    maps_file(author, path, **{name: window_arrays(author, model_at())[name][::-1].copy()})
    assert f'got another "{name}" in {path}; explain those that `ecgbench windows synthetic --seed 1` writes' in refused()


def test_maps_of_another_number_of_windows_are_refused(author, evaluator_store, path, refused):
    maps_file(small_run(evaluator_store, samples=SAMPLES - 1), path)
    assert 'expected "attributions" as floats of shape (4, 1, 1024)' in refused()


def test_maps_of_another_model_are_refused_with_the_way_to_take_it(author, path, refused):
    maps_file(author, path, model=np.array("0" * 64))
    assert f"got another model's in {path}; take its weights with `ecgbench train synthetic --seed 1 --from FILE`" in refused()


@pytest.mark.parametrize("seed", [0, 1 << 62])
def test_seed_without_a_model_is_refused(author, path, refused, seed):
    maps_file(author, path, seed=np.array(seed))
    assert f"expected seeds of synthetic among 1, 2, 3, got {seed}" in refused()


@pytest.mark.parametrize("name", ["../attributions", "more", "\x1b[31m"])
def test_member_that_has_no_place_in_it_is_refused(author, path, refused, name):
    members(path, **contents(author), **{name: b""})
    assert "expected no array but attributions.npy" in refused()


def test_pickled_objects_are_refused_and_not_unpickled(author, path, refused):
    objects = npy(np.array([[[print]]] * SAMPLES, dtype=object), allow_pickle=True)
    members(path, **contents(author, attributions=objects))
    assert 'expected "attributions" as floats of shape (4, 1, 1024)' in refused()


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1, 1024), 'more': 1}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1, 1024)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-4, 1, 1024)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1, 1024)}; import os",
        b"(" * 900,
    ],
    ids=lambda header: header[-30:].decode(),
)
def test_header_of_an_array_is_never_evaluated(author, path, refused, header):
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + some_maps(author).tobytes()
    members(path, **contents(author, attributions=content))
    assert 'expected "attributions" as floats of shape (4, 1, 1024)' in refused()


@pytest.mark.parametrize("change", [lambda content: content[:-4], lambda content: content + b"1234", lambda content: content[:9]])
def test_array_with_more_or_fewer_values_is_refused(author, path, refused, change):
    members(path, **contents(author, attributions=change(contents(author)["attributions"])))
    refused()


@pytest.mark.parametrize("other", [b"", b"nonsense", npy(np.zeros(3)), b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_refused(path, refused, other):
    path.write_bytes(other)
    refused()


def test_link_is_refused(author, path, refused):
    path.symlink_to(maps_file(author, path.with_name("real.npz")))
    assert "got a symbolic link" in refused()


def test_array_that_stands_twice_is_refused(author, path, refused):
    maps_file(author, path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("attributions.npy", npy(some_maps(author)))
    assert "expected each array once" in refused()


# Bounded memory


def test_zip_bomb_is_not_unpacked(author, path):
    members(path, **contents(author, attributions=bytes(300 * MEGABYTE)))
    assert path.stat().st_size < MEGABYTE
    assert peak_while(lambda: read_maps(author, "synthetic", MODEL, path)) < 5 * MEGABYTE


def test_zip_bomb_that_lies_about_its_size_is_unpacked_no_further_than_announced(author, path):
    bomb = bytes(100 * MEGABYTE)
    members(path, **contents(author, attributions=bomb))
    small = struct.pack("<I", 10_000)
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", len(bomb)), small))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("attributions.npy").file_size == 10_000
    assert peak_while(lambda: read_maps(author, "synthetic", MODEL, path)) < 5 * MEGABYTE


def test_shape_that_announces_terabytes_takes_no_memory(author, path):
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    members(path, **contents(author, attributions=b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header))
    assert peak_while(lambda: read_maps(author, "synthetic", MODEL, path)) < 5 * MEGABYTE


def test_file_larger_than_the_windows_need_is_not_read(author, path):
    with open(path, "wb") as file:
        file.truncate(600 * MEGABYTE)
    assert peak_while(lambda: read_maps(author, "synthetic", MODEL, path)) < MEGABYTE


# Any damage


@pytest.fixture(scope="module")
def whole(author, tmp_path_factory):
    """A file of maps and its content."""
    path = maps_file(author, tmp_path_factory.mktemp("damaged") / "maps.npz", x=None, patient=None)
    return path.with_name("damaged.npz"), path.read_bytes()


@pytest.mark.parametrize("end", [False, True], ids=["anywhere", "directory"])
@given(edits=EDITS)
def test_damaged_file_is_refused_or_gives_maps_of_the_windows(author, whole, end, edits):
    path, content = whole
    kept = len(content) - 800 if end else 0
    path.write_bytes(content[:kept] + edited(content[kept:], edits, len(content)))
    try:
        seed, maps = read_maps(author, "synthetic", MODEL, path)
    except EcgbenchError:
        return
    assert maps.shape == author.explained(model_at(seed)).windows.x.shape

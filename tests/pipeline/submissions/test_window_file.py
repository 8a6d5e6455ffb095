"""The explained windows as a file, and the maps that come back in one: read as they are, or refused in one line."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.pipeline import pack, read_maps, window_arrays
from tests.pipeline.runs import MODEL, model_at, small_run
from tests.pipeline.submissions.submission_files import ABOUT, EDITS, SAMPLES, edited, maps_file, packed, some_maps


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


@pytest.mark.parametrize("order", ["C", "F", "reversed"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "g"])
def test_packed_file_depends_on_no_order_nor_precision_of_the_maps(author, path, dtype, order):
    maps = np.asarray(some_maps(author), dtype=dtype, order="F" if order == "F" else "C")
    given = maps[:, :, ::-1].copy()[:, :, ::-1] if order == "reversed" else maps
    seed, found = read_maps(author, "synthetic", MODEL, maps_file(author, path, attributions=given))
    assert (seed, found.dtype) == (1, np.float32)
    np.testing.assert_array_equal(found, some_maps(author))
    assert pack(author, "synthetic", MODEL, {1: found}, ABOUT) == packed(author)


def test_maps_in_another_memory_order_are_packed_as_any_others(author):
    transposed = np.asfortranarray(some_maps(author))
    assert pack(author, "synthetic", MODEL, {1: transposed}, ABOUT) == packed(author)


def test_half_precision_is_read_as_it_is(author, path):
    halves = some_maps(author).astype(np.float16)
    _, found = read_maps(author, "synthetic", MODEL, maps_file(author, path, attributions=halves))
    np.testing.assert_array_equal(found, halves.astype(np.float32))


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
    assert f'expected "{name}" as ' in (said := refused())
    assert "got no such array among " in said


@pytest.mark.parametrize(
    "change",
    [
        {"attributions": np.zeros((SAMPLES, 1024), dtype=np.float32)},
        {"attributions": np.zeros((SAMPLES + 1, 1, 1024), dtype=np.float32)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=np.int64)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=np.complex64)},
        {"attributions": np.zeros((SAMPLES, 1, 1024), dtype=[("a", "f4")])},
        {"seed": np.array(1.0)},
        {"model": np.array(b"x" * 64)},
        {"x": np.zeros((SAMPLES, 1, 1023), dtype=np.float32)},
        {"target": np.zeros(SAMPLES)},
        {"start": np.zeros(SAMPLES + 1, dtype=np.int64)},
    ],
    ids=lambda change: " ".join(f"{name} {array.dtype} {array.shape}" for name, array in change.items())[:60],
)
def test_array_of_another_form_is_refused_by_name(author, path, refused, change):
    maps_file(author, path, **change)
    ((name, array),) = change.items()
    assert f'expected "{name}" as ' in (said := refused())
    assert f"got {array.dtype} of shape {array.shape}; " in said


@pytest.mark.parametrize("value", [1e39, np.nan])
def test_values_that_float32_cannot_hold_are_refused(author, path, refused, value):
    maps = some_maps(author).astype(np.float64)
    maps[0, 0, 0] = value
    maps_file(author, path, attributions=maps)
    assert 'expected "attributions" of finite float32 values' in (said := refused())
    assert "got 1 of 4 maps with others; " in said


@pytest.mark.parametrize("name", ["x", "target", "start", "record"])
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
    assert f"expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got {seed}" in refused()


@pytest.mark.parametrize(("name", "other"), [("patient", np.array(["nobody"] * SAMPLES)), ("fs", np.array(127))])
def test_what_need_not_stand_beside_the_maps_is_compared_where_it_does(author, path, refused, name, other):
    maps_file(author, path, **{name: other})
    assert f'got another "{name}"' in refused()


def test_arrays_of_ones_own_may_stand_beside_them(author, path):
    _, found = read_maps(author, "synthetic", MODEL, maps_file(author, path, logits=np.zeros(3)))
    np.testing.assert_array_equal(found, some_maps(author))


def test_pickled_objects_are_refused_and_not_unpickled(author, path, refused):
    objects = npy(np.array([[[print]]] * SAMPLES, dtype=object), allow_pickle=True)
    members(path, **contents(author, attributions=objects))
    assert "expected an .npz file of arrays in" in (said := refused())
    assert "Object arrays cannot be loaded when allow_pickle=False" in said


@pytest.mark.parametrize("change", [lambda content: content[:-4], lambda content: content[:9], lambda content: b"text"])
def test_damaged_array_is_refused(author, path, refused, change):
    members(path, **contents(author, attributions=change(contents(author)["attributions"])))
    refused()


def test_array_larger_than_the_memory_is_refused(author, path, refused):
    header = npy(np.zeros(0)).replace(b"(0,), }" + b" " * 16, b"(10000000000000000,), }")
    members(path, **contents(author, attributions=header))
    assert "expected an .npz file of arrays" in refused()


@pytest.mark.parametrize("other", [b"", b"nonsense", npy(np.zeros(3)), b"PK\x03\x04" + b"\0" * 18, b"PK"])
def test_other_files_are_refused(path, refused, other):
    path.write_bytes(other)
    assert "expected an .npz file of arrays" in (said := refused())
    assert "got no whole zip archive; " in said


def test_archive_of_nothing_is_refused(path, refused):
    members(path)
    assert 'expected "seed" as whole numbers of shape ()' in refused()


def test_file_that_is_not_there_is_refused(refused):
    assert "No such file" in refused()


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

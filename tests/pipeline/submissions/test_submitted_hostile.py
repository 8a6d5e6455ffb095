"""Files that are no submissions, whatever they pretend: refused with an error of ours, within bounded memory, and nothing is scored."""

import io
import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import save

from ecgbench.errors import InputError
from ecgbench.pipeline import Options, submitted_run
from ecgbench.pipeline.submissions import evaluate as evaluate_module
from tests.pipeline.runs import stages
from tests.pipeline.submissions.submission_files import joined_file, packed, some_maps, split_file, with_header


@pytest.fixture(scope="module")
def content(author):
    return packed(author, (1, 2))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile") / "file.safetensors"


@pytest.fixture
def refused(evaluator_store, path):
    """The error of a file's content, which must be one that says what was expected."""

    def error(content):
        before = stages(evaluator_store).count("scores")
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"^expected ") as raised:
            submitted_run(path, Options(store=evaluator_store))
        assert str(raised.value).isprintable()
        assert stages(evaluator_store).count("scores") == before
        return str(raised.value)

    return error


def npz(**arrays):
    held = io.BytesIO()
    np.savez(held, **arrays)
    return held.getvalue()


# No safetensors file at all


OTHERS = (b"", b"\0" * 7, b"\0" * 8, b"\0" * 100, b"{}", b"\x02" + b"\0" * 7 + b"{}", npz(maps=np.zeros(3)), pickle.dumps({"maps": [1.0]}))


def test_other_files_are_refused(refused):
    assert all("expected a file as `ecgbench submit` writes it" in refused(other) for other in OTHERS)


def test_header_of_an_absurd_length_is_refused(refused, content):
    for length in ((1 << 64) - 1, (1 << 20) + 1, 0, 1):
        assert f"got a header of {length} bytes" in refused(length.to_bytes(8, "little") + content[8:])


def test_header_beyond_the_file_is_refused(refused, content):
    length = len(content) - 7
    assert f"got a header of {length} bytes in a file of {len(content)}" in refused(length.to_bytes(8, "little") + content[8:])


HEADERS = (
    b"[]",
    b"{",
    b"\xff\xfe{}",
    b'{"a": NaN}',
    b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a":' * 20_000,
    b'{"a": ' + b"9" * 10_000 + b"}",
    b'{"a": 1, "a": 1}',
    b"{}",
)


def test_header_that_is_no_plain_json_object_is_refused(refused, content):
    for header in HEADERS:
        assert "expected a file as `ecgbench submit` writes it" in refused(joined_file(header, split_file(content)[1]))


def test_tensor_that_stands_twice_is_refused(refused, content):
    _, tensors = split_file(content)
    text = content[8 : len(content) - len(tensors)].rstrip()
    twice = text[:-1] + b', "maps/1": {"dtype":"F32","shape":[4,1,1024],"data_offsets":[0,16384]}}'
    assert 'the key "maps/1" twice in one object' in refused(joined_file(twice, tensors))


# Tensors that are not what the windows need


def tensor(**changed):
    return lambda header: header["maps/1"].update(changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.pop("maps/1"),
        lambda header: header.update({"maps/3": header["maps/1"]}),
        lambda header: header.update({"../maps/1": header.pop("maps/1")}),
        lambda header: header.pop("__metadata__"),
        lambda header: header["__metadata__"].update(more="text"),
        lambda header: header["__metadata__"].update(ecgbench="x" * 65537),
        lambda header: header["__metadata__"].update(ecgbench="no json"),
        tensor(dtype="F16", data_offsets=[0, 8192]),
        tensor(dtype="I64", shape=[2, 1, 1024]),
        tensor(more=1),
        tensor(shape=[4, 1024]),
        tensor(shape=[1024, 1, 4]),
        tensor(shape=[-4, -1, 1024]),
        tensor(shape=[4, 1.5, 1024]),
        tensor(shape=[4.0, 1, 1024]),
        tensor(shape=[4, True, 1024]),
        tensor(shape={"0": 4}),
        tensor(shape=[0, 1, 1024], data_offsets=[0, 0]),
        tensor(shape=[1 << 40, 1 << 10, 1 << 16]),
        tensor(data_offsets=[0, 16383]),
        tensor(data_offsets=[16384, 0]),
        tensor(data_offsets=[16384, 32768]),
        tensor(data_offsets=[-16384, 0]),
    ],
)
def test_tensors_that_do_not_fit_are_refused(refused, content, change):
    refused(with_header(content, change))


@pytest.mark.parametrize(("offsets", "kept", "more"), [([0, 16384], 16384, b""), ([16388, 32772], 32768, b"1234")], ids=["shared", "gap"])
def test_tensors_that_do_not_lie_one_behind_the_other_are_refused(refused, content, offsets, kept, more):
    header, tensors = split_file(content)
    header["maps/2"]["data_offsets"] = offsets
    assert "where 16384 to 32768 were due" in refused(joined_file(header, tensors[:kept] + more))


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"\0", lambda content: content[:200]])
def test_truncated_and_prolonged_files_are_refused(refused, content, change):
    refused(change(content))


@pytest.mark.parametrize("count", [3, 5])
def test_more_or_fewer_maps_than_windows_are_refused(refused, content, count):
    metadata = split_file(content)[0]["__metadata__"]
    maps = {f"maps/{seed}": np.ones((count, 1, 1024), dtype=np.float32) for seed in (1, 2)}
    assert f"of shape ({count}, 1, 1024) for" in refused(save(maps, metadata))


def test_maps_that_are_not_finite_are_refused(refused, author, content):
    maps = {f"maps/{seed}": some_maps(author, seed) for seed in (1, 2)}
    maps["maps/2"][0, 0, 0] = np.nan
    assert "expected finite maps, got non-finite values in 25.00% of them of seed 2" in refused(
        save(maps, split_file(content)[0]["__metadata__"])
    )


def test_constant_maps_are_refused(refused, author, content):
    maps = {f"maps/{seed}": np.zeros_like(some_maps(author, seed)) for seed in (1, 2)}
    assert "expected at most 50% constant maps, got 100% of seed 1" in refused(save(maps, split_file(content)[0]["__metadata__"]))


def test_file_that_changes_while_it_is_read_is_refused(refused, author, content, path, monkeypatch):
    real = evaluate_module._check_windows

    def changed_meanwhile(*given):
        real(*given)
        path.write_bytes(packed(author, (3,)) + b"\0" * 10_000)

    monkeypatch.setattr(evaluate_module, "_check_windows", changed_meanwhile)
    refused(content)


# What is no regular file


def link(path, content):
    path.with_suffix(".target").write_bytes(content)
    path.symlink_to(path.with_suffix(".target"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (link, "got a symbolic link"),
        (lambda path, content: path.mkdir(), "expected a re"),
        (lambda path, content: os.mkfifo(path), "got no regular file"),
        (lambda path, content: None, "expected a readable regular file"),
    ],
    ids=["link", "folder", "pipe", "nothing"],
)
def test_what_is_no_regular_file_is_refused_without_waiting(evaluator_store, content, tmp_path, make, message):
    make(tmp_path / "file", content)
    with pytest.raises(InputError, match=message):
        submitted_run(tmp_path / "file", Options(store=evaluator_store))


def test_name_of_a_file_that_cannot_be_is_refused(evaluator_store, tmp_path):
    with pytest.raises(InputError, match="expected a readable regular file"):
        submitted_run(tmp_path / "a\0b", Options(store=evaluator_store))

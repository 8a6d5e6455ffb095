"""Whatever a file announces and however it is damaged: little memory, and errors of ours or maps of the windows."""

import numpy as np
import pytest
from hypothesis import given

from ecgbench.errors import EcgbenchError
from ecgbench.pipeline import Options, submitted_run
from tests.pipeline.runs import maps_of
from tests.pipeline.submissions.submission_files import EDITS, SAMPLES, edited, joined_file, packed, peak_while, split_file, with_contents

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def content(author):
    return packed(author, (1, 2))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile") / "file.safetensors"


def test_announced_header_of_half_a_gigabyte_takes_no_memory(evaluator_store, path):
    with open(path, "wb") as file:
        file.write((500 * MEGABYTE).to_bytes(8, "little"))
        file.truncate(600 * MEGABYTE)
    assert peak_while(lambda: submitted_run(path, Options(store=evaluator_store))) < MEGABYTE


@pytest.mark.parametrize("samples", [SAMPLES, "all"])
def test_file_larger_than_the_windows_need_is_not_read(evaluator_store, path, content, samples):
    count = (1 << 39) // 4096  # so that the file has a terabyte, nearly all of it a hole
    header, _ = split_file(with_contents(content, lambda data: data["identity"].update(samples=samples)))
    for place, name in enumerate(("maps/1", "maps/2")):
        header[name].update(shape=[count, 1, 1024], data_offsets=[place * count * 4096, (place + 1) * count * 4096])
    head = joined_file(header, b"")
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + 2 * count * 4096)
    assert peak_while(lambda: submitted_run(path, Options(store=evaluator_store))) < 100 * MEGABYTE


def test_header_of_many_tensors_takes_little_memory(evaluator_store, path):
    entries = ",".join(f'"maps/{i}":{{}}' for i in range(20_000))
    path.write_bytes(joined_file(b"{" + entries.encode() + b"}", b""))
    assert peak_while(lambda: submitted_run(path, Options(store=evaluator_store))) < 50 * MEGABYTE


@pytest.mark.parametrize("within", [8, 1800, MEGABYTE], ids=["length", "header", "anywhere"])
@given(edits=EDITS)
def test_damaged_file_is_refused_or_gives_maps_of_the_windows(evaluator_store, content, path, within, edits):
    path.write_bytes(edited(content, edits, within))
    try:
        run, cells = submitted_run(path, Options(store=evaluator_store))
    except EcgbenchError:
        return
    for seed in {one.seed for one in cells}:
        values = run.maps(maps_of(cells[0].source, seed)).values
        assert values.shape == (SAMPLES, 1, 1024)
        assert np.isfinite(values).all()

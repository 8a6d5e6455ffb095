"""How many rows pass through a model at once, and that maps are the same in other batches and in another process."""

import json

import numpy as np
import pytest

from tests.artifacts.stores import python

from .cases import KEYS, MODEL_BOUND, every_kind, every_method, explain, small, windows

IN_ANOTHER_PROCESS = """
import json, sys
from tests.methods.cases import KEYS, explain, small, windows
maps = {key: explain(small(), windows(n=4), [0, 2, 1, 1], key, seed=7).tolist() for key in KEYS}
json.dump(maps, sys.stdout)
"""


@pytest.fixture(scope="module")
def elsewhere():
    """Maps of every method by another process."""
    process = python(IN_ANOTHER_PROCESS)
    said, complained = process.communicate()
    assert process.returncode == 0, complained
    return json.loads(said)


def here(key, **options):
    return explain(small(), windows(n=4), [0, 2, 1, 1], key, seed=7, **options)


@every_method
def test_another_process_makes_the_same_map_bit_for_bit(elsewhere, key):
    np.testing.assert_array_equal(here(key), elsewhere[key])


def rows_of_passes(key, n=7, **options):
    """How many rows every forward pass of n windows had."""
    model, rows = small(), []
    model.register_forward_pre_hook(lambda module, inputs: rows.append(len(inputs[0])))
    explain(model, windows(n=n), 1, key, **options)
    return rows


@pytest.mark.parametrize("key", MODEL_BOUND)
def test_as_many_rows_as_the_batch_size_pass_through_the_model_where_there_are_so_many(key):
    assert max(rows_of_passes(key, batch_size=4)) == 4


@every_kind
def test_32_rows_pass_through_the_model_at_once_by_default(key):
    assert max(rows_of_passes(key, n=40)) == 32


def test_every_method_is_run_in_the_other_process(elsewhere):
    assert sorted(elsewhere) == sorted(KEYS)

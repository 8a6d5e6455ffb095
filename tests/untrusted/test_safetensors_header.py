"""Kinds of numbers in a safetensors header, and those that weights may be of."""

from ecgbench.models.checkpoints.weights_file import DTYPES
from ecgbench.untrusted.safetensors_header import ITEM_SIZES


def test_every_kind_that_a_header_may_name_is_one_of_weights_and_has_its_size():
    assert {name: dtype.itemsize for name, dtype in DTYPES.items()} == dict(ITEM_SIZES)

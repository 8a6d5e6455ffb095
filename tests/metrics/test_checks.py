import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.metrics._checks import flat_maps, require_choice, require_shape, require_within
from ecgbench.metrics._masks import flat_pair


def test_maps_become_float64_rows_lead_by_lead():
    flat = flat_maps(np.arange(12, dtype=np.float32).reshape(2, 2, 3))
    assert flat.dtype == np.float64
    assert flat.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


@pytest.mark.parametrize("shape", [(3, 8), (2, 1, 1, 8), (2, 0, 8), (2, 1, 0)])
def test_maps_of_another_form_are_refused(shape):
    with pytest.raises(InputError, match=r"expected attributions \(n, leads, time\)"):
        flat_maps(np.zeros(shape))


def test_message_names_the_first_windows_that_are_not_finite():
    attributions = np.zeros((12, 1, 2))
    attributions[1, 0, 1], attributions[3, 0, 0] = -np.inf, np.nan
    with pytest.raises(InputError, match=r"got nan or infinity in windows 1, 3; "):
        flat_maps(attributions)
    attributions[2:] = np.inf
    with pytest.raises(InputError, match=r"windows 1, 2, 3, 4, 5, 6, 7, 8, \.\.\.; "):
        flat_maps(attributions)


@pytest.mark.parametrize("shape", [(1, 1, 8), (2, 8)])
def test_masks_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match="expected mask of shape"):
        flat_pair(np.zeros((2, 1, 8)), np.zeros(shape, dtype=bool))


def test_array_of_the_same_shape_passes():
    require_shape("x", np.zeros((2, 3)), (2, 3))


def test_unknown_choice_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match='expected ties in any, share, got "most"'):
        require_choice("ties", "most", ("share", "any"))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_value_out_of_range_is_refused(value):
    with pytest.raises(InputError, match=r"expected share from 0\.0 to 1\.0"):
        require_within("share", value, 0.0, 1.0)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_ends_belong_to_the_range(value):
    require_within("share", value, 0.0, 1.0)

"""What a control may not return."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS, control_maps
from ecgbench.errors import InputError, UnknownKeyError
from tests.controls.scenes import scene

SHAPE = scene().shape


def spoilt(value):
    maps = np.ones(SHAPE)
    maps[1, 0, 5] = value
    return maps


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (np.ones(SHAPE[1:]), r"got \(2, 400\)"),
        (np.ones((0, *SHAPE[1:])), r"got \(0, 2, 400\)"),
        (spoilt(np.nan), "from nan to nan"),
        (spoilt(np.inf), "from 1 to inf"),
        (spoilt(-0.5), "from -0.5 to 1"),
    ],
    ids=["shape", "empty", "nan", "infinite", "negative"],
)
def test_maps_that_are_none_are_refused(returned, said):
    @CONTROLS.register(version=1, reference="none", title="wrong")
    def wrong(scene):
        return returned

    with pytest.raises(InputError, match=rf"expected finite maps \(5, 2, 400\) without negative values from wrong, .*{said}"):
        control_maps("wrong", scene())


def test_unknown_control_is_refused_with_the_nearest():
    with pytest.raises(UnknownKeyError, match='expected a key of controls, got "amplitud"; did you mean amplitude'):
        control_maps("amplitud", scene())

"""Controls that must be refused: one for each trial."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS
from ecgbench.errors import EntryError
from ecgbench.testing import check_entry

from .broken import registered

pytestmark = pytest.mark.usefixtures("registries_restored")

CALLS = []


def control(function, **declared):
    return registered(CONTROLS, function, **declared)


def loud(scene):
    return np.abs(scene.windows.x)


def covered(scene):
    return scene.windows.masks(scene.target).astype(np.float32)


def drawing(scene):
    np.random.rand()  # noqa: NPY002
    return loud(scene)


def remembering(scene):
    CALLS.append(1)
    return loud(scene) * len(CALLS)


def writing(scene):
    scene.windows.signal[0] = 0
    return loud(scene)


def beside_the_others(scene):
    return loud(scene) / loud(scene).mean()


REFUSED = {
    "no title": (loud, {"title": ""}, "a title, got ''; say what its maps do"),
    "unknown mask": (covered, {"mask": "beats"}, 'mask "spans", "causal" or none, got \'beats\''),
    "negative": (lambda scene: scene.windows.x, {}, "never negative, .*got InputError: expected finite maps"),
    "another shape": (lambda scene: loud(scene)[..., 1:], {}, "Maps are finite, .*got InputError: expected finite maps"),
    "nan": (lambda scene: loud(scene) * np.nan, {}, "Maps are finite, .*got InputError: expected finite maps"),
    "remembering": (remembering, {}, "the same maps of the same scene, got others"),
    "writing": (writing, {}, "got ValueError: .*read-only"),
    "drawing": (drawing, {}, "global random generators left as they were"),
    "beside the others": (beside_the_others, {}, "the same map of a window among other windows, got another"),
    "undeclared mask": (covered, {}, "the same maps without labels and annotations, got others; declare the mask"),
}


@pytest.mark.parametrize(("function", "declared"), [(loud, {}), (covered, {"mask": "spans"})], ids=["loud", "covered"])
def test_what_is_broken_below_is_healthy_before(monkeypatch, function, declared):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", None)
    check_entry(control(function, **declared))


@pytest.mark.parametrize(("function", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_control_is_refused(monkeypatch, function, declared, message):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", None)
    with pytest.raises(EntryError, match=message):
        check_entry(control(function, **declared))


def test_a_methods_key_is_refused(monkeypatch):
    monkeypatch.setattr(loud, "__name__", "saliency")
    monkeypatch.setattr(loud, "__doc__", "An entry that was made up for a test.")
    CONTROLS.register(version=1, reference="made up", title="loud")(loud)
    with pytest.raises(EntryError, match="a key that no method has, got saliency"):
        check_entry(CONTROLS["saliency"])

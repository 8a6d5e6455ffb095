"""Methods that must be refused: one for each trial."""

import numpy as np
import pytest
import torch

from ecgbench.errors import EntryError
from ecgbench.methods import METHODS, Explanation
from ecgbench.methods._gradient import logit_gradient
from ecgbench.testing import check_entry

from .broken import registered

pytestmark = pytest.mark.usefixtures("registries_restored")

SEEN = []
"""What a careless method keeps between calls."""


def method(function, **declared):
    return registered(METHODS, function, **declared)


def gradient(model, x, target):
    return logit_gradient(model, x, target)


def noisy(model, x, target, generators, copies: int = 30):
    """Mean gradient of noisy copies.

    Parameters
    ----------
    copies : of a window
    """
    total = torch.zeros_like(x)
    for _ in range(copies):
        total += gradient(model, x + torch.from_numpy(np.stack([one.normal(0, 0.1, x.shape[1:]) for one in generators])).to(x), target)
    return total / copies


def summing_up(model, x, target):
    maps = gradient(model, x, target)
    return Explanation(maps, maps.sum(dim=(1, 2)), {"norm": maps.norm(dim=(1, 2))})


HEALTHY = {
    "maps alone": (gradient, {}),
    "random": (noisy, {"needs": ("generators",), "per": "copies"}),
    "with a total": (summing_up, {"sum_within": 1e-3}),
}


@pytest.mark.parametrize(("function", "declared"), HEALTHY.values(), ids=HEALTHY.keys())
def test_what_is_broken_below_is_healthy_before(monkeypatch, function, declared):
    monkeypatch.setattr(function, "__name__", "broken")
    check_entry(method(function, **declared))


def with_float_option(model, x, target, scale: float = 1.0):
    """Gradient, multiplied by a number.

    Parameters
    ----------
    scale : by which it is multiplied
    """
    return scale * gradient(model, x, target)


def writing(model, x, target):
    maps = gradient(model, x, target)
    x *= 2
    return maps


def asking_for_gradients(model, x, target):
    maps = gradient(model, x, target)
    x.requires_grad_(True)
    return maps


def writing_targets(model, x, target):
    maps = gradient(model, x, target)
    target += 1
    return maps


def drawing_globally(model, x, target):
    torch.rand(1)
    return gradient(model, x, target)


def seeding(model, x, target):
    np.random.seed(0)  # noqa: NPY002
    return gradient(model, x, target)


def drawing_anew(model, x, target):
    return gradient(model, x, target) + torch.from_numpy(np.random.default_rng().normal(size=x.shape)).to(x)


def not_drawing(model, x, target, generators):
    return gradient(model, x, target)


def drawing_for_one(model, x, target, generators):
    maps = gradient(model, x, target)
    maps[0, 0] += torch.from_numpy(generators[0].normal(size=x.shape[2])).to(x)
    return maps


def of_the_batch(model, x, target):
    maps = gradient(model, x, target)
    return maps - maps.mean(dim=0, keepdim=True)


def of_a_batch_alone(model, x, target):
    return gradient(model, x, target) * (2 if len(x) == 1 else 1)


def of_the_order(model, x, target):
    return gradient(model, x, target) * (1 + torch.arange(len(x))[:, None, None])


def doubling_rows(model, x, target):
    return gradient(model, torch.cat([x, x]), torch.cat([target, target]))[: len(x)]


def of_one_class(model, x, target):
    return gradient(model, x, torch.zeros_like(target))


def in_training(model, x, target):
    maps = gradient(model, x, target)
    model.norm.train()
    return maps


def with_a_hook(model, x, target):
    model.features.register_forward_hook(lambda module, inputs, output: None)
    return gradient(model, x, target)


def with_a_hook_where_a_pass_fails(model, x, target):
    handle = model.features.register_forward_hook(lambda module, inputs, output: None)
    maps = gradient(model, x, target)
    handle.remove()
    return maps


def learning(model, x, target):
    maps = gradient(model, x, target)
    with torch.no_grad():
        model.features.weight += 1e-3
    return maps


def with_gradients(model, x, target):
    maps = gradient(model, x, target)
    model.features.weight.grad = torch.zeros_like(model.features.weight)
    return maps


def with_an_attribute(model, x, target):
    model.seen = True
    return gradient(model, x, target)


def twice(model, x, target):
    gradient(model, x, target)
    return gradient(model, x, target)


def raising(model, x, target):
    raise KeyError("relu")


def of_windows_before(model, x, target):
    SEEN.append(float(x[0, 0, 0]))
    return gradient(model, x, target) * len(SEEN)


REFUSED = {
    "a control's key": (gradient, {"key": "amplitude"}, "a key that no control has, got amplitude"),
    "negative cost": (gradient, {"passes": -1}, "passes from 0 on, got -1"),
    "unknown per": (gradient, {"per": "steps"}, "an option \"steps\" whose default is a whole number, got 'no such option'"),
    "per no number": (with_float_option, {"per": "scale"}, 'an option "scale" whose default is a whole number, got 1.0'),
    "of_dataset unknown here": (gradient, {"of_dataset": {"patch": "patch"}}, "of_dataset among its options , got patch"),
    "of_dataset unknown there": (with_float_option, {"of_dataset": {"scale": "scale"}}, "of_dataset from .*, got scale"),
    "zeros": (lambda model, x, target: torch.zeros_like(x), {}, "maps that are not all zero .1 leads, protocol ours., got zeros"),
    "double precision": (lambda model, x, target: gradient(model, x, target).double(), {}, "float32 maps of a float32 model, got float64"),
    "total without a promise": (summing_up, {}, "a total where sum_within is declared and nowhere else, got total True, sum_within False"),
    "promise without a total": (gradient, {"sum_within": 0.1}, "nowhere else, got total False, sum_within True; do both"),
    "broken promise": (
        lambda model, x, target: Explanation(gradient(model, x, target), torch.full((len(x),), 1e3)),
        {"sum_within": 0.1},
        "maps that sum to their total within 0.1, got",
    ),
    "one measure for all": (
        lambda model, x, target: Explanation(gradient(model, x, target), measures={"score": torch.zeros(len(x), 2)}),
        {},
        r"score of shape \(n,\), got \(4, 2\)",
    ),
    "writing into windows": (writing, {}, "windows and targets as they were, got others; copy"),
    "asking windows for gradients": (asking_for_gradients, {}, "windows and targets as they were"),
    "writing into targets": (writing_targets, {}, "windows and targets as they were"),
    "returning the windows": (lambda model, x, target: x, {"passes": 0}, "maps of their own, got the memory of x; return a copy"),
    "drawing from torch": (drawing_globally, {}, "global random generators left as they were, got others; draw from"),
    "seeding numpy": (seeding, {}, "global random generators left as they were"),
    "drawing anew": (drawing_anew, {}, "the same maps for the same seed, got others"),
    "remembering": (of_windows_before, {}, "the same maps for the same seed, got others"),
    "not drawing": (not_drawing, {"needs": ("generators",)}, "other maps for another seed, got the opposite"),
    "drawing for one window": (drawing_for_one, {"needs": ("generators",)}, "other maps for another seed, got the opposite"),
    "dependence on the batch": (of_the_batch, {}, "the same maps in batches of 1, got others"),
    "dependence on the batch's size": (of_a_batch_alone, {}, "the same maps in batches of 1, got others"),
    "dependence on the order": (of_the_order, {}, "the same maps in another order, got others"),
    "more rows than asked": (doubling_rows, {}, "at most 1 rows in a pass, got 2; ask for batch_size"),
    "another class": (of_one_class, {}, "another map for another target, got the same"),
    "training": (in_training, {}, "the model as it was found, got other modes"),
    "a hook": (with_a_hook, {}, "the model as it was found, got other hooks"),
    "a hook after a failure": (with_a_hook_where_a_pass_fails, {}, "the model as it was found where a pass fails, got other hooks"),
    "other weights": (learning, {}, "the model as it was found, got other weights"),
    "other gradients": (with_gradients, {}, "the model as it was found, got other gradients"),
    "an attribute": (with_an_attribute, {}, "the model as it was found, got other attributes"),
    "dearer than declared": (twice, {}, "passes of 1 a window, got 2; declare passes"),
    "cheaper than declared": (gradient, {"passes": 10}, "passes of 10 a window, got 1; declare passes"),
    "nan": (lambda model, x, target: x * np.nan, {}, "Maps are finite, .*, got MapError: expected finite maps from broken"),
    "another shape": (lambda model, x, target: x[..., 1:], {}, "Maps are finite, .*, got MapError: expected maps"),
    "an error of its own": (raising, {}, "Maps are finite, .*, got KeyError: 'relu'; mend what raises it"),
}


@pytest.mark.parametrize(("function", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_method_is_refused(monkeypatch, function, declared, message):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", function.__doc__)
    key = {"key": declared["key"]} if "key" in declared else {}
    entry = method(function, **{name: value for name, value in declared.items() if name != "key"})
    if key:
        monkeypatch.setattr(function, "__name__", declared["key"])
        METHODS.register(version=1, reference="made up 2024", passes=1)(function)
        entry = METHODS[declared["key"]]
    with pytest.raises(EntryError, match=message):
        check_entry(entry)

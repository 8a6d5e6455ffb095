"""Networks behind random axes, outputs and further inputs: adapted, they have the logits, maps and scores of the network itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench

METHODS = ("saliency", "input_gradient", "integrated_gradients")


class Theirs(nn.Module):
    """A network whose input, further inputs and outputs are as somebody else made them.

    Parameters
    ----------
    core : on (n, leads, time)
    axes : of the input behind that of windows
    wrap : what is made of the logits
    extra : how many further inputs are added to the logits
    """

    def __init__(self, core, axes, wrap, extra):
        super().__init__()
        self.core, self.axes, self.wrap, self.extra = core, axes, wrap, extra

    def forward(self, given, *more, **named):
        assert len(more) + len(named) == self.extra
        names = [axis for axis in self.axes if axis != "1"]
        x = given.reshape(len(given), *(size for size, axis in zip(given.shape[1:], self.axes, strict=True) if axis != "1"))
        x = x.transpose(1, 2) if names == ["time", "leads"] else x
        shift = sum((one.reshape(len(given), -1).to(x).sum(1, keepdim=True) for one in [*more, *named.values()]), torch.zeros(1, 1).to(x))
        return self.wrap(self.core(x) + shift * torch.arange(1, self.core[-1].out_features + 1).to(x))


def drawn_core(rng):
    """A small network that is smooth, so that gradients depend on its logits."""
    leads, outputs = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    torch.manual_seed(int(rng.integers(2**31)))
    layers = [nn.Conv1d(leads, 3, 5, padding=2), nn.Tanh(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(12, outputs)]
    core = nn.Sequential(*layers).eval()
    return core.double() if rng.random() < 0.5 else core, leads, outputs


def drawn_axes(rng):
    axes = ["leads", "time"] if rng.random() < 0.5 else ["time", "leads"]
    for _ in range(rng.integers(0, 3)):
        axes.insert(int(rng.integers(0, len(axes) + 1)), "1")
    return axes


def drawn_outputs(rng, outputs):
    """How logits are wrapped, what is said of that, and what the adapted logits are."""
    kinds = ["logits", "sigmoids"] + (["binary", "one sigmoid"] if outputs == 1 else ["softmax"])
    kind = rng.choice(kinds)
    flat = outputs == 1 and kind != "logits" and rng.random() < 0.5
    pair = kind in ("binary", "one sigmoid")
    made = {"softmax": lambda z: z.softmax(1), "sigmoids": torch.sigmoid, "one sigmoid": torch.sigmoid}.get(kind, lambda z: z)
    wanted = (lambda z: torch.cat([-z / 2, z / 2], 1)) if pair else (lambda z: z.log_softmax(1)) if kind == "softmax" else lambda z: z
    said = {"logits": "logits", "binary": "binary"}.get(kind, "probabilities")
    place = rng.choice(["", "tuple", "dict", "deep"])
    around = {
        "": (lambda y: y, ()),
        "tuple": (lambda y: (None, y), (1,)),
        "dict": (lambda y: {"loss": 0, "out": y}, ("out",)),
        "deep": (lambda y: {"heads": [0, (y, 1)]}, ("heads", -1, 0)),
    }[place]
    wrap = lambda z: around[0](made(z)[:, 0] if flat else made(z))  # noqa: E731
    return wrap, {"outputs": (*around[1], said) if around[1] else said, "multilabel": kind == "sigmoids"}, wanted


def drawn_extra(rng):
    """Further inputs, how many they are, and by how much they raise the first logit."""
    form, rows = rng.choice(["none", "one", "tuple", "dict"]), [[float(rng.standard_normal()), 1.0]]
    extra = {"none": None, "one": rows, "tuple": (rows, 2), "dict": {"age": rows, "sex": [1]}}[form]
    number = {"none": 0, "one": 1}.get(form, 2)
    return extra, number, {"none": 0.0, "one": sum(rows[0]), "tuple": sum(rows[0]) + 2, "dict": sum(rows[0]) + 1}[form]


class ByHand(nn.Module):
    """The same by hand."""

    def __init__(self, core, shift, wanted):
        super().__init__()
        self.core, self.shift, self.wanted = core, shift, wanted

    def forward(self, x):
        logits = self.core(x)
        return self.wanted(logits + self.shift * torch.arange(1, logits.shape[1] + 1).to(logits))


@pytest.mark.slow
def test_adapted_networks_are_explained_and_scored_as_the_same_by_hand(tries):
    for number in tries(600):
        rng = np.random.default_rng(number)
        core, leads, outputs = drawn_core(rng)
        axes, (wrap, said, wanted), (extra, further, shift) = drawn_axes(rng), drawn_outputs(rng, outputs), drawn_extra(rng)
        x = rng.standard_normal((int(rng.integers(1, 4)), leads, 64)).astype(np.float32)
        adapted = ecgbench.adapt(Theirs(core, axes, wrap, further), ",".join(axes), extra=extra, x=x, **said)
        by_hand = ByHand(core, shift, wanted)
        target = int(rng.integers(by_hand(torch.from_numpy(x).to(core[-1].weight)).shape[1]))
        method = str(rng.choice(METHODS))
        maps = ecgbench.explain(by_hand, x, target, method)
        close = {"rtol": 5e-3, "atol": 1e-4 * np.abs(maps).max(), "err_msg": f"try {number}"}
        np.testing.assert_allclose(ecgbench.explain(adapted, x, target, method), maps, **close)
        given = {"x": x, "target": target, "multilabel": said["multilabel"], "batch_size": int(rng.integers(1, 9))}
        scores = ecgbench.score("region_perturbation_morf", maps, model=by_hand, outputs="logits", **given)
        np.testing.assert_allclose(
            ecgbench.score("region_perturbation_morf", maps, model=adapted, outputs="logits", **given), scores, rtol=1e-2, atol=1e-5
        )

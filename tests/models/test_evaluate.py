"""Which way an evaluator takes, and that either gives the model's own logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import evaluator, forward, plain_evaluator, untrained
from ecgbench.models._evaluate import Evaluator
from ecgbench.models._whole import Whole
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.residual.network import ResNet
from ecgbench.types import Evaluate, EvaluateSteps
from tests.models.architectures import DISTINCT

from .networks import assert_curves, block, curves_of, network, noise, steps_of

STEPS = steps_of([(0, 9), (40, 49)], [(60, 77)], window=[1, 0])
every_evaluator = pytest.mark.parametrize("make", [evaluator, plain_evaluator])

Make = Callable[[nn.Module], EvaluateSteps]


class Doubled(ResNet):
    """A ResNet with a forward pass of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


class Capped(nn.ReLU):
    """A rectifier that says it is any other."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).clamp(max=0.5)


def doubled(model: ResNet) -> ResNet:
    other = Doubled(model.architecture, 3).double()
    other.load_state_dict(model.state_dict())
    return other.eval()


def shallower(model: ResNet) -> ResNet:
    """A network that is not what its architecture says."""
    model.layer3 = cast("Any", nn.Sequential(block(model, 3, 0)))
    return model


def another(model: ResNet) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(202, 3)).double()


def altered(change: Callable[[Any], object]) -> Callable[[ResNet], nn.Module]:
    def apply(model: ResNet) -> nn.Module:
        change(model)
        return model

    return apply


def put(module: str, **values: Any) -> Callable[[ResNet], nn.Module]:
    """The network with attributes of a module set."""

    def apply(model: ResNet) -> nn.Module:
        for name, value in values.items():
            setattr(model.get_submodule(module), name, value)
        return model

    return apply


OTHERS: dict[str, Callable[[ResNet], nn.Module]] = {
    "another network": another,
    "a network of parts": lambda model: nn.Sequential(model, nn.Softmax(dim=1)),
    "a subclass": doubled,
    "a stage with a block less": shallower,
    "a block added": altered(lambda model: model.layer4.append(nn.Tanh())),
    "the first rectifier exchanged": put("", relu=nn.GELU()),
    "a block's rectifier exchanged": put("layer2.0", relu2=nn.GELU()),
    "a rectifier of a subclass": put("layer1.1", relu1=Capped()),
    "a rectifier left out": put("layer3.1", relu1=nn.Identity()),
    "a norm exchanged": put("layer1.0", bn1=nn.InstanceNorm2d(4).double()),
    "a norm without statistics": put("", bn1=nn.BatchNorm2d(4, track_running_stats=False).double()),
    "the average exchanged": put("", average=nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())),
    "another stride": put("conv1", stride=(1, 1)),
    "another dilation": put("layer1.1.conv2", dilation=(1, 2), padding=(0, 6)),
    "another stride of the max pool": put("maxpool", stride=(1, 1)),
    "another padding": put("conv1", padding=(0, 0)),
    "another padding mode": put("layer1.0.conv1", padding_mode="circular"),
    "another epsilon": put("layer2.1.bn2", eps=0.5),
    "a bias": put("layer4.0.conv1", bias=nn.Parameter(torch.ones(32, dtype=torch.float64))),
    "a forward pass exchanged": put("relu", forward=torch.tanh),
    "a hook": altered(lambda model: model.layer2[0].register_forward_hook(lambda module, given, output: output * 1.5)),
    "a hook of the network": altered(lambda model: model.register_forward_hook(lambda module, given, output: output + 1)),
    "a hook before": altered(lambda model: model.layer3.register_forward_pre_hook(lambda module, given: (given[0] * 1.5,))),
}


@pytest.mark.parametrize(("architecture", "dead"), [*((key, 0.3) for key in DISTINCT), ("resnet18", 0.0)])
def test_networks_of_the_package_are_followed_incrementally(architecture: str, dead: float) -> None:
    model = network(architecture, dead)
    evaluate = evaluator(model)
    assert isinstance(cast("Evaluator", evaluate).path, Incremental)
    np.testing.assert_allclose(evaluate(noise(3, 2, 101)), forward(model, noise(3, 2, 101)), rtol=1e-10, atol=1e-10)


def test_network_of_an_architecture_of_its_own_is_followed_incrementally() -> None:
    from ecgbench.models.residual.network import Architecture, blank

    model, x = blank(Architecture((1, 2, 1, 1), 9, width=3), 3).double().eval(), noise(2, 2, 101)
    evaluate = cast("Evaluator", evaluator(model))
    assert isinstance(evaluate.path, Incremental)
    assert_curves(evaluate.stepwise(x, STEPS), curves_of(model, x, STEPS), STEPS, 1e-9)


@pytest.mark.parametrize("case", OTHERS)
def test_any_other_network_is_followed_by_whole_passes_and_gives_its_own_logits(case: str) -> None:
    model, x = OTHERS[case](network("resnet18_7")).eval(), noise(2, 2, 101)
    evaluate = cast("Evaluator", evaluator(model))
    assert isinstance(evaluate.path, Whole)
    assert evaluate.model is model
    with torch.inference_mode():
        wanted = model(torch.tensor(x)).numpy()
    assert np.abs(wanted - forward(network("resnet18_7"), x)).max() > 1e-3, "the change must show"
    np.testing.assert_allclose(evaluate(x), wanted, rtol=1e-12, atol=1e-12)
    if "statistics" not in case:
        assert_curves(evaluate.stepwise(x, STEPS), curves_of(model, x, STEPS), STEPS, 1e-9)


def test_network_that_was_put_back_is_followed_incrementally_again() -> None:
    model = network("resnet18")
    handle = model.layer1.register_forward_hook(lambda module, given, output: None)
    assert isinstance(cast("Evaluator", evaluator(model)).path, Whole)
    handle.remove()
    assert isinstance(cast("Evaluator", evaluator(model)).path, Incremental)


@every_evaluator
def test_evaluators_are_what_metrics_expect(make: Make) -> None:
    assert isinstance(make(network("resnet18")), Evaluate)
    assert isinstance(make(network("resnet18")), EvaluateSteps)


@every_evaluator
def test_network_in_training_mode_is_evaluated_in_evaluation_mode_and_left_as_it_was(make: Make) -> None:
    model, x = network("resnet18", 0.3), noise(2, 2, 101)
    wanted, curves = forward(model, x), curves_of(model, x, STEPS)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    model.layer2.eval()
    modes = [module.training for module in model.modules()]
    evaluate = make(model)
    np.testing.assert_allclose(evaluate(x), wanted, rtol=1e-10, atol=1e-10)
    assert_curves(evaluate.stepwise(x, STEPS), curves, STEPS, 1e-9)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_plain_evaluator_is_the_forward_pass() -> None:
    model, rows = network("resnet18_7", dtype=torch.float32), noise(7, 2, 30, dtype=np.float32)
    assert np.array_equal(plain_evaluator(model)(rows), forward(model, rows))
    np.testing.assert_allclose(plain_evaluator(model, batch=2)(rows), forward(model, rows), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 4])
def test_plain_evaluator_fills_batches_of_the_size_that_it_is_told(batch: int) -> None:
    model, sizes = network("resnet18"), []
    model.rows.register_forward_hook(lambda module, given, output: sizes.append(len(output)))
    steps = steps_of([(first, first + 20) for first in range(9)])
    plain_evaluator(model, batch).stepwise(noise(1, 1, 101), steps)
    tried = batch > 1
    assert sizes == [batch] * (tried + -(-10 // batch)), "one more than the states fill tells whether places are alike"


def test_states_that_several_rows_come_through_pass_once() -> None:
    model, passed = another(network("resnet18")), []
    model.register_forward_hook(lambda module, given, output: passed.append(given[0]))
    steps = steps_of([(0, 9), (40, 49)], [(40, 49), (0, 9)], [(0, 9), (60, 77)], [(0, 9), (40, 49)], window=[0, 0, 0, 1])
    plain_evaluator(model, 1).stepwise(noise(2, 2, 101), steps)
    assert len(passed) == 5 + 3


class ByPlace(nn.Module):
    """Adds to a row's logits what hangs on its place in the batch, as a library's last bits may."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=2) + 1e-6 * torch.arange(len(x))[:, None]


@pytest.mark.parametrize("architecture", ["vit1d_narrow", "cnn_lstm_narrow", "se_resnet1d_narrow", None])
def test_rows_have_the_same_bits_whatever_is_followed_beside_them(architecture: str | None) -> None:
    model = untrained(architecture, 3, samples=256).eval() if architecture else ByPlace()
    x, starts = noise(2, 1, 256, dtype=np.float32), np.random.default_rng(1).permuted(np.tile(np.arange(0, 256, 16), (9, 1)), axis=1)
    steps = steps_of(*([(int(start), int(start) + 16) for start in row] for row in starts), window=[0, 1, 0, 1, 0, 1, 0, 1, 0])
    together = plain_evaluator(model).stepwise(x, steps)
    alone = [plain_evaluator(model).stepwise(x, steps.take(np.array([row]))) for row in range(len(steps))]
    assert np.array_equal(together, np.concatenate(alone))

"""Trials of methods: maps of a small network and made-up windows."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch

from ecgbench.controls import CONTROLS
from ecgbench.methods import FORWARD_SHARE, Explanation, MethodEntry, explanation, sum_errors
from ecgbench.needs import METHOD_NEEDS, ExplainedBatch, supplied
from ecgbench.nn import frozen
from ecgbench.protocol import PROTOCOLS, DatasetProtocol
from ecgbench.testing._made_up import Case, Network, close, global_generators_left_alone, made_up, normal
from ecgbench.testing._report import require
from ecgbench.types import Attributions

FEW = 20
"""What the option that multiplies a method's cost is set to where nobody asks how good the maps are."""

CHEAPER, DEARER = 0.35, 1.25
"""How far the passes that are seen may lie from those that are declared: a backward pass may end before the input, and a rule may run
layers again."""


def quick(entry: MethodEntry) -> dict[str, Any]:
    """Options with which a method takes little time."""
    default = inspect.signature(entry.function).parameters[entry.per].default if entry.per else FEW
    return {entry.per: min(default, FEW)} if entry.per else {}


def maps_of(entry: MethodEntry, case: Case, model: torch.nn.Module | None = None, **given: Any) -> Attributions:
    """Maps of a case, in little time."""
    options = {**quick(entry), "normal_windows": normal(), **given}
    maps: Attributions = explanation(model or Network(), case.x, case.target, entry.key, **options).maps
    return maps


def explanation_of(entry: MethodEntry, case: Case) -> Explanation:
    """Maps of a case with all that the method says of them, in little time."""
    return explanation(Network(), case.x, case.target, entry.key, normal_windows=normal(), **quick(entry))


def key_is_no_controls(entry: MethodEntry) -> None:
    """No control has its key."""
    require(entry.key not in CONTROLS, entry, "a key that no control has", entry.key, "rename it")


def cost_is_declared(entry: MethodEntry) -> None:
    """The options that its cost depends on are some of its, whole numbers by default."""
    require(entry.passes >= 0, entry, "passes from 0 on", entry.passes, "declare what a window costs")
    parameters = inspect.signature(entry.function).parameters
    for name in filter(None, (entry.per, entry.per_patch)):
        default = parameters[name].default if name in parameters else "no such option"
        require(type(default) is int, entry, f'an option "{name}" whose default is a whole number', repr(default), "name another")


def datasets_set_options_that_exist(entry: MethodEntry) -> None:
    """What a dataset sets are options of its, from numbers that datasets have."""
    numbers = {field.name for field in fields(DatasetProtocol)}
    own = set(inspect.signature(entry.function).parameters) - {"model", "x", "target", *entry.needs}
    for option, number in entry.of_dataset.items():
        require(option in own, entry, f"of_dataset among its options {', '.join(sorted(own))}", option, "leave it out")
        require(number in numbers, entry, f"of_dataset from {', '.join(sorted(numbers))}", number, "name one of these")


def maps_fit_the_windows(entry: MethodEntry) -> None:
    """Maps are finite, of the windows' shape and not all zero, for any number of leads, under both protocols."""
    for leads in (1, 12):
        for protocol in PROTOCOLS:
            case = made_up(leads)
            maps = explanation(Network(), case.x, case.target, entry.key, protocol=protocol, normal_windows=normal(leads)).maps
            require(maps.any(), entry, f"maps that are not all zero ({leads} leads, protocol {protocol})", "zeros", "return the maps")


def precision_is_that_of_the_model(entry: MethodEntry) -> None:
    """Maps of a model in single precision are made in single precision."""
    case = made_up(dtype=np.float32)
    maps = maps_of(entry, case, Network().float())
    require(maps.dtype == np.float32, entry, "float32 maps of a float32 model", maps.dtype, "keep the precision of x")


def total_is_kept(entry: MethodEntry) -> None:
    """Maps sum to the total as closely as it declares; one without a total declares none."""
    case = made_up()
    found = explanation_of(entry, case)
    said, declared = found.total is not None, entry.sum_within is not None
    require(
        said == declared, entry, "a total where sum_within is declared and nowhere else", f"total {said}, sum_within {declared}", "do both"
    )
    if said and entry.sum_within is not None:
        error = float(sum_errors(found.maps, found.total).max())
        remedy = "mend the maps, or declare how large an error is healthy"
        require(error <= entry.sum_within, entry, f"maps that sum to their total within {entry.sum_within}", f"{error:.2g}", remedy)


def each_window_has_its_say(entry: MethodEntry) -> None:
    """The total and every further measure have a value for each window."""
    case = made_up()
    found = explanation_of(entry, case)
    said = {**found.measures, **({} if found.total is None else {"total": found.total})}
    for name, values in said.items():
        require(values.shape == (len(case.x),), entry, f"{name} of shape (n,)", values.shape, "return one value for each window")


def map_does_not_depend_on_its_batch(entry: MethodEntry) -> None:
    """A window's map is the same in another order and in batches of another size."""
    case, order = made_up(), [2, 0, 3, 1]
    whole = maps_of(entry, case)
    remedy = "let each map depend on its window alone, and random numbers on `generators`"
    require(close(maps_of(entry, case.take(order)), whole[order]), entry, "the same maps in another order", "others", remedy)
    for size in (1, 3):
        same = close(maps_of(entry, case, batch_size=size), whole)
        require(same, entry, f"the same maps in batches of {size}", "others", remedy)


def batches_are_no_larger_than_asked(entry: MethodEntry) -> None:
    """No more rows than the batch size pass through the model at once."""
    for size in (1, 3):
        model, rows = Network(), [0]
        model.register_forward_pre_hook(lambda module, inputs, rows=rows: rows.append(len(inputs[0])))
        maps_of(entry, made_up(), model, batch_size=size)
        require(max(rows) <= size, entry, f"at most {size} rows in a pass", max(rows), "ask for batch_size in needs, and keep to it")


def seed_decides_what_is_drawn(entry: MethodEntry) -> None:
    """The same seed gives the same map bit for bit, another one another map if and only if it asks for generators."""
    case = made_up()
    first, again, other = (maps_of(entry, case, seed=seed) for seed in (0, 0, 1))
    require(
        np.array_equal(first, again), entry, "the same maps for the same seed", "others", "draw from the generators that needs can name"
    )
    differs = bool((first != other).any(axis=(1, 2)).all())
    expected = "other maps for another seed" if entry.stochastic else "the same maps for every seed"
    require(differs == entry.stochastic, entry, expected, "the opposite", "declare the generators in needs if it draws, and only then")


def generators_are_left_alone(entry: MethodEntry) -> None:
    """Nobody's generator is moved or seeded."""
    with global_generators_left_alone(entry):
        maps_of(entry, made_up())


def map_is_the_targets(entry: MethodEntry) -> None:
    """The map of another class is another map, where the model is asked at all."""
    case = made_up()
    first, other = (maps_of(entry, replace(case, target=np.full_like(case.target, target))) for target in (0, 1))
    require(not entry.passes or not close(other, first), entry, "another map for another target", "the same", "explain the target's logit")


def arguments_are_not_written_into(entry: MethodEntry) -> None:
    """Windows and targets are as they were."""
    case, model = made_up(), Network()
    x, target = torch.tensor(case.x), torch.tensor(case.target)
    given = supplied(entry.key, entry.needs, METHOD_NEEDS, ExplainedBatch(case.x, 0, entry.key, 32, normal()))
    with frozen(model):
        returned = entry.function(model, x, target, **given, **quick(entry))
    same = torch.equal(x, torch.tensor(case.x)) and torch.equal(target, torch.tensor(case.target)) and not x.requires_grad
    require(same, entry, "windows and targets as they were", "others", "copy what you write into, and x.detach().clone() for gradients")
    maps = returned.maps if isinstance(returned, Explanation) else returned
    shared = isinstance(maps, torch.Tensor) and maps.data_ptr() == x.data_ptr()
    require(not shared, entry, "maps of their own", "the memory of x", "return a copy")


def model_is_left_as_it_was_found(entry: MethodEntry) -> None:
    """Modes, hooks, gradients and weights of the model are as they were, also where a pass fails."""
    model = _partly_learning()
    before = state_of(model)
    maps_of(entry, made_up(), model)
    remedy = "remove hooks in a finally, and take gradients with torch.autograd.grad"
    require(state_of(model) == before, entry, "the model as it was found", _changes(before, state_of(model)), remedy)
    model.out.register_forward_pre_hook(_fail)
    before = state_of(model)
    with _failing():
        maps_of(entry, made_up(), model)
    got = _changes(before, state_of(model))
    require(state_of(model) == before, entry, "the model as it was found where a pass fails", got, remedy)


def passes_cost_what_is_declared(entry: MethodEntry) -> None:
    """The model is passed as often as it declares."""
    model, cost, case = Network(), [0.0], made_up()
    maps_of(entry, case, model)  # what is found out of a network once is not counted
    model.register_forward_pre_hook(lambda module, inputs: _count(cost, inputs[0]))
    maps_of(entry, case, model)
    made, declared = cost[0] / len(case.x), entry.passes_of(case.x.shape[2], quick(entry))
    right = CHEAPER * declared <= made <= DEARER * declared
    require(right, entry, f"passes of {declared:g} a window", f"{made:g}", "declare passes and per as they are; a forward pass counts 0.4")


def _count(cost: list[float], x: Any) -> None:
    cost[0] += FORWARD_SHARE * len(x)
    if x.requires_grad:
        x.register_hook(lambda gradient: _count_backward(cost, gradient))


def _count_backward(cost: list[float], gradient: torch.Tensor) -> None:
    cost[0] += (1 - FORWARD_SHARE) * len(gradient)


class _PassFailedError(Exception):
    """Raised in the middle of a pass."""


def _fail(module: torch.nn.Module, inputs: Any) -> None:
    raise _PassFailedError


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except _PassFailedError:
        return


def _partly_learning() -> Network:
    """A network in training but for one layer, with a fixed parameter, and a gradient of another."""
    model = Network().train()
    model.norm.eval()
    model.out.bias.requires_grad_(False)
    model.features.weight.grad = torch.ones_like(model.features.weight)
    model.relu.register_forward_hook(lambda module, inputs, output: None)
    return model


def state_of(model: torch.nn.Module) -> dict[str, Any]:
    """Everything about a model that explaining it must leave as it is."""
    modules, parameters = list(model.modules()), list(model.parameters())
    return {
        "modes": [module.training for module in modules],
        "hooks": [[len(hooks) for name, hooks in vars(module).items() if name.endswith("_hooks")] for module in modules],
        "learning parameters": [parameter.requires_grad for parameter in parameters],
        "gradients": [None if parameter.grad is None else parameter.grad.tolist() for parameter in parameters],
        "weights": {name: tensor.tolist() for name, tensor in model.state_dict().items()},
        "attributes": [sorted(vars(module)) for module in modules],
        "layers": [type(module).__name__ for module in modules],
    }


def _changes(before: dict[str, Any], after: dict[str, Any]) -> str:
    return f"other {', '.join(name for name in before if before[name] != after[name])}"


TRIALS = (
    key_is_no_controls,
    cost_is_declared,
    datasets_set_options_that_exist,
    maps_fit_the_windows,
    precision_is_that_of_the_model,
    total_is_kept,
    each_window_has_its_say,
    arguments_are_not_written_into,
    model_is_left_as_it_was_found,
    generators_are_left_alone,
    seed_decides_what_is_drawn,
    map_does_not_depend_on_its_batch,
    batches_are_no_larger_than_asked,
    map_is_the_targets,
    passes_cost_what_is_declared,
)

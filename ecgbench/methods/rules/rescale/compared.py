"""The rules of DeepLIFT for what a forward pass calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import torch
from torch.nn import functional

from ecgbench.methods.rules.calls import ELEMENTWISE, POOLS, RELU, Function
from ecgbench.methods.rules.composed import COMPOSED, INTRICATE
from ecgbench.methods.rules.composed.recurrent import LAYERS, Cell, State, recurrent_layers, step_by_step
from ecgbench.methods.rules.linear import tensors_in
from ecgbench.methods.rules.rescale.calls import Activated, Elementary, Pooled, Product, Quotient, Rectified, Softened
from ecgbench.methods.rules.rescale.recorded import Recorded
from ecgbench.methods.rules.rescale.recurrence import recurred
from ecgbench.methods.rules.rescale.slopes import SLOPES

ACTIVATIONS: tuple[Function, ...] = (
    *ELEMENTWISE,
    functional.hardshrink,
    functional.softshrink,
    functional.tanhshrink,
    functional.threshold,
    torch.clamp_min,
    torch.clamp_max,
    torch.erf,
    torch.sin,
    torch.cos,
    torch.atan,
    torch.expm1,
    torch.log1p,
    torch.log2,
    torch.log10,
    torch.Tensor.__rpow__,
)
"""Functions of one value whose slope is that between the two values."""

ADAPTIVE: tuple[Function, ...] = (functional.adaptive_max_pool1d, functional.adaptive_max_pool2d)

WITH_INDICES: Mapping[Function, Function] = MappingProxyType(
    {
        functional.max_pool1d_with_indices: functional.max_pool1d,
        functional.max_pool2d_with_indices: functional.max_pool2d,
        functional.adaptive_max_pool1d_with_indices: functional.adaptive_max_pool1d,
        functional.adaptive_max_pool2d_with_indices: functional.adaptive_max_pool2d,
    }
)
"""Max pools that return the winners' places, too, and those that do not."""

PRODUCTS: tuple[Function, ...] = (torch.mul, torch.matmul, torch.bmm, torch.mm, torch.mv, torch.einsum, functional.linear)
"""Functions that are linear in each of two tensors."""

SAME = 1e-3
"""Largest difference, as a share of the largest value, of what a function returns and what it is composed of: rounding."""

TIED = 1e-4
"""Largest difference from a channel's usual value that is rounding where the rows are flat lines, relative to values above 1: then the
first of a pool's values wins, in every precision. A norm over the window enlarges rounding where it divides by a constant's deviation."""

POWERS = MappingProxyType({2: torch.square, 0.5: torch.sqrt, -0.5: torch.rsqrt, -1: torch.reciprocal})
"""Exponents whose power is an elementary function."""


class Compared(Recorded):
    """A forward pass of rows that can be compared with counterparts; it records every call of a function that has a rule."""

    def _rectified(self, relu: Function, x: torch.Tensor) -> torch.Tensor:
        return self.kept(relu, Rectified(x.detach().clamp(min=0), x.detach().abs()), x)

    def _activated(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> torch.Tensor:
        self.one_only(function, x, arguments, options)
        with torch.enable_grad():
            # A copy, since an activation in place overwrites x.
            values = x.detach().clone().requires_grad_(True)
            output = function(values.clone(), *arguments, **options)
            (derivative,) = torch.autograd.grad(output.sum(), values)
        return self.kept(function, Activated(values.detach(), output.detach(), derivative), x)

    def _elementary(self, function: Function, x: torch.Tensor) -> torch.Tensor:
        if x.is_complex():
            if function is not torch.abs:
                raise self.refusal(f"{function.__name__} of complex values")
            with self:
                return torch.sqrt(torch.square(x.real) + torch.square(x.imag))
        return self.kept(function, Elementary(self.hold(x), function(x.detach()), function), x)

    def _power(self, function: Function, x: Any, exponent: Any) -> torch.Tensor:
        self.one_only(function, x, exponent)
        if isinstance(exponent, (int, float)) and exponent in POWERS:
            return self._elementary(POWERS[exponent], x)
        return self._activated(function, x, exponent)

    def _pooled(self, pool: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        indices = options.pop("return_indices", pool in WITH_INDICES)
        pool = WITH_INDICES.get(pool, pool)
        axes = 1 + (pool in (POOLS[1], ADAPTIVE[1]))
        output, places = pool(x.detach(), *arguments, **options, return_indices=True)
        winner = pool(self._settled(x, axes), *arguments, **options, return_indices=True)[1] if self.flat else places
        pooled = self.kept(pool, Pooled(self.hold(x), output, winner, axes), x)
        return (pooled, places) if indices else pooled

    def _settled(self, x: torch.Tensor, axes: int) -> torch.Tensor:
        """Values of flat lines, all of which that differ from a channel's usual one by rounding alone are this one."""
        flat = x.detach().flatten(-axes)
        usual = flat.median(dim=-1, keepdim=True).values
        near = (flat - usual).abs() <= TIED * usual.abs().clamp(min=1)
        return torch.where(near, usual, flat).view_as(x)

    def _largest(self, function: Function, x: torch.Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        if self.depends(dim):
            with self:
                return x + torch.relu(dim - x)
        axes = sorted(axis % x.ndim for axis in (dim if isinstance(dim, (tuple, list)) else [dim] if dim is not None else range(x.ndim)))
        if dim is None or axes == [] or (0 in axes and not self.moved):  # no matter where the model only decides upon it
            found = function(x.detach(), *([] if dim is None else [dim, keepdim]))
            return self.cut(found, self.refusal(f"{function.__name__} over windows"))
        last = x.movedim(axes, tuple(range(-len(axes), 0))).flatten(-len(axes))
        output, winner = last.detach().max(dim=-1, keepdim=True)
        if self.flat:
            winner = self._settled(last, 1).max(dim=-1, keepdim=True).indices
        values, places = self.kept(function, Pooled(last.detach(), output, winner, 1), last).squeeze(-1), winner.squeeze(-1)
        for axis in axes if keepdim else ():
            values, places = values.unsqueeze(axis), places.unsqueeze(axis)
        return torch.return_types.max((values, places)) if function is torch.max else values

    def _smallest(self, function: Function, x: torch.Tensor, *arguments: Any, **options: Any) -> Any:
        if arguments and self.depends(arguments[0]):
            with self:
                return x - torch.relu(x - arguments[0])
        found = self._largest(torch.max if function is torch.min else torch.amax, -x, *arguments, **options)
        if isinstance(found, torch.Tensor) and function is torch.min:
            return self.cut(-found, self.refusal("min over windows"))
        return torch.return_types.min((-found.values, found.indices)) if function is torch.min else -found

    def _larger(self, function: Function, x: Any, other: Any) -> torch.Tensor:
        with self:
            larger: torch.Tensor = x + torch.relu(other - x) if function is torch.maximum else x - torch.relu(x - other)
        return larger

    def _product(self, function: Function, *arguments: Any, **options: Any) -> Any:
        given: dict[Any, Any] = {**dict(enumerate(_flat(arguments))), **options}
        places = [place for place, value in given.items() if self.depends(value)]
        if len(places) == 1:
            return self.without_rule(function, arguments, options)
        if len(places) > 2:
            raise self.refusal(f"{function.__name__} of more than two tensors that depend on the window")
        count = len(given) - len(options)

        def of_two(*factors: torch.Tensor) -> torch.Tensor:
            filled = {**given, **dict(zip(places, factors, strict=True))}
            return cast(torch.Tensor, function(*(filled[i] for i in range(count)), **{name: filled[name] for name in options}))

        factors = [given[place] for place in places]
        first, second = (self.hold(factor) for factor in factors)
        return self.kept(function, Product(first, second, of_two(first, second), of_two), *factors)

    def _quotient(self, function: Function, x: Any, other: Any, **options: Any) -> Any:
        if not self.depends(other):
            return self.without_rule(function, (x, other), options)
        if options.get("rounding_mode") or other.is_complex():
            raise self.refusal(f"{function.__name__} that rounds or is of complex values")
        if not self.depends(x):
            with self:
                return torch.reciprocal(other) * x
        return self.kept(function, Quotient(self.hold(x), self.hold(other), x.detach() / other.detach()), x, other)

    def _divided(self, function: Function, x: torch.Tensor, other: Any) -> Any:
        return self._quotient(torch.div, other, x)

    def _softened(self, function: Function, x: torch.Tensor, dim: Any = None, *rest: Any, **options: Any) -> torch.Tensor:
        if isinstance(dim, (tuple, list)) and len(dim) == 1:
            dim = dim[0]
        if not isinstance(dim, int) or (dim % x.ndim == 0 and not self.moved):
            raise self.refusal(f"{function.__name__} over all windows, or over several axes")
        axis, x = dim % x.ndim - x.ndim, x.to(options.get("dtype") or x.dtype)
        kept = options.get("keepdim", rest[:1] == (True,))
        logarithm = x.detach().log_softmax(axis)
        output = {
            "softmax": logarithm.exp(),
            "log_softmax": logarithm,
            "logsumexp": x.detach().logsumexp(axis, keepdim=True),
        }[function.__name__]
        softened = self.kept(function, Softened(output, logarithm.exp(), logarithm, function.__name__, axis), x)
        return softened if function is not torch.logsumexp or kept else softened.squeeze(axis)

    def _composed(self, function: Function, *arguments: Any, **options: Any) -> Any:
        with self:
            found = COMPOSED[function](*arguments, **options)
        if function in INTRICATE:
            self._check_same(found, function, arguments, options)
        return found

    def _through_time(self, function: Function, *arguments: Any) -> Any:
        self.moved = True  # last states stand behind the layers' axis
        found = recurrent_layers(self._over_time)[function](*arguments)
        self._check_same(found, function, arguments, {})
        return found

    def _over_time(self, cell: Cell, x: torch.Tensor, state: State, weights: Sequence[Any], reverse: bool) -> tuple[torch.Tensor, State]:
        if any(self.depends(weight) for weight in weights) or not all(value.requires_grad for value in (x, *state) if self.depends(value)):
            with self:
                return step_by_step(cell, x, state, weights, reverse)
        of_input, of_state, *biases = weights
        inputs = functional.linear(x, of_input, biases[0] if biases else None)
        given = inputs.flip(1) if reverse else inputs
        outputs = self.kept(cell, recurred(cell, given, state, (of_state, *biases[1:])), given, *state)
        self._seen.add(outputs.grad_fn)  # type: ignore[arg-type]
        first, *others = outputs.chunk(len(state), dim=2)
        return first.flip(1) if reverse else first, (first[:, -1], *(values[:, -1] for values in others))

    def _check_same(self, found: Any, function: Function, arguments: Sequence[Any], options: Mapping[str, Any]) -> None:
        """Refuse a function that computes something else than what it was written out as."""
        with torch.no_grad():
            wanted = function(*arguments, **options)
        for ours, theirs in zip(tensors_in(found), tensors_in(wanted), strict=True):
            if (ours.detach() - theirs).abs().max() > SAME * theirs.abs().max():
                raise self.refusal(f"a form of {function.__name__} that is computed otherwise")

    rules = MappingProxyType(
        {
            RELU: _rectified,
            **dict.fromkeys(ACTIVATIONS, _activated),
            **dict.fromkeys((*POOLS, *ADAPTIVE, *WITH_INDICES), _pooled),
            **dict.fromkeys(SLOPES, _elementary),
            **dict.fromkeys(PRODUCTS, _product),
            **dict.fromkeys((torch.softmax, torch.log_softmax, torch.logsumexp), _softened),
            **dict.fromkeys((torch.max, torch.amax), _largest),
            **dict.fromkeys((torch.min, torch.amin), _smallest),
            **dict.fromkeys((torch.maximum, torch.minimum), _larger),
            **dict.fromkeys(COMPOSED, _composed),
            **dict.fromkeys(LAYERS, _through_time),
            torch.pow: _power,
            torch.div: _quotient,
            torch.Tensor.__rtruediv__: _divided,
        }
    )


def _flat(arguments: Sequence[Any]) -> list[Any]:
    """Arguments, of which a list of tensors, as einsum takes it, counts as several."""
    return [value for given in arguments for value in (given if isinstance(given, (list, tuple)) else [given])]

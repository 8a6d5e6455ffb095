"""Calls of functions as a forward pass records them, and how multipliers pass back through a call and that of its counterpart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.rescale.recurrence import Recurred
from ecgbench.methods.rules.rescale.slopes import AGREE, SLOPES, between, logarithmic_mean

Gradients = tuple[torch.Tensor, ...]


class Rectified(NamedTuple):
    """A ReLU's call: its output and the size of its input.

    Between a and b the ReLU's slope is (relu(a) + relu(b)) / (abs(a) + abs(b)), whatever their signs, without cancellation.
    """

    positive: torch.Tensor
    size: torch.Tensor

    @property
    def output(self) -> torch.Tensor:
        """What the ReLU returned."""
        return self.positive

    def back(self, other: Rectified, gradient: torch.Tensor, window: Rectified) -> Gradients:
        """Multipliers of the input."""
        tiny = torch.finfo(self.size.dtype).tiny
        slope = self.positive + other.positive
        return (slope.div_(self.size + (other.size + tiny)).mul_(gradient),)


class Activated(NamedTuple):
    """The call of another activation: its input, output and derivative."""

    x: torch.Tensor
    output: torch.Tensor
    derivative: torch.Tensor

    def back(self, other: Activated, gradient: torch.Tensor, window: Activated) -> Gradients:
        """Multipliers of the input."""
        return (gradient * between(self.x, other.x, self.output, other.output, window.derivative),)


class Elementary(NamedTuple):
    """The call of a function of one value whose slope has a formula: its input and output."""

    x: torch.Tensor
    output: torch.Tensor
    function: Function

    def back(self, other: Elementary, gradient: torch.Tensor, window: Elementary) -> Gradients:
        """Multipliers of the input."""
        return (gradient * SLOPES[self.function](self.x, other.x, self.output, other.output),)


class Pooled(NamedTuple):
    """A max pool's call: its input, output, the winners' places in the flattened input, and how many axes are flattened.

    What an output changes goes to the winner of whichever side is larger; where pooling windows overlap, a winner collects from all.
    """

    x: torch.Tensor
    output: torch.Tensor
    winner: torch.Tensor
    axes: int

    def back(self, other: Pooled, gradient: torch.Tensor, window: Pooled) -> Gradients:
        """Multipliers of the input."""
        winner = torch.where(self.output > other.output, self.winner, other.winner)
        moved = self._collected(winner, gradient * (self.output - other.output))
        difference = self.x - other.x
        return (torch.where(difference.abs() < AGREE, self._collected(window.winner, gradient), moved.div_(difference)),)

    def _collected(self, winner: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        # Flattened without a copy, whatever the memory layout; what is collected keeps it.
        flat = torch.zeros_like(self.x.flatten(-self.axes), dtype=values.dtype)
        return flat.scatter_add_(-1, winner.expand_as(values).flatten(-self.axes), values.flatten(-self.axes)).view(self.x.shape)


class Product(NamedTuple):
    """The call of what is linear in each of two tensors, such as a product or a matrix product: its factors and output.

    The change ab - a'b' is (a - a') (b + b') / 2 + (a + a') / 2 (b - b'): the Shapley values of the two factors.
    """

    first: torch.Tensor
    second: torch.Tensor
    output: torch.Tensor
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

    def back(self, other: Product, gradient: torch.Tensor, window: Product) -> Gradients:
        """Multipliers of both factors."""
        means = [((a + b) / 2).requires_grad_(True) for a, b in ((self.first, other.first), (self.second, other.second))]
        with torch.enable_grad():
            product = self.function(*means)
        return torch.autograd.grad(product, means, gradient)


class Quotient(NamedTuple):
    """The call of a division by values that depend on the window: numerator, denominator and output.

    As a = qb is a product, the change of q is (change of a - mean of q x change of b) / mean of b, which stays bounded where one of the
    denominators is nearly 0, as the standard deviation of a flat line is. Where they differ in sign, 1/b is a factor of a product.
    """

    numerator: torch.Tensor
    denominator: torch.Tensor
    output: torch.Tensor

    def back(self, other: Quotient, gradient: torch.Tensor, window: Quotient) -> Gradients:
        """Multipliers of the numerator and the denominator."""
        below, below_other = self.denominator, other.denominator
        same = (below > 0) == (below_other > 0)
        mean = torch.where(same, (below + below_other) / 2, 1)
        of_numerator = torch.where(same, 1 / mean, (1 / below + 1 / below_other) / 2)
        of_inverse = (self.numerator + other.numerator) / 2
        apart = -of_inverse / (below * below_other)
        of_denominator = torch.where(same, -(self.output + other.output) / 2 / mean, apart)
        return (
            (gradient * of_numerator).sum_to_size(self.numerator.shape),
            (gradient * of_denominator).sum_to_size(self.denominator.shape),
        )


class Softened(NamedTuple):
    """The call of a softmax ("softmax"), of its logarithm ("log_softmax") or of what it divides by ("logsumexp") over an axis.

    With p the softmax and l the logarithmic means of p and its counterpart, the change of logsumexp is the mean of the inputs' changes
    weighted by l, since the changes of p sum to 0; that of log p is the input's less that of logsumexp; and that of p is l times it.
    A number that is added to all inputs changes nothing.
    """

    output: torch.Tensor
    softmax: torch.Tensor
    logarithm: torch.Tensor
    form: str
    axis: int

    def back(self, other: Softened, gradient: torch.Tensor, window: Softened) -> Gradients:
        """Multipliers of the input."""
        means = logarithmic_mean(self.softmax, other.softmax, self.logarithm - other.logarithm)
        weights = means / means.sum(dim=self.axis, keepdim=True)
        if self.form == "logsumexp":
            return (weights * gradient,)
        of_logarithm = gradient * means if self.form == "softmax" else gradient
        return (of_logarithm - weights * of_logarithm.sum(dim=self.axis, keepdim=True),)


Call = Rectified | Activated | Elementary | Pooled | Product | Quotient | Softened | Recurred


class Rescaled(torch.autograd.Function):
    """Passes the output of a call on, and multipliers back to its inputs."""

    @staticmethod
    def forward(ctx: Any, call: Call, counterpart: Sequence[Call], place: int, references: bool, *inputs: torch.Tensor) -> torch.Tensor:
        """Return a copy of the output."""
        ctx.call, ctx.counterpart, ctx.place, ctx.references = call, counterpart, place, references
        return call.output.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Multipliers of the inputs, given those of the output."""
        call: Any = ctx.call
        other = repeated(ctx.counterpart[ctx.place], call)
        return None, None, None, None, *call.back(other, gradients[0], other if ctx.references else call)


def repeated(call: Call, like: Call) -> Call:
    """The call repeated to match the rows of another; a single row broadcasts."""
    times = 1 if len(call.output) == 1 else len(like.output) // len(call.output)
    return call if times == 1 else each(call, lambda values: values.repeat(times, *[1] * (values.ndim - 1)))


def each(call: Call, change: Callable[[torch.Tensor], torch.Tensor]) -> Call:
    """The call with each of its tensors changed."""
    changed: dict[str, Any] = {name: change(value) for name, value in call._asdict().items() if isinstance(value, torch.Tensor)}
    return call._replace(**changed)

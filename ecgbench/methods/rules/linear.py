"""What a network computes between the functions that have a rule: let through where it is linear, refused by name where it is not.

Autograd's record of a call says what ran inside it, whichever of torch's many functions was called. So the few names below are those of
autograd's nodes, and a function is linear if all nodes between its inputs and its output are. Values without a gradient that depend on the
window, such as comparisons, are followed until they are used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.overrides import resolve_name
from torch.utils._pytree import tree_map_only
from torch.utils.weak import WeakIdKeyDictionary

from ecgbench.errors import InputError
from ecgbench.methods.rules.calls import Function, Rules

LINEAR = frozenset(
    # Sums, means and other weighted sums of one tensor's values
    "AccumulateGrad Add Sub Rsub Neg Sum Mean Cumsum Trace FftC2C FftC2R FftR2C "
    "AdaptiveAvgPool2D AdaptiveAvgPool3D AvgPool2D AvgPool3D MkldnnAdaptiveAvgPool2D UnfoldBackward UpsampleBicubic2D UpsampleBilinear2D "
    "UpsampleLinear1D UpsampleNearest1D UpsampleNearest2D UpsampleNearestExact1D UpsampleNearestExact2D "
    # Other shapes, types and orders of the same values
    "Alias AsStrided Cat Clone Col2Im Complex Conj ConjPhysical ConstantPadNd Copy CopySlices DiagEmbed Diagonal Expand Flip Gather Im2Col "
    "Imag Index IndexSelect MkldnnReshape Permute PixelShuffle PixelUnshuffle Real ReflectionPad1D ReflectionPad2D Repeat "
    "ReplicationPad1D ReplicationPad2D ReshapeAlias ResolveConj ResolveNeg Roll Rot90 Select Slice Split SplitWithSizes Squeeze Stack "
    "Swapaxes Swapdims T ToCopy Transpose Tril Triu Unbind Unfold Unsqueeze UnsafeSplit UnsafeView View ViewAsComplex ViewAsReal "
    # Values put among others, or left out
    "Fill IndexAdd IndexCopy IndexFill IndexPut MaskedFill MaskedScatter MaskedSelect Scatter ScatterAdd SelectScatter SliceScatter Where "
    "Zero".split()
)
"""Autograd's nodes, without the ending `Backward0`, of what is linear in all of its inputs."""

FACTORS = {
    **dict.fromkeys(["Mul", "Mm", "Bmm", "Mv", "Dot", "Linear", "MkldnnLinear", "Vdot"], (0, 1)),
    **dict.fromkeys(["Addmm", "Addmv", "Addbmm", "Baddbmm", "Addcmul"], (1, 2)),
    **dict.fromkeys(["Convolution", "ConvolutionOverrideable", "CudnnConvolution", "MkldnnConvolution", "SlowConv2D"], (0, 1)),
}
"""Nodes of what is linear in each of two inputs, and which inputs these are: linear if one of them is the same for all windows."""

NORMS = ("NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm")
"""Nodes of what is linear with the statistics of training, and not with those of the batch."""

READS = ("__bool__", "__float__", "__int__", "__index__", "item")
"""Functions that make a number of Python's of a tensor, for the forward pass to decide upon."""

BLIND = re.compile(r"(zeros|ones|empty|full|rand|randn|randint)_like|new_\w+|broadcast_tensors")
"""Functions whose results without a gradient have looked at a tensor's shape and type alone."""

LIKE = ("to", "type_as", "view_as", "expand_as", "reshape_as")
"""Functions that look at the shape and type alone of all tensors but the first."""

FOREIGN = Path(torch.__file__).parent, Path(__file__).parents[1]
"""Folders of code that calls functions on behalf of a model."""


class StrictRules(Rules):
    """Rules beside which a model must be linear in what depends on its rows.

    Attributes
    ----------
    reads : names and values of the numbers that the forward pass took out of tensors that depend on the rows
    passing : kinds of nodes that a subclass lets through beside the linear ones

    Raises
    ------
    InputError
        When the model calls a function that is neither linear nor has a rule.
    """

    passing: frozenset[str] = frozenset()

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__(model)
        self.reads: list[tuple[str, Any]] = []
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._seen: set[Node] = set()
        self._depth = 0
        self._cut: WeakIdKeyDictionary = WeakIdKeyDictionary()

    def __enter__(self) -> StrictRules:
        self._depth += 1
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        self._depth -= 1
        if not self._depth:  # a rule that is composed of other functions enters once more
            self._seen.clear()  # nodes hold the graph, which refers to the rules

    def __torch_function__(self, function: Function, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace a call by its rule, or let it through if it is linear in what depends on the rows."""
        args, options = _held_still((args, kwargs or {}))
        looked_at = args[:1] if args and function.__name__ in LIKE else (args, options)
        given = [tensor for tensor in tensors_in(looked_at) if self.depends(tensor)]
        if not given:
            return function(*args, **options)
        for tensor in given:
            if tensor.requires_grad and tensor in self._cut:  # given back by a custom function, which computes without a gradient
                raise self._cut[tensor]
            self._check_linear(tensor, function, "a function that cannot be seen, before ")
        result = super().__torch_function__(function, types, args, options)
        self._check_cut(function, given, result, args[:1])
        return result

    def depends(self, value: Any) -> bool:
        """Whether a value is a tensor that depends on the rows."""
        return isinstance(value, torch.Tensor) and (value.requires_grad or (bool(self._cut) and value in self._cut))

    def without_rule(self, function: Function, args: Any, kwargs: Any) -> Any:
        """Call a function that has no rule, and refuse it if it is not linear."""
        if function.__name__ in ("numpy", "tolist", "__array__"):
            raise self.refusal(_name(function))
        if function.__name__ in READS:
            args = [value.detach() if isinstance(value, torch.Tensor) else value for value in args]
        result = function(*args, **kwargs)
        # Among the arguments are those that the function has written into.
        for tensor in tensors_in((result, args[:1])):
            self._check_linear(tensor, function)
        return result

    def cut(self, value: Any, error: InputError) -> Any:
        """A value without a gradient, with the error to raise where it comes together with others."""
        for tensor in tensors_in(value):
            self._cut[tensor] = error
        return value

    def visited(self, node: Node) -> None:
        """Look at a node of what was called without a rule, which is linear."""

    def refusal(self, what: str) -> InputError:
        """The error about a function that is neither linear nor has a rule, called just now."""
        return InputError(
            f"expected functions that are linear or have a rule, got {what}{self._place()}; use one that docs/rules.md lists, or choose "
            "another method."
        )

    def _check_linear(self, tensor: torch.Tensor, function: Function, hidden: str = "") -> None:
        """Refuse a tensor if anything in its graph is nonlinear that has not been looked at before."""
        waiting = [tensor.grad_fn]
        while waiting:
            node = waiting.pop()
            if node is None or node in self._seen:
                continue
            if not is_linear(node) and kind_of(node) not in self.passing:
                raise self.refusal(hidden + _name(function))
            self._seen.add(node)
            self.visited(node)
            waiting += [before for before, _ in node.next_functions]

    def _check_cut(self, function: Function, given: list[torch.Tensor], result: Any, first: Any) -> None:
        """Follow values without a gradient until one comes together with others; that a hook keeps one for itself is no matter."""
        cut = [self._cut[tensor] for tensor in given if bool(self._cut) and tensor in self._cut]
        if function.__name__ in READS:
            self.reads.append((f"{_name(function)}{self._place()}", result))
        if BLIND.fullmatch(function.__name__):
            return
        for tensor in tensors_in(first if result is None else result):
            if tensor.grad_fn is not None:
                self._seen.add(tensor.grad_fn)
            elif not tensor.requires_grad and tensor not in self._cut:
                self._cut[tensor] = cut[0] if cut else self._cut_by(function, tensor.is_floating_point() or tensor.is_complex())
            if cut and tensor.requires_grad:
                raise cut[0]

    def _cut_by(self, function: Function, differentiable: bool) -> InputError:
        if not differentiable:
            return self.refusal(_name(function))
        return InputError(
            f"expected a model that can be differentiated, got {_name(function)} without a gradient{self._place()}; remove no_grad and "
            "detach from its forward pass, and write custom autograd functions as plain ones."
        )

    def _place(self) -> str:
        """Where the forward pass is now: the innermost module, and the innermost line of code that is neither torch's nor of a method."""
        frame, line = sys._getframe(1), ""
        while frame is not None:
            file = Path(frame.f_code.co_filename)
            if not line and file.is_file() and not any(file.is_relative_to(folder) for folder in FOREIGN):
                line = f" ({file.name}:{frame.f_lineno})"
            module = frame.f_locals.get("self")
            path = self._paths.get(id(module)) if isinstance(module, torch.nn.Module) else None
            if path is not None:
                return (f' in "{path}"' if path else " in the model") + line
            frame = frame.f_back  # type: ignore[assignment]
        return ""


def tensors_in(values: Any) -> Iterator[torch.Tensor]:
    """The tensors among values, nested in lists, tuples and dicts as arguments and results of functions are."""
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors_in(value)
    elif isinstance(values, dict):
        yield from tensors_in(list(values.values()))


def kind_of(node: Node) -> str:
    """A node's name without autograd's additions."""
    return _operation(node.name())


def is_linear(node: Node) -> bool:
    """Whether a node is linear in all of its inputs that depend on the rows: the others have no node."""
    if isinstance(node, torch.autograd.function.BackwardCFunction):
        return False
    name = kind_of(node)
    if name in LINEAR:
        return True
    inputs = [before is not None for before, _ in node.next_functions]
    if name == "Div":
        return len(inputs) == 1 or not inputs[1]
    if name in NORMS:
        return not node._saved_training  # type: ignore[attr-defined]
    return name in FACTORS and sum(inputs[i] for i in FACTORS[name] if i < len(inputs)) <= 1


@cache
def _operation(node: str) -> str:
    """The name of a node without its ending."""
    return re.sub(r"Backwards?\d*$", "", node.removeprefix("torch::autograd::"))


def _held_still(arguments: Any) -> Any:
    """Arguments of a function without parameters that learn: a model may use layers that it does not hold, which nobody froze."""
    if not any(isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad for tensor in tensors_in(arguments)):
        return arguments
    return tree_map_only(torch.nn.Parameter, torch.Tensor.detach, arguments)


def _name(function: Function) -> str:
    name: str = resolve_name(function) or function.__name__
    return name

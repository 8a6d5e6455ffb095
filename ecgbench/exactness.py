"""Torch's settings that decide how exactly, and how reproducibly, values are computed on a processor and on a card.

They are the process's, not a thread's: the first who needs them sets them, the last who has needed them puts back what was there before.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from ecgbench.device_kinds import CARD, PROCESSOR

CUBLAS = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
"""What cuBLAS must find in the environment to sum in one order, as NVIDIA documents for several streams."""

PLACES = (("cuda", "matmul"), ("cudnn", "conv"), ("cudnn", "rnn"), ("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn"))
"""Where torch 2.9 and later keep the precision of float32 operations, under `torch.backends`."""

HARMLESS = r"(max_pool2d_with_indices_backward_cuda|median CUDA with indices output) does not have a deterministic implementation"
"""Of what torch warns of, what gives the same bytes all the same: sums of two, which is how often networks' pooling windows overlap in
channels-last layout (in the usual one they are summed in one order), and medians, of which only the place varies."""

Undo = Callable[[], None]


@contextmanager
def exact(device: str = PROCESSOR) -> Iterator[None]:
    """Compute float32 as float32, and on a card by algorithms that give the same bytes every time, where torch has such.

    TF32, which is on for convolutions unless somebody switches it off, keeps 10 bits of 23: logits are off by 5e-4 of their size. Where
    torch has no reproducible algorithm it warns and computes all the same. Other threads of the process compute so meanwhile too.

    Parameters
    ----------
    device : type of the device, such as "cpu" or "cuda"
    """
    with ExitStack() as stack:
        stack.enter_context(_FULL_PRECISION.on())
        if device == CARD:
            stack.enter_context(_REPRODUCIBLE.on())
        yield


class _Switch:
    """Settings of the process that several threads want at once.

    Parameters
    ----------
    settle : sets them, and returns what puts back those of before
    """

    def __init__(self, settle: Callable[[], Undo]) -> None:
        self._settle, self._turn, self._users = settle, threading.Lock(), 0
        self._undo: Undo = lambda: None

    @contextmanager
    def on(self) -> Iterator[None]:
        """Have them until the last user leaves."""
        with self._turn:
            if not self._users:
                self._undo = self._settle()
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                if not self._users:
                    self._undo()


def _full_precision() -> Undo:
    """Switch TF32 and bfloat16 off in float32 operations.

    The switches of before torch 2.9 go first: later ones refuse to be read as long as the two kinds contradict each other.
    """
    places = [(getattr(getattr(torch.backends, of), operation, None), "fp32_precision") for of, operation in PLACES]
    held = [(place, name, getattr(place, name)) for place, name in places if _has(place, name)]
    matmul, convolutions = _old(torch.get_float32_matmul_precision), _old(lambda: torch.backends.cudnn.allow_tf32)
    _set_old(None if matmul is None else "highest", None if convolutions is None else False)
    for place, name, _ in held:
        setattr(place, name, "ieee")

    def undo() -> None:
        _set_old(matmul, convolutions)
        for place, name, value in held:
            setattr(place, name, value)

    return undo


def _has(place: Any, name: str) -> bool:
    """Whether a part of `torch.backends` has a setting: those of before torch 2.9 refuse the names that they don't know."""
    try:
        return isinstance(getattr(place, name, None), str)
    except (AttributeError, AssertionError, RuntimeError):
        return False


def _old(read: Callable[[], Any]) -> Any:
    """A setting of before torch 2.9; None where newer ones contradict it, so that nothing can be said."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except RuntimeError:
        return None


def _set_old(matmul: str | None, convolutions: bool | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of torch advise against them
        if matmul is not None and _old(torch.get_float32_matmul_precision) != matmul:
            torch.set_float32_matmul_precision(matmul)
        if convolutions is not None and _old(lambda: torch.backends.cudnn.allow_tf32) != convolutions:
            torch.backends.cudnn.allow_tf32 = convolutions


def _reproducible() -> Undo:
    """Let a card take algorithms that sum in one order."""
    strict = torch.are_deterministic_algorithms_enabled() and not torch.is_deterministic_algorithms_warn_only_enabled()
    asked = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = torch.backends.cudnn
    cuda: Any = torch.backends.cuda
    filling: Any = torch.utils.deterministic
    held = cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory
    attention = cuda.mem_efficient_sdp_enabled(), cuda.flash_sdp_enabled(), cuda.cudnn_sdp_enabled()
    warnings.filterwarnings("ignore", HARMLESS)  # it stays: to take it away could take away what another thread has added
    torch.use_deterministic_algorithms(True, warn_only=not strict)
    _allow_fused_attention(False, False, False)  # products of matrices instead: fused ones sum gradients in any order
    cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory = True, False, False

    def undo() -> None:
        torch.use_deterministic_algorithms(asked[0], warn_only=asked[1])
        _allow_fused_attention(*attention)
        cudnn.deterministic, cudnn.benchmark, filling.fill_uninitialized_memory = held

    return undo


def _allow_fused_attention(efficient: bool, flash: bool, cudnn: bool) -> None:
    cuda: Any = torch.backends.cuda
    cuda.enable_mem_efficient_sdp(efficient)
    cuda.enable_flash_sdp(flash)
    cuda.enable_cudnn_sdp(cudnn)


os.environ.setdefault(*CUBLAS)  # torch asks for it once, at the process's first product of matrices on a card
_FULL_PRECISION, _REPRODUCIBLE = _Switch(_full_precision), _Switch(_reproducible)

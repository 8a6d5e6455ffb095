"""`methods --model`: which methods apply to a user's own network."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FILE, TEXT
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import say_json
from ecgbench.errors import InputError

if TYPE_CHECKING:
    import torch

    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.types import Signals

NOISE = 1000
"""Samples of the windows of noise that a network is tried on where no data are named."""


def add_network(verb: Parser) -> None:
    """Give a verb the options that name a network of the user's own."""
    verb.add_argument("--model", type=TEXT, metavar="MODULE:FUNCTION", help="builds your network, without arguments: which methods apply?")
    verb.add_argument("--weights", type=FILE, help=".safetensors file, or a state dict that was saved with torch; no code in it is run")
    what = (
        f".npz file with x (n, leads, samples) and fs (default: noise of {NOISE} samples, of as many leads as the first convolution takes)"
    )
    verb.add_argument("--data", type=FILE, metavar="NPZ", help=what)


def show_applicable(given: argparse.Namespace) -> int:
    """Try every method on the network, and show what each does."""
    from ecgbench.methods import methods_for
    from ecgbench.models import with_extra
    from ecgbench.report import load_weights, network_of

    if given.key is not None:
        raise InputError(f'expected a method\'s key or --model, got "{given.key}" and --model; leave one out.')
    network = network_of(given.model).eval()
    if given.weights is not None:
        load_weights(network, given.weights)
    windows = _windows(network, given.data)
    if "extra" in windows:
        network = with_extra(network, windows.pop("extra")).for_window(0)
    found = methods_for(network, **windows)
    if given.json:
        say_json([asdict(row) for row in found])
    else:
        say(repr(found))
    return DONE


def _windows(network: torch.nn.Module, path: Path | None) -> dict[str, Any]:
    """The windows of a file, or noise."""
    from ecgbench.report import windows_of

    if path is None:
        return {"x": _noise(network)}
    held = windows_of(path)
    return {name: held[name] for name in ("x", "normal_windows", "extra") if name in held}


def _noise(network: torch.nn.Module) -> Signals:
    import numpy as np
    from torch import nn

    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv1d)]
    leads = convolutions[0].in_channels if convolutions else 1
    return np.random.default_rng(0).standard_normal((2, leads, NOISE)).astype(np.float32)

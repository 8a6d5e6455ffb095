"""Training by a recipe: deterministic for a seed on one machine, resumed from the last whole epoch."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import nn
from torch.nn import functional

from ecgbench.artifacts import DamagedArtifactWarning, write_atomically
from ecgbench.device_kinds import PROCESSOR
from ecgbench.errors import InputError
from ecgbench.exactness import exact
from ecgbench.models.training.build import untrained
from ecgbench.models.training.feed import Feed
from ecgbench.models.training.measures import evaluate_predictions
from ecgbench.models.training.sampling import Sides, epoch_order, sides
from ecgbench.nn import device_named, seeded
from ecgbench.placement import memory_for, usual_batch
from ecgbench.printable import printable
from ecgbench.progress import progress
from ecgbench.protocol import PRECISIONS, Recipe
from ecgbench.randomness import seed_generator
from ecgbench.types import Windows

OPTIMIZERS: Mapping[str, type[torch.optim.Adam]] = MappingProxyType({"adam": torch.optim.Adam, "adamw": torch.optim.AdamW})
"""By a recipe's name of it."""

BATCH = 64
"""Windows that are asked about at once after an epoch; more on a card."""

NARROW = 8
"""Most input channels with which oneDNN 3.12 (torch 2.13) fails on the weights' gradient of a strided convolution of one sample."""


@dataclass(frozen=True)
class Training:
    """What a training is asked for.

    Attributes
    ----------
    recipe : the numbers of a way of training
    seed : of the initial weights, the patients held out, and the order and the augmentation of the windows
    precision : "float32", or "bf16" for autocast to bfloat16
    device : torch device
    name : shown in the progress bar
    """

    recipe: Recipe
    seed: int
    precision: str = "float32"
    device: str = PROCESSOR
    name: str = "train"

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InputError(f'expected precision {" or ".join(PRECISIONS)}, got "{self.precision}"; choose one of these.')
        if self.recipe.optimizer not in OPTIMIZERS:
            raise InputError(f'expected optimizer {" or ".join(OPTIMIZERS)}, got "{self.recipe.optimizer}"; choose one of these.')

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision as a context of forward passes."""
        return torch.autocast(device_named(self.device).type, torch.bfloat16, enabled=self.precision == "bf16")


@dataclass
class _State:
    """All that the next epoch depends on."""

    model: nn.Module
    optimizer: torch.optim.Adam
    sides: Sides
    log: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)


def train_model(training: Training, train: Windows, test: Windows, outputs: int, folder: Path) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Train a network; a training that was killed goes on from the last epoch that `folder` holds.

    Returns
    -------
    The network in evaluation mode, and a list with an entry per epoch: loss, learning rate, seconds and the measures of
    `evaluate_predictions` on training windows (as they were passed), on those of patients held out, if any, and on test windows. The test
    set chooses nothing.
    """
    state, epochs, there = _restore(training, outputs, train, folder), training.recipe.epochs, device_named(training.device)
    learnt, tested = Feed(train, there), Feed(test, there)
    with progress(what=training.name, unit="epoch", total=epochs, initial=len(state.log), leave=True) as bar:
        while len(state.log) < epochs:
            memory = memory_for(f"{training.recipe.batch_size} windows a step", there, 'train in precision "bf16", or on another device')
            with exact(there.type), memory, seeded(_epoch_seed(training, len(state.log)), there):
                state.log.append(_run_epoch(training, state, learnt, tested))
            _save(training, state, folder)
            bar.set_postfix(loss=f"{state.log[-1]['loss']:.3f}")
            bar.update()
    if state.best:
        state.model.load_state_dict(state.best)
    return state.model.eval(), state.log


def chosen_epoch(log: list[dict[str, Any]]) -> int:
    """Number, from 1, of the epoch whose network classifies the patients held out best: the first of equal ones."""
    found = [_quality(entry["held_out"]) for entry in log]
    return 1 + found.index(max(found))


def _quality(measures: Mapping[str, Any]) -> float:
    """Macro F1, or of several labels macro AUC, 0 where no label has windows on both sides."""
    return float((measures["macro_auc"] or 0) if "macro_auc" in measures else measures["macro_f1"])


def _run_epoch(training: Training, state: _State, train: Feed, test: Feed) -> dict[str, Any]:
    began, epoch = time.perf_counter(), len(state.log)
    rate = training.recipe.learning_rate * (1 + math.cos(math.pi * epoch / training.recipe.epochs)) / 2
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    order = epoch_order(training.recipe, train.y, state.sides.fit, training.seed, epoch)
    loss, found = _pass_windows(training, state, train, order)
    if not math.isfinite(loss):
        raise InputError(f"expected a finite loss in epoch {epoch + 1} of {training.name}, got {loss}; lower the learning rate.")
    _flush_subnormals(state)
    measures = {
        "train": evaluate_predictions(found, train.y[order]),
        **_held_out(training, state, train),
        "test": evaluate_predictions(_predict(training, state.model, test, np.arange(len(test))), test.y),
    }
    return {"epoch": epoch + 1, "loss": loss, "rate": rate, "seconds": time.perf_counter() - began, **measures}


def _pass_windows(training: Training, state: _State, train: Feed, order: np.ndarray) -> tuple[float, np.ndarray]:
    """Take a step for each batch of windows; returns their mean loss and logits (n, outputs) as they were passed.

    Both stay on the device until the last step: to look at them earlier is to wait for it.
    """
    state.model.train()
    generator = seed_generator(training.seed, f"augmentation of epoch {len(state.log)}")
    parts, found, losses = _batches(order, training.recipe.batch_size, len(state.log)), [], []
    for x, y in train.batches(parts, training.recipe.augmentation, generator):
        with training.autocast():
            logits = state.model(x)
        loss = _loss(logits.float(), y)
        state.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimizer.step()
        losses.append(loss.detach())
        found.append(logits.detach().float())
    means = torch.stack(losses).tolist()
    total = sum(mean * len(logits) for mean, logits in zip(means, found, strict=True))
    return total / len(order), torch.cat(found).cpu().numpy()


def _held_out(training: Training, state: _State, train: Feed) -> dict[str, Any]:
    """Measures of the patients held out; keeps the weights if they are the best so far."""
    index = state.sides.held_out
    if not len(index):
        return {}
    measures = evaluate_predictions(_predict(training, state.model, train, index), train.y[index])
    if not state.log or _quality(measures) > max(_quality(entry["held_out"]) for entry in state.log):
        state.best = {name: tensor.detach().clone() for name, tensor in state.model.state_dict().items()}
    return {"held_out": measures}


def _epoch_seed(training: Training, epoch: int) -> int:
    """A seed for what a network itself draws in an epoch, such as dropout."""
    return int(np.random.SeedSequence([training.seed, epoch]).generate_state(1)[0])


def _flush_subnormals(state: _State) -> None:
    """Set what has decayed below float32's normal numbers to zero: it changes no output and slows arithmetic tenfold."""
    smallest = torch.finfo(torch.float32).smallest_normal
    moments = [tensor for held in state.optimizer.state.values() for tensor in held.values()]
    with torch.no_grad():
        for tensor in (*state.model.state_dict().values(), *moments):
            if tensor.is_floating_point():
                tensor[tensor.abs() < smallest] = 0


def _batches(order: np.ndarray, size: int, epoch: int) -> Iterator[np.ndarray]:
    for first in progress(range(0, len(order), size), f"epoch {epoch + 1}", "batch"):
        yield order[first : first + size]


def _loss(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if y.ndim == 2:
        return functional.binary_cross_entropy_with_logits(logits, y.to(logits.dtype))
    return functional.cross_entropy(logits, y)


def _predict(training: Training, model: nn.Module, feed: Feed, index: np.ndarray) -> np.ndarray:
    """Logits of the windows at `index`."""
    model.eval()
    batch = max(BATCH, usual_batch(feed.device, *feed.windows.signal.shape[1:]))
    with torch.no_grad(), training.autocast():
        parts = (index[first : first + batch] for first in range(0, len(index), batch))
        found: np.ndarray = torch.cat([model(feed.take(part)[0]).float() for part in parts]).cpu().numpy()
    return found


def _identity(training: Training) -> dict[str, Any]:
    return {**asdict(training), "recipe": training.recipe.described(), "torch": torch.__version__, "threads": torch.get_num_threads()}


def _restore(training: Training, outputs: int, train: Windows, folder: Path) -> _State:
    recipe, (leads, samples) = training.recipe, train.signal.shape[1:]
    model = untrained(recipe.architecture, outputs, training.seed, leads, samples).to(device_named(training.device))
    if leads > 1 and any(_is_narrow_shortcut(module) for module in model.modules()):
        model.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    optimizer = OPTIMIZERS[recipe.optimizer](model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    state = _State(model, optimizer, sides(recipe, train, training.seed))
    try:
        if (folder / "epoch.json").exists():
            _load(state, training, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        warnings.warn(
            printable(
                f"expected the last epoch of {training.name} in {folder}, got damaged files ({error}); it is trained from the start."
            ),
            DamagedArtifactWarning,
            stacklevel=3,
        )
    return state


def _is_narrow_shortcut(module: nn.Module) -> bool:
    """Whether the gradient of a layer's weights kills the process in channels-last layout, which several leads are rows of."""
    if not isinstance(module, nn.Conv2d) or module.in_channels > NARROW:
        return False
    return set(module.kernel_size) == {1} and set(module.stride) != {1}


def _load(state: _State, training: Training, folder: Path) -> None:
    saved = json.loads((folder / "epoch.json").read_text())
    if saved["training"] != _identity(training):
        return
    content = (folder / f"epoch{len(saved['log'])}.safetensors").read_bytes()
    if saved["sha256"] != hashlib.sha256(content).hexdigest():
        raise ValueError("checksum of the weights")
    tensors = load(content)
    state.model.load_state_dict({name[6:]: tensor for name, tensor in tensors.items() if name.startswith("model.")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("adam."):
            _, position, moment = name.split(".")
            moments.setdefault(int(position), {})[moment] = tensor
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": moments})
    state.best = {name[5:]: tensor for name, tensor in tensors.items() if name.startswith("best.")}
    state.log = saved["log"]


def _save(training: Training, state: _State, folder: Path) -> None:
    epoch = len(state.log)
    tensors = {f"model.{name}": tensor for name, tensor in state.model.state_dict().items()}
    for position, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"adam.{position}.{moment}": tensor for moment, tensor in moments.items()}
    tensors |= {f"best.{name}": tensor for name, tensor in state.best.items()}
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    write_atomically(folder / f"epoch{epoch}.safetensors", content)
    record = {"training": _identity(training), "log": state.log, "sha256": hashlib.sha256(content).hexdigest()}
    write_atomically(folder / "epoch.json", json.dumps(record).encode())
    (folder / f"epoch{epoch - 1}.safetensors").unlink(missing_ok=True)

"""Changed situations, in which the source of a map is asked for further maps: what is changed, in which windows, and why not in others.

A metric that asks for `further` declares its `situation`. The pipeline asks the source again, in the ordinary way, and hands the metric
the maps of each window; how many windows, and which, is the same for all sources.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from ecgbench.coloured_noise import coloured, muscle_spectrum, wander_spectrum
from ecgbench.errors import InputError
from ecgbench.metrics._outputs import target_logit
from ecgbench.needs import METRIC_NEEDS, check_needs
from ecgbench.protocol import SHIFTS
from ecgbench.randomness import window_generator
from ecgbench.types import Continued, Evaluate, Rows, Targets, standardise

MOST_WINDOWS = 16
"""Windows of a model of which further maps are made, the first that qualify: ten maps of one by a method of 500 passes take 5,000."""

QUALIFIES = "qualifies"

REDRAWN = 3
"""Models with re-drawn weights: the mean over them is to depend little on one draw."""

DRAWS = 10
"""Draws of noise for a window."""

SNR = 20.0
"""Ratio of signal and noise in dB: noise that a reader hardly sees."""

KEPT_WITHIN = 0.1
"""A draw counts if it changes the explained logit by less than this share of it: then the decision is the same one."""

Asked = Bool[np.ndarray, "n further"]


@dataclass(frozen=True)
class Changed:
    """A batch's windows in a changed situation.

    Attributes
    ----------
    reason : (n,) int64, number of the situation's reasons: 0 where the window qualifies
    asked : (n, further), which maps are to be made of it, if it qualifies
    x : (n, further, leads, time) standardised windows; None for the windows as they are
    target : (n, further) explained classes; None for those of the windows
    redrawn : (further,) int64, by which model: 0 is the trained one, r its r-th copy with re-drawn weights; None for the trained one
    """

    reason: Int64[np.ndarray, " n"]
    asked: Asked
    x: Float[np.ndarray, "n further leads time"] | None = None
    target: Int64[np.ndarray, "n further"] | None = None
    redrawn: Int64[np.ndarray, " further"] | None = None


@dataclass(frozen=True)
class Situation:
    """A change of what is explained, and by which model.

    Attributes
    ----------
    key : under which its maps are kept; metrics that share a situation share its maps
    version : bumped when it changes on purpose
    maps : further maps of a window, at most
    change : makes a batch's `Changed`; its parameters have the names of needs
    reasons : why a window has no further maps, by number; the first is that it has some
    passes : forward passes per window that `change` takes
    """

    key: str
    version: int
    maps: int
    change: Callable[..., Changed] = field(repr=False)
    reasons: tuple[str, ...] = (QUALIFIES,)
    passes: int = 0

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, METRIC_NEEDS)
        if self.maps < 1 or self.reasons[:1] != (QUALIFIES,):
            raise InputError(
                f'expected a situation of one further map at least whose first reason is "{QUALIFIES}", got {self.maps} and '
                f"{', '.join(self.reasons) or 'no reason'} in {self.key}; declare it so."
            )

    @property
    def needs(self) -> tuple[str, ...]:
        """Needs of `change`: its parameters."""
        return tuple(inspect.signature(self.change).parameters)


def redrawn_models(x: Rows) -> Changed:
    """The windows as they are, by models whose weights are re-drawn."""
    return Changed(np.zeros(len(x), dtype=np.int64), np.ones((len(x), REDRAWN), dtype=bool), redrawn=np.arange(1, REDRAWN + 1))


def noisy_windows(x: Rows, target: Targets, evaluate: Evaluate, seed: int, fs: float) -> Changed:
    """The windows with noise that leaves the explained logit as it is, nearly.

    Parameters
    ----------
    x : (n, leads, time), standardised
    target : (n,) int64
    evaluate : returns the logits of rows
    seed : seeds the noise, together with the window
    fs : Hz
    """
    n = len(x)
    noisy: Float32[np.ndarray, "n draws leads time"] = np.empty((n, DRAWS, *x.shape[1:]), dtype=np.float32)
    for i, window in enumerate(x):
        generator = window_generator(seed, window, "noise of a record")
        noisy[i] = standardise(np.stack([window + record_noise(window, generator, fs) for _ in range(DRAWS)]).astype(np.float32))
    before = target_logit(evaluate(x), target)[:, None] if n else np.empty((0, 1))
    after = np.stack([target_logit(evaluate(noisy[:, draw]), target) for draw in range(DRAWS)], axis=1) if n else np.empty((0, DRAWS))
    asked = np.abs(after - before) < KEPT_WITHIN * np.abs(before)
    reason: Int64[np.ndarray, " n"] = np.where(asked.any(axis=1), 0, 1)
    return Changed(reason, asked, x=noisy)


def record_noise(window: Float[np.ndarray, "leads time"], generator: np.random.Generator, fs: float) -> Float[np.ndarray, "leads time"]:
    """Baseline wander and muscle noise of equal power, in each lead together `SNR` below the lead's own power."""
    time = window.shape[1]
    drawn = np.stack([coloured(generator, time, fs, wander_spectrum) + coloured(generator, time, fs, muscle_spectrum) for _ in window])
    drawn -= drawn.mean(axis=1, keepdims=True)
    spread = drawn.std(axis=1, keepdims=True)
    wanted = window.std(axis=1, keepdims=True) * 10 ** (-SNR / 20)
    noise: Float[np.ndarray, "leads time"] = drawn * wanted / np.where(spread > 0, spread, 1)
    return noise


def shifted_windows(x: Rows, continued: Continued) -> Changed:
    """The same record, windowed some samples later.

    Parameters
    ----------
    x : (n, leads, time), standardised
    continued : (n, leads, more than time) mV, the windows with what follows them in their records, nan where nothing does
    """
    time = x.shape[2]
    ends = ~np.isfinite(continued[..., : time + max(SHIFTS)]).all(axis=(1, 2))
    cuts = [standardise(continued[..., shift : shift + time]) for shift in SHIFTS]
    asked = np.repeat(~ends[:, None], len(SHIFTS), axis=1)
    return Changed(ends.astype(np.int64), asked, x=np.stack(cuts, axis=1))


def runner_up_class(x: Rows, target: Targets, evaluate: Evaluate) -> Changed:
    """The windows as they are, and the class with the highest logit among those that are not explained.

    Parameters
    ----------
    x : (n, leads, time), standardised
    target : (n,) int64
    evaluate : returns the logits of rows
    """
    logits = evaluate(x)
    alone = logits.shape[1] < 2
    others = np.where(np.arange(logits.shape[1]) == target[:, None], -np.inf, logits)
    runner_up = others.argmax(axis=1).astype(np.int64)[:, None]
    return Changed(np.full(len(x), int(alone)), np.full((len(x), 1), not alone), target=runner_up)


RANDOMISED = Situation("randomised", version=1, maps=REDRAWN, change=redrawn_models)
NOISY = Situation("noisy", 1, DRAWS, noisy_windows, (QUALIFIES, "all draws change the decision"), passes=DRAWS + 1)
SHIFTED = Situation("shifted", 1, len(SHIFTS), shifted_windows, (QUALIFIES, "record ends or has invalid samples"))
RUNNER_UP = Situation("runner_up", 1, 1, runner_up_class, (QUALIFIES, "one output"), passes=1)

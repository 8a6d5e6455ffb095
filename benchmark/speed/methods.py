"""Race our methods against Captum, and against the bare passes through the network that a method cannot do without.

Run as `python benchmark/speed/methods.py`, on golden windows and the golden network of mitdb. All take turns in one process.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import _captum_calls
import numpy as np
import torch
from _race import Turn, alternate, figure, golden, golden_windows, machine, markdown, say, silence

import ecgbench
from ecgbench.errors import InputError

ROWS = 32
"""Rows that pass through the network at once, ours and bare."""

COMPARED = 2
"""Windows whose maps are compared before the race, which also warms everybody up."""

NORMAL = 10
"""Windows that stand for normal ones: whatever they are, the passes are the same."""

SAME = 1e-3
"""Largest difference, as a share of a map's largest value, of two maps that are the same but for rounding."""

HEADER = ("method", "windows", "ours, ms", "Captum, ms", "Captum / ours", "needs", "bare, ms", "ours / bare", "at most", "", "same map")

NOTES = """Milliseconds are a window's; medians of calls that took turns.
ours: ecgbench.explain on all windows, default options, float32, 32 rows at once.
Captum: one window at a time, as its documentation writes the call and the study makes it: a network on images (1, leads, time) with the
same weights, whose parameters require gradients and lie in torch's default memory layout.
bare: the passes that a method needs, 32 rows at once, evaluation mode, frozen parameters, channels-last layout.
same map: where the definitions coincide, and the largest difference as a share of the map's largest value. That of deep_lift is the max
pool's: Captum loses its rule."""


def _number(default: int, text: str, least: int = 1) -> int:
    return field(default=default, metadata={"help": text, "least": least})


@dataclass(frozen=True)
class Setting:
    """How much is raced: numbers, each an option of the command, and whether Captum takes part."""

    windows: int = _number(32, "windows of cheap methods")
    heavy_windows: int = _number(2, "windows of heavy methods: deep_shap, expected_gradients, kernel_shap, lime, rise, shapley_patches")
    batch_windows: int = _number(32, "windows of a further row of deep_shap, ours alone, which shares work; 0 leaves it out", least=0)
    repeats: int = _number(3, "rounds of cheap methods")
    heavy_repeats: int = _number(1, "rounds of heavy methods")
    steps: int = _number(50, "steps of integrated_gradients")
    samples: int = _number(500, "samples of lime and kernel_shap, an even number")
    baselines: int = _number(250, "baselines of deep_shap")
    copies: int = _number(25, "copies of smoothgrad and vargrad")
    masks: int = _number(500, "masks of rise")
    permutations: int = _number(8, "permutations of shapley_patches, an even number", least=2)
    captum: bool = True


@dataclass(frozen=True)
class Race:
    """What a method is raced against.

    Attributes
    ----------
    captum : Captum's call; None if it has no such method
    passes : passes that a window needs
    per : the number in `Setting` that multiplies them, if one does; the method's option of the same name
    per_patch : whether they are multiplied by the patches of a window, too
    backward : whether a pass goes back to the input
    bound : times that ours may take of what the bare passes take; None sets no target
    heavy : raced on fewer windows and in fewer rounds
    shares : windows of a batch share work, so ours is timed on a whole batch too
    same : whether Captum's map has the same definition
    """

    captum: _captum_calls.Call | None
    passes: int = 1
    per: str = ""
    per_patch: bool = False
    backward: bool = True
    bound: float | None = None
    heavy: bool = False
    shares: bool = False
    same: bool = False

    def count(self, setting: Setting) -> int:
        """The number in the setting that matters to the method; 1 if none does."""
        return getattr(setting, self.per) if self.per else 1

    def needed(self, setting: Setting, time: int) -> int:
        """Passes that a window of so many samples needs."""
        return self.passes * self.count(setting) * (-(-time // _captum_calls.PATCH) if self.per_patch else 1)


RACES: Mapping[str, Race] = {
    "saliency": Race(_captum_calls.saliency, bound=1.25, same=True),
    "input_gradient": Race(_captum_calls.input_gradient, bound=1.25, same=True),
    "guided_backprop": Race(_captum_calls.guided_backprop, bound=1.25, same=True),
    "gradcam": Race(_captum_calls.gradcam, bound=1.25),
    "guided_gradcam": Race(_captum_calls.guided_gradcam, bound=1.3),
    "deep_lift": Race(_captum_calls.deep_lift, passes=2, bound=1.4, same=True),
    "lrp": Race(_captum_calls.lrp),
    "lrp_epsilon": Race(_captum_calls.lrp),
    "integrated_gradients": Race(_captum_calls.integrated_gradients, per="steps", bound=1.15, same=True),
    "lime": Race(_captum_calls.lime, per="samples", backward=False, bound=1.15, heavy=True),
    "kernel_shap": Race(_captum_calls.kernel_shap, per="samples", backward=False, bound=1.15, heavy=True),
    "deep_shap": Race(_captum_calls.deep_shap, per="baselines", bound=1.3, heavy=True, shares=True),
    "expected_gradients": Race(_captum_calls.expected_gradients, passes=100, bound=1.15, heavy=True),
    "hirescam": Race(_captum_calls.hirescam, bound=1.25),
    "layercam": Race(None, bound=1.25),
    "lrp_gamma": Race(None),
    "occlusion": Race(_captum_calls.occlusion, per_patch=True, backward=False, bound=1.15),
    "rise": Race(None, per="masks", backward=False, bound=1.25, heavy=True),
    "shapley_patches": Race(_captum_calls.shapley_patches, per="permutations", per_patch=True, backward=False, bound=1.15, heavy=True),
    "smoothgrad": Race(_captum_calls.smoothgrad, per="copies", bound=1.25),
    "vargrad": Race(_captum_calls.vargrad, per="copies", bound=1.25),
}
"""Methods that Captum has too, or whose bare passes are known; others are not raced."""


class Course:
    """The network and the windows that all run on, and the three ways to run.

    Parameters
    ----------
    model : a ResNet of ours
    x : (n, leads, time) float32
    target : (n,) int
    setting : how much is raced
    """

    def __init__(self, model: torch.nn.Module, x: np.ndarray, target: np.ndarray, setting: Setting) -> None:
        self.x, self.target, self.setting = x, target, setting
        self._model = model
        self._bare = copy.deepcopy(model).eval().requires_grad_(False)
        rows = np.arange(ROWS) % len(x)
        self._rows, self._labels = torch.from_numpy(x[rows]), torch.from_numpy(target[rows])
        self._theirs = copy.deepcopy(model).to(memory_format=torch.contiguous_format).eval().requires_grad_(True)
        # The study's windows are images already.
        self._theirs.rows = torch.nn.Identity()

    def ours(self, key: str, windows: int, setting: Setting) -> np.ndarray:
        """Our maps."""
        entry = RACES[key]
        options = {entry.per: entry.count(setting)} if entry.per else {}
        options["normal_windows"] = self.x[:NORMAL]
        return ecgbench.explain(self._model, self.x[:windows], self.target[:windows], key, batch_size=ROWS, **options)

    def captum(self, key: str, windows: int, setting: Setting) -> np.ndarray:
        """Captum's maps."""
        images = torch.from_numpy(self.x[:windows])[:, None]
        entry, labels = RACES[key], self.target[:windows].tolist()
        call, count = entry.captum, entry.count(setting)
        if call is None:
            raise InputError(f"expected a method that Captum has, got {key}; race it without Captum.")
        with silence():
            maps = [call(self._theirs, image, label, count) for image, label in zip(images.split(1), labels, strict=True)]
        return torch.cat(maps).detach()[:, 0].numpy()

    def bare(self, backward: bool) -> None:
        """Rows through the network, and back to the input or not."""
        if backward:
            x = self._rows.clone().requires_grad_(True)
            logits = self._bare(x).gather(1, self._labels[:, None])
            torch.autograd.grad(logits.sum(), x)
        else:
            with torch.no_grad():
                self._bare(self._rows)

    def difference(self, key: str) -> float | None:
        """Largest difference of our maps from Captum's, where they are to be the same; few windows, and few samples of heavy methods."""
        few = replace(self.setting, samples=min(self.setting.samples, 4), baselines=min(self.setting.baselines, 2))
        ours = self.ours(key, COMPARED, few)
        theirs = self.captum(key, COMPARED, few) if self.setting.captum and RACES[key].captum else None
        if theirs is None or not RACES[key].same:
            return None
        return float((np.abs(ours - theirs).max(axis=(1, 2)) / np.abs(theirs).max(axis=(1, 2))).max())


def race(course: Course, key: str, windows: int, captum: bool) -> list[str]:
    """One row of the table: ours against Captum and the bare passes on so many windows."""
    entry, setting = RACES[key], course.setting
    difference = course.difference(key)
    bare: Turn = ("bare", lambda: course.bare(entry.backward))
    turns: list[Turn] = [bare, ("ours", lambda: course.ours(key, windows, setting)), bare]
    if captum:
        turns.append(("captum", lambda: course.captum(key, windows, setting)))
    seconds = alternate(turns, setting.heavy_repeats if entry.heavy else setting.repeats)
    passes = entry.needed(setting, course.x.shape[2])
    ours, needed = seconds["ours"] / windows, seconds["bare"] / ROWS * passes
    theirs = seconds["captum"] / windows if captum else None
    return [
        *(str(windows), figure(ours * 1e3), figure(theirs and theirs * 1e3), figure(theirs and theirs / ours)),
        f"{passes} forward{'+backward' if entry.backward else ''}",
        *(figure(needed * 1e3), f"{ours / needed:.2f}", figure(entry.bound)),
        "-" if entry.bound is None else "met" if ours <= entry.bound * needed else "missed",
        "-" if difference is None else f"{'yes' if difference <= SAME else 'no'} ({difference:.0e})",
    ]


def rows(course: Course, methods: Sequence[str]) -> Iterator[list[str]]:
    """Rows of the table, one or two a method."""
    setting = course.setting
    for key in methods:
        entry = RACES[key]
        yield [
            key,
            *race(course, key, setting.heavy_windows if entry.heavy else setting.windows, setting.captum and entry.captum is not None),
        ]
        if entry.shares and setting.batch_windows:
            yield [f"{key} ({setting.batch_windows} windows)", *race(course, key, setting.batch_windows, captum=False)]


def report(course: Course, methods: Sequence[str]) -> str:
    """The whole race as text; rows are said as they come."""
    turns: list[Turn] = [("forward", lambda: course.bare(False)), ("both", lambda: course.bare(True))]
    alternate(turns, 1)
    bare = {name: figure(seconds / ROWS * 1e3) for name, seconds in alternate(turns, course.setting.repeats).items()}
    head = f"{machine('captum')}\nbare, ms a window: forward {bare['forward']}, forward+backward {bare['both']}"
    say(head)
    found = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for row in rows(course, methods):
            say(" | ".join(row))
            found.append(row)
    return f"{head}\n\n{markdown(HEADER, found)}\n\n{NOTES}"


def _arguments(given: Sequence[str] | None) -> tuple[list[str], Setting]:
    parser = argparse.ArgumentParser(description=__doc__, epilog=NOTES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", choices=sorted(RACES), default=list(RACES), metavar="METHOD", help="default: all")
    numbers = [number for number in fields(Setting) if number.metadata]
    for number in numbers:
        text = f"{number.metadata['help']} (default: %(default)s)"
        parser.add_argument("--" + number.name.replace("_", "-"), type=int, metavar="N", default=number.default, help=text)
    parser.add_argument("--skip-captum", dest="captum", action="store_false", help="race ours against the bare passes alone")
    found = vars(parser.parse_args(given))
    for number in numbers:
        if found[number.name] < number.metadata["least"]:
            parser.error(f"expected {number.name} of at least {number.metadata['least']}, got {found[number.name]}; name a larger number.")
    return found.pop("methods"), Setting(**found)


def main(given: Sequence[str] | None = None) -> None:
    """Race on the golden network."""
    methods, setting = _arguments(given)
    model = ecgbench.load_model(golden("mitdb_resnet18_7.safetensors"))
    x, target = golden_windows(max(ROWS, setting.windows, setting.heavy_windows, setting.batch_windows))
    print(report(Course(model, x, target, setting), methods))


if __name__ == "__main__":
    main()

"""What the benchmark fixes for a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Augmentation:
    """What is changed of a standardised training window, anew each time that it is passed. Amplitudes are in its standard deviations.

    Attributes
    ----------
    wander : largest standard deviation of the baseline wander, a sum of slow sines
    noise : largest standard deviation of white noise
    scale : standard deviation of the logarithm of the factor that the whole window is multiplied by
    waves : sines of the baseline wander
    slowest, fastest : of these, in cycles a window
    """

    wander: float
    noise: float
    scale: float
    waves: int = 3
    slowest: float = 0.5
    fastest: float = 5.0


@dataclass(frozen=True)
class Recipe:
    """How a dataset's model is trained on cross entropy, with a learning rate that falls to 0 along a cosine.

    Attributes
    ----------
    architecture : key of the network
    learning_rate : of the first epoch
    epochs, batch_size : each epoch passes as many windows as there are to train on
    weight_decay : of the optimizer
    optimizer : "adam", whose weight decay is a part of the gradient, or "adamw", where it is apart
    balanced : whether windows are drawn with replacement, every class as often, instead of each once an epoch
    augmentation : of the windows; None if they are passed as they are
    folds : one of so many folds of the training patients is held out, and of all epochs the one is kept whose network classifies it best;
        0 if none is held out and the last epoch is kept
    name : key of the way of training
    version : of the way of training
    """

    architecture: str
    learning_rate: float
    epochs: int = 20
    batch_size: int = 32
    weight_decay: float = 1e-4
    optimizer: str = "adam"
    balanced: bool = False
    augmentation: Augmentation | None = None
    folds: int = 0
    name: str = "study"
    version: int = 1

    def described(self) -> dict[str, Any]:
        """What tells the recipe from others, as JSON data; of what the study's recipe does not have, only what differs from it."""
        usual = Recipe(self.architecture, self.learning_rate, self.epochs, self.batch_size, self.weight_decay)
        more = {name: value for name, value in asdict(self).items() if value != getattr(usual, name)}
        numbers = ("architecture", "learning_rate", "epochs", "batch_size", "weight_decay")
        return {name: getattr(self, name) for name in numbers} | more


@dataclass(frozen=True)
class DatasetProtocol:
    """The benchmark's numbers for one dataset.

    Attributes
    ----------
    slug, version : where its records lie below `ECGBENCH_DATA`; empty for own data and where none are needed
    lead : index of the lead (None: all)
    leads : how many leads a window has
    fs : Hz
    window : samples
    classes : names in the order of their integers
    not_explained : labels of windows that can have several that are not explained, such as normal rhythm
    train, test : record names; empty where the records themselves say on which side they are
    patients : patient of each record that doesn't stand for a patient of its own, where the records don't say it
    recipe : the training recipe
    threshold : probability of the true label above which a window is explained
    patch : samples of a patch of lime and kernel_shap
    perturbations : samples that lime and kernel_shap draw
    baselines : baselines that deep_shap draws
    seeds : seeds of the models; what all of them recognise is explained
    further_seeds : seeds of more models that may be asked for, of which the same windows are explained, whether they recognise them or not
    further_models : names of models of more architectures, which globs select beside the usual one
    precision : floating-point type in which the dataset is explained and scored
    samples : windows that are explained, unless the user asks for another number
    window_batch : windows that one artifact holds: what a killed run loses at most
    mask_kinds : masks that localisation is scored against; none where no beat is annotated
    twins : whether windows have counterfactual twins, against which causal faithfulness is scored
    normal : where a window can have several labels, the one that normal windows have; empty where the first class is normal, or no label
    tenth_second : samples in a tenth of a second, rounded: a patch of occlusion, rise and shapley_patches
    """

    slug: str
    version: str
    lead: int | None
    fs: float
    window: int
    classes: tuple[str, ...]
    recipe: Recipe
    threshold: float
    patch: int
    perturbations: int
    baselines: int
    seeds: tuple[int, ...]
    further_seeds: tuple[int, ...] = ()
    further_models: tuple[str, ...] = ()
    not_explained: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    patients: Mapping[str, str] = field(default_factory=dict)
    precision: str = "float32"
    leads: int = 1
    samples: int = 64
    window_batch: int = 32
    mask_kinds: tuple[str, ...] = ("spans",)
    twins: bool = False
    normal: str = ""
    tenth_second: int = field(init=False)

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """Seeds of the models that may be asked for."""
        return (*self.seeds, *self.further_seeds)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenth_second", max(1, round(self.fs / 10)))

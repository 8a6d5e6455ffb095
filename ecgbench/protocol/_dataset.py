"""What the benchmark fixes for a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    """How a dataset's model is trained: Adam on cross entropy, learning rate falling to 0 along a cosine, last epoch kept."""

    architecture: str
    learning_rate: float
    epochs: int = 20
    batch_size: int = 32
    weight_decay: float = 1e-4


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenth_second", max(1, round(self.fs / 10)))

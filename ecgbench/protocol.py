"""Every number of the benchmark, as frozen data without logic.

"The study" is Suh et al. 2024, Comput. Biol. Med. 182:109088 (doi:10.1016/j.compbiomed.2024.109088). Where ours differs from it, the
entry that differs declares the study's options beside its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

OURS, STUDY = "ours", "study"
PROTOCOLS = (OURS, STUDY)

STUDY_REFERENCE = "doi:10.1016/j.compbiomed.2024.109088"
"""Suh et al. 2024, the study whose system this is."""

BEAT_CLASSES = ("N", "SVEB", "VEB", "F", "Q")
"""Names of the beat classes' integers; Q, unclassifiable, is no class of any dataset."""

UNCLASSIFIABLE = BEAT_CLASSES.index("Q")


@dataclass(frozen=True)
class BeatRule:
    """Which annotation symbol is a beat of which class.

    Attributes
    ----------
    symbols : class integer of each symbol
    otherwise : class of every other symbol; None if it is no beat
    one_per_sample : keep one beat a sample index, the higher class winning
    leave_out_unclassifiable : leave a window out whose label would be unclassifiable
    """

    symbols: Mapping[str, int]
    otherwise: int | None
    one_per_sample: bool
    leave_out_unclassifiable: bool


def _symbols(*classes: str) -> Mapping[str, int]:
    return MappingProxyType({symbol: class_ for class_, symbols in enumerate(classes) for symbol in symbols.split()})


BEAT_RULES: Mapping[str, BeatRule] = MappingProxyType(
    {
        "aami": BeatRule(_symbols("N L R e j B", "A a J S n", "V E r", "F", "/ f Q ?"), None, False, True),
        "study": BeatRule(_symbols("N L R", "A a J S e j", "V E", "F", "P / f u"), 0, True, False),
    }
)
LABELS = MappingProxyType({OURS: "aami", STUDY: "study"})
"""Label rule of each protocol."""


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
    slug, version : where its records lie below `ECGBENCH_DATA`; empty if the dataset is embedded
    lead : index of the lead (None: all)
    fs : Hz
    window : samples
    classes : names in the order of their integers
    train, test : record names, by the name of the split
    patients : patient of each record that doesn't stand for a patient of its own
    recipe : the training recipe
    threshold : probability of the true label above which a window is explained
    patch : samples of a patch of lime and kernel_shap
    perturbations : samples that lime and kernel_shap draw
    baselines : baselines that deep_shap draws
    seeds : seeds of the models
    precision : floating-point type in which the dataset is explained and scored
    mask_kinds : masks that localisation is scored against
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
    train: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    test: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patients: Mapping[str, str] = field(default_factory=dict)
    precision: str = "float32"
    mask_kinds: tuple[str, ...] = ("spans",)


_MITDB_TRAIN = tuple("101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split())
_MITDB_TEST = tuple("100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234".split())

MITDB = DatasetProtocol(
    slug="mitdb",
    version="1.0.0",
    lead=0,
    fs=360,
    window=2880,
    classes=("N", "SVEB", "VEB", "F"),
    recipe=Recipe("resnet18_7", learning_rate=5e-2),
    threshold=0.75,
    patch=24,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3, 4, 5),
    train=MappingProxyType({"standard": _MITDB_TRAIN, "patient": _MITDB_TRAIN}),
    test=MappingProxyType({"standard": _MITDB_TEST, "patient": tuple(name for name in _MITDB_TEST if name != "202")}),
    patients=MappingProxyType({"202": "201"}),
)
"""DS1 and DS2 of de Chazal 2004 (doi:10.1109/TBME.2004.827359); paced records left out; 201 and 202 are one patient."""

SYNTHETIC_PATIENTS = MappingProxyType({"train": 16, "test": 40})
"""Simulated patients on either side; no patient is on both. So few to train on that a network must generalise (mitdb has 22)."""

SYNTHETIC_WINDOWS = MappingProxyType({"train": 110, "test": 12})
"""Windows of each patient: enough to train on in about a minute, and 64 explained windows of many patients."""

SYNTHETIC_CLASS_SHARES = (0.5, 0.25, 0.25)
"""Probability that a simulated window is normal, supraventricular, ventricular."""

SYNTHETIC_ABNORMAL_SHARES = (0.45, 0.35, 0.2)
"""Probability that an abnormal window holds one, two or three abnormal beats."""

SYNTHETIC_MIXED_SHARE = 0.25
"""Probability that one of three abnormal beats is of the other abnormal class."""

SYNTHETIC_SEED = 0
"""Seed of the embedded dataset."""

_SYNTHETIC_NAMES = tuple(f"S{number:03d}" for number in range(1, sum(SYNTHETIC_PATIENTS.values()) + 1))

SYNTHETIC = DatasetProtocol(
    slug="",
    version="",
    lead=None,
    fs=128,
    window=1024,
    classes=("N", "SVEB", "VEB"),
    recipe=Recipe("resnet18_7_narrow", learning_rate=1e-2),
    threshold=0.9,
    patch=8,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3),
    train=MappingProxyType({"standard": _SYNTHETIC_NAMES[: SYNTHETIC_PATIENTS["train"]]}),
    test=MappingProxyType({"standard": _SYNTHETIC_NAMES[SYNTHETIC_PATIENTS["train"] :]}),
    precision="float64",
    mask_kinds=("spans", "causal"),
)
"""Simulated records, one of each patient."""

PRECISIONS = ("float32", "bf16")
"""Precisions of training: the recipe's, and autocast to bfloat16 for processors that have it."""

SAMPLES = 64
"""Windows that are explained of a dataset and seed, unless the user asks for others."""

WINDOW_BATCH = 32
"""Windows that one artifact holds: what a killed run loses at most."""

AGREEMENT_WINDOWS = 4
"""Explained windows, the first ones, on which a method's maps are compared with those of another seed and of another class."""

SKETCH_SIZE, SKETCH_SEED = 16, 0
"""Numbers that a map's sketch holds, and the seed of the directions that give them."""

NEAR_DUPLICATE = 0.999
"""Mean correlation of two methods' maps above which they are near-duplicates."""

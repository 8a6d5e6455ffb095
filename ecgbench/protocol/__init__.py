"""Every number of the benchmark, as frozen data without logic.

"The study" is Suh et al. 2024, Comput. Biol. Med. 182:109088 (doi:10.1016/j.compbiomed.2024.109088). Where ours differs from it, the
entry that differs declares the study's options beside its own.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ecgbench.protocol._beats import BEAT_CLASSES, BEAT_RULES, UNCLASSIFIABLE, BeatRule
from ecgbench.protocol._dataset import Augmentation, DatasetProtocol, Recipe
from ecgbench.protocol._icentia11k import ICENTIA11K, ICENTIA11K_RULE, ICENTIA11K_SEED, ICENTIA11K_WINDOWS
from ecgbench.protocol._ludb import LUDB, LUDB_100HZ, LUDB_EXPLAINED, LUDB_FOLDS, LUDB_LABELS, LUDB_RECORDS, LudbLabel
from ecgbench.protocol._ptbxl import (
    PTBXL,
    PTBXL_100HZ,
    PTBXL_CHALLENGE,
    PTBXL_CHALLENGE_COUNTS,
    PTBXL_LABELS,
    PTBXL_LEADS,
    PTBXL_RANDOM_SPLIT,
    PTBXL_TEST_FOLD,
    Label,
)
from ecgbench.protocol._published import FIGURE_METRICS, INFERRED_ORDERS, PUBLISHED_FIRST, STUDY_DIGITS
from ecgbench.protocol._records import INCARTDB, MITDB, SVDB
from ecgbench.protocol._synthetic import (
    SYNTHETIC,
    SYNTHETIC_ABNORMAL_SHARES,
    SYNTHETIC_CLASS_SHARES,
    SYNTHETIC_MIXED_SHARE,
    SYNTHETIC_PATIENTS,
    SYNTHETIC_SEED,
    SYNTHETIC_WINDOWS,
)
from ecgbench.protocol._synthetic12 import (
    SYNTHETIC12,
    SYNTHETIC12_NORMAL,
    SYNTHETIC12_NORMAL_TURNS,
    SYNTHETIC12_PATIENTS,
    SYNTHETIC12_SECOND_SHARE,
    SYNTHETIC12_SEED,
    SYNTHETIC12_WINDOWS,
)
from ecgbench.protocol._wave_criteria import WAVE_CRITERIA, WAVE_PARTS, WaveCriterion

__all__ = [
    "AGREEMENT_WINDOWS",
    "ALL",
    "BEAT_CLASSES",
    "BEAT_RULES",
    "COMMON",
    "EXPLAINED",
    "FIGURE_METRICS",
    "GALLERY_LEVELS",
    "GALLERY_METRICS",
    "GALLERY_MICROVOLTS",
    "GALLERY_WINDOWS",
    "ICENTIA11K",
    "ICENTIA11K_RULE",
    "ICENTIA11K_SEED",
    "ICENTIA11K_WINDOWS",
    "INCARTDB",
    "INFERRED_ORDERS",
    "LABELS",
    "LUDB",
    "LUDB_100HZ",
    "LUDB_EXPLAINED",
    "LUDB_FOLDS",
    "LUDB_LABELS",
    "LUDB_RECORDS",
    "MITDB",
    "NEAR_DUPLICATE",
    "OURS",
    "OWN",
    "PRECISIONS",
    "PREDICTED",
    "PROTOCOLS",
    "PTBXL",
    "PTBXL_100HZ",
    "PTBXL_CHALLENGE",
    "PTBXL_CHALLENGE_COUNTS",
    "PTBXL_LABELS",
    "PTBXL_LEADS",
    "PTBXL_RANDOM_SPLIT",
    "PTBXL_TEST_FOLD",
    "PUBLISHED_FIRST",
    "SHIFTS",
    "SKETCH_SEED",
    "SKETCH_SIZE",
    "STUDY",
    "STUDY_DIGITS",
    "STUDY_REFERENCE",
    "SURE",
    "SVDB",
    "SYNTHETIC",
    "SYNTHETIC12",
    "SYNTHETIC12_NORMAL",
    "SYNTHETIC12_NORMAL_TURNS",
    "SYNTHETIC12_PATIENTS",
    "SYNTHETIC12_SECOND_SHARE",
    "SYNTHETIC12_SEED",
    "SYNTHETIC12_WINDOWS",
    "SYNTHETIC_ABNORMAL_SHARES",
    "SYNTHETIC_CLASS_SHARES",
    "SYNTHETIC_MIXED_SHARE",
    "SYNTHETIC_PATIENTS",
    "SYNTHETIC_SEED",
    "SYNTHETIC_WINDOWS",
    "UNCLASSIFIABLE",
    "WAVE_CRITERIA",
    "WAVE_PARTS",
    "Augmentation",
    "BeatRule",
    "DatasetProtocol",
    "Label",
    "LudbLabel",
    "Recipe",
    "WaveCriterion",
]

OURS, STUDY = "ours", "study"
PROTOCOLS = (OURS, STUDY)

STUDY_REFERENCE = "doi:10.1016/j.compbiomed.2024.109088"
"""Suh et al. 2024, the study whose system this is."""

LABELS = MappingProxyType({OURS: "aami", STUDY: "study"})
"""Label rule of each protocol."""


PRECISIONS = ("float32", "bf16")
"""Precisions of training: the recipe's, and autocast to bfloat16 for processors that have it."""

ALL: Final = "all"
"""Instead of a number of samples: every window that can be explained."""

COMMON: Final = "common"
OWN: Final = "own"
PREDICTED: Final = "predicted"
EXPLAINED = (COMMON, OWN, PREDICTED)
"""Windows that are explained: those that all models of a dataset recognise, of each model those that it alone does, or of each model those
in which it predicts something abnormal, be it right or wrong, whose predicted class is explained."""

SURE = 0.9
"""Probability of the predicted class from which on a model that is wrong is sure and wrong."""

AGREEMENT_WINDOWS = 4
"""Explained windows, the first ones, on which a method's maps are compared with those of another seed and of another class."""

SHIFTS = (1, 3, 8, 16)
"""Samples by which a window begins later where it is asked whether maps move with the signal: within and beyond a unit of most layers."""

SKETCH_SIZE, SKETCH_SEED = 16, 0
"""Numbers that a map's sketch holds, and the seed of the directions that give them."""

NEAR_DUPLICATE = 0.999
"""Mean correlation of two methods' maps above which they are near-duplicates."""

GALLERY_METRICS = ("auc", "region_perturbation_morf")
"""Metrics by which the variant is chosen that a method's gallery shows: the first that a dataset has cells of."""

GALLERY_WINDOWS = 3
"""Windows that galleries show, the same for all methods of a dataset's models of one architecture."""

GALLERY_MICROVOLTS = 5
"""Steps of the signals that are kept for the gallery: a twentieth of a millimetre of ECG paper."""

GALLERY_LEVELS = 127
"""Steps from zero to a window's largest attribution in the maps that are kept for the gallery."""

"""The embedded dataset of simulated 12-lead ECGs."""

from __future__ import annotations

from types import MappingProxyType

from ecgbench.protocol._dataset import DatasetProtocol, Recipe
from ecgbench.protocol._ptbxl import PTBXL_LABELS, PTBXL_LEADS

SYNTHETIC12_PATIENTS = MappingProxyType({"train": 200, "test": 70})
"""Simulated patients on either side; no patient is on both."""

SYNTHETIC12_WINDOWS = MappingProxyType({"train": 10, "test": 10})
"""Windows of each patient: every label is in about 90 training windows and 30 test windows."""

SYNTHETIC12_NORMAL = "NSR"
"""The label of normal sinus rhythm. It has no twin: nothing could be taken away."""

SYNTHETIC12_NORMAL_TURNS = 5
"""Windows without any finding, for one window of each other label."""

SYNTHETIC12_SECOND_SHARE = 0.2
"""Probability that a window with a finding gets a second one, if there is a compatible one."""

SYNTHETIC12_SEED = 0
"""Seed of the dataset."""

_NAMES = tuple(f"T{number:03d}" for number in range(1, sum(SYNTHETIC12_PATIENTS.values()) + 1))

SYNTHETIC12 = DatasetProtocol(
    slug="",
    version="",
    lead=None,
    leads=len(PTBXL_LEADS),
    fs=100,
    window=1000,
    classes=tuple(label.name for label in PTBXL_LABELS),
    normal=SYNTHETIC12_NORMAL,
    not_explained=(SYNTHETIC12_NORMAL,),
    recipe=Recipe("resnet18_7_narrow", learning_rate=1e-2, epochs=24),
    threshold=0.5,
    patch=25,
    perturbations=2000,
    baselines=80,
    seeds=(1, 2, 3),
    train=_NAMES[: SYNTHETIC12_PATIENTS["train"]],
    test=_NAMES[SYNTHETIC12_PATIENTS["train"] :],
    samples=63,
    window_batch=21,
    mask_kinds=("causal",),
    twins=True,
)
"""Simulated records, one of each patient; three explained windows of each label that has a twin."""

"""The embedded dataset of simulated ECGs."""

from __future__ import annotations

from types import MappingProxyType

from ecgbench.protocol._dataset import DatasetProtocol, Recipe

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
    further_seeds=(4, 5, 6, 7, 8),
    further_models=("cnn_lstm_narrow", "inception_time_narrow", "se_resnet1d_narrow", "vit1d_narrow", "xresnet1d_narrow"),
    train=_SYNTHETIC_NAMES[: SYNTHETIC_PATIENTS["train"]],
    test=_SYNTHETIC_NAMES[SYNTHETIC_PATIENTS["train"] :],
    precision="float64",
    mask_kinds=("spans", "causal"),
    twins=True,
)
"""Simulated records, one of each patient."""

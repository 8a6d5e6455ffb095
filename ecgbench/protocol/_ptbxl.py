"""PTB-XL: 22 labels of both its editions, at two sampling rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ecgbench.protocol._dataset import DatasetProtocol, Recipe


@dataclass(frozen=True)
class Label:
    """A label, and what says it in either edition.

    Attributes
    ----------
    name : as the study has it
    snomed : SNOMED CT codes of the Challenge's headers, the first one the label's own and the others taken for it
    scp : SCP codes of PTB-XL's `scp_codes`, at whatever likelihood (0 means unknown)
    axis : values of PTB-XL's `heart_axis`
    """

    name: str
    snomed: tuple[str, ...]
    scp: tuple[str, ...] = ()
    axis: tuple[str, ...] = ()


PTBXL_LABELS = (
    Label("AF", ("164889003",), ("AFIB",)),
    Label("AFL", ("164890007",), ("AFLT",)),
    Label("CRBBB", ("713427006", "59118001"), ("CRBBB",)),
    Label("IAVB", ("270492004",), ("1AVB",)),
    Label("IRBBB", ("713426002",), ("IRBBB",)),
    Label("LAD", ("39732003",), axis=("LAD", "ALAD")),
    Label("LAnFB", ("445118002",), ("LAFB",)),
    Label("LBBB", ("164909002", "733534002"), ("CLBBB",)),
    Label("LQRSV", ("251146004",), ("LVOLT",)),
    Label("NSIVCB", ("698252002",), ("IVCD",)),
    Label("NSR", ("426783006",), ("SR", "NORM")),
    Label("PAC", ("284470004", "63593006"), ("PAC", "SVARR")),
    Label("PR", ("10370003",), ("PACE",)),
    Label("LPR", ("164947007",), ("LPR",)),
    Label("LQT", ("111975006",), ("LNGQT",)),
    Label("QAb", ("164917005",), ("QWAVE",)),
    Label("RAD", ("47665007",), axis=("RAD", "ARAD")),
    Label("SA", ("427393009",), ("SARRH",)),
    Label("SB", ("426177001",), ("SBRAD",)),
    Label("STach", ("427084000",), ("STACH",)),
    Label("TAb", ("164934002",), ("NDT", "TAB_", "LOWT")),
    Label("TInv", ("59931005",), ("INVT",)),
)
"""In the order of their integers. Whether LOWT is a T wave abnormality of the Challenge is open."""

PTBXL_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

PTBXL_TEST_FOLD = 10
"""Fold of PTB-XL that is tested on; the others, 1 to 9, are for training."""

PTBXL_RANDOM_SPLIT = MappingProxyType({"test_size": 0.2, "random_state": 42})
"""The study's split, by record."""

PTBXL_CHALLENGE_COUNTS: Mapping[str, int] = MappingProxyType(
    dict(
        zip(
            (label.name for label in PTBXL_LABELS),
            (1514, 73, 542, 797, 1118, 5146, 1626, 536, 182, 789, 18092, 555, 296, 340, 118, 548, 343, 772, 637, 826, 2345, 294),
            strict=True,
        )
    )
)
"""Records of each label in the whole of the Challenge's edition (doi:10.13026/34va-7q14), PAC with its 157 of the second code."""

PTBXL = DatasetProtocol(
    slug="ptb-xl",
    version="1.0.3",
    lead=None,
    leads=len(PTBXL_LEADS),
    fs=500,
    window=5000,
    classes=tuple(label.name for label in PTBXL_LABELS),
    recipe=Recipe("resnet18_7", learning_rate=1e-4),
    threshold=0.75,
    normal="NSR",
    patch=32,
    perturbations=5000,
    baselines=80,
    seeds=(0,),
    samples=20,
    window_batch=4,
    mask_kinds=(),
)
"""All 12 leads, whole records of 10 s. Fewer are explained than elsewhere: lime and kernel_shap take 10,000 passes of 12 leads each."""

PTBXL_100HZ = replace(PTBXL, fs=100, window=1000, patch=6)
"""The same at the lower of PTB-XL's two rates."""

PTBXL_CHALLENGE = replace(PTBXL, slug="challenge-2021", version="1.0.3")
"""The same records as the PhysioNet/Computing in Cardiology Challenge 2021 published them."""

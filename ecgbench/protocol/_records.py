"""Databases of long records with annotated beats: mitdb, svdb, incartdb."""

from __future__ import annotations

from types import MappingProxyType

from ecgbench.protocol._beats import BEAT_CLASSES, UNCLASSIFIABLE
from ecgbench.protocol._dataset import DatasetProtocol, Recipe

MITDB = DatasetProtocol(
    slug="mitdb",
    version="1.0.0",
    lead=0,
    fs=360,
    window=2880,
    classes=BEAT_CLASSES[:UNCLASSIFIABLE],
    recipe=Recipe("resnet18_7", learning_rate=5e-2),
    threshold=0.75,
    patch=24,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3, 4, 5),
    twins=True,
    train=tuple("101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split()),
    test=tuple("100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234".split()),
    patients=MappingProxyType({"202": "201"}),
)
"""DS1 and DS2 of de Chazal 2004 (doi:10.1109/TBME.2004.827359); paced records left out; 201 and 202 are one patient."""

SVDB = DatasetProtocol(
    slug="svdb",
    version="1.0.0",
    lead=0,
    fs=128,
    window=1024,
    classes=BEAT_CLASSES[:UNCLASSIFIABLE],
    recipe=Recipe("resnet18_7", learning_rate=1e-2),
    threshold=0.9,
    patch=8,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3, 4, 5),
    twins=True,
    train=tuple(str(number) for number in (*range(800, 813), *range(820, 830), *range(840, 856))),
    test=tuple(str(number) for number in range(856, 895)),
)
"""Half of the records on either side, in the order of their numbers."""

INCARTDB = DatasetProtocol(
    slug="incartdb",
    version="1.0.0",
    lead=1,
    fs=257,
    window=2056,
    classes=BEAT_CLASSES[:UNCLASSIFIABLE],
    recipe=Recipe("resnet18_7", learning_rate=1e-3),
    threshold=0.9,
    patch=16,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3, 4, 5),
    twins=True,
    train=tuple(f"I{number:02d}" for number in range(1, 38)),
    test=tuple(f"I{number:02d}" for number in range(38, 76)),
)
"""Records in the order of their numbers, 75 of 32 patients; lead II."""

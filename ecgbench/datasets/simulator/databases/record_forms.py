"""What the records of each annotated database look like, for its simulated stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from types import MappingProxyType

import numpy as np

from ecgbench.datasets.simulator.databases.annotated_records import FUSION, RecordForm
from ecgbench.datasets.simulator.databases.database_writer import Storage
from ecgbench.datasets.simulator.leads import TWELVE
from ecgbench.datasets.simulator.rhythm import SVEB, VEB, N
from ecgbench.protocol import INCARTDB, UNCLASSIFIABLE

RARE = MappingProxyType({FUSION: 0.1, UNCLASSIFIABLE: 0.02})
"""Rarer than the other abnormal beats, as in mitdb (of 110,000 beats 803 are fused and 33 unclassifiable), yet in every split."""

MITDB_SECOND_LEADS = MappingProxyType({"100": "V5", "123": "V5", "103": "V2", "117": "V2", "124": "V4"})
"""Second lead of the records that do not have V1 there."""

MITDB_SWAPPED = "114"
"""Record whose leads are V5 and MLII, in this order."""

INCARTDB_BLOCKS = (2, 3, 2, 1, 3, 3, 1, 2, 2, 3, 2, 2, 2, 1, 3, 2, 4, 2, 3, 1, 2, 4, 2, 3, 2, 2, 3, 2, 4, 2, 3, 2)
"""Records of each simulated patient, one after the other; I35 to I38 are one patient's, who is then on both sides of the split."""

_PATIENT_ENDS = tuple(accumulate(INCARTDB_BLOCKS))
"""Number of each patient's last record."""

DIAGNOSES = ("Coronary artery disease, arterial hypertension", "Transient ischemic attack", "Acute MI", "Sinus node dysfunction")
"""As the comments of incartdb name them."""


def _mitdb_leads(name: str) -> Sequence[tuple[str, str]]:
    second = MITDB_SECOND_LEADS.get(name, "V1")
    return (("V5", "V5"), ("MLII", "II")) if name == MITDB_SWAPPED else (("MLII", "II"), (second, second))


def _mitdb_comments(name: str, of_patient: np.random.Generator, symbols: Sequence[str]) -> Sequence[str]:
    age, sex = _age_and_sex(of_patient)
    return (f"# {age} {sex} 0 0 x1", "# None")


def _incartdb_patient(name: str) -> str:
    record = 1 + (INCARTDB.train + INCARTDB.test).index(name)
    return str(1 + sum(end < record for end in _PATIENT_ENDS))


def _incartdb_comments(name: str, of_patient: np.random.Generator, symbols: Sequence[str]) -> Sequence[str]:
    age, sex = _age_and_sex(of_patient)
    diagnoses = f" {of_patient.choice(DIAGNOSES)}" if of_patient.random() < 0.5 else ""
    findings = [text for symbol, text in (("V", "PVCs"), ("A", "APCs")) if symbol in symbols]
    patient, seen = _incartdb_patient(name), ", ".join([*findings, "noise"])
    return (f"#<age>: {age} <sex>: {sex} <diagnoses>{diagnoses}", f"# patient {patient}", f"# {seen}")


def _age_and_sex(of_patient: np.random.Generator) -> tuple[int, str]:
    return int(of_patient.integers(18, 80)), str(of_patient.choice(("F", "M")))


def _icentia11k_path(name: str) -> str:
    return f"{name[:3]}/{_icentia11k_patient(name)}/{name}"


def _icentia11k_patient(name: str) -> str:
    return name.partition("_")[0]


MITDB_FORM = RecordForm(
    storage=Storage("212", gain=200, zero=1024, bits=11),
    leads=_mitdb_leads,
    symbols={N: "N", SVEB: "A", VEB: "V", FUSION: "F", UNCLASSIFIABLE: "/"},
    windows=12,
    tested=2,
    normal={"N": 0.8, "L": 0.1, "R": 0.1},
    rare=RARE,
    noise_symbols="~|",
    comments=_mitdb_comments,
)
"""Two leads, the first of them MLII in all records but one."""

SVDB_FORM = RecordForm(
    storage=Storage("212", gain=200, zero=0, bits=10),
    leads=lambda name: (("ECG1", "II"), ("ECG2", "V1")),
    symbols={N: "N", SVEB: "S", VEB: "V", FUSION: "F", UNCLASSIFIABLE: "Q"},
    windows=12,
    tested=1,
    normal={"N": 1.0},
    rare=RARE,
    noise_symbols="~|",
)
"""Two leads without names."""

INCARTDB_FORM = RecordForm(
    storage=Storage("16", gain=306, zero=0, bits=16),
    leads=lambda name: tuple(zip(TWELVE, TWELVE, strict=True)),
    symbols={N: "N", SVEB: "A", VEB: "V", FUSION: "F", UNCLASSIFIABLE: "Q"},
    windows=12,
    tested=1,
    normal={"N": 0.9, "R": 0.1},
    rare=RARE,
    patient=_incartdb_patient,
    comments=_incartdb_comments,
)
"""Twelve leads; the header's comments name the patient."""

ICENTIA11K_FORM = RecordForm(
    storage=Storage("16", gain=74.36482269503546, zero=0, bits=16),
    leads=lambda name: (("ecg", "II"),),
    symbols={N: "N", SVEB: "S", VEB: "V", UNCLASSIFIABLE: "Q"},
    windows=6,
    tested=1,
    normal={"N": 1.0},
    rare={UNCLASSIFIABLE: 0.05},
    rhythm_end=")",
    path=_icentia11k_path,
    patient=_icentia11k_patient,
    unpublished=0.75,
)
"""One lead; most of the stated segments are not published, so that the database is small."""

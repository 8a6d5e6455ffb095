"""A simulated 12-lead ECG with and without a label: the same patient, rhythm, noise and findings, each drawn by a generator of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.simulator.diagnoses import IMPLIED
from ecgbench.datasets.simulator.findings import with_findings
from ecgbench.datasets.simulator.leads import TWELVE, digitise, lead_matrix
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.datasets.simulator.rhythm import identity_generator
from ecgbench.datasets.simulator.twelve_leads import Draws, normal_ecg, render_ecg

VERSION = 1
"""Bumped when a simulated sample of an ECG with these labels changes on purpose."""

GAIN = 1000.0
"""Steps per mV of the simulated converter: whole microvolts, which absorb the last bits in which processors differ."""

Identity = tuple[str | int, ...]


def ecg_steps(patient: Identity, record: Identity, labels: Sequence[str], fs: float) -> Int64[np.ndarray, "12 time"]:
    """The twelve leads in microvolts of an ECG that has some labels.

    What is drawn for one label, for the rhythm or for the noise does not depend on the other labels, so that ECGs of the same identity
    differ by what their different labels change and by nothing else.

    Parameters
    ----------
    patient, record : what the patient, and all else that is drawn, are identified by
    labels : names in the order in which they are applied
    fs : Hz
    """
    of_patient = draw_patient(identity_generator(*patient, "patient"))
    ecg = normal_ecg(of_patient, identity_generator(*record, "normal"))
    for label in labels:
        ecg = with_findings(ecg, (label,), identity_generator(*record, "finding", label))
    draws = Draws(*(identity_generator(*record, part) for part in ("rhythm", "noise", "atria")))
    return digitise(render_ecg(ecg, of_patient, draws, fs), lead_matrix(TWELVE), GAIN)


def without(labels: Sequence[str], label: str) -> tuple[str, ...]:
    """The labels that are left when one goes, with those that imply it."""
    return tuple(one for one in labels if one != label and label not in IMPLIED.get(one, ()))

"""Simulated stand-in for LUDB: twelve leads of ten seconds, statements in the headers, and the marks of every lead's waves.

Waves are marked where the simulator put them. As in LUDB, the first and the last beats have no marks, and a wave that a lead doesn't show
has none on that lead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ecgbench.datasets.simulator.databases.database_writer import Annotations, Storage, new_database, write_annotations, write_record
from ecgbench.datasets.simulator.diagnoses import draw_labels
from ecgbench.datasets.simulator.findings import LATERAL, SEPTAL, V1, with_findings
from ecgbench.datasets.simulator.leads import TWELVE, Morphology, digitise, lead_matrix
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.datasets.simulator.rhythm import Beats, identity_generator
from ecgbench.datasets.simulator.stand_in import SimulatedSize
from ecgbench.datasets.simulator.twelve_leads import (
    DURATION,
    QRS,
    SECOND,
    Draws,
    Ecg,
    P,
    R,
    S,
    T,
    changed,
    lay_out,
    morphologies,
    normal_ecg,
    render_beats,
)
from ecgbench.errors import InputError
from ecgbench.inputs import at_least
from ecgbench.progress import progress
from ecgbench.protocol import LUDB, LUDB_FOLDS, LUDB_LABELS, LUDB_RECORDS, PTBXL, DatasetProtocol

LEAST_RECORDS = 10
"""Two a fold."""

STORAGE = Storage("16", gain=1000.0, zero=0, bits=16)

REACH_OF_WAVE = 2.5
"""Standard deviations of a wave between its peak and its marked boundaries: a twentieth of its height is left there."""

LEAST_HEIGHT = 0.01
"""mV, height from which a lead shows a wave."""

SYMBOLS = ("p", "N", "t")
"""Of the peaks of P, QRS and T."""

SAID = tuple(label.name for label in LUDB_LABELS if label.statements)
"""Labels that LUDB's headers can say."""

ALONE = "NSR"
"""The rhythm of a record of which one of LUDB's own labels is featured: no finding stands beside it that would hide it."""


def _left_ventricle(ecg: Ecg) -> Ecg:
    """Tall R on V5 and V6, deep S on V1 and V2."""
    chest = ecg.chest.copy()
    chest[LATERAL, R] *= 2.2
    chest[SEPTAL, S] *= 2.2
    return replace(ecg, chest=chest)


def _right_ventricle(ecg: Ecg) -> Ecg:
    """Tall R on V1, deep S on V5 and V6."""
    tall = abs(ecg.limb[R])
    chest = changed(changed(ecg.chest, (V1, R), tall), (LATERAL, S), -tall)
    return replace(ecg, chest=chest)


def _left_atrium(ecg: Ecg) -> Ecg:
    """P of more than 120 ms, negative on V1."""
    chest = changed(ecg.chest, (V1, P), -abs(ecg.limb[P]))
    return replace(ecg, chest=chest, width=changed(ecg.width, P, 1.4 * ecg.width[P]))


def _right_atrium(ecg: Ecg) -> Ecg:
    """P of more than 0.25 mV on lead II, prominent on V1."""
    return replace(ecg, limb=changed(ecg.limb, P, 0.3), chest=changed(ecg.chest, (SEPTAL, P), 0.2))


def _incomplete_left_bundle(ecg: Ecg) -> Ecg:
    """No Q and a late R peak on the lateral leads."""
    chest = changed(ecg.chest, (slice(None), QRS[0]), 0.0)
    chest[LATERAL, SECOND] = 0.5 * ecg.limb[R]
    centre, width = changed(ecg.centre, SECOND, 0.03), changed(ecg.width, SECOND, 0.014)
    return replace(ecg, limb=changed(ecg.limb, QRS[0], 0.0), chest=chest, centre=centre, width=width)


OWN_TRAITS: Mapping[str, Callable[[Ecg], Ecg]] = MappingProxyType(
    {"LVH": _left_ventricle, "RVH": _right_ventricle, "LAE": _left_atrium, "RAE": _right_atrium, "ILBBB": _incomplete_left_bundle}
)
"""What gives an ECG one of the labels that PTB-XL has no name for."""


@dataclass(frozen=True)
class LudbPlan:
    """What a record shows, before it is simulated; it does not depend on how many records there are.

    Attributes
    ----------
    number : of the record, from 1
    labels : names, in the order of their integers
    """

    number: int
    age: int
    female: bool
    labels: tuple[str, ...]


def simulate_ludb(folder: Path, numbers: DatasetProtocol, size: SimulatedSize) -> None:
    """Write a stand-in for LUDB, at its own rate whichever edition is asked for."""
    if size.windows is not None:
        raise InputError(f"expected no number of windows, because a record of LUDB is one, got {size.windows}; name --records.")
    count = at_least("records", LUDB_RECORDS if size.records is None else size.records, LEAST_RECORDS)
    if count > LUDB_RECORDS:
        raise InputError(f"expected at most {LUDB_RECORDS} records, as LUDB has, got {count}; name fewer.")
    origin = f"Simulated ECGs, no recordings, in place of {numbers.slug} {numbers.version}: seed {size.seed}, {count} records."
    with new_database(folder, origin) as partial:
        for number in progress(range(1, count + 1), "simulate ludb", "record"):
            _write(partial / "data" / str(number), plan_ludb(number, size.seed), size.seed)


def plan_ludb(number: int, seed: int) -> LudbPlan:
    """The plan of a record."""
    person = _generator(number, "person", seed)
    age, female = int(person.integers(11, 91)), bool(person.random() < 0.5)
    featured = SAID[(number - 1) // LUDB_FOLDS % len(SAID)]
    if featured in OWN_TRAITS:
        return LudbPlan(number, age, female, (ALONE, featured))
    drawn = draw_labels(_generator(number, "labels", seed), featured)
    return LudbPlan(number, age, female, tuple(label for label in drawn if label in SAID))


def _generator(number: int, what: str, seed: int) -> np.random.Generator:
    return identity_generator("simulated", LUDB.slug, number, what, seed)


def _write(path: Path, plan: LudbPlan, seed: int) -> None:
    """Write one record: its header, its samples, and the marks of each lead."""
    patient = draw_patient(_generator(plan.number, "patient", seed))
    generator = _generator(plan.number, "record", seed)
    ecg = with_findings(normal_ecg(patient, generator), [label for label in plan.labels if label in PTBXL.classes], generator)
    for label in plan.labels:
        ecg = OWN_TRAITS[label](ecg) if label in OWN_TRAITS else ecg
    beats = lay_out(ecg, patient, generator)
    matrix = lead_matrix(TWELVE)
    steps = digitise(render_beats(ecg, beats, patient, Draws(generator, generator, generator), LUDB.fs), matrix, STORAGE.gain)
    names = [lead.lower() for lead in TWELVE]
    write_record(path, steps, names, LUDB.fs, STORAGE, _comments(plan, _generator(plan.number, "statements", seed)))
    of_classes = [replace(one, amplitude=matrix @ one.amplitude) for one in morphologies(ecg, patient)]
    for place, name in enumerate(names):
        write_annotations(path, _marks(beats, of_classes, place), name)


def _comments(plan: LudbPlan, generator: np.random.Generator) -> list[str]:
    """The header's comments, with the full stop and the blank that LUDB puts behind statements."""
    said = [str(generator.choice(label.statements)) for label in LUDB_LABELS if label.name in plan.labels]
    return [f"#<age>: {plan.age}", f"#<sex>: {'F' if plan.female else 'M'}", "#<diagnoses>:", *(f"#{one}. " for one in said)]


def _marks(beats: Beats, of_classes: Sequence[Morphology], lead: int) -> Annotations:
    """Onset, peak and offset of the waves of all beats on a lead, but of the first and the last."""
    inside = np.flatnonzero((beats.time > 0) & (beats.time < DURATION))[1:-1]
    sample: list[int] = []
    symbol: list[str] = []
    for beat in inside[np.argsort(beats.time[inside])]:
        found = _boundaries(of_classes[beats.class_[beat]], lead, float(beats.interval[beat]))
        for one, times in found.items():
            places = [round((float(beats.time[beat]) + time) * LUDB.fs) for time in times]
            if places[0] > (sample[-1] if sample else 0) and places[2] < LUDB.window:
                sample += places
                symbol += ["(", one, ")"]
    return Annotations(np.array(sample, dtype=np.int64), symbol, [""] * len(symbol))


def _boundaries(morphology: Morphology, lead: int, interval: float) -> dict[str, tuple[float, float, float]]:
    """Onset, peak and offset in s from the R peak of each wave that the lead shows, by its symbol; P ends before QRS begins."""
    stretch = interval**morphology.stretch
    centre, reach = morphology.centre * stretch, REACH_OF_WAVE * morphology.width * stretch
    height = np.abs(morphology.amplitude[lead])
    found: dict[str, tuple[float, float, float]] = {}
    for symbol, waves in zip(SYMBOLS, ([P], QRS, [T]), strict=True):
        shown = [wave for wave in waves if height[wave] >= LEAST_HEIGHT]
        if shown:
            peak = float(centre[max(shown, key=lambda wave: height[wave])])
            found[symbol] = float((centre - reach)[shown].min()), peak, float((centre + reach)[shown].max())
    if {"p", "N"} <= found.keys():
        onset, peak, offset = found["p"]
        found["p"] = onset, peak, min(offset, found["N"][0] - 2 / LUDB.fs)
    return found

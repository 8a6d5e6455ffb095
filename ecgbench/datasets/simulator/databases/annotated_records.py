"""Simulated stand-ins for databases of long records with annotated beats: mitdb, svdb, incartdb and icentia11k.

A record is one continuous rhythm of its patient, in which every window holds what the embedded dataset's windows hold: none or a few
abnormal beats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.simulator import rhythm
from ecgbench.datasets.simulator.databases.database_writer import Annotations, Storage, new_database, write_annotations, write_record
from ecgbench.datasets.simulator.leads import Morphology, digitise, lead_matrix, morphology_of, render_leads
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.datasets.simulator.rhythm import SVEB, VEB, Beats, N, Patient, identity_generator
from ecgbench.datasets.simulator.stand_in import Simulate, SimulatedSize
from ecgbench.datasets.synthetic import draw_abnormal
from ecgbench.errors import InputError
from ecgbench.inputs import at_least
from ecgbench.progress import progress
from ecgbench.protocol import UNCLASSIFIABLE, DatasetProtocol

FUSION = VEB + 1
"""Class integer of a beat in which a normal and a ventricular one meet."""

COUPLING = {FUSION: 0.93, UNCLASSIFIABLE: 0.97}
"""Time from the sinus beat before to the beat, in sinus intervals: a ventricular beat fuses only where it comes almost on time."""

ODD_SIZE = 0.6
"""Amplitude of an unclassifiable beat in that of a ventricular one, which it resembles without being early."""

BLOCK_WIDTH = 1.7
"""Widening of the QRS complex in bundle branch block: from at most 110 ms to more than 120 ms."""

MAX_NOISE_ANNOTATIONS = 2
"""Most annotations of a record that describe its noise."""


@dataclass(frozen=True)
class RecordForm:
    """What the records of a database look like.

    Attributes
    ----------
    storage : how samples are stored
    leads : from a record's name to pairs of a lead's name and the simulated lead that it shows
    symbols : annotation symbol of each class of beats
    windows : number of windows of a training record, unless the user names one for all records
    tested : the same of a test record
    normal : annotation symbols of normal beats, each with the share of patients who have it; beats annotated L or R are wide, as in a
        bundle branch block
    rare : for each rare class, the probability that it replaces the abnormal class of a window's beats
    noise_symbols : annotation symbols that describe noise instead of a beat
    rhythm_end : aux text of the annotation that ends the rhythm; there is none if it is empty
    path : from a record's name to its path below the database's folder
    patient : from a record's name to its patient
    comments : from a record's name, its patient's generator and the symbols of its beats to comment lines of its header
    unpublished : probability that the database lacks a record
    """

    storage: Storage
    leads: Callable[[str], Sequence[tuple[str, str]]]
    symbols: Mapping[int, str]
    windows: int
    tested: int
    normal: Mapping[str, float]
    rare: Mapping[int, float]
    noise_symbols: str = ""
    rhythm_end: str = ""
    path: Callable[[str], str] = str
    patient: Callable[[str], str] = str
    comments: Callable[[str, np.random.Generator, Sequence[str]], Sequence[str]] = field(default=lambda *_: ())
    unpublished: float = 0.0


def simulate_records(form: RecordForm) -> Simulate:
    """A function that writes a stand-in for the database whose records have this form."""

    def simulate(folder: Path, numbers: DatasetProtocol, size: SimulatedSize) -> None:
        if size.records is not None:
            raise InputError(
                f"expected no number of records, since the split of {numbers.slug} names them, got {size.records}; leave it out."
            )
        chosen = None if size.windows is None else at_least("windows a record", size.windows)
        windows = {**dict.fromkeys(numbers.train, chosen or form.windows), **dict.fromkeys(numbers.test, chosen or form.tested)}
        _simulate_database(folder, numbers, form, windows, size.seed)

    return simulate


def _simulate_database(folder: Path, numbers: DatasetProtocol, form: RecordForm, windows: Mapping[str, int], seed: int) -> None:
    sizes = " or ".join(str(count) for count in dict.fromkeys(windows.values()))
    origin = f"Simulated ECGs, no recordings, in place of {numbers.slug} {numbers.version}: seed {seed}, {sizes} windows a record."
    with new_database(folder, origin) as partial:
        for name, count in progress(windows.items(), f"simulate {numbers.slug}", "record"):
            if _generator(numbers, name, "published", seed).random() >= form.unpublished:
                _simulate_record(partial / form.path(name), name, numbers, form, count, seed)


def _simulate_record(path: Path, name: str, numbers: DatasetProtocol, form: RecordForm, windows: int, seed: int) -> None:
    """Write one record, which depends only on its name, the number of its windows and the seed."""
    of_patient = _generator(numbers, form.patient(name), "patient", seed)
    generator = _generator(numbers, name, "record", seed)
    patient = with_rare_beats(draw_patient(of_patient))
    normal = str(of_patient.choice(list(form.normal), p=list(form.normal.values())))
    beats = lay_out(patient, generator, numbers.window / numbers.fs, windows, form.rare)
    leads, shown = zip(*form.leads(name), strict=True)
    count = windows * numbers.window
    steps = _signal(patient, normal != form.symbols[N], beats, shown, generator, form.storage.gain, numbers.fs, count)
    annotations = _annotations(beats, {**form.symbols, N: normal}, form, generator, numbers.fs, count)
    write_record(path, steps, leads, numbers.fs, form.storage, form.comments(name, of_patient, annotations.symbol))
    write_annotations(path, annotations)


def _generator(numbers: DatasetProtocol, name: str, what: str, seed: int) -> np.random.Generator:
    return identity_generator("simulated", numbers.slug, name, what, seed)


def with_rare_beats(patient: Patient) -> Patient:
    """The patient, with fused and unclassifiable beats as further classes."""
    fused = (patient.waves[N] + patient.waves[VEB]) / 2
    odd = patient.waves[VEB] * (ODD_SIZE, 1, 1)
    coupling = [*patient.coupling, COUPLING[FUSION], COUPLING[UNCLASSIFIABLE]]
    return replace(patient, waves=np.stack([*patient.waves, fused, odd]), coupling=np.array(coupling))


def lay_out(patient: Patient, generator: np.random.Generator, duration: float, windows: int, rare: Mapping[int, float]) -> Beats:
    """Lay out `windows` windows of `duration` seconds in one sinus rhythm, each with its own abnormal beats, no two of them adjacent."""
    beats = rhythm.layout(patient, generator, windows * duration)
    class_ = beats.class_.copy()
    for window in range(windows):
        abnormal = draw_abnormal(generator)
        for one, share in rare.items():
            abnormal = [one] * len(abnormal) if generator.random() < share else abnormal
        inside = np.flatnonzero((beats.slot >= window * duration) & (beats.slot < (window + 1) * duration))[1:-1]
        count = min(len(abnormal), (len(inside) + 1) // 2)
        not_adjacent = np.sort(generator.choice(len(inside) - count + 1, size=count, replace=False)) + np.arange(count)
        class_[inside[not_adjacent]] = abnormal[:count]
    coupling = patient.coupling[class_] + patient.coupling_jitter * generator.standard_normal(len(class_))
    time = np.where(class_ == N, beats.slot, beats.slot - (1 - coupling) * beats.interval)
    return replace(beats, class_=class_, time=time)


def _signal(
    patient: Patient,
    blocked: bool,
    beats: Beats,
    shown: Sequence[str],
    generator: np.random.Generator,
    gain: float,
    fs: float,
    count: int,
) -> Int64[np.ndarray, "leads time"]:
    """The leads in steps of the converter. Only the measured leads that they depend on are simulated, each with its own noise."""
    matrix = lead_matrix(shown)
    needed = np.flatnonzero(matrix.any(axis=0))
    morphologies = [replace(full, amplitude=full.amplitude[needed]) for full in _morphologies(patient, blocked)]
    signal = render_leads(beats, morphologies, fs, count)
    noise = np.stack([rhythm.noise(patient, generator, fs, count) for _ in needed])
    return digitise(signal + noise, matrix[:, needed], gain)


def _morphologies(patient: Patient, blocked: bool) -> list[Morphology]:
    """Morphologies of all classes; with a bundle branch block, beats that come from the atria are wide."""
    waves = patient.waves.copy()
    if blocked:
        waves[N : SVEB + 1, 1:4, 1:] *= BLOCK_WIDTH
    return [morphology_of(of_class) for of_class in waves]


def _annotations(
    beats: Beats, symbols: Mapping[int, str], form: RecordForm, generator: np.random.Generator, fs: float, count: int
) -> Annotations:
    """The annotations: the rhythm's start, every beat at its R peak, some of noise, and the rhythm's end where the database has it."""
    sample = np.rint(beats.time * fs).astype(np.int64)
    order = np.argsort(sample)
    order = order[(sample[order] >= 0) & (sample[order] < count)]
    found = [(int(sample[beat]), symbols[int(beats.class_[beat])], "") for beat in order]
    found.insert(0, (found[0][0], "+", "(N"))
    if form.rhythm_end:
        found.append((found[-1][0], "+", form.rhythm_end))
    if form.noise_symbols:
        places = generator.integers(found[0][0], count, size=generator.integers(MAX_NOISE_ANNOTATIONS + 1))
        found += [(int(place), str(generator.choice(list(form.noise_symbols))), "") for place in places]
    found.sort(key=lambda annotation: annotation[0])
    samples, found_symbols, aux = zip(*found, strict=True)
    return Annotations(np.array(samples), found_symbols, aux)

"""Explained windows as the explorer shows them: with their beats, marks, probabilities and the maps of all sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import expit, softmax

from ecgbench.datasets import DATASETS
from ecgbench.datasets.records.counterfactuals.donors import WindowBeats
from ecgbench.leaderboard.site.explorer.case import Beat, Beats, Case
from ecgbench.leaderboard.site.explorer.scripts import megabytes_of_case
from ecgbench.models import forward
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.compute.windows.donors import detected_beats
from ecgbench.report._subject import OWN_WINDOWS
from ecgbench.types import Attributions, Dataset, Logits, Spans, Windows, standardise

WINDOWS, MEGABYTES = 12, 4
"""Windows of a model, and how large all of them are together, at most; the first one is shown however large it is."""

EXACT, MARKED = "causal", "what makes the label"
"""Kind of mask that is taken where there is one, and what its samples are."""

SPANS = "the label's samples"
"""What other marked samples are."""

OF_BEATS = 3
"""Columns of spans that are beats; those of single leads are waves, or a user's marks."""


def fitting(leads: int, time: int, sources: int) -> int:
    """How many windows the explorer shows of a model."""
    return max(1, min(WINDOWS, int(MEGABYTES / megabytes_of_case(leads, time, sources))))


def marked_samples(subject: Subject) -> str:
    """What the marked samples are."""
    return MARKED if EXACT in subject.spec.mask_kinds else SPANS


def cases_of(
    subject: Subject, windows: Sequence[int], maps: Mapping[str, Attributions], standardised: bool = False, logits: Logits | None = None
) -> list[Case]:
    """Some of a subject's explained windows.

    Parameters
    ----------
    windows : (k,) their places among the explained ones
    maps : (k, leads, time) of these windows, by source
    standardised : whether to show the signal in its standard deviations
    logits : (k, outputs) of these windows; None to ask the model
    """
    explained, dataset = subject.explained, subject.dataset
    chosen = explained.windows.take(np.asarray(windows, dtype=np.int64))
    target = explained.target[list(windows)]
    logits = (forward(subject.model.module, chosen.x) if logits is None else logits).astype(np.float64)
    probabilities = expit(logits) if subject.multilabel else softmax(logits, axis=1)
    marks, beats = _marks(subject, chosen, target), beats_of(subject, chosen, target)
    signal = standardise(chosen.signal) if standardised else chosen.signal
    return [
        Case(
            title=_title(dataset, chosen, i, windows[i]),
            label=dataset.classes[target[i]],
            signal=signal[i],
            marks=marks[i],
            beats=beats[i],
            probabilities=probabilities[i].tolist(),
            maps={key: values[i] for key, values in maps.items()},
        )
        for i in range(len(chosen))
    ]


def beats_of(subject: Subject, windows: Windows, target: np.ndarray) -> list[Beats]:
    """The annotated beats of some windows, else those that XQRS finds."""
    dataset = subject.dataset
    entry = DATASETS[dataset.name] if dataset.name in DATASETS else None  # noqa: SIM401  (a Registry has no `get`)
    annotated = entry is not None and entry.beats is not None
    find = entry.beats(subject.request) if entry is not None and entry.beats is not None else detected_beats(dataset.fs)
    source = "as annotated" if annotated else "R peaks that XQRS finds"
    found = zip(find(windows), windows.spans, target.tolist(), strict=True)
    return [_beats(beats, spans, class_, dataset, source) for beats, spans, class_ in found]


def _beats(beats: WindowBeats, spans: Spans, target: int, dataset: Dataset, source: str) -> Beats:
    time = dataset.test.signal.shape[2]
    shown = []
    for place in np.rint(beats.place[(beats.place >= 0) & (beats.place < time)]).astype(int).tolist():
        class_ = _class_at(spans, place)
        name = "R peak" if class_ is None else dataset.classes[class_]
        shown.append(Beat(min(place, time - 1), name[0].upper(), name, class_ == target))
    return Beats(shown, beats.place, source if shown else "")


def _class_at(spans: Spans, place: int) -> int | None:
    """Class of the beat around a sample; None where nobody says what the beats are."""
    if spans.shape[1] != OF_BEATS:
        return None
    inside = spans[(spans[:, 0] <= place) & (place < spans[:, 1])]
    return int(inside[0, 2]) if len(inside) else None


def _marks(subject: Subject, windows: Windows, target: np.ndarray) -> np.ndarray:
    kinds = subject.spec.mask_kinds
    if not kinds:
        return np.zeros(windows.signal.shape, dtype=bool)
    return windows.true_masks(target, EXACT if EXACT in kinds else kinds[0])


def _title(dataset: Dataset, windows: Windows, i: int, place: int) -> str:
    """Where a window comes from, and when in its record it was; of a user's own windows nobody knows that."""
    if dataset.name == OWN_WINDOWS:
        return f"explanation {place + 1}, patient {windows.patient[i]}"
    start = windows.start[i] / dataset.fs
    return f"record {windows.record[i]}, {_clock(start)} to {_clock(start + windows.signal.shape[2] / dataset.fs)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

"""The explorer of one network that was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecgbench.leaderboard.site.explorer.case import DEVIATIONS, MILLIVOLTS, Shown
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.compute.windows.turns import share_out
from ecgbench.report._measure import Measured
from ecgbench.report._own_subject import SubjectByWindow, logits_by_window
from ecgbench.report._subject import OWN_WINDOWS
from ecgbench.report.explorer.accepted import absolute_of, best_first, kind_of
from ecgbench.report.explorer.windows import cases_of, fitting, marked_samples

MODEL = "your network"
"""What the network is called."""


def shown_of(subject: Subject, measured: Sequence[Measured], order: Mapping[str, str], first: Sequence[str]) -> Shown:
    """A network's windows, classes and patients in turn, with the maps of everything that was measured.

    A user's own windows are in the unit that his network takes, which nobody knows: they are shown as standard deviations.

    Parameters
    ----------
    order : methods from the best on, with the variant that ranks
    first : sources that are shown where the reader has not chosen
    """
    dataset, explained = subject.dataset, subject.explained
    own = dataset.name == OWN_WINDOWS
    leads, time = explained.windows.signal.shape[1:]
    places = share_out(explained.windows, explained.target)[: fitting(leads, time, len(measured))].tolist()
    maps = {one.source.key: np.array(one.maps.values[places]) for one in measured}
    models = [subject.models[i] for i in places] if isinstance(subject, SubjectByWindow) else None
    logits = None if models is None else logits_by_window(models, explained.windows.take(np.asarray(places)).x)
    return Shown(
        dataset=dataset.name,
        title=dataset.name,
        model=MODEL,
        fs=dataset.fs,
        leads=dataset.leads,
        classes=dataset.classes,
        unit=DEVIATIONS if own else MILLIVOLTS,
        sources=best_first({one.source.key: kind_of(one.source) for one in measured}, order),
        absolute=absolute_of(order),
        first=list(dict.fromkeys(first)),
        marked=marked_samples(subject),
        cases=cases_of(subject, places, maps, own, logits),
    )

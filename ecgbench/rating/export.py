"""The answers of a reader study as a table, one row a trial that was answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ecgbench.rating.ratings_file import Answer, Case, Ratings
from ecgbench.rating.schedule import CATCH, MAP, Trial

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("rater", "position", "case", "dataset", "record", "start", "patient", "diagnosis", "kind", "map", "catch", "repeat"),
    *("feature", "misleading", "regions", "seconds"),
)

TYPES = {"catch": "bool", "repeat": "bool", "feature": "Int64", "misleading": "Int64"}
"""Of columns whose type their values do not tell, as when nobody has answered yet."""


def answers(ratings: Ratings) -> pd.DataFrame:
    """The last answer of each trial.

    Returns
    -------
    rater, position : the rater's name, and the place of the trial in his order
    case, dataset, record, start, patient, diagnosis : the window; start is its first sample in the record
    kind : "region" or "map"
    map : its name; empty where a region was marked
    catch, repeat : whether it is a catch trial, and whether the rater had rated it before
    feature, misleading : 1 to 5, missing where a region was marked
    regions : JSON of lead, onset and offset (exclusive, in samples) of each region; empty where a map was rated
    seconds : that the rater took
    """
    import pandas as pd

    cases = ratings.cases()
    rows = []
    for number, (name, _) in enumerate(ratings.raters()):
        trials = ratings.trials(number)
        answered = ratings.answered(number)
        rows += [
            {"rater": name, "position": place, **_of_case(ratings, trials[place], cases), **_said(answered[place])}
            for place in sorted(answered)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(TYPES)


def as_csv(table: pd.DataFrame) -> str:
    """The table as comma-separated text."""
    text: str = table.to_csv(index=False, lineterminator="\n")
    return text


def is_catch(ratings: Ratings, name: str) -> bool:
    """Whether a map is shown for catch trials alone."""
    return name in CATCH and name not in ratings.design.maps


def _of_case(ratings: Ratings, trial: Trial, cases: list[Case]) -> dict[str, Any]:
    case = cases[trial.case]
    place = {"case": trial.case, "dataset": ratings.design.dataset, "record": case.record, "start": case.start, "patient": case.patient}
    shown = {"diagnosis": case.diagnosis, "kind": trial.kind, "map": trial.map}
    return {**place, **shown, "catch": trial.kind == MAP and is_catch(ratings, trial.map), "repeat": trial.repeat}


def _said(answer: Answer) -> dict[str, Any]:
    regions = "" if answer.regions is None else json.dumps(answer.regions)
    return {"feature": answer.feature, "misleading": answer.misleading, "regions": regions, "seconds": round(answer.seconds, 3)}
